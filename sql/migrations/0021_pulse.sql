-- Quarterly pulse: HR reads every release; who taught is asked in the commit of the release, by the statistics role.
insert into ops.notice_kinds (kind, family, is_optional) values ('pulse_result', 'report', false);

-- Whose working days count; not who they are.
grant select (recipient_kind, recipient_id, calendar_code) on ops.mail_recipients to trainloop_statistics;
