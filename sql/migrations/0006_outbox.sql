-- Outbox: notices are decisions, messages are frozen bytes. Both survive any crash; only the mailer sends.
create type ops.notice_state as enum ('planned', 'composed', 'dropped', 'expired');

-- Grain: one decision that one recipient be told one thing once. The business key stops repeats.
create table ops.notices (
    notice_id bigint generated always as identity primary key,
    kind text not null,
    subject_kind text not null,
    subject_id text not null,
    recipient_kind text not null check (recipient_kind in ('employee', 'trainer', 'contact')),
    recipient_id text not null,
    step text not null default '',
    sequence_number integer not null default 1,
    is_optional boolean not null default false,
    is_urgent boolean not null default false,
    not_before timestamptz not null default ops.business_now(),
    not_after timestamptz,
    facts jsonb not null default '{}',
    state ops.notice_state not null default 'planned',
    reason text,
    message_id bigint,
    decided_at timestamptz not null default ops.business_now(),
    constraint told_once unique (kind, subject_kind, subject_id, recipient_kind, recipient_id, step, sequence_number)
);
create index on ops.notices (not_before) where state = 'planned';
create index on ops.notices (message_id);

-- Transitions: composed → claimed → sent; claimed → composed (server asks to come back) or uncertain (the 250 was not
-- seen); uncertain → claimed (same bytes again); composed/uncertain → expired; composed → suppressed;
-- claimed → failed (refused for good); sent → bounced.
create type ops.message_state as enum (
    'composed', 'claimed', 'sent', 'uncertain', 'expired', 'suppressed', 'failed', 'bounced'
);

-- Grain: one mail, frozen when composed: a retry sends the same bytes.
create table ops.messages (
    message_id bigint generated always as identity primary key,
    environment text not null,
    recipient_kind text not null,
    recipient_id text not null,
    recipient_address text not null,
    template text not null,
    locale text not null,
    subject text not null,
    mime_message_id text not null unique,
    mime_bytes bytea not null,
    mime_sha256 text not null,
    attachment_sha256s text[] not null default '{}',
    state ops.message_state not null default 'composed',
    not_after timestamptz,
    composed_at timestamptz not null,
    next_attempt_at timestamptz not null,
    attempt_count integer not null default 0,
    claimed_by text,
    lease_until timestamptz,
    fence_number bigint not null default 0,
    sent_at timestamptz,
    reply_code integer,
    reason text
);
alter table ops.notices add constraint notices_message_fk foreign key (message_id) references ops.messages;
-- The claim takes the oldest that are due.
create index on ops.messages (next_attempt_at) where state in ('composed', 'claimed', 'uncertain');
create index on ops.messages (recipient_kind, recipient_id, composed_at);

-- Grain: one environment that may send. A restored or cloned database has another identity and no lease.
create table ops.sender_leases (
    environment text primary key,
    database_identity text not null,
    granted_at timestamptz not null,
    granted_by text not null
);

-- Grain: one address or person that must not get some mail: opted out of optional mail, or bounced.
create table ops.mail_stops (
    recipient_kind text not null,
    recipient_id text not null,
    kind text not null check (kind in ('opted_out', 'bounced')),
    recorded_at timestamptz not null,
    reason text,
    primary key (recipient_kind, recipient_id, kind)
);

-- Grain: one template that HR holds back for now.
create table ops.held_templates (
    template text primary key,
    held_at timestamptz not null,
    held_by text not null
);

grant insert, select on ops.notices to trainloop_intake, trainloop_planner, trainloop_statistics, trainloop_reporter;
grant update on ops.notices to trainloop_planner;
grant select, insert, update on ops.notices, ops.messages, ops.mail_stops to trainloop_sender;
grant select, insert, update, delete on ops.sender_leases, ops.held_templates to trainloop_sender;
grant select on ops.mail_stops to trainloop_planner;
grant select (message_id, environment, recipient_kind, template, locale, state, not_after, composed_at, next_attempt_at,
    attempt_count, sent_at, reply_code, reason) on ops.messages to trainloop_board, trainloop_planner;
grant select on ops.notices, ops.held_templates to trainloop_board;
