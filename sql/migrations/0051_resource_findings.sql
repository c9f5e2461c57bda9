-- What is wrong with the knowledge base (R14) and in the making of internal trainers (R15), and who has read of it.

-- Grain: one thing that is wrong with one item: an asset, a course, a candidate in a topic, a topic, a trainer. detail:
-- codes and dates; when it changes it is another state. amount: a figure that is shown and does not count as a change.
-- person_ids: the employees who can do something about it. told_at: when they and HR were told; null again when it comes
-- back or changes.
create table ops.resource_findings (
    kind text not null check (kind in (
        'asset_stale', 'asset_duplicate', 'asset_unlicensed', 'asset_licence_expired', 'asset_licence_ending',
        'asset_ownerless', 'asset_file_missing', 'asset_file_changed', 'course_uncovered', 'stage_due', 'stage_overdue',
        'mentor_missing', 'rubric_incomplete', 'rubric_failed', 'certificate_ending', 'certificate_ended', 'bench_thin',
        'trainer_overloaded'
    )),
    item_code text not null,
    detail jsonb not null default '{}',
    amount numeric(10, 1),
    person_ids text[] not null default '{}',
    opened_at timestamptz not null,
    closed_at timestamptz,
    told_at timestamptz,
    primary key (kind, item_code)
);
-- Every scan compares what is open with what it finds; every mail lists what is open.
create index resource_findings_open_idx on ops.resource_findings (kind) where closed_at is null;

-- Grain: one asset of the knowledge base as the last weekly scan saw it. is_usable: licensed today, its file as
-- registered or not looked at yet. Usage counts packs of classes and what learners opened on their page.
create table marts.knowledge_index (
    asset_code text primary key,
    kind text not null,
    course_code text,
    owner_id text,
    has_owner boolean not null,
    version text not null,
    licence_state text not null check (licence_state in ('valid', 'ending', 'expired', 'missing')),
    licence_expires_on date,
    reviewed_on date,
    is_stale boolean not null,
    file_state text not null check (file_state in (
        'sound', 'not_checked', 'no_address', 'no_checksum', 'not_our_store', 'unreachable', 'too_large', 'changed'
    )),
    twin_codes text[] not null,
    is_usable boolean not null,
    class_count integer not null,
    opened_count integer not null,
    last_class_on date,
    computed_at timestamptz not null
);

insert into ops.notice_kinds (kind, family, is_optional) values
('asset_tasks', 'data', false),
('knowledge_digest', 'data', false),
('trainer_steps', 'data', false),
('trainer_pipeline', 'data', false);

grant select, insert, update on ops.resource_findings to trainloop_planner;
grant select on ops.resource_findings to trainloop_sender, trainloop_board;
grant select, insert, update, delete on marts.knowledge_index to trainloop_planner;
grant usage on schema marts to trainloop_sender;
grant select on marts.knowledge_index to trainloop_sender;
