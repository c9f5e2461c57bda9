-- Two mails have waited for two days; one was written an hour ago; one is sent.
insert into ops.messages (environment, recipient_kind, recipient_id, recipient_address, template, locale, timezone,
    calendar_code, is_urgent, subject, mime_message_id, mime_bytes, mime_sha256, state, composed_at)
values ('t', 'contact', 'a', 'a@example.com', 'digest', 'en', 'UTC', 'CN', false, 'x', '1', '', '', 'composed', '2026-03-14 09:00+08'),
    ('t', 'contact', 'b', 'b@example.com', 'digest', 'en', 'UTC', 'CN', false, 'x', '2', '', '', 'uncertain', '2026-03-14 09:00+08'),
    ('t', 'contact', 'c', 'c@example.com', 'digest', 'en', 'UTC', 'CN', false, 'x', '3', '', '', 'composed', '2026-03-16 08:00+08'),
    ('t', 'contact', 'd', 'd@example.com', 'report', 'en', 'UTC', 'CN', false, 'x', '4', '', '', 'sent', '2026-03-14 09:00+08');
