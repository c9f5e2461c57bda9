-- Intake: the file registry, check results, quarantine and parking. raw and staging hold one unlogged table per file
-- while it is under way (raw.<dataset>_<file_id>, staging.<dataset>_<file_id>); intake makes and drops them.
create type ops.file_state as enum ('found', 'merged', 'refused');

-- Grain: one content of one dataset, by hash: the same bytes again are a no-op. The law of conservation is a constraint.
create table ops.inbox_files (
    file_id bigint generated always as identity primary key,
    dataset text not null,
    name text not null,
    source_uri text not null,
    archive_uri text not null,
    content_sha256 text not null,
    size_bytes bigint not null,
    state ops.file_state not null default 'found',
    revision_number integer not null default 1,
    supersedes_file_id bigint references ops.inbox_files,
    replays_file_id bigint references ops.inbox_files,
    found_at timestamptz not null,
    finished_at timestamptz,
    row_count bigint not null default 0,
    accepted_count bigint not null default 0,
    unchanged_count bigint not null default 0,
    quarantined_count bigint not null default 0,
    parked_count bigint not null default 0,
    refused_count bigint not null default 0,
    refused_rule text,
    refused_reason_zh text,
    refused_reason_en text,
    constraint same_bytes_once unique (dataset, content_sha256),
    constraint nothing_is_lost check (
        state = 'found'
        or row_count = accepted_count + unchanged_count + quarantined_count + parked_count + refused_count
    ),
    constraint refusal_has_reason check ((state = 'refused') = (refused_reason_en is not null))
);
-- The scan asks for unfinished files every quarter of an hour.
create index on ops.inbox_files (dataset) where state = 'found';

-- Grain: one run of a suite over one file, or over core and marts (file_id null).
create table ops.check_runs (
    check_run_id bigint generated always as identity primary key,
    suite text not null,
    file_id bigint references ops.inbox_files,
    checked_at timestamptz not null,
    row_count bigint not null,
    is_passed boolean not null,
    gate_decision text not null check (gate_decision in ('pass', 'quarantine', 'refuse')),
    document_uri text
);
create index on ops.check_runs (suite, checked_at desc);
create index on ops.check_runs (file_id);

-- Grain: one check of one run. Counts only: sample values are personal data.
create table ops.check_results (
    check_run_id bigint not null references ops.check_runs on delete cascade,
    check_code text not null,
    rule text not null,
    column_name text,
    severity text not null check (severity in ('block', 'stop', 'warn')),
    is_passed boolean not null,
    evaluated_count bigint not null,
    failed_count bigint not null,
    message_zh text not null,
    message_en text not null,
    primary key (check_run_id, check_code)
);

create type ops.quarantine_state as enum ('open', 'replayed', 'discarded');

-- Grain: one row of a file that a block check refused, with its text as it came.
create table ops.quarantined_rows (
    quarantined_row_id bigint generated always as identity primary key,
    file_id bigint not null references ops.inbox_files,
    row_number bigint not null,
    row_values jsonb not null,
    state ops.quarantine_state not null default 'open',
    replayed_file_id bigint references ops.inbox_files,
    unique (file_id, row_number)
);
create index on ops.quarantined_rows (file_id) where state = 'open';

-- Grain: one reason of one quarantined row. The message names the remedy and never the value.
create table ops.quarantine_reasons (
    quarantined_row_id bigint not null references ops.quarantined_rows on delete cascade,
    column_name text not null,
    rule text not null,
    message_zh text not null,
    message_en text not null,
    primary key (quarantined_row_id, column_name, rule)
);

create type ops.parking_state as enum ('waiting', 'matched', 'quarantined');

-- Grain: one valid row whose reference is not known yet (a class that HR will announce tomorrow).
create table ops.parked_rows (
    parked_row_id bigint generated always as identity primary key,
    file_id bigint not null references ops.inbox_files,
    dataset text not null,
    row_number bigint not null,
    row_values jsonb not null,
    missing_column text not null,
    missing_value text not null,
    state ops.parking_state not null default 'waiting',
    matched_at timestamptz,
    unique (file_id, row_number)
);
create index on ops.parked_rows (dataset) where state = 'waiting';

grant usage, create on schema raw, staging to trainloop_intake;
grant select, insert, update on ops.inbox_files, ops.check_runs, ops.check_results, ops.quarantined_rows,
    ops.quarantine_reasons, ops.parked_rows to trainloop_intake;
grant select on ops.inbox_files, ops.check_runs, ops.check_results, ops.quarantine_reasons
    to trainloop_planner, trainloop_statistics, trainloop_reporter, trainloop_board;
grant insert, update on ops.check_runs, ops.check_results to trainloop_planner;
-- Who sees quarantine without the rows' values: the board counts and explains.
grant select (quarantined_row_id, file_id, row_number, state) on ops.quarantined_rows to trainloop_board, trainloop_planner;
grant select (parked_row_id, file_id, dataset, row_number, missing_column, missing_value, state, matched_at)
    on ops.parked_rows to trainloop_board, trainloop_planner;
-- The owner's mail carries the offending rows.
grant select on ops.quarantined_rows, ops.quarantine_reasons, ops.inbox_files to trainloop_sender;
