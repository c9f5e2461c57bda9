-- 2025Q3 and the assessment a closed a week ago and nothing came of them; 2025Q4 was withheld and b was worked out, which
-- are answers; c closed yesterday evening, d is open.
insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id, anonymity, state,
    opened_at, closes_at, closed_at, minimum_count)
values ('PULSE-2025Q3', 'quarterly_pulse', '1', 'quarter', '2025Q3', 'anonymous', 'closed', '2026-02-16', '2026-03-09', '2026-03-09', 5),
    ('PULSE-2025Q4', 'quarterly_pulse', '1', 'quarter', '2025Q4', 'anonymous', 'closed', '2026-02-16', '2026-03-09', '2026-03-09', 5),
    ('F360-a', 'feedback_360', '1', 'assessment', 'F360-a', 'confidential', 'closed', '2026-02-16', '2026-03-09', '2026-03-09', 3),
    ('F360-b', 'feedback_360', '1', 'assessment', 'F360-b', 'confidential', 'closed', '2026-02-16', '2026-03-09', '2026-03-09', 3),
    ('F360-c', 'feedback_360', '1', 'assessment', 'F360-c', 'confidential', 'closed', '2026-02-16', '2026-03-15', '2026-03-15', 3),
    ('F360-d', 'feedback_360', '1', 'assessment', 'F360-d', 'confidential', 'open', '2026-03-10', '2026-03-31', null, 3);
insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256, site_version, released_at,
    is_withheld, withheld_reason)
values ('quarterly_pulse', 'quarter', '2025Q4', 1, 'x', '1', now(), true, 'too_close_to_earlier_release');
insert into ops.audit_entries (actor, action, subject_kind, subject_id)
values ('feedback', 'assessment_evaluated', 'survey_wave', 'F360-b');
