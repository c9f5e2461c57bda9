-- Reports about action plans: the class after 30 days, the company month by month; who hears of them.

insert into ops.notice_kinds (kind, family, is_optional) values
('action_plan_report', 'report', false),
('monthly_results', 'report', false);

-- Which classes' plans fall into a month is what their milestone says.
grant select on core.departments to trainloop_reporter;

-- Grain: one department and who answers for it: its head, else that of the nearest department above. Ids only: the
-- reporter reads no people.
create function ops.department_heads(codes text[]) returns table (department_code text, employee_id text)
language sql stable security definer set search_path = ''
begin atomic
    with recursive above as (
        select departments.department_code, departments.head_employee_id, departments.parent_code, 1 as step
        from core.departments
        where departments.department_code = any (codes)
        union all
        select above.department_code, parent.head_employee_id, parent.parent_code, above.step + 1
        from above
        join core.departments as parent on parent.department_code = above.parent_code
        where above.head_employee_id is null and above.step < 20
    )
    select above.department_code, above.head_employee_id from above where above.head_employee_id is not null;
end;
revoke execute on function ops.department_heads from public;
grant execute on function ops.department_heads to trainloop_reporter;
