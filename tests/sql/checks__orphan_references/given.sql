-- E2's manager E9 and department D9 do not exist; E3 left the company, its dangling manager is history.
insert into core.departments (department_code, name_zh, name_en, parent_code, head_employee_id, file_id, row_number)
values ('D1', '销售', 'Sales', null, 'E1', 1, 2), ('D2', '华东', 'East', 'D8', null, 1, 3);
insert into core.employees
    (employee_id, name, department_code, job_family, job_level, manager_id, removed_on, file_id, row_number)
values ('E1', 'A', 'D1', 'x', 'y', null, null, 1, 2), ('E2', 'B', 'D9', 'x', 'y', 'E9', null, 1, 3),
    ('E3', 'C', 'D1', 'x', 'y', 'E8', '2026-01-01', 1, 4);
insert into core.trainers (trainer_id, name, email, kind, employee_id, file_id, row_number)
values ('T1', 'A', 'a@example.com', 'internal', 'E1', 1, 2);
