-- HR's weekly digest: what happened between two moments, what is late, what waits for a decision. Nobody but trainers is
-- named; shares and figures of surveys stand in their reports.

-- name: classes_held
-- Grain: a class that ended in the span, with how many of its confirmed learners were there.
select
    sessions.session_code, courses.name_zh as course_zh, courses.name_en as course_en, trainers.name as trainer_name,
    sessions.ends_at, sessions.timezone as session_timezone, coalesce(seats.confirmed_count, 0) as confirmed_count,
    coalesce(there.attended_count, 0) as attended_count, there.session_code is not null as has_attendance
from core.class_sessions as sessions
join core.courses as courses on courses.course_code = sessions.course_code
join core.trainers as trainers on trainers.trainer_id = sessions.trainer_id
left join (
    select session_code, count(*) as confirmed_count
    from core.enrollments
    where status = 'confirmed'
    group by session_code
) as seats on seats.session_code = sessions.session_code
left join (
    select session_code, count(distinct employee_id) filter (where status in ('present', 'late', 'early')) as attended_count
    from core.attendance
    group by session_code
) as there on there.session_code = sessions.session_code
where sessions.status <> 'cancelled' and sessions.ends_at >= %(since)s and sessions.ends_at < %(until)s
order by sessions.ends_at, sessions.session_code

-- name: counts
-- One row: files that came and were refused, rows that wait for their owners, questionnaires that closed, mails.
select
    (select count(*) from ops.inbox_files where found_at >= %(since)s and found_at < %(until)s) as file_count,
    (
        select count(*) from ops.inbox_files
        where state = 'refused' and found_at >= %(since)s and found_at < %(until)s
    ) as refused_count,
    (select count(*) from ops.quarantined_rows where state = 'open') as quarantined_count,
    (
        select count(*) from ops.survey_waves
        where state = 'closed' and closed_at >= %(since)s and closed_at < %(until)s
    ) as wave_count,
    (select count(*) from ops.messages where sent_at >= %(since)s and sent_at < %(until)s) as sent_count,
    (
        select count(*) from ops.messages
        where state in ('failed', 'bounced', 'expired') and settled_at >= %(since)s and settled_at < %(until)s
    ) as failed_count

-- name: told
-- Grain: a kind of report that contacts were told in the span, as mails of their own or, is_weekly, by this digest.
select
    notices.recipient_id as contact, notices.kind, notices.state = 'dropped' as is_weekly, count(*) as notice_count
from ops.notices as notices
join ops.notice_kinds as kinds on kinds.kind = notices.kind
left join ops.messages as messages on messages.message_id = notices.message_id
where notices.recipient_kind = 'contact' and notices.recipient_id = any (%(contacts)s)
    and kinds.family in ('report', 'alert') and notices.kind <> 'weekly_digest'
    and (
        (notices.state = 'composed' and messages.sent_at >= %(since)s and messages.sent_at < %(until)s)
        or (notices.reason = 'told_weekly' and notices.settled_at >= %(since)s and notices.settled_at < %(until)s)
    )
group by 1, 2, 3
order by notice_count desc, notices.kind

-- name: late_classes
-- Grain: a class with steps that should be done and are not, the oldest first; of_count: how many there are in all.
select
    milestones.subject_id as session_code, courses.name_zh as course_zh, courses.name_en as course_en,
    count(*) as step_count, min(milestones.due_on) as due_on, count(*) over () as of_count
from ops.milestones as milestones
join core.class_sessions as sessions on sessions.session_code = milestones.subject_id
join core.courses as courses on courses.course_code = sessions.course_code
where milestones.subject_kind = 'class_session' and milestones.state = 'pending' and milestones.due_on < %(today)s
group by milestones.subject_id, courses.name_zh, courses.name_en
order by due_on, session_code
limit %(limit)s

-- name: late_commitments
-- Grain: a kind of thing people owe and are late with.
select kind, count(*) as commitment_count, min(due_on) as due_on
from ops.commitments
where state = 'open' and due_on < %(today)s
group by kind
order by due_on, kind

-- name: decisions
-- Grain: an approval that waits, the oldest first.
select kind, subject_id, revision_number, asked_of, asked_at, expires_at
from ops.approvals
where state = 'open'
order by asked_at, approval_id
limit %(limit)s
