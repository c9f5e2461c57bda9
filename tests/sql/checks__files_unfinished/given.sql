-- Business time is 09:00 Shanghai: file 1 has waited since the evening, file 2 for an hour, file 3 is done.
insert into ops.inbox_files (file_id, dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state, found_at, finished_at)
overriding system value values
    (1, 'employees', 'a.csv', '', '', 'a', 1, 'found', '2026-03-15 18:00+08', null),
    (2, 'employees', 'b.csv', '', '', 'b', 1, 'found', '2026-03-16 08:00+08', null),
    (3, 'employees', 'c.csv', '', '', 'c', 1, 'merged', '2026-03-01 08:00+08', '2026-03-01 08:01+08');
