-- S1, E1 and file 1 are known. Two slots of an unknown person, an enrolment in an unknown class, a score from no file.
insert into ops.inbox_files (file_id, dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state, found_at)
overriding system value values (1, 'x', 'a.csv', '', '', 'a', 1, 'merged', '2026-03-01 08:00+08');
insert into core.employees (employee_id, name, department_code, job_family, job_level, file_id, row_number)
values ('E1', 'A', 'D1', 'x', 'y', 1, 2);
insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, status, file_id, row_number)
values ('S1', 'C', 'T', '2026-03-06 09:00+08', '2026-03-06 17:00+08', 'classroom', 'confirmed', 1, 2);
insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
values ('S1', 'E1', 'confirmed', 1, 2), ('S9', 'E1', 'confirmed', 1, 3);
insert into core.attendance (session_code, employee_id, slot, status, file_id, row_number)
values ('S1', 'E1', 1, 'present', 1, 2), ('S1', 'E9', 1, 'present', 1, 3), ('S1', 'E9', 2, 'present', 1, 4);
insert into core.test_results (session_code, employee_id, maximum_score, file_id, row_number)
values ('S1', 'E1', 100, 77, 2);
