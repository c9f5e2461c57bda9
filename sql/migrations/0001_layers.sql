-- Layers of the warehouse, the clock and the audit trail. A schema is a layer; data flows from left to right:
-- raw → staging → core → (confidential →) marts → published.
create schema raw;
create schema staging;
create schema core;
create schema confidential;
create schema marts;
create schema published;
create schema if not exists ops;

-- Grain: one row. frozen_at is null in production; the demo and the tests step it.
create table ops.clock (
    is_single boolean primary key default true check (is_single),
    frozen_at timestamptz
);
insert into ops.clock default values;

-- The only place of the warehouse that reads the server's clock for business time.
create function ops.business_now() returns timestamptz
language sql stable security definer set search_path = ''
return (select coalesce(frozen_at, statement_timestamp()) from ops.clock);

-- Grain: one change that a person or a rule made and that somebody may ask about later. Ids and counts only.
create table ops.audit_entries (
    audit_entry_id bigint generated always as identity primary key,
    recorded_at timestamptz not null default ops.business_now(),
    actor text not null,
    action text not null,
    subject_kind text not null,
    subject_id text not null,
    detail jsonb not null default '{}'
);
create index on ops.audit_entries (subject_kind, subject_id);

grant usage on schema ops to trainloop_intake, trainloop_planner, trainloop_statistics, trainloop_reporter,
    trainloop_sender, trainloop_board, trainloop_purge;
grant select on ops.clock to trainloop_intake, trainloop_planner, trainloop_statistics, trainloop_reporter,
    trainloop_sender, trainloop_board, trainloop_purge;
grant insert on ops.audit_entries to trainloop_intake, trainloop_planner, trainloop_statistics, trainloop_reporter,
    trainloop_sender, trainloop_board, trainloop_purge;
grant select on ops.audit_entries to trainloop_board, trainloop_planner;
