-- Release 1 shows a mean of four people; release 2 hides it. n itself and attendance may always stand there.
insert into published.releases (release_id, product, subject_kind, subject_id, revision_number, data_sha256, site_version,
    released_at)
overriding system value values (1, 'course_evaluation', 'class_session', 'S1', 1, 'x', '1', now()),
    (2, 'course_evaluation', 'class_session', 'S2', 1, 'x', '1', now());
insert into published.figures (release_id, family, code, statistic, value, respondent_count, is_hidden, reason)
values (1, 'item', 'q1', 'mean', 4.2, 4, false, null), (1, 'item', 'q1', 'n', 4, 4, false, null),
    (1, 'item', 'q2', 'mean', 4.2, 5, false, null), (1, 'attendance', 'class', 'attended_count', 4, 4, false, null),
    (2, 'item', 'q1', 'mean', null, 4, true, 'below_minimum_mean');
