-- Two rows of February's file still wait for their class; one was matched; a row of yesterday's file may wait.
insert into ops.inbox_files (file_id, dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state, found_at, finished_at)
overriding system value values
    (1, 'enrollments', 'a.csv', '', '', 'a', 1, 'merged', '2026-02-15 08:00+08', '2026-02-15 08:00+08'),
    (2, 'enrollments', 'b.csv', '', '', 'b', 1, 'merged', '2026-03-15 08:00+08', '2026-03-15 08:00+08');
insert into ops.parked_rows (file_id, dataset, row_number, row_values, missing_column, missing_value, state)
values (1, 'enrollments', 2, '{}', 'session_code', 'S9', 'waiting'), (1, 'enrollments', 3, '{}', 'session_code', 'S9', 'waiting'),
    (1, 'enrollments', 4, '{}', 'session_code', 'S1', 'matched'), (2, 'enrollments', 2, '{}', 'session_code', 'S9', 'waiting');
