-- Due yesterday and pending is a gap; due today is not yet; done, skipped and expired are settled.
insert into ops.milestones (subject_kind, subject_id, step, due_on, state, done_at, planned_at)
values ('class_session', 'S1', 'evaluation_open', '2026-03-15', 'pending', null, now()),
    ('class_session', 'S2', 'evaluation_open', '2026-03-16', 'pending', null, now()),
    ('class_session', 'S3', 'evaluation_open', '2026-03-10', 'done', now(), now()),
    ('class_session', 'S4', 'evaluation_open', '2026-03-10', 'skipped', null, now()),
    ('class_session', 'S5', 'evaluation_open', '2026-03-10', 'expired', null, now());
