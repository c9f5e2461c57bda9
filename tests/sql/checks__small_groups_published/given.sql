-- Release 1 shows a mean of four people; release 2 hides it. n itself and attendance may always stand there. Release 3 is of
-- a year's needs: a share of nine people, a crossing of nine and a mean gap of four are too small; a gap of five is not.
insert into published.releases (release_id, product, subject_kind, subject_id, revision_number, data_sha256, site_version,
    released_at)
overriding system value values (1, 'course_evaluation', 'class_session', 'S1', 1, 'x', '1', now()),
    (2, 'course_evaluation', 'class_session', 'S2', 1, 'x', '1', now()),
    (3, 'annual_needs', 'needs_year', '2027', 1, 'x', '1', now());
insert into published.figures (release_id, family, code, statistic, value, respondent_count, is_hidden, reason)
values (1, 'item', 'q1', 'mean', 4.2, 4, false, null), (1, 'item', 'q1', 'n', 4, 4, false, null),
    (1, 'item', 'q2', 'mean', 4.2, 5, false, null), (1, 'attendance', 'class', 'attended_count', 4, 4, false, null),
    (2, 'item', 'q1', 'mean', null, 4, true, 'below_minimum_mean'),
    (3, 'demand', 'T1', 'all_pct', 40, 9, false, null), (3, 'demand', 'T2', 'all_pct', 40, 10, false, null),
    (3, 'performance', 'sales', 'n:2026Q3', 3, 3, false, null), (3, 'performance', 'sales', 'gap_pct', 12, 5, false, null);
insert into published.needs_cells (release_id, table_code, row_code, column_code, statistic, value, respondent_count)
values (3, 'demand:T1', 'P5', 'sales', 'asking_pct', 40, 9), (3, 'performance:sales', 'P5', 'sales', 'gap_pct', 12, 4),
    (3, 'performance_department', 'sales', 'D1', 'gap_pct', 12, 5), (3, 'people', 'P5', 'sales', 'headcount', 3, null),
    (3, 'interviews', 'T1', 'D1', 'mentions_count', 1, null);
