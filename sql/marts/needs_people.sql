-- Grain: one employee who worked here on the day the survey closed, with department, family and level of that day: whoever
-- leaves or moves later stays in the groups of the analysis, so that a new revision differs by results and not by people.
select
    person.employee_id,
    coalesce(past.department_code, person.department_code) as department_code,
    coalesce(past.job_family, person.job_family) as job_family,
    coalesce(past.job_level, person.job_level) as job_level
from core.employees as person
left join core.employees_as_of(%(population_on)s) as past using (employee_id)
where (person.hired_on is null or person.hired_on <= %(population_on)s)
    and (person.left_on is null or person.left_on > %(population_on)s)
    and (person.removed_on is null or person.removed_on > %(population_on)s)
order by person.employee_id
