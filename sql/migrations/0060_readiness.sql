-- Readiness of class sessions: what is wrong with one that is to come, and how many people to expect.

-- open → closed (it recovered, or nothing can be done any more: the reason says which); closed → open (it is back).
create type ops.exception_state as enum ('open', 'closed');

-- Grain: one thing that is wrong with one class session. item_code: the resource, asset or '-'. detail: codes, days and
-- counts. *_told_at: who has read of it as it stands; null again when it comes back or changes.
create table ops.readiness_exceptions (
    exception_id bigint generated always as identity primary key,
    session_code text not null,
    kind text not null check (kind in (
        'confirmation_missing', 'resource_missing', 'double_booking', 'class_manager_missing', 'headcount_over_capacity',
        'over_budget', 'material_missing', 'material_unlicensed', 'material_licence_expired', 'material_changed'
    )),
    item_code text not null default '-',
    detail jsonb not null default '{}',
    state ops.exception_state not null default 'open',
    opened_at timestamptz not null,
    closed_at timestamptz,
    closed_reason text check (closed_reason in ('recovered', 'class_cancelled', 'class_begun', 'class_moved')),
    manager_told_at timestamptz,
    hr_told_at timestamptz,
    constraint readiness_found_once unique (session_code, kind, item_code),
    constraint readiness_closed_with_reason check (
        (state = 'closed') = (closed_at is not null) and (state = 'closed') = (closed_reason is not null)
    )
);
-- Every scan compares what is open with what it finds.
create index readiness_exceptions_open_idx on ops.readiness_exceptions (session_code) where state = 'open';

-- Grain: one class session to come: how many of those confirmed will be there, from comparable classes of the past.
-- Null with the reason where history is too short for a number.
create table marts.headcount_forecasts (
    session_code text primary key,
    confirmed_count integer not null,
    expected_count numeric(8, 1),
    low_count integer,
    high_count integer,
    history_kind text check (history_kind in ('course', 'mode')),
    history_class_count integer not null,
    history_people_count integer not null,
    reason text,
    computed_at timestamptz not null,
    constraint headcount_number_or_reason check (
        num_nonnulls(expected_count, low_count, high_count) in (0, 3) and (expected_count is null) = (reason is not null)
    )
);

insert into ops.notice_kinds (kind, family, is_optional) values
('readiness_problems', 'data', false),
('readiness_digest', 'data', false);

grant select, insert, update on ops.readiness_exceptions to trainloop_planner;
grant select on ops.readiness_exceptions to trainloop_sender, trainloop_reporter, trainloop_board;
grant select, insert, update, delete on marts.headcount_forecasts to trainloop_planner;
grant usage on schema marts to trainloop_sender, trainloop_reporter;
grant select on marts.headcount_forecasts to trainloop_sender, trainloop_reporter;
