-- The first one's moment has passed, the second has waited for three weeks; the third waits over a weekend.
insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id, not_before, not_after)
values ('survey_reminder', 'survey_wave', 'W1', 'employee', 'E1', '2026-03-10 09:00+08', '2026-03-15 09:00+08'),
    ('file_refused', 'inbox_file', '1', 'contact', 'hr', '2026-02-20 09:00+08', null),
    ('file_refused', 'inbox_file', '2', 'contact', 'hr', '2026-03-13 19:00+08', null);
