-- Expired three days ago is told; expired a month ago was told then.
insert into ops.milestones (subject_kind, subject_id, step, due_on, not_after, state, done_at, planned_at)
values ('class_session', 'S1', 'evaluation_open', '2026-03-06', '2026-03-13 09:00+08', 'expired', null, now()),
    ('class_session', 'S2', 'evaluation_open', '2026-02-01', '2026-02-08 09:00+08', 'expired', null, now()),
    ('class_session', 'S3', 'evaluation_open', '2026-03-06', '2026-03-13 09:00+08', 'done', now(), now());
