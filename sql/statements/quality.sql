-- Statements of the quality layer: verdicts, reasons, workbooks, pages. Counts and ids; values only for the owner's own file.

-- name: count_findings
-- Grain: one (column, rule) that intake has already found; the table is composed in.
select column_name, rule, count(*) as failed_count from {findings} group by column_name, rule

-- name: save_file_run
-- One verdict per file: judging again after a crash replaces it. Parked rows that come again get a run of their own.
insert into ops.check_runs (suite, file_id, checked_at, row_count, is_passed, gate_decision, headers, is_parked)
values (
    %(suite)s, %(file_id)s, ops.business_now(), %(row_count)s, %(is_passed)s, %(gate_decision)s, %(headers)s,
    %(is_parked)s
)
on conflict (suite, file_id) where file_id is not null and not is_parked do update
set checked_at = excluded.checked_at, row_count = excluded.row_count, is_passed = excluded.is_passed,
    gate_decision = excluded.gate_decision, headers = excluded.headers, document_uri = null
returning check_run_id

-- name: save_audit_run
-- One audit per suite and business day: the last one counts.
insert into ops.check_runs (suite, checked_on, checked_at, row_count, is_passed, gate_decision)
values (%(suite)s, %(checked_on)s, ops.business_now(), %(row_count)s, %(is_passed)s, 'pass')
on conflict (suite, checked_on) where file_id is null do update
set checked_at = excluded.checked_at, row_count = excluded.row_count, is_passed = excluded.is_passed,
    document_uri = null
returning check_run_id

-- name: forget_results
delete from ops.check_results where check_run_id = %(check_run_id)s

-- name: save_result
insert into ops.check_results
    (check_run_id, position, check_code, rule, column_name, severity, audience, is_passed, evaluated_count,
     failed_count, message_zh, message_en)
values
    (%(check_run_id)s, %(position)s, %(check_code)s, %(rule)s, %(column_name)s, %(severity)s, %(audience)s,
     %(is_passed)s, %(evaluated_count)s, %(failed_count)s, %(message_zh)s, %(message_en)s)

-- name: explain_quarantined
-- Grain: one reason of one quarantined row of a file; set-based, whatever the number of rows. Only block reasons count.
insert into ops.quarantine_reasons (quarantined_row_id, column_name, rule, message_zh, message_en)
select
    rows.quarantined_row_id,
    findings.column_name,
    findings.rule,
    '第 ' || rows.row_number || ' 行' || reasons.tail_zh,
    'Row ' || rows.row_number || reasons.tail_en
from ops.quarantined_rows as rows
inner join {findings} as findings using (row_number)
inner join {reasons} as reasons using (column_name, rule)
where rows.file_id = %(file_id)s and reasons.severity = 'block'
on conflict (quarantined_row_id, column_name, rule) do nothing

-- name: offending_file
-- Grain: one file with its verdict's headers and how many of its rows wait for their owner.
select
    files.file_id,
    files.dataset,
    files.name,
    coalesce(runs.headers, '[]') as headers,
    (
        select count(*) from ops.quarantined_rows as rows where rows.file_id = files.file_id and rows.state = 'open'
    ) as open_count
from ops.inbox_files as files
left join ops.check_runs as runs on files.file_id = runs.file_id and not runs.is_parked
where files.file_id = %(file_id)s
order by runs.check_run_id
limit 1

-- name: offending_rows
-- Grain: one open quarantined row with all its reasons, in the order of the file.
select
    rows.row_number,
    rows.row_values,
    coalesce(
        (
            select
                jsonb_agg(
                    jsonb_build_object(
                        'column_name', reasons.column_name, 'rule', reasons.rule,
                        'zh', reasons.message_zh, 'en', reasons.message_en
                    ) order by reasons.column_name, reasons.rule
                )
            from ops.quarantine_reasons as reasons
            where reasons.quarantined_row_id = rows.quarantined_row_id
        ), '[]'
    ) as reasons
from ops.quarantined_rows as rows
where rows.file_id = %(file_id)s and rows.state = 'open'
order by rows.row_number
limit %(limit)s

-- name: save_gaps
-- Grain: one gap of a failed check, listed by the check's own query (composed in). The first ones by subject, the rest is counted.
with gaps as ({gaps}),
ordered as (
    select row_number() over (order by subject_kind, subject_id) as position, subject_kind, subject_id, gap_count
    from gaps
),
kept as (
    insert into ops.check_gaps (check_run_id, check_code, position, subject_kind, subject_id, gap_count)
    select %(check_run_id)s, %(check_code)s, position, subject_kind, subject_id, gap_count
    from ordered
    where position <= %(kept_gaps)s
)
select coalesce(sum(gap_count), 0)::bigint as gap_count from gaps

-- name: set_failed_count
update ops.check_results set failed_count = %(failed_count)s
where check_run_id = %(check_run_id)s and check_code = %(check_code)s

-- name: forget_reconciliation
delete from ops.reconciliations where check_run_id = %(check_run_id)s

