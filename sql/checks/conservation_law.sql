-- Nothing is lost: rows in = accepted + unchanged + quarantined + parked + refused, recounted from the rows themselves
-- (the constraint on the registry only adds up its own numbers). Grain: one finished file.
-- severity: stop
-- audience: engineer
-- zh: 每个文件的行数守恒，没有行丢失
-- en: No row of any file is lost
-- gap_zh: {count} 个文件的行数对不上
-- gap_en: Files whose rows do not add up: {count}
with files as (select * from ops.inbox_files where state <> 'found'),
quarantined as (select file_id, count(*) as kept_count from ops.quarantined_rows group by file_id),
parked as (select file_id, count(*) as kept_count from ops.parked_rows group by file_id)
select 'inbox_file' as subject_kind, files.file_id::text as subject_id, 1 as gap_count
from files
left join quarantined using (file_id)
left join parked using (file_id)
where
    files.row_count <> files.accepted_count + files.unchanged_count + files.quarantined_count + files.parked_count
        + files.refused_count
    or coalesce(quarantined.kept_count, 0) < files.quarantined_count
    or coalesce(parked.kept_count, 0) < files.parked_count
