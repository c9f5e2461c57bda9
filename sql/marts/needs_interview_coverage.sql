-- Grain: one department that is to be interviewed for the year, or was without being planned: done, open, overdue (R02).
with planned as (
    select department_code, due_on from core.interview_plan where year = %(year)s
),
held as (
    select department_code, count(*)::integer as interviews_count
    from core.business_interviews
    where interviewed_on > %(population_on)s - interval '1 year' and interviewed_on <= %(today)s
    group by department_code
)
select
    department_code, due_on, coalesce(interviews_count, 0) as interviews_count,
    case
        when due_on is null then 'unplanned'
        when interviews_count > 0 then 'done'
        when due_on < %(population_on)s then 'overdue'
        else 'open'
    end as state
from planned
full join held using (department_code)
order by department_code
