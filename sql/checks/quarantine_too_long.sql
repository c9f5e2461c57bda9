-- Rows in quarantine that their owner neither corrected nor gave up. Grain: one file.
-- severity: warn
-- audience: hr
-- zh: 隔离区的数据行都得到处理
-- en: Quarantined rows are dealt with
-- gap_zh: {count} 行数据在隔离区无人处理
-- gap_en: Quarantined rows that nobody dealt with: {count}
select 'inbox_file' as subject_kind, rows.file_id::text as subject_id, count(*) as gap_count
from ops.quarantined_rows as rows
inner join ops.inbox_files as files using (file_id)
where rows.state = 'open' and files.found_at < %(now)s - make_interval(days => %(quarantine_open_days)s)
group by rows.file_id