-- name: save_reconciliation
-- Grain: one step; what was due before the audited day and what became of it.
insert into ops.reconciliations
    (check_run_id, step, due_count, done_count, skipped_count, expired_count, gap_count)
select
    %(check_run_id)s,
    step,
    count(*),
    count(*) filter (where state = 'done'),
    count(*) filter (where state = 'skipped'),
    count(*) filter (where state = 'expired'),
    count(*) filter (where state = 'pending')
from ops.milestones
where due_on < %(today)s
group by step

-- name: gap_subjects
-- Grain: one failed check of a run with its first subjects, for the sentence in the mail; HR reads names of files.
select results.check_code, results.audience, results.failed_count,
    coalesce(
        (
            select array_agg(
                case when results.audience = 'hr' then coalesce(files.name, gaps.subject_id) else gaps.subject_id end
                order by gaps.position
            )
            from ops.check_gaps as gaps
            left join ops.inbox_files as files
                on gaps.subject_kind = 'inbox_file' and files.file_id::text = gaps.subject_id
            where gaps.check_run_id = results.check_run_id and gaps.check_code = results.check_code
                and gaps.position <= 5
        ), '{}'
    ) as subject_ids
from ops.check_results as results
where results.check_run_id = %(check_run_id)s and not results.is_passed
order by results.position

-- name: docs_files
-- Grain: one file of the inbox with its verdict, newest first; the last ones of each dataset.
select *
from (
    select
        files.dataset, files.file_id, files.name, files.state::text as state, files.found_at, files.finished_at,
        files.row_count, files.accepted_count, files.unchanged_count, files.quarantined_count, files.parked_count,
        files.refused_count, files.refused_reason_zh, files.refused_reason_en,
        runs.check_run_id, runs.gate_decision,
        row_number() over (partition by files.dataset order by files.found_at desc, files.file_id desc) as nth
    from ops.inbox_files as files
    left join ops.check_runs as runs on files.file_id = runs.file_id and not runs.is_parked
) as ordered
where nth <= %(limit)s
order by dataset, nth

-- name: docs_totals
-- Grain: one dataset; what waits for somebody, and when it was last renewed.
select
    files.dataset,
    count(*) as file_count,
    max(files.finished_at) filter (where files.state = 'merged') as renewed_at,
    coalesce(sum(files.accepted_count + files.unchanged_count), 0)::bigint as believed_count,
    coalesce(sum(open_rows.row_count), 0)::bigint as open_count,
    coalesce(sum(waiting.row_count), 0)::bigint as waiting_count
from ops.inbox_files as files
left join (
    select file_id, count(*) as row_count from ops.quarantined_rows where state = 'open' group by file_id
) as open_rows using (file_id)
left join (
    select file_id, count(*) as row_count from ops.parked_rows where state = 'waiting' group by file_id
) as waiting using (file_id)
group by files.dataset

-- name: docs_unpublished
-- Grain: one run that has no page yet, oldest first.
select check_run_id from ops.check_runs where document_uri is null order by check_run_id limit %(limit)s

-- name: docs_run
select
    runs.check_run_id, runs.suite, runs.checked_at, runs.checked_on, runs.row_count, runs.is_passed,
    runs.gate_decision, runs.is_parked, files.file_id, files.dataset, files.name, files.state::text as state,
    files.row_count as file_row_count, files.accepted_count, files.unchanged_count, files.quarantined_count,
    files.parked_count, files.refused_count, files.refused_reason_zh, files.refused_reason_en
from ops.check_runs as runs
left join ops.inbox_files as files using (file_id)
where runs.check_run_id = %(check_run_id)s

-- name: docs_results
select check_code, rule, severity, audience, is_passed, evaluated_count, failed_count, message_zh, message_en
from ops.check_results
where check_run_id = %(check_run_id)s
order by is_passed, case severity when 'warn' then 1 else 0 end, position, check_code

-- name: docs_gaps
-- Grain: one listed gap; enough to find it, the rest is counted.
select check_code, subject_kind, subject_id, gap_count
from ops.check_gaps
where check_run_id = %(check_run_id)s and position <= %(limit)s
order by check_code, position

-- name: docs_reconciliation
select step, due_count, done_count, skipped_count, expired_count, gap_count
from ops.reconciliations
where check_run_id = %(check_run_id)s
order by gap_count desc, step

-- name: docs_audits
-- Grain: one audited day, newest first.
select
    runs.check_run_id, runs.checked_on, runs.checked_at, runs.is_passed,
    count(*) as check_count,
    count(*) filter (where not results.is_passed) as failed_count,
    coalesce(sum(results.failed_count) filter (where not results.is_passed), 0)::bigint as gap_count
from ops.check_runs as runs
inner join ops.check_results as results using (check_run_id)
where runs.file_id is null
group by runs.check_run_id
order by runs.checked_on desc
limit %(limit)s

-- name: docs_published
update ops.check_runs set document_uri = %(document_uri)s
where check_run_id = %(check_run_id)s and checked_at = %(checked_at)s
