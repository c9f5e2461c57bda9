-- Airflow's green is no proof: what was due before today and is still pending was not done, whatever the runs say.
-- The 90-day report waits for its figures so many days longer. Grain: one step of one class session, wave or person.
-- severity: stop
-- audience: hr
-- zh: 已到期的节点都已完成
-- en: Every milestone that was due is done
-- gap_zh: {count} 个节点已到期但未完成
-- gap_en: Milestones due and not done: {count}
select subject_kind, subject_id || ' ' || step as subject_id, 1 as gap_count
from ops.milestones
where state = 'pending'
    and due_on + case step when 'performance_report_90d' then %(performance_patience_days)s else 0 end < %(today)s
