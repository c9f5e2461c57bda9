-- Grain: one employee and one competency demanded of the person's family and level on the day the survey closed (R04), with
-- the last assessment of the two years before it; an older one says little about today. Unassessed people are in, without
-- levels: they are counted as missing, never as able.
with people as (
    select
        person.employee_id,
        coalesce(past.job_family, person.job_family) as job_family,
        coalesce(past.job_level, person.job_level) as job_level
    from core.employees as person
    left join core.employees_as_of(%(population_on)s) as past using (employee_id)
),
latest as (
    select distinct on (employee_id, competency_code)
        employee_id, competency_code, self_level, manager_level, test_score
    from core.competency_assessments
    where assessed_on <= %(population_on)s and assessed_on > %(population_on)s - interval '2 years'
    order by employee_id, competency_code, assessed_on desc
)
select
    people.employee_id, required.competency_code, required.required_level, required.weight,
    latest.self_level, latest.manager_level, latest.test_score
from people
join core.competency_requirements as required using (job_family, job_level)
left join latest using (employee_id, competency_code)
order by people.employee_id, required.competency_code
