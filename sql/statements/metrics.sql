-- What `trainloop metrics` tells a monitoring system. Read as role board: codes, counts and ages, nobody.

-- name: gauges
-- Grain: a gauge and its label. What is due today is not late; performance reports may wait for their figures.
select 'due_not_done' as gauge, step as label, count(*)::float8 as value
from ops.milestones
where state = 'pending'
    and due_on + case step when 'performance_report_90d' then %(performance_patience_days)s else 0 end < %(today)s
group by step
union all
select 'outbox_waiting', '', count(*)
from ops.messages
where state in ('composed', 'claimed', 'uncertain')
union all
select 'outbox_age_seconds', '', coalesce(extract(epoch from max(%(now)s - composed_at)), 0)
from ops.messages
where state in ('composed', 'claimed', 'uncertain')
union all
select 'quarantined_rows', files.dataset, count(*)
from ops.quarantined_rows as rows
inner join ops.inbox_files as files using (file_id)
where rows.state = 'open'
group by files.dataset
union all
select 'last_file_age_seconds', dataset, extract(epoch from %(now)s - max(found_at))
from ops.inbox_files
where state = 'merged'
group by dataset
union all
-- Backups are of the machine's clock, not of the business's; so is their age.
select 'last_backup_age_seconds', '', extract(epoch from statement_timestamp() - max(taken_at))
from ops.backups
having count(*) > 0
union all
select 'may_send', '', count(*)
from ops.sender_leases
where environment = %(environment)s and database_identity = ops.database_identity()
order by gauge, label
