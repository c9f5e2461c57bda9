-- An employee with two departments on one day would be counted twice. Ranges are half-open, [valid_from, valid_to).
-- Grain: one employee whose ranges overlap.
-- severity: stop
-- audience: engineer
-- zh: 员工的历史归属区间互不重叠
-- en: The ranges of an employee's history do not overlap
-- gap_zh: {count} 段员工历史归属区间重叠
-- gap_en: Overlapping ranges in employees' history: {count}
with ranges as (
    select
        employee_id,
        valid_from,
        max(coalesce(valid_to, 'infinity'::date)) over (
            partition by employee_id order by valid_from rows between unbounded preceding and 1 preceding
        ) as earlier_until
    from core.employee_history
)
select 'employee' as subject_kind, employee_id as subject_id, count(*) as gap_count
from ranges
where valid_from < earlier_until
group by employee_id
