-- C1 and C2 share a room in the afternoon; C3 follows C1 in it; C4 is online and named nobody; C5 is outside the horizon
-- and takes C1's projector.
insert into core.class_sessions (session_code, course_code, trainer_id, class_manager_id, starts_at, ends_at, mode,
    venue_code, status, file_id, row_number)
values
('C1', 'C', 'T1', 'M1', '2026-03-20 09:00+08', '2026-03-20 15:00+08', 'classroom', 'A-1', 'confirmed', 1, 1),
('C2', 'C', 'T2', 'M1', '2026-03-20 13:00+08', '2026-03-20 17:00+08', 'blended', null, 'confirmed', 1, 2),
('C3', 'C', 'T1', 'M1', '2026-03-20 17:00+08', '2026-03-20 19:00+08', 'classroom', 'A-1', 'planned', 1, 3),
('C4', 'C', 'T4', null, '2026-03-21 09:00+08', '2026-03-21 15:00+08', 'online', null, 'confirmed', 1, 4),
('C5', 'C', 'T5', 'M1', '2026-03-20 08:00+08', '2026-03-20 10:00+08', 'classroom', 'B-2', 'confirmed', 1, 5),
('C6', 'C', 'T1', 'M1', '2026-03-20 09:00+08', '2026-03-20 15:00+08', 'classroom', 'A-1', 'cancelled', 1, 6);
insert into core.employees (employee_id, name, department_code, job_family, job_level, file_id, row_number)
values ('M1', '某人', 'D', 'F', 'L', 1, 1);
insert into core.resource_bookings (session_code, kind, item_code, due_on, confirmed_on, file_id, row_number)
values
('C2', 'smart_classroom', 'a-1', '2026-03-15', '2026-03-10', 1, 1),
('C1', 'equipment', 'P-7', '2026-03-16', null, 1, 2),
('C5', 'equipment', 'P-7', '2026-03-01', null, 1, 3),
('C4', 'tea_break', '-', '2026-03-15', '2026-03-17', 1, 4);
-- C1's budget is over by 10 and nothing is approved; C2's is over by 10 and 20 are; C3's is not over.
insert into core.budgets (budget_code, year, planned_amount, committed_amount, actual_amount, file_id, row_number)
values ('B1', 2026, 100, 60, 50, 1, 1), ('B2', 2026, 100, 60, 50, 1, 2), ('B3', 2026, 100, 60, 40, 1, 3);
update core.class_sessions set budget_code = 'B' || right(session_code, 1) where session_code in ('C1', 'C2', 'C3');
insert into ops.approvals (kind, subject_kind, subject_id, revision_number, asked_of, facts, asked_at, state, decided_at,
    decided_by, decided_via)
values ('over_budget', 'budget', 'B2', 1, 'hr_lead', '{"over_amount": "20"}', now(), 'approved', now(), 'hr_lead', 'link');
-- C3 had C2's classroom in the evening before and C1's projector by mistake: both were given up.
insert into core.resource_bookings (session_code, kind, item_code, due_on, cancelled_on, file_id, row_number)
values ('C3', 'equipment', 'Z-1', '2026-03-01', '2026-03-10', 1, 5), ('C2', 'equipment', 'P-7', '2026-03-01', '2026-03-16', 1, 6);
