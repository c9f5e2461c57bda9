-- The annual training review (R39): what it seeds into next year's needs, and one view of files with the gate's verdict.

-- Grain: one file with the gate's newest verdict about it (null: none, and no report is made from it).
create view ops.checked_files as
select
    files.dataset,
    files.file_id,
    files.name,
    files.row_count,
    files.accepted_count,
    files.unchanged_count,
    files.quarantined_count,
    files.parked_count,
    files.refused_count,
    verdict.checked_at,
    verdict.gate_decision
from ops.inbox_files as files
left join lateral (
    select checked_at, gate_decision
    from ops.check_runs
    where check_runs.file_id = files.file_id
        and not check_runs.is_parked
    order by checked_at desc, check_run_id desc
    limit 1
) as verdict on true;

-- Grain: one finding of a year's review that is evidence for one topic of the next plan year. A later review adds what is
-- new and changes nothing; HR drops a row with a reason, and dropped it stays.
create table ops.need_seeds (
    year integer not null,
    topic_code text not null,
    source_kind text not null check (source_kind in ('course', 'barrier')),
    -- The course, or <course>:<blocker>.
    source_code text not null,
    finding text not null check (finding in (
        'fix', 'stop', 'scale', 'time', 'manager_support', 'tool', 'unclear', 'not_relevant'
    )),
    release_id bigint not null references published.releases,
    seeded_at timestamptz not null,
    dropped_at timestamptz,
    dropped_reason text,
    primary key (year, topic_code, source_kind, source_code),
    check ((dropped_at is null) = (dropped_reason is null))
);

insert into ops.notice_kinds (kind, family, is_optional) values ('training_review', 'report', false);

grant select on ops.checked_files to trainloop_reporter;
grant select, insert on ops.need_seeds to trainloop_statistics;
grant select, update on ops.need_seeds to trainloop_planner;
grant select on ops.need_seeds to trainloop_board, trainloop_reporter;
grant select on core.departments to trainloop_reporter, trainloop_sender;
grant select on core.budgets, core.session_costs to trainloop_statistics;
