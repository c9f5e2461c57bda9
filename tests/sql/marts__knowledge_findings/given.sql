-- K1 is sound; K2 is everything that can be wrong at once, without an owner; K3 is a course's only pre-work, its licence
-- ends soon; C2 is taught and has nothing; C3 is no longer taught; C4 is cancelled.
insert into marts.knowledge_index (
    asset_code, kind, course_code, owner_id, has_owner, version, licence_state, licence_expires_on, reviewed_on, is_stale,
    file_state, twin_codes, is_usable, class_count, opened_count, computed_at
) values
('K1', 'courseware', 'C1', 'E1', true, '1', 'valid', null, '2026-01-01', false, 'sound', '{}', true, 3, 9, now()),
('K2', 'prework', 'C2', 'E9', false, '1', 'missing', null, null, true, 'changed', '{K9}', false, 0, 0, now()),
('K3', 'prework', 'C1', 'E1', true, '1', 'ending', '2026-04-01', '2026-01-01', false, 'not_checked', '{}', true, 0, 0, now()),
('K4', 'case', null, 'E1', true, '1', 'expired', '2026-03-01', '2026-01-01', false, 'too_large', '{}', false, 0, 0, now());
insert into core.class_sessions (
    session_code, course_code, trainer_id, starts_at, ends_at, timezone, mode, status, file_id, row_number
) values
('S1', 'C1', 'T1', '2026-04-01 01:00+00', '2026-04-01 09:00+00', 'Asia/Shanghai', 'classroom', 'confirmed', 1, 1),
('S2', 'C2', 'T1', '2025-10-01 01:00+00', '2025-10-01 09:00+00', 'Asia/Shanghai', 'classroom', 'confirmed', 1, 2),
('S3', 'C3', 'T1', '2025-09-01 01:00+00', '2025-09-01 09:00+00', 'Asia/Shanghai', 'classroom', 'confirmed', 1, 3),
('S4', 'C4', 'T1', '2026-04-01 01:00+00', '2026-04-01 09:00+00', 'Asia/Shanghai', 'classroom', 'cancelled', 1, 4);
