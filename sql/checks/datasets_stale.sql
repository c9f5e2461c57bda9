-- Freshness by contract: the newest merged file of a dataset is older than the contract allows. A dataset that never
-- had a file is not in use and no gap. freshness: JSON list of {dataset, fresh_within_days} from the contracts.
-- Grain: one dataset.
-- severity: warn
-- audience: hr
-- zh: 各数据集都在约定的时间内更新
-- en: Every dataset was renewed as its contract says
-- gap_zh: {count} 个数据集超过约定时间未更新
-- gap_en: Datasets not renewed in time: {count}
with promised as (
    select * from jsonb_to_recordset(%(freshness)s::jsonb) as promise (dataset text, fresh_within_days integer)
),
newest as (
    select dataset, max(finished_at) as renewed_at from ops.inbox_files where state = 'merged' group by dataset
)
select 'dataset' as subject_kind, dataset as subject_id, 1 as gap_count
from promised
inner join newest using (dataset)
where newest.renewed_at < %(now)s - make_interval(days => promised.fresh_within_days)
