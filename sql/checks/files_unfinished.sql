-- A file that was found and is neither merged nor refused has been forgotten or keeps failing.
-- Grain: one file.
-- severity: stop
-- audience: engineer
-- zh: 收到的文件都已处理完毕
-- en: Every file that arrived was finished
-- gap_zh: {count} 个文件收到后一直未处理完
-- gap_en: Files that arrived and were not finished: {count}
select 'inbox_file' as subject_kind, file_id::text as subject_id, 1 as gap_count
from ops.inbox_files
where state = 'found' and found_at < %(now)s - make_interval(hours => %(file_unfinished_hours)s)
