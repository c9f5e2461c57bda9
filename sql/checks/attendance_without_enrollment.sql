-- Somebody was in the room who is not on the list, or whose enrolment was cancelled: the rate of attendance and the
-- survey's population would be wrong. Grain: one class session.
-- severity: warn
-- audience: hr
-- zh: 签到的学员都有有效报名
-- en: Everybody who signed in is enrolled
-- gap_zh: {count} 条签到没有有效报名
-- gap_en: Sign-ins without a valid enrolment: {count}
with attendance as (select * from core.attendance where status in ('present', 'late', 'early')),
enrollments as (select * from core.enrollments where status not in ('cancelled', 'waitlisted'))
select
    'class_session' as subject_kind,
    attendance.session_code as subject_id,
    count(distinct attendance.employee_id) as gap_count
from attendance
left join enrollments using (session_code, employee_id)
where enrollments.employee_id is null
group by attendance.session_code
