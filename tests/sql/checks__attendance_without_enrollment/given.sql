-- E1 is enrolled; E2 cancelled and came (two slots, one person); E3 was never on the list; E4 did not come.
insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
values ('S1', 'E1', 'confirmed', 1, 2), ('S1', 'E2', 'cancelled', 1, 3);
insert into core.attendance (session_code, employee_id, slot, status, file_id, row_number)
values ('S1', 'E1', 1, 'present', 1, 2), ('S1', 'E2', 1, 'late', 1, 3), ('S1', 'E2', 2, 'present', 1, 4),
    ('S1', 'E3', 1, 'present', 1, 5), ('S1', 'E4', 1, 'absent', 1, 6);
