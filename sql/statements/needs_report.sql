-- Statements of the annual needs report, as role reporter: what is to be decided, the files behind it, who teaches what.

-- name: open_drafts
-- Grain: one revision that waits for its decision.
select approval_id, subject_id, revision_number
from ops.approvals
where kind = 'annual_needs_report' and subject_kind = 'needs_year' and state = 'open' and subject_id ~ '^\d{4}$'
order by approval_id

-- name: decision
select decided_by, decided_at
from ops.approvals
where kind = 'annual_needs_report' and subject_kind = 'needs_year' and subject_id = %(subject_id)s
    and revision_number = %(revision_number)s and state = 'approved'

-- name: checked_files
-- Grain: one file behind the year's needs with the gate's newest verdict about it (null: none, and no report).
with behind as (
    select distinct dataset, file_id from core.needs_files where year is null or year = %(year)s
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
order by behind.dataset, files.file_id

-- name: trainers
-- Grain: one topic that a trainer teaches: a class of a course of that topic, held or planned.
select distinct trainers.trainer_id, trainers.name, trainers.locale, courses.topic_code
from core.class_sessions as sessions
join core.courses as courses using (course_code)
join core.trainers as trainers using (trainer_id)
where courses.topic_code = any(%(topic_codes)s) and sessions.status <> 'cancelled'
order by trainers.trainer_id, courses.topic_code
