-- S1 closed, due, nothing made. S2 has a PDF. S3 was withheld. S4 is due today. S5's only report failed.
insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id, anonymity, state,
    opened_at, closes_at, closed_at, minimum_count)
select 'EVAL-' || code, 'course_evaluation', '1', 'class_session', code, 'anonymous', 'closed', now(), now(), now(), 5
from unnest(array['S1', 'S2', 'S3', 'S4', 'S5']) as code;
insert into ops.milestones (subject_kind, subject_id, step, due_on, planned_at)
select 'class_session', code, 'evaluation_report', case code when 'S4' then date '2026-03-16' else '2026-03-10' end, now()
from unnest(array['S1', 'S2', 'S3', 'S4', 'S5']) as code;
insert into published.releases (release_id, product, subject_kind, subject_id, revision_number, data_sha256, site_version,
    released_at, is_withheld, withheld_reason)
overriding system value values (1, 'course_evaluation', 'class_session', 'S2', 1, 'x', '1', now(), false, null),
    (2, 'course_evaluation', 'class_session', 'S3', 1, 'x', '1', now(), true, 'too_few_answers');
insert into ops.reports (kind, subject_kind, subject_id, audience, locale, release_id, revision_number, view_sha256, state,
    uri, pdf_sha256, rendered_at)
values ('course_evaluation', 'class_session', 'S2', 'hr', 'en', 1, 1, 'x', 'rendered', 'file:///x', 'x', now()),
    ('course_evaluation', 'class_session', 'S5', 'hr', 'en', 1, 1, 'y', 'failed', null, null, now());
