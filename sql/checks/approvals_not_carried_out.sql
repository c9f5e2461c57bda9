-- A decision that was taken and led to nothing: approved and never sent, or sent back and never seen. `ask_approvals` carries
-- out within a quarter of an hour; a day is late.
-- Grain: one approval.
-- severity: stop
-- audience: hr
-- zh: 已作出的审批决定都已执行
-- en: Every decision was carried out
-- gap_zh: {count} 项已作出的审批决定尚未执行
-- gap_en: Decisions that were not carried out: {count}
select 'approval' as subject_kind, approval_id::text as subject_id, 1 as gap_count
from ops.approvals
where state in ('approved', 'rejected') and effect_at is null and decided_at < %(now)s - interval '1 day'
