-- E2's manager E9 and department D9 do not exist; E3 left the company, its dangling manager is history.
insert into core.departments (department_code, name_zh, name_en, parent_code, head_employee_id, file_id, row_number)
values ('D1', '销售', 'Sales', null, 'E1', 1, 2), ('D2', '华东', 'East', 'D8', null, 1, 3);
insert into core.employees
    (employee_id, name, department_code, job_family, job_level, manager_id, removed_on, file_id, row_number)
values ('E1', 'A', 'D1', 'x', 'y', null, null, 1, 2), ('E2', 'B', 'D9', 'x', 'y', 'E9', null, 1, 3),
    ('E3', 'C', 'D1', 'x', 'y', 'E8', '2026-01-01', 1, 4);
insert into core.trainers (trainer_id, name, email, kind, employee_id, file_id, row_number)
values ('T1', 'A', 'a@example.com', 'internal', 'E1', 1, 2);
-- Of the people with figures one is known, one is not (two months of theirs count once); a team is a department.
insert into core.kpi_facts (unit_kind, unit_id, kpi_code, period, value, file_id, row_number)
values ('employee', 'E1', 'sales', '2026-01', 1, 1, 2), ('employee', 'E7', 'sales', '2026-01', 1, 1, 3),
    ('employee', 'E7', 'sales', '2026-02', 1, 1, 4), ('team', 'D1', 'sales', '2026-01', 1, 1, 5);
