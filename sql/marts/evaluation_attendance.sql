-- Grain: one class session. Everybody who was to come falls into attended, absent or excused; late and early are counted
-- among those who attended. People who came without an enrollment belong to the class. Counts only: sign-in is no answer.
with expected as (
    select employee_id, status
    from core.enrollments
    where session_code = %(session_code)s and status in ('confirmed', 'excused')
),
signed_in as (
    select
        employee_id,
        bool_or(status in ('present', 'late', 'early')) as is_attended,
        bool_or(status = 'late') as is_late,
        bool_or(status = 'early') as is_early,
        bool_or(status = 'excused') as is_excused
    from core.attendance
    where session_code = %(session_code)s
    group by employee_id
),
people as (
    select
        coalesce(signed_in.is_attended, false) as is_attended,
        coalesce(signed_in.is_late, false) as is_late,
        coalesce(signed_in.is_early, false) as is_early,
        coalesce(signed_in.is_excused, false) or coalesce(expected.status = 'excused', false) as is_excused
    from expected
    full join signed_in using (employee_id)
    where expected.employee_id is not null or signed_in.is_attended
)
select
    count(*) as enrolled_count,
    count(*) filter (where is_attended) as attended_count,
    count(*) filter (where not is_attended and not is_excused) as absent_count,
    count(*) filter (where not is_attended and is_excused) as excused_count,
    count(*) filter (where is_attended and is_late) as late_count,
    count(*) filter (where is_attended and is_early) as early_count,
    exists (select from signed_in) as is_recorded
from people
