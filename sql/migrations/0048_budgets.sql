-- Budgets: HR's monthly mail, and the planner who looks for overspent ones.
insert into ops.notice_kinds (kind, family, is_optional) values ('budget_status', 'report', false);
grant select on core.budgets to trainloop_sender;
