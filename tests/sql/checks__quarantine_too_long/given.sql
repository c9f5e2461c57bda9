-- January's file has two rows that nobody corrected; March's file has time.
insert into ops.inbox_files (file_id, dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state, found_at, finished_at)
overriding system value values
    (1, 'employees', 'a.csv', '', '', 'a', 1, 'merged', '2026-01-15 08:00+08', '2026-01-15 08:00+08'),
    (2, 'employees', 'b.csv', '', '', 'b', 1, 'merged', '2026-03-10 08:00+08', '2026-03-10 08:00+08');
insert into ops.quarantined_rows (file_id, row_number, row_values, state)
values (1, 2, '{}', 'open'), (1, 3, '{}', 'open'), (1, 4, '{}', 'replayed'), (2, 2, '{}', 'open');
