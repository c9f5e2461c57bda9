-- D1 was heard, D2 should have been, D3 still may be, D4 was heard unasked; last year's plan is no plan.
insert into core.interview_plan (department_code, year, interviewer_id, due_on, file_id, row_number)
values ('D1', 2027, 'E1', '2026-10-30', 1, 2), ('D2', 2027, 'E1', '2026-10-30', 1, 3),
    ('D3', 2027, 'E1', '2026-11-30', 1, 4), ('D5', 2026, 'E1', '2025-10-30', 1, 5);
insert into core.business_interviews
    (interview_id, department_code, interviewed_on, pain_point, severity, file_id, row_number)
values ('I1', 'D1', '2026-10-12', 'x', 4, 1, 2), ('I2', 'D1', '2026-10-13', 'x', 4, 1, 3),
    ('I4', 'D4', '2026-10-12', 'x', 5, 1, 4), ('I5', 'D2', '2025-10-12', 'x', 5, 1, 5);
