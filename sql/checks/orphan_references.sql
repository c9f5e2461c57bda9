-- Codes and numbers that point at nothing. Foreign keys guard most references; these columns may be loaded before what
-- they name (an employee before the manager), so the database cannot. Grain: one referring column.
-- severity: warn
-- audience: engineer
-- zh: 主数据中的编号都能找到所指的记录
-- en: Every code in the master data leads to a record
-- gap_zh: {count} 个编号找不到所指的记录
-- gap_en: Codes that lead to no record: {count}
with departments as (select * from core.departments),
employees as (select * from core.employees),
sessions as (select * from core.class_sessions),
trainers as (select * from core.trainers),
-- One row a person or team, not a fact: whose figures nobody can place.
measured as (select unit_kind, unit_id from core.kpi_facts group by unit_kind, unit_id),
named as (
    select 'employees.department_code' as reference, 'department' as target, department_code as code
    from employees where removed_on is null
    union all
    select 'employees.manager_id', 'employee', manager_id from employees where removed_on is null
    union all
    select 'departments.parent_code', 'department', parent_code from departments where removed_on is null
    union all
    select 'departments.head_employee_id', 'employee', head_employee_id from departments where removed_on is null
    union all
    select 'class_sessions.class_manager_id', 'employee', class_manager_id from sessions
    union all
    select 'class_sessions.comparison_department_code', 'department', comparison_department_code from sessions
    union all
    select 'trainers.employee_id', 'employee', employee_id from trainers
    union all
    select 'kpi_facts.unit_id', case unit_kind when 'employee' then 'employee' else 'department' end, unit_id
    from measured
),
known as (
    select 'department' as target, department_code as code from departments
    union all
    select 'employee', employee_id from employees
)
select 'reference' as subject_kind, named.reference as subject_id, count(*) as gap_count
from named
left join known on named.target = known.target and named.code = known.code
where named.code is not null and known.code is null
group by named.reference
