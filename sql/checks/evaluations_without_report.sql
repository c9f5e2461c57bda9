-- A closed evaluation whose report was due and exists for nobody: HR waits for a PDF that will not come. A withheld
-- release (too few answers) is an answer, too. Grain: one class session.
-- severity: stop
-- audience: hr
-- zh: 已关闭的课程评估都有报告
-- en: Every closed evaluation has its report
-- gap_zh: {count} 个班次的评估已关闭，但没有报告
-- gap_en: Class sessions with a closed evaluation and no report: {count}
with closed as (
    select subject_id as session_code
    from ops.survey_waves
    where instrument_code = 'course_evaluation' and subject_kind = 'class_session' and state = 'closed'
),
due as (
    select subject_id as session_code
    from ops.milestones
    where subject_kind = 'class_session' and step = 'evaluation_report' and due_on < %(today)s and state <> 'skipped'
),
reported as (
    select subject_id as session_code from ops.reports
    where kind = 'course_evaluation' and subject_kind = 'class_session' and state = 'rendered'
    union
    select subject_id from published.releases
    where product = 'course_evaluation' and subject_kind = 'class_session' and is_withheld
)
select 'class_session' as subject_kind, closed.session_code as subject_id, 1 as gap_count
from closed
inner join due using (session_code)
left join reported using (session_code)
where reported.session_code is null
