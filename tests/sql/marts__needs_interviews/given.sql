-- Last year's interview and one without topic are no part of the heat map; one held after the close is.
insert into core.business_interviews
    (interview_id, department_code, interviewed_on, pain_point, topic_code, severity, file_id, row_number)
values ('I1', 'D1', '2026-10-12', 'x', 'T1', 4, 1, 2), ('I2', 'D1', '2026-12-01', 'x', 'T1', 5, 1, 3),
    ('I3', 'D2', '2026-10-12', 'x', 'T1', 2, 1, 4), ('I4', 'D2', '2025-10-12', 'x', 'T1', 5, 1, 5),
    ('I5', 'D2', '2026-10-12', 'x', null, 5, 1, 6), ('I6', 'D2', '2026-12-11', 'x', 'T1', 5, 1, 7);
