-- Facts about classes and people that do not exist, or that came from no file. The merge looks references up once; the
-- big tables carry no foreign keys (their triggers cost more than the merge), so the audit looks again every day.
-- Grain: one referring column.
-- severity: stop
-- audience: engineer
-- zh: 报名、签到和成绩都对应已知的班次、学员和文件
-- en: Enrolments, sign-ins and scores belong to known classes, people and files
-- gap_zh: {count} 条报名、签到或成绩找不到班次、学员或来源文件
-- gap_en: Enrolments, sign-ins or scores without their class, person or file: {count}
with enrollments as (select * from core.enrollments),
attendance as (select * from core.attendance),
test_results as (select * from core.test_results),
facts as (
    select 'enrollments' as fact, session_code, employee_id, file_id, count(*) as row_count
    from enrollments group by session_code, employee_id, file_id
    union all
    select 'attendance', session_code, employee_id, file_id, count(*)
    from attendance group by session_code, employee_id, file_id
    union all
    select 'test_results', session_code, employee_id, file_id, count(*)
    from test_results group by session_code, employee_id, file_id
),
orphans as (
    select facts.fact || '.session_code' as reference, facts.row_count
    from facts
    left join core.class_sessions as known using (session_code)
    where known.session_code is null
    union all
    select facts.fact || '.employee_id', facts.row_count
    from facts
    left join core.employees as known using (employee_id)
    where known.employee_id is null
    union all
    select facts.fact || '.file_id', facts.row_count
    from facts
    left join ops.inbox_files as known using (file_id)
    where known.file_id is null
)
select 'reference' as subject_kind, reference as subject_id, sum(row_count)::bigint as gap_count
from orphans
group by reference
