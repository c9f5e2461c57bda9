-- What people owe: when it stopped helping, and what HR has been told of it.

-- overdue_told_on: the day HR first read that it is late. settled_told_on: the day HR read how it ended.
alter table ops.commitments add column expired_at timestamptz;
alter table ops.commitments add column overdue_told_on date;
alter table ops.commitments add column settled_told_on date;
alter table ops.commitments add constraint commitments_expiry_has_a_time
    check ((state = 'expired') = (expired_at is not null));
-- The daily scan asks what ended and was not told yet.
create index commitments_untold_idx on ops.commitments (state) where settled_told_on is null and state <> 'open';

insert into ops.notice_kinds (kind, family, is_optional) values
('commitment_request', 'request', false),
('commitment_reminder', 'request', false),
('commitment_digest', 'data', false);

-- Whose working days count; names and addresses the planner reads in core anyway.
grant select on ops.mail_recipients to trainloop_planner;
