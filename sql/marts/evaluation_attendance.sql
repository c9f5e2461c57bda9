-- Grain: one class session. Everybody who was to come falls into attended, absent or excused; late and early are counted
-- among those who attended. People who came without an enrollment belong to the class. Counts only: sign-in is no answer.
with expected as (
    select session_code, employee_id, status
    from core.enrollments
    where session_code = any(%(session_codes)s) and status in ('confirmed', 'excused')
),
signed_in as (
    select
        session_code,
        employee_id,
        bool_or(status in ('present', 'late', 'early')) as is_attended,
        bool_or(status = 'late') as is_late,
        bool_or(status = 'early') as is_early,
        bool_or(status = 'excused') as is_excused
    from core.attendance
    where session_code = any(%(session_codes)s)
    group by session_code, employee_id
),
people as (
    select
        session_code,
        employee_id,
        coalesce(signed_in.is_attended, false) as is_attended,
        coalesce(signed_in.is_late, false) as is_late,
        coalesce(signed_in.is_early, false) as is_early,
        coalesce(signed_in.is_excused, false) or coalesce(expected.status = 'excused', false) as is_excused
    from expected
    full join signed_in using (session_code, employee_id)
    where expected.employee_id is not null or signed_in.is_attended
)
select
    session_code,
    count(employee_id) as enrolled_count,
    count(*) filter (where is_attended) as attended_count,
    count(*) filter (where not is_attended and not is_excused) as absent_count,
    count(*) filter (where not is_attended and is_excused) as excused_count,
    count(*) filter (where is_attended and is_late) as late_count,
    count(*) filter (where is_attended and is_early) as early_count,
    session_code in (select session_code from signed_in) as is_recorded
from unnest(%(session_codes)s::text[]) as asked (session_code)
left join people using (session_code)
group by session_code
