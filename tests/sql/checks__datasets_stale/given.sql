-- employees promise 31 days: the last merged file is 60 days old, a newer one still waits. courses (90 days) are fresh.
insert into ops.inbox_files (file_id, dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state, found_at, finished_at)
overriding system value values
    (1, 'employees', 'a.csv', '', '', 'a', 1, 'merged', '2026-01-15 08:00+08', '2026-01-15 08:00+08'),
    (2, 'employees', 'b.csv', '', '', 'b', 1, 'found', '2026-03-16 08:00+08', null),
    (3, 'courses', 'c.csv', '', '', 'c', 1, 'merged', '2026-01-15 08:00+08', '2026-01-15 08:00+08'),
    (4, 'trainers', 'd.csv', '', '', 'd', 1, 'merged', '2020-01-15 08:00+08', '2020-01-15 08:00+08');
