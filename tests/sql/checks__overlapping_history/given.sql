-- E1 changes department on 1 March without overlap; E2 is in two departments in February; E3's open range is followed.
insert into core.employee_history (employee_id, valid_from, valid_to, department_code, job_family, job_level, file_id)
values ('E1', '2026-01-01', '2026-03-01', 'D1', 'x', 'y', 1), ('E1', '2026-03-01', null, 'D2', 'x', 'y', 1),
    ('E2', '2026-01-01', '2026-03-01', 'D1', 'x', 'y', 1), ('E2', '2026-02-01', '2026-02-10', 'D2', 'x', 'y', 1),
    ('E3', '2026-01-01', null, 'D1', 'x', 'y', 1), ('E3', '2026-02-01', null, 'D2', 'x', 'y', 1);
