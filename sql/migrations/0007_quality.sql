-- Quality: one check run per file or per audited day, so that judging again after a crash replaces and never repeats.
alter table ops.check_runs
    add column checked_on date,
    -- Rows of a file that waited for a reference and came to the gate again.
    add column is_parked boolean not null default false,
    -- Header text of each column as it stood in the file, in the file's order: the owner's workbook repeats it.
    add column headers jsonb not null default '[]';
create unique index one_verdict_per_file on ops.check_runs (suite, file_id) where file_id is not null and not is_parked;
create unique index one_audit_per_day on ops.check_runs (suite, checked_on) where file_id is null;

alter table ops.check_results
    -- Who has to act on a failure: engineer (data, machinery), hr (the lifecycle) or owner (the file's contents).
    add column audience text not null default 'owner' check (audience in ('owner', 'engineer', 'hr')),
    add column position integer not null default 0;

-- Grain: one thing that a failed audit check found: an id and how many pieces are missing there. Never a value.
create table ops.check_gaps (
    check_run_id bigint not null,
    check_code text not null,
    position integer not null,
    subject_kind text not null,
    subject_id text not null,
    gap_count bigint not null check (gap_count > 0),
    primary key (check_run_id, check_code, position),
    foreign key (check_run_id, check_code) references ops.check_results on delete cascade
);

-- Grain: one step of the lifecycle on one audited day: what was due until then and what became of it.
create table ops.reconciliations (
    check_run_id bigint not null references ops.check_runs on delete cascade,
    step text not null,
    due_count bigint not null,
    done_count bigint not null,
    skipped_count bigint not null,
    expired_count bigint not null,
    gap_count bigint not null,
    primary key (check_run_id, step),
    check (due_count = done_count + skipped_count + expired_count + gap_count)
);

grant select, insert, update, delete on ops.check_results, ops.check_gaps, ops.reconciliations to trainloop_planner;
grant delete on ops.check_results to trainloop_intake;
grant select on ops.check_gaps, ops.reconciliations to trainloop_board, trainloop_reporter, trainloop_sender;
grant select on ops.check_runs, ops.check_results to trainloop_sender;
