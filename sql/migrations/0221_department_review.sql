-- Heads of business get an extract of the training review: their own department's figures, not the executives' edition.

insert into ops.notice_kinds (kind, family, is_optional) values ('department_review', 'report', false);

-- Whether a mail's reader is the head of the department it is about is asked again when it is composed.
grant execute on function ops.department_heads to trainloop_sender;
