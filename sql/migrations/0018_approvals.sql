-- Approvals: which of them Airflow's human-in-the-loop task holds, and when what was decided took effect.

-- door_run_id: the run whose task waits for the answer in Airflow; door_until: until when it is believed to live. Both are
-- machinery, in wall-clock time: a task that died, or a wiped metadata database, frees the approval for the next run.
alter table ops.approvals add column door_run_id text;
alter table ops.approvals add column door_until timestamptz;
alter table ops.approvals add constraint approvals_door_is_whole check ((door_run_id is null) = (door_until is null));
-- When what was decided was carried out: sent on, or given up.
alter table ops.approvals add column effect_at timestamptz;
alter table ops.approvals add constraint approvals_effect_follows_decision check (effect_at is null or state <> 'open');
-- The scan asks what was decided and not carried out.
create index approvals_without_effect_idx on ops.approvals (kind) where effect_at is null and state <> 'open';

insert into ops.notice_kinds (kind, family, is_optional) values
('approval_request', 'request', false),
('approval_reminder', 'request', false),
('annual_needs_report', 'report', false),
('trainer_needs', 'report', false);
