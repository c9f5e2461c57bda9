-- HR's weekly digest: what happened, what is late, what waits for a decision, in one mail.
insert into ops.notice_kinds (kind, family, is_optional) values ('weekly_digest', 'report', false);
