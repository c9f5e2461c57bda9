-- Lifecycle: what is due, which survey waves run, who is invited, what was answered.
create type ops.milestone_state as enum ('pending', 'done', 'expired', 'skipped');

-- Grain: one due step of one subject (class session or wave). The row is the truth; Airflow's runs are only its hands.
create table ops.milestones (
    milestone_id bigint generated always as identity primary key,
    subject_kind text not null check (subject_kind in ('class_session', 'survey_wave', 'person')),
    subject_id text not null,
    step text not null,
    due_on date not null,
    not_after timestamptz,
    state ops.milestone_state not null default 'pending',
    is_provisional boolean not null default false,
    emitted_at timestamptz,
    done_at timestamptz,
    is_late boolean not null default false,
    reason text,
    planned_at timestamptz not null,
    unique (subject_kind, subject_id, step),
    check ((state = 'done') = (done_at is not null))
);
-- Every scan asks "what is due and not done".
create index on ops.milestones (step, due_on) where state = 'pending';

create type ops.wave_state as enum ('open', 'closed', 'cancelled');

-- Grain: one sending of one instrument version to one population.
create table ops.survey_waves (
    wave_code text primary key,
    instrument_code text not null,
    instrument_version text not null,
    subject_kind text not null,
    subject_id text not null,
    anonymity text not null check (anonymity in ('anonymous', 'confidential', 'named')),
    state ops.wave_state not null default 'open',
    opened_at timestamptz not null,
    closes_at timestamptz not null,
    closed_at timestamptz,
    is_without_attendance boolean not null default false,
    has_completions boolean not null default false,
    minimum_count integer not null,
    unique (instrument_code, subject_kind, subject_id)
);
create index on ops.survey_waves (closes_at) where state = 'open';

create type ops.invitation_state as enum ('invited', 'held_by_cap', 'excluded');

-- Grain: one person's call to one wave. is_used says that the person answered, never when.
create table ops.invitations (
    invitation_id bigint generated always as identity primary key,
    wave_code text not null references ops.survey_waves,
    employee_id text not null,
    token text not null unique,
    state ops.invitation_state not null default 'invited',
    reason text,
    is_used boolean not null default false,
    invited_on date not null,
    unique (wave_code, employee_id)
);
-- The cap of invitations per person looks back 30 days.
create index on ops.invitations (employee_id, invited_on);

create type confidential.response_state as enum ('complete', 'partial');

-- Grain: one filled form under a random id of its wave. No time, no order, no file row: nothing that leads to a person.
create table confidential.responses (
    response_id uuid primary key default gen_random_uuid(),
    wave_code text not null,
    state confidential.response_state not null,
    external_id_hash text not null,
    coarse_groups jsonb not null default '{}',
    is_straight_lined boolean not null default false,
    unique (wave_code, external_id_hash)
);

-- Grain: one item of one response. Exactly one of the three values is set; not applicable is a choice, not a gap.
create table confidential.answers (
    response_id uuid not null references confidential.responses on delete cascade,
    item_code text not null,
    score numeric(6, 2),
    choice text,
    free_text text,
    primary key (response_id, item_code),
    check (num_nonnulls(score, choice, free_text) = 1)
);

grant select, insert, update on ops.milestones, ops.survey_waves, ops.invitations to trainloop_planner;
grant select on ops.milestones, ops.survey_waves to trainloop_intake, trainloop_statistics, trainloop_reporter,
    trainloop_board, trainloop_sender;
grant update on ops.milestones to trainloop_statistics, trainloop_reporter;
grant update (has_completions) on ops.survey_waves to trainloop_intake;
grant select on ops.invitations to trainloop_sender;
grant select (wave_code, token, is_used), update (is_used) on ops.invitations to trainloop_intake;
grant select (wave_code, state, is_used) on ops.invitations to trainloop_statistics, trainloop_board;
grant usage on schema confidential to trainloop_intake, trainloop_statistics, trainloop_purge;
grant select, insert, update, delete on all tables in schema confidential to trainloop_intake;
grant select on all tables in schema confidential to trainloop_statistics;
