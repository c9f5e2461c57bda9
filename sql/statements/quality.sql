-- Statements of the quality layer: verdicts, reasons, workbooks, pages. Counts and ids; values only for the owner's own file.

-- name: count_findings
-- Grain: one (column, rule) that intake has already found. {findings} is composed.
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
