-- A class took place and nobody's attendance arrived: everybody confirmed is surveyed, absentees included.
-- Grain: one class session that ended lately.
-- severity: warn
-- audience: hr
-- zh: 结束的班次都有签到数据
-- en: Every class that ended has its attendance
-- gap_zh: {count} 个班次结束后没有签到数据
-- gap_en: Class sessions that ended without attendance data: {count}
with ended as (
    select session_code
    from core.class_sessions
    where
        status <> 'cancelled'
        and ends_at < %(now)s - make_interval(days => %(attendance_missing_days)s)
        and ends_at > %(now)s - make_interval(days => %(attendance_shown_days)s)
),
expected as (select distinct session_code from core.enrollments where status = 'confirmed'),
attended as (select distinct session_code from core.attendance)
select 'class_session' as subject_kind, ended.session_code as subject_id, 1 as gap_count
from ended
inner join expected using (session_code)
left join attended using (session_code)
where attended.session_code is null
