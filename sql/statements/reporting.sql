-- Statements of reports, as role reporter: published figures, the names around them, and what was made of them.

-- name: newest_release
-- Grain: the release that readers may see; a withheld revision has no figures and makes no report.
select release_id, revision_number, released_at, site_version
from published.releases
where product = %(product)s
    and subject_kind = 'class_session'
    and subject_id = %(session_code)s
    and not is_withheld
order by revision_number desc
limit 1;

-- name: class_session
-- Grain: the class with the names that published rows leave out.
select
    sessions.session_code,
    courses.name_zh as course_name_zh,
    courses.name_en as course_name_en,
    sessions.trainer_id,
    trainers.name as trainer_name,
    sessions.starts_at,
    sessions.ends_at,
    sessions.timezone,
    sessions.mode
from core.class_sessions as sessions
join core.courses as courses using (course_code)
join core.trainers as trainers using (trainer_id)
where sessions.session_code = %(session_code)s;

-- name: evaluation_wave
select wave_code, instrument_code, opened_at, closes_at, is_without_attendance, has_completions, source
from ops.survey_waves
where instrument_code = 'course_evaluation'
    and subject_kind = 'class_session'
    and subject_id = %(session_code)s;

-- name: figures
select family, code, statistic, value, text_value, respondent_count, is_hidden, reason
from published.figures
where release_id = %(release_id)s
order by family, code, statistic;

-- name: verbatims
select item_code, masked_text
from published.verbatims
where release_id = %(release_id)s
order by item_code, position;

-- name: suggestions
-- Findings before topics to talk about.
select rule_code, item_code, strength, suggestion_zh, suggestion_en
from published.suggestions
where release_id = %(release_id)s
order by strength, item_code, rule_code;

-- name: checked_files
-- Grain: one file behind the figures with the gate's newest verdict about it (null: none, and no report).
with behind as (
    select dataset, file_id from core.session_files where session_code = %(session_code)s
    union
    select dataset, file_id from core.wave_files where wave_code = %(wave_code)s
)
select
    behind.dataset,
    files.file_id,
    files.name,
    files.row_count,
    files.accepted_count,
    files.unchanged_count,
    files.quarantined_count,
    files.parked_count,
    files.refused_count,
    files.checked_at,
    files.gate_decision
from behind
join ops.checked_files as files using (file_id)
order by behind.dataset, files.file_id;

-- name: earlier_report
-- Grain: what was made of exactly this view before.
select state, uri, pdf_sha256
from ops.reports
where kind = %(kind)s
    and subject_kind = %(subject_kind)s
    and subject_id = %(subject_id)s
    and audience = %(audience)s
    and locale = %(locale)s
    and view_sha256 = %(view_sha256)s;

-- name: register_report
-- A view that failed before and was drawn now becomes rendered; one whose file was lost gets its new address.
insert into ops.reports as reports (
    kind, subject_kind, subject_id, audience, locale, release_id, revision_number, view_sha256,
    state, uri, pdf_sha256, size_bytes, page_count, failure_reason, rendered_at
)
values (
    %(kind)s, %(subject_kind)s, %(subject_id)s, %(audience)s, %(locale)s, %(release_id)s, %(revision_number)s,
    %(view_sha256)s, %(state)s, %(uri)s, %(pdf_sha256)s, %(size_bytes)s, %(page_count)s, %(failure_reason)s,
    %(rendered_at)s
)
on conflict (kind, subject_kind, subject_id, audience, locale, view_sha256) do update
set
    release_id = excluded.release_id,
    revision_number = excluded.revision_number,
    state = excluded.state,
    uri = excluded.uri,
    pdf_sha256 = excluded.pdf_sha256,
    size_bytes = excluded.size_bytes,
    page_count = excluded.page_count,
    failure_reason = excluded.failure_reason,
    rendered_at = excluded.rendered_at;

-- name: finish_milestone
-- The report is out; late when its time had passed. A second run finds nothing to finish.
update ops.milestones
set state = 'done', done_at = %(now)s, is_late = coalesce(not_after < %(now)s, false)
where subject_kind = 'class_session'
    and subject_id = %(session_code)s
    and step = 'evaluation_report'
    and state in ('pending', 'expired');
