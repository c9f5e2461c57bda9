-- File 1 adds up and its quarantined row is there. File 2 says that a row is in quarantine which is not. File 3 says
-- parked, and it is gone. The constraint cannot see the last two.
insert into ops.inbox_files
    (file_id, dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state, found_at, row_count, accepted_count,
     quarantined_count, parked_count)
overriding system value values
    (1, 'employees', 'a.csv', '', '', 'a', 1, 'merged', now(), 3, 2, 1, 0),
    (2, 'employees', 'b.csv', '', '', 'b', 1, 'merged', now(), 3, 2, 1, 0),
    (3, 'employees', 'c.csv', '', '', 'c', 1, 'merged', now(), 3, 2, 0, 1);
insert into ops.quarantined_rows (file_id, row_number, row_values) values (1, 4, '{}');
