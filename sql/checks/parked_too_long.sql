-- Rows that wait for something announced (a class, a person) which does not come. Grain: one dataset.
-- severity: warn
-- audience: hr
-- zh: 等待匹配的数据行没有超期
-- en: No parked row waits too long
-- gap_zh: {count} 行数据一直等不到所引用的记录
-- gap_en: Rows that wait in vain for what they refer to: {count}
select 'dataset' as subject_kind, parked.dataset as subject_id, count(*) as gap_count
from ops.parked_rows as parked
inner join ops.inbox_files as files using (file_id)
where parked.state = 'waiting' and files.found_at < %(now)s - make_interval(days => %(parked_days)s)
group by parked.dataset
