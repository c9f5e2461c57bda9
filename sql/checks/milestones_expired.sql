-- A step whose last useful moment passed is never done late in silence; HR hears of it for some days.
-- Grain: one expired step.
-- severity: warn
-- audience: hr
-- zh: 近期没有过期未做的节点
-- en: No milestone expired lately
-- gap_zh: {count} 个节点已过期，未执行
-- gap_en: Milestones expired without being done: {count}
select subject_kind, subject_id || ' ' || step as subject_id, 1 as gap_count
from ops.milestones
where state = 'expired' and coalesce(not_after, due_on::timestamptz) >= %(now)s - make_interval(days => %(expired_shown_days)s)
