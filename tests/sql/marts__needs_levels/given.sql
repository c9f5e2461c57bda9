-- E1's last assessment before the day counts, not the first and not one after it; E2's is too old; E3's family needs nothing.
insert into core.employees (employee_id, name, department_code, job_family, job_level, file_id, row_number)
values ('E1', 'A', 'D1', 'sales', 'P5', 1, 2), ('E2', 'B', 'D1', 'sales', 'P5', 1, 3), ('E3', 'C', 'D1', 'finance', 'P5', 1, 4);
insert into core.competency_requirements (job_family, job_level, competency_code, required_level, weight, file_id, row_number)
values ('sales', 'P5', 'negotiation', 4, 1.5, 1, 2);
insert into core.competency_assessments
    (employee_id, competency_code, assessed_on, self_level, manager_level, test_score, file_id, row_number)
values ('E1', 'negotiation', '2026-01-10', 5, 1, null, 1, 2), ('E1', 'negotiation', '2026-09-10', 4, 3, null, 1, 3),
    ('E1', 'negotiation', '2026-11-30', 5, 5, null, 1, 4), ('E2', 'negotiation', '2024-11-23', 5, 5, null, 1, 5),
    ('E3', 'negotiation', '2026-09-10', 4, 3, null, 1, 6);
