-- E1 moved to D2 after the day: D1 counts. E2 left before, E3 after it, E4 was missing from a later file, E5 was hired later.
insert into core.employees
    (employee_id, name, department_code, job_family, job_level, hired_on, left_on, removed_on, file_id, row_number)
values ('E1', 'A', 'D2', 'sales', 'P5', '2020-01-01', null, null, 1, 2),
    ('E2', 'B', 'D1', 'sales', 'P4', '2020-01-01', '2026-11-23', null, 1, 3),
    ('E3', 'C', 'D1', 'sales', 'P4', '2020-01-01', '2026-11-24', null, 1, 4),
    ('E4', 'D', 'D1', 'sales', 'P4', null, null, '2026-12-01', 1, 5),
    ('E5', 'E', 'D1', 'sales', 'P4', '2026-12-01', null, null, 1, 6);
insert into core.employee_history
    (employee_id, valid_from, valid_to, department_code, job_family, job_level, file_id)
values ('E1', '2020-01-01', '2026-12-01', 'D1', 'sales', 'P4', 1), ('E1', '2026-12-01', null, 'D2', 'sales', 'P5', 1);
