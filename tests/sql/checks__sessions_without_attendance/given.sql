-- S1 ended ten days ago and nobody's attendance is in. S2 has it, S3 was cancelled, S4 ended yesterday, S5 had nobody.
insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, status, file_id, row_number)
values ('S1', 'C', 'T', '2026-03-06 09:00+08', '2026-03-06 17:00+08', 'classroom', 'confirmed', 1, 2),
    ('S2', 'C', 'T', '2026-03-06 09:00+08', '2026-03-06 17:00+08', 'classroom', 'confirmed', 1, 3),
    ('S3', 'C', 'T', '2026-03-06 09:00+08', '2026-03-06 17:00+08', 'classroom', 'cancelled', 1, 4),
    ('S4', 'C', 'T', '2026-03-15 09:00+08', '2026-03-15 17:00+08', 'classroom', 'confirmed', 1, 5),
    ('S5', 'C', 'T', '2026-03-06 09:00+08', '2026-03-06 17:00+08', 'classroom', 'confirmed', 1, 6);
insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
select code, 'E1', 'confirmed', 1, 2 from unnest(array['S1', 'S2', 'S3', 'S4']) as code;
insert into core.attendance (session_code, employee_id, slot, status, file_id, row_number)
values ('S2', 'E1', 1, 'present', 1, 2);
