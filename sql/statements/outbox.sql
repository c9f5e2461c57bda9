-- name: plan_notices
-- Grain: one notice of a planning step. A notice that was planned before keeps its state: nothing is told twice.
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, step, sequence_number, is_optional, is_urgent,
    not_before, not_after, facts
)
select
    kind, subject_kind, subject_id, recipient_kind, recipient_id, step, sequence_number, is_optional, is_urgent,
    coalesce(not_before, ops.business_now()), not_after, facts
from unnest(
    %(kind)s::text[], %(subject_kind)s::text[], %(subject_id)s::text[], %(recipient_kind)s::text[],
    %(recipient_id)s::text[], %(step)s::text[], %(sequence_number)s::integer[], %(is_optional)s::boolean[],
    %(is_urgent)s::boolean[], %(not_before)s::timestamptz[], %(not_after)s::timestamptz[], %(facts)s::jsonb[]
) as new (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, step, sequence_number, is_optional, is_urgent,
    not_before, not_after, facts
)
on conflict on constraint told_once do nothing

-- name: grant_lease
-- Grain: one environment. Another database that held the same name loses it: one sender per environment.
insert into ops.sender_leases (environment, database_identity, granted_at, granted_by)
values (%(environment)s, ops.database_identity(), %(now)s, %(by)s)
on conflict (environment) do update
set database_identity = excluded.database_identity, granted_at = excluded.granted_at, granted_by = excluded.granted_by

-- name: grant_first_lease
-- Grain: the first environment of a warehouse that has never had one.
insert into ops.sender_leases (environment, database_identity, granted_at, granted_by)
select %(environment)s, ops.database_identity(), %(now)s, %(by)s
where not exists (select from ops.sender_leases)
on conflict (environment) do nothing

-- name: holds_lease
select from ops.sender_leases
where environment = %(environment)s and database_identity = ops.database_identity()

-- name: discard_notices
-- A restored database: what was due before the backup's lease is granted again was sent by the original.
update ops.notices set state = 'dropped', reason = 'before_lease', settled_at = %(now)s
where state = 'planned' and not_before <= %(now)s and kind <> all (%(keep)s)

-- name: discard_messages
update ops.messages
set state = 'suppressed', reason = 'before_lease', settled_at = %(now)s, next_attempt_at = null
where state in ('composed', 'claimed', 'uncertain') and template <> all (%(keep)s)

-- name: restored_lease
-- A database that was restored carries a lease that nobody holds; a lease granted since ends it.
select database_identity from ops.sender_leases where database_identity like %(prefix)s

-- name: end_restored_leases
delete from ops.sender_leases where database_identity like %(prefix)s

-- name: in_doubt
-- Grain: a kind of mail that is written, or to be written, and due: the original of this database may have sent it.
select kind, is_written, count(*) as mails, count(distinct (recipient_kind, recipient_id)) as recipients,
    min(due_at) as oldest_at, max(due_at) as newest_at
from (
    select template, true, recipient_kind, recipient_id, composed_at
    from ops.messages
    where state in ('composed', 'claimed', 'uncertain')
    union all
    select kind, false, recipient_kind, recipient_id, not_before
    from ops.notices
    where state = 'planned' and not_before <= %(now)s
) as waiting (kind, is_written, recipient_kind, recipient_id, due_at)
group by kind, is_written
order by kind, is_written

-- name: recipients
select r.recipient_kind, r.recipient_id, r.name, r.email, r.locale, r.timezone, r.calendar_code
from unnest(%(kinds)s::text[], %(ids)s::text[]) as wanted (recipient_kind, recipient_id)
inner join ops.mail_recipients as r using (recipient_kind, recipient_id)

-- name: expire_notices
-- Grain: one planned notice whose time has passed: closed, reported, never sent late in silence.
update ops.notices set state = 'expired', settled_at = %(now)s
where state = 'planned' and not_after < %(now)s

-- name: drop_objected
-- Grain: one due notice that nobody wants any more, all families in one statement. What a contact reads in the weekly
-- digest is no mail of its own: weekly_contacts and weekly_kinds are pairs.
update ops.notices as n set state = 'dropped', reason = coalesce(o.objection, 'told_weekly'), settled_at = %(now)s
from ops.notice_objections as o
where o.notice_id = n.notice_id
    and (o.objection is not null or (n.recipient_kind = 'contact' and (n.recipient_id, n.kind) in (
        select contact, kind from unnest(%(weekly_contacts)s::text[], %(weekly_kinds)s::text[]) as weekly (contact, kind)
    )))
    and n.state = 'planned' and n.not_before <= %(due_until)s
returning n.reason

-- name: due_zones
-- Grain: one time zone and calendar that somebody with a due notice lives in.
select distinct r.timezone, r.calendar_code
from ops.notices as n
inner join ops.mail_recipients as r on r.recipient_kind = n.recipient_kind and r.recipient_id = n.recipient_id
where n.state = 'planned' and n.not_before <= %(due_until)s

-- name: next_recipients
-- Grain: one recipient with a due notice, in key order after the last batch. Stops at the limit: the index is in order.
select recipient_kind, recipient_id
from ops.notices
where state = 'planned' and not_before <= %(due_until)s
    and (recipient_kind, recipient_id) > (%(after_kind)s, %(after_id)s)
    and (%(may_reach_people)s or recipient_kind = 'contact')
    and (%(is_any_open)s or is_urgent)
group by recipient_kind, recipient_id
order by recipient_kind, recipient_id
limit %(limit)s

-- name: due_notices
-- Grain: one due notice of the batch's recipients. windows are the zones whose people may get mail now; a reminder
-- waits until the mail before it is out, and out long enough. Locked: a notice is composed once.
select n.*, k.family, n.is_optional or k.is_optional as is_optional_mail
from unnest(%(kinds)s::text[], %(ids)s::text[]) as wanted (recipient_kind, recipient_id)
inner join ops.notices as n using (recipient_kind, recipient_id)
inner join ops.notice_kinds as k on k.kind = n.kind
left join ops.mail_recipients as r using (recipient_kind, recipient_id)
where n.state = 'planned' and n.not_before <= %(due_until)s
    and n.kind not in (select template from ops.held_templates)
    and (
        n.is_urgent
        or (n.recipient_kind = 'contact' and %(is_site_open)s)
        or (r.timezone, r.calendar_code) in (
            select * from unnest(%(timezones)s::text[], %(calendars)s::text[]) as w (timezone, calendar_code)
        )
    )
    and not exists (
        select from ops.notices as earlier
        inner join ops.messages as m on m.message_id = earlier.message_id
        where n.kind = 'survey_reminder'
            and earlier.kind in ('survey_invitation', 'survey_reminder')
            and earlier.subject_kind = n.subject_kind and earlier.subject_id = n.subject_id
            and earlier.recipient_kind = n.recipient_kind and earlier.recipient_id = n.recipient_id
            and (m.state in ('composed', 'claimed') or m.sent_at > %(reminded_after)s)
    )
order by n.recipient_kind, n.recipient_id, n.not_before, n.notice_id
for update of n

-- name: recent_messages
-- Grain: one message that counts towards its recipient's cap: composed in the last two days, or still in the queue.
-- Urgent ones do not: they neither wait for the cap nor use it up.
select m.recipient_kind, m.recipient_id, m.composed_at, m.template, m.state in ('composed', 'claimed') as is_queued,
    array(select distinct k.family from ops.notices as n
        inner join ops.notice_kinds as k on k.kind = n.kind
        where n.message_id = m.message_id) as families
from unnest(%(kinds)s::text[], %(ids)s::text[]) as wanted (recipient_kind, recipient_id)
inner join ops.messages as m using (recipient_kind, recipient_id)
where m.state not in ('suppressed', 'expired') and not m.is_urgent
    and (m.composed_at > %(now)s - interval '2 days' or m.state in ('composed', 'claimed'))

-- name: insert_messages
-- Grain: one frozen mail. The same set of notices has the same Message-ID and is frozen once.
insert into ops.messages (
    environment, recipient_kind, recipient_id, recipient_address, template, locale, timezone, calendar_code, is_urgent,
    subject, mime_message_id, mime_bytes, mime_sha256, attachment_sha256s, not_after, composed_at, next_attempt_at
)
values (
    %(environment)s, %(recipient_kind)s, %(recipient_id)s, %(recipient_address)s, %(template)s, %(locale)s,
    %(timezone)s, %(calendar_code)s, %(is_urgent)s, %(subject)s, %(mime_message_id)s, %(mime_bytes)b,
    encode(sha256(%(mime_bytes)b), 'hex'), %(attachment_sha256s)s, %(not_after)s, %(now)s, %(now)s
)
returning message_id

-- name: settle_composed
-- Grain: one notice of the batch: its words are in a message now, or it was dropped while they were written.
update ops.notices as n
set state = done.state::ops.notice_state, message_id = done.message_id, reason = done.reason,
    settled_at = case when done.state = 'dropped' then %(now)s end
from unnest(%(notice_ids)s::bigint[], %(states)s::text[], %(message_ids)s::bigint[], %(reasons)s::text[])
    as done (notice_id, state, message_id, reason)
where n.notice_id = done.notice_id and n.state = 'planned'

-- name: survey_calls
-- Grain: one invitation or reminder with what its wave is about (a class, a person, a department or neither) and the
-- person's own link. A class that is gone makes no mail.
select
    n.notice_id, w.instrument_code, w.anonymity, w.minimum_count, w.closes_at, w.is_without_attendance, w.source,
    w.subject_kind, w.subject_id, i.token, s.session_code, s.ends_at, s.timezone as session_timezone,
    c.name_zh as course_zh, c.name_en as course_en, t.name as trainer_name, d.name_zh as department_zh,
    d.name_en as department_en, e.name as person_name, ops.business_now() as business_now,
    case when w.has_completions then l.survey_id end as limesurvey_id
from ops.notices as n
inner join ops.survey_waves as w on w.wave_code = n.subject_id
-- By its whole key: given the wave alone as well, the planner reads all invitations of the wave for each of its mails.
inner join lateral (
    select token from ops.invitations where wave_code = n.subject_id and employee_id = n.recipient_id offset 0
) as i on true
left join core.class_sessions as s on w.subject_kind = 'class_session' and s.session_code = w.subject_id
left join core.courses as c on c.course_code = s.course_code
left join core.trainers as t on t.trainer_id = s.trainer_id
left join core.departments as d
    on d.department_code = case w.subject_kind
        when 'department' then w.subject_id
        -- <year>-<department>
        when 'interview' then substr(w.subject_id, 6)
    end
-- LimeSurvey knows the tokens once it has told who has answered.
left join ops.limesurvey_surveys as l on l.wave_code = w.wave_code and l.opening_number = w.opening_number
left join ops.assessments as a on w.subject_kind = 'assessment' and a.wave_code = w.subject_id
left join core.employees as e
    on e.employee_id = case when w.subject_kind in ('person', 'employee') then w.subject_id else a.employee_id end
where n.notice_id = any(%(notice_ids)s) and n.subject_kind = 'survey_wave' and n.recipient_kind = 'employee'
    and (w.subject_kind <> 'class_session' or t.trainer_id is not null)

-- name: sessions_without_attendance
-- Grain: one class session whose wave was opened without attendance.
select
    s.session_code, s.ends_at, s.timezone as session_timezone, c.name_zh as course_zh, c.name_en as course_en,
    t.name as trainer_name, w.closes_at,
    (select count(*) from ops.invitations as i where i.wave_code = w.wave_code and i.state = 'invited') as invited_count
from core.class_sessions as s
inner join core.courses as c on c.course_code = s.course_code
inner join core.trainers as t on t.trainer_id = s.trainer_id
inner join ops.survey_waves as w on w.subject_kind = 'class_session' and w.subject_id = s.session_code
    and w.instrument_code = 'course_evaluation'
where s.session_code = any(%(session_codes)s)

-- name: evaluation_reports
-- Grain: one notice with the newest PDF of its revision, for its audience, in its language.
select distinct on (n.notice_id)
    n.notice_id, r.release_id, r.revision_number, r.uri, r.pdf_sha256, r.locale, w.instrument_code,
    s.session_code, s.ends_at, s.timezone as session_timezone, c.name_zh as course_zh, c.name_en as course_en,
    t.name as trainer_name
from unnest(%(notice_ids)s::bigint[], %(audiences)s::text[], %(locales)s::text[]) as wanted (notice_id, audience, locale)
inner join ops.notices as n using (notice_id)
inner join ops.reports as r
    on r.kind = 'course_evaluation' and r.subject_kind = 'class_session' and r.subject_id = n.subject_id
    and r.audience = wanted.audience and r.locale = wanted.locale
    and r.revision_number = n.sequence_number and r.state = 'rendered'
inner join ops.survey_waves as w on w.subject_kind = 'class_session' and w.subject_id = n.subject_id
    and w.instrument_code = 'course_evaluation'
inner join core.class_sessions as s on s.session_code = n.subject_id
inner join core.courses as c on c.course_code = s.course_code
inner join core.trainers as t on t.trainer_id = s.trainer_id
where n.subject_kind = 'class_session'
order by n.notice_id, r.rendered_at desc, r.report_id desc

-- name: report_figures
select release_id, family, code, statistic, value, text_value, reason
from published.figures
where release_id = any(%(release_ids)s)
    and (family, statistic) in (
        ('response', 'complete_count'), ('response', 'eligible_count'), ('response', 'rr1_pct'), ('response', 'band'),
        ('dimension', 'mean'), ('dimension', 'n'), ('nps', 'nps'), ('nps', 'n')
    )
order by release_id, family, code, statistic

-- name: report_findings
select release_id, strength, suggestion_zh, suggestion_en
from published.suggestions
where release_id = any(%(release_ids)s)
order by release_id, strength, rule_code, item_code

-- name: inbox_files
select
    f.file_id, f.dataset, f.name, f.row_count, f.accepted_count, f.unchanged_count, f.found_at, f.refused_reason_zh,
    f.refused_reason_en,
    (select count(*) from ops.quarantined_rows as q where q.file_id = f.file_id and q.state = 'open') as open_count
from ops.inbox_files as f
where f.file_id = any(%(file_ids)s)

-- name: quarantine_reasons
-- Grain: one (column, rule) of a file's rows in quarantine, the most frequent first, in the words of its first row.
with counted as (
    select
        q.file_id, r.column_name, r.rule, count(*) as row_count,
        (array_agg(r.message_zh order by q.row_number))[1] as message_zh,
        (array_agg(r.message_en order by q.row_number))[1] as message_en
    from ops.quarantined_rows as q
    inner join ops.quarantine_reasons as r using (quarantined_row_id)
    where q.file_id = any(%(file_ids)s) and q.state = 'open'
    group by q.file_id, r.column_name, r.rule
),
ranked as (
    select *, row_number() over (partition by file_id order by row_count desc, column_name, rule) as place from counted
)
select file_id, row_count, message_zh, message_en from ranked where place <= %(top)s order by file_id, place

-- name: untold_expired
-- Grain: one kind of notice that expired since HR was last told. Notices of expired mail do not count themselves.
with last_told as (
    select max(m.composed_at) as told_at
    from ops.notices as n
    inner join ops.messages as m on m.message_id = n.message_id
    where n.kind = 'mail_backlog_expired' and m.state <> 'suppressed'
)
select n.kind, count(*)::int as notice_count
from last_told
cross join ops.notices as n
left join ops.messages as m on m.message_id = n.message_id
where n.kind <> 'mail_backlog_expired'
    and (n.state = 'expired' or (n.state = 'composed' and m.state = 'expired'))
    and (told_at is null or coalesce(n.settled_at, m.settled_at) > told_at)
group by n.kind
order by notice_count desc, n.kind

-- name: take_over
-- Grain: one claim whose sender died (real time: leases guard processes). Marked as leaving → it may have arrived; the
-- same bytes go again. Not marked → it never left.
update ops.messages
set state = case when sending_at is not null or uncertain_count > 0 then 'uncertain' else 'composed' end::ops.message_state,
    uncertain_count = uncertain_count + (sending_at is not null)::int,
    claimed_by = null, lease_until = null, sending_at = null
where state = 'claimed' and lease_until < clock_timestamp()

-- name: expire_messages
-- Grain: one queued mail that no longer helps.
update ops.messages
set state = 'expired', settled_at = ops.business_now(), next_attempt_at = null, reason = 'too_late'
where state in ('composed', 'uncertain') and not_after < ops.business_now()

-- name: queue_zones
select distinct timezone, calendar_code
from ops.messages
where state in ('composed', 'claimed', 'uncertain') and next_attempt_at is not null

-- name: claim
-- Grain: one mail this sender may send now, oldest first. Working hours and the day's cap hold for a backlog too (urgent
-- mails neither wait for the cap nor use it up), and a person's mails leave one after the other. Without the environment's lease there is nothing to claim.
with windows as (
    select * from unnest(%(timezones)s::text[], %(calendars)s::text[], %(day_starts)s::timestamptz[])
        as w (timezone, calendar_code, day_starts_at)
),
due as (
    select m.message_id
    from ops.messages as m
    left join windows as w on w.timezone = m.timezone and w.calendar_code = m.calendar_code
    where m.state in ('composed', 'uncertain') and m.next_attempt_at <= %(now)s
        and m.environment = %(environment)s
        and exists (
            select from ops.sender_leases as l
            where l.environment = %(environment)s and l.database_identity = ops.database_identity()
        )
        and m.template not in (select template from ops.held_templates)
        and (
            m.is_urgent
            or (
                w.timezone is not null
                and %(cap)s > (
                    select count(*) from ops.messages as s
                    where s.recipient_kind = m.recipient_kind and s.recipient_id = m.recipient_id
                        and s.sent_at >= w.day_starts_at and not s.is_urgent
                )
                and not exists (
                    select from ops.messages as e
                    where e.recipient_kind = m.recipient_kind and e.recipient_id = m.recipient_id
                        and e.message_id < m.message_id and e.state in ('composed', 'claimed', 'uncertain')
                        and e.next_attempt_at <= %(now)s
                        and e.template not in (select template from ops.held_templates)
                )
            )
        )
    order by m.next_attempt_at, m.message_id
    limit %(limit)s
    for update of m skip locked
)
update ops.messages as m
set state = 'claimed', claimed_by = %(sender)s, fence_number = m.fence_number + 1, sending_at = null,
    lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
from due
where m.message_id = due.message_id
returning m.message_id, m.fence_number, m.recipient_kind, m.recipient_id, m.recipient_address, m.attempt_count,
    m.uncertain_count, m.first_attempt_at, m.next_attempt_at, octet_length(m.mime_bytes) as size_bytes

-- name: suppress_unwanted
-- Grain: one claimed mail that somebody does not want any more (answered while it was queued). What else a digest held
-- is planned again and gets a mail of its own, with another Message-ID because it is another set of notices.
-- Their ids are given to the view as values, and what it says is joined afterwards: joined to the view itself, all notices
-- there are would be asked first, or the whole batch once for each of its mails.
with held as materialized (
    select notice_id, message_id from ops.notices where message_id = any(%(message_ids)s) and state = 'composed'
),
objections as materialized (
    select notice_id, objection
    from ops.notice_objections
    where notice_id = any(array(select notice_id from held)) and objection is not null
),
unwanted as materialized (
    select held.notice_id, held.message_id, o.objection
    from objections as o
    inner join held on held.notice_id = o.notice_id
),
dissolved as (
    update ops.messages as m
    set state = 'suppressed', reason = u.objection, settled_at = ops.business_now(), next_attempt_at = null,
        claimed_by = null, lease_until = null
    from (select message_id, min(objection) as objection from unwanted group by message_id) as u
    where m.message_id = u.message_id and m.state = 'claimed'
    returning m.message_id
),
released as (
    update ops.notices as n
    set state = case when u.notice_id is null then 'planned' else 'dropped' end::ops.notice_state,
        reason = u.objection,
        message_id = case when u.notice_id is not null then n.message_id end,
        settled_at = case when u.notice_id is not null then ops.business_now() end
    from dissolved
    inner join held on held.message_id = dissolved.message_id
    left join unwanted as u on u.notice_id = held.notice_id
    where n.notice_id = held.notice_id
)
select message_id from dissolved

-- name: message_bytes
select message_id, mime_bytes from ops.messages where message_id = any(%(message_ids)s)

-- name: advance
-- Grain: two mails in one commit: how the last one ended, and that the next one is leaving. A fence that is not the
-- row's own changes nothing. synchronous_commit is this transaction's alone. The clock is read once: this statement is
-- half of what a mail costs the warehouse.
with durability as materialized (select set_config('synchronous_commit', %(durability)s, true)),
clock as materialized (select ops.business_now() as moment),
settled as (
    update ops.messages
    set state = case
            when %(state)s = 'composed' and uncertain_count > 0 then 'uncertain' else %(state)s
        end::ops.message_state,
        uncertain_count = uncertain_count + (%(state)s = 'uncertain')::int,
        reply_code = %(reply_code)s,
        reason = %(reason)s,
        -- Untouched when nothing was tried: a backlog keeps its order.
        next_attempt_at = case
            when %(state)s = 'composed' and %(delay_seconds)s::float is null then next_attempt_at
            else (select moment from clock) + make_interval(secs => %(delay_seconds)s::float)
        end,
        sent_at = case when %(state)s = 'sent' then (select moment from clock) end,
        settled_at = case when %(state)s not in ('composed', 'uncertain') then (select moment from clock) end,
        claimed_by = null, lease_until = null, sending_at = null
    where message_id = %(settled_id)s and fence_number = %(settled_fence)s
        and state in ('composed', 'claimed', 'uncertain')
    returning message_id
),
started as (
    update ops.messages
    set sending_at = clock_timestamp(), attempt_count = attempt_count + 1,
        first_attempt_at = coalesce(first_attempt_at, (select moment from clock)),
        lease_until = clock_timestamp() + make_interval(secs => %(lease_seconds)s)
    where message_id = %(started_id)s and fence_number = %(started_fence)s and state = 'claimed'
    returning message_id
)
select exists (select from settled) as is_settled, exists (select from started) as is_started from durability

-- name: release
-- Grain: one claimed mail that was not tried: back to the queue as it was.
update ops.messages as m
set state = case when m.uncertain_count > 0 then 'uncertain' else 'composed' end::ops.message_state,
    claimed_by = null, lease_until = null, sending_at = null
from unnest(%(message_ids)s::bigint[], %(fences)s::bigint[]) as mine (message_id, fence_number)
where m.message_id = mine.message_id and m.fence_number = mine.fence_number and m.state = 'claimed'
    and m.sending_at is null

-- name: record_bounce
insert into ops.mail_stops (recipient_kind, recipient_id, kind, address_sha256, recorded_at, reason)
values (
    %(recipient_kind)s, %(recipient_id)s, 'bounced', encode(sha256(convert_to(lower(%(address)s), 'UTF8')), 'hex'),
    ops.business_now(), %(reason)s
)
on conflict (recipient_kind, recipient_id, kind) do update
set address_sha256 = excluded.address_sha256, recorded_at = excluded.recorded_at, reason = excluded.reason

-- name: queue_length
select count(*)::int as queued
from ops.messages
where state in ('composed', 'claimed', 'uncertain') and next_attempt_at is not null

-- name: list_messages
select message_id, template, locale, recipient_kind, state::text as state, composed_at, next_attempt_at, attempt_count,
    sent_at, not_after, reply_code, reason
from ops.messages
where %(state)s::text is null or state::text = %(state)s
order by message_id desc
limit %(limit)s

-- name: hold_template
insert into ops.held_templates (template, held_at, held_by) values (%(template)s, %(now)s, %(by)s)
on conflict (template) do nothing

-- name: release_template
delete from ops.held_templates where template = %(template)s

-- name: retry_message
select message_id, attempt_count from ops.retry_messages(array[%(message_id)s]::bigint[])

-- name: commitments
-- Grain: one thing that is owed, with what it is about and the person's own link.
select
    c.commitment_id, c.kind, c.subject_kind, c.subject_id, c.token, c.due_on, c.facts, s.session_code, s.ends_at,
    s.timezone as session_timezone, course.name_zh as course_zh, course.name_en as course_en,
    disputed.name_zh as dispute_zh, disputed.name_en as dispute_en,
    learner.name as learner, plan.goal, plan.metric, plan.baseline_value, plan.target_value, plan.current_value,
    plan.due_on as plan_due_on, plan.first_step, plan.support_needed, plan.evidence
from ops.commitments as c
left join core.class_sessions as s
    on s.session_code = case c.subject_kind when 'class_session' then c.subject_id else c.facts ->> 'session_code' end
left join core.courses as course on course.course_code = s.course_code
left join ops.action_plans as plan on c.subject_kind = 'action_plan' and plan.plan_id = c.subject_id
left join core.employees as learner on learner.employee_id = plan.employee_id
left join ops.disputes as d on c.subject_kind = 'dispute' and d.dispute_id = c.facts ->> 'dispute_id'
left join core.courses as disputed on disputed.course_code = d.course_code
where c.commitment_id = any(%(commitment_ids)s)

-- name: approvals
-- Grain: one decision that is asked, with the contact's own link.
select approval_id, kind, subject_kind, subject_id, revision_number, asked_of, token, expires_at, facts
from ops.approvals
where approval_id = any(%(approval_ids)s)

-- name: report_file
-- Grain: the newest PDF of one revision for one audience in one language.
select locale, uri, pdf_sha256
from ops.reports
where kind = %(kind)s and subject_kind = %(subject_kind)s and subject_id = %(subject_id)s
    and revision_number = %(revision_number)s and audience = %(audience)s and locale = %(locale)s and state = 'rendered'
order by rendered_at desc, report_id desc
limit 1

-- name: vendor_figures
-- Grain: one verdict of a scoring, or one class to come whose vendor has no valid licence then.
select figures.family, figures.code, figures.statistic, figures.text_value, vendors.name_zh, vendors.name_en,
    courses.name_zh as course_zh, courses.name_en as course_en,
    (sessions.starts_at at time zone sessions.timezone)::date as starts_on
from published.releases as releases
join published.figures as figures using (release_id)
left join core.vendors as vendors on figures.family = 'class' and vendors.vendor_code = figures.text_value
left join core.class_sessions as sessions on figures.family = 'class' and sessions.session_code = figures.code
left join core.courses as courses on courses.course_code = sessions.course_code
where releases.product = 'vendor_scores' and releases.subject_kind = %(subject_kind)s
    and releases.subject_id = %(subject_id)s and releases.revision_number = %(revision_number)s
    and ((figures.family = 'vendor' and figures.statistic = 'verdict')
        or (figures.family = 'class' and figures.statistic = 'vendor'))
order by figures.family, figures.code

-- name: needs_approval
-- Grain: the approval of one revision of a year's needs report; superseded when a later revision was approved, too.
select
    a.decided_by, a.decided_at, r.release_id,
    exists (
        select from ops.approvals as later
        where later.kind = a.kind and later.subject_kind = a.subject_kind and later.subject_id = a.subject_id
            and later.revision_number > a.revision_number and later.state = 'approved'
    ) as is_superseded
from ops.approvals as a
inner join published.releases as r
    on r.product = 'annual_needs' and r.subject_kind = a.subject_kind and r.subject_id = a.subject_id
    and r.revision_number = a.revision_number and not r.is_withheld
where a.kind = 'annual_needs_report' and a.subject_kind = 'needs_year' and a.subject_id = %(year)s
    and a.revision_number = %(revision_number)s and a.state = 'approved'

-- name: approved_needs
select n.topic_code, n.rank, n.verdict, n.funding, l.name_zh, l.name_en
from published.releases as r
inner join published.needs as n on n.release_id = r.release_id
inner join published.needs_labels as l on l.release_id = r.release_id and l.kind = 'topic' and l.code = n.topic_code
where r.product = 'annual_needs' and r.subject_kind = 'needs_year' and r.subject_id = %(year)s
    and r.revision_number = %(revision_number)s
order by n.position

-- name: needs_figures
select statistic, value
from published.figures
where release_id = %(release_id)s
    and (family, code, statistic) in (('budget', 'year', 'budget_amount'), ('response', 'wave', 'rr1_pct'))

-- name: taught_topics
-- Grain: one topic of which the trainer teaches a course, held or planned.
select distinct c.topic_code
from core.class_sessions as s
inner join core.courses as c on c.course_code = s.course_code
where s.trainer_id = %(id)s and c.topic_code is not null and s.status <> 'cancelled'

-- name: commitments_to_tell
-- Grain: one thing HR reads about on one of these days: answered or expired on it, or late and still open.
select
    day.told_on, c.kind, c.subject_kind, c.subject_id, c.facts, c.state::text as state, c.due_on, c.choice, c.comment,
    coalesce(r.name, c.person_id) as person, coalesce(r.calendar_code, %(calendar_code)s) as calendar_code,
    s.session_code, course.name_zh as course_zh, course.name_en as course_en, learner.name as learner,
    disputed.name_zh as dispute_zh, disputed.name_en as dispute_en
from unnest(%(days)s::date[]) as day (told_on)
inner join ops.commitments as c
    on (c.state in ('done', 'expired') and c.settled_told_on = day.told_on)
    or (c.state = 'open' and c.due_on < day.told_on)
left join ops.mail_recipients as r on r.recipient_kind = c.person_kind and r.recipient_id = c.person_id
left join core.class_sessions as s
    on s.session_code = case c.subject_kind when 'class_session' then c.subject_id else c.facts ->> 'session_code' end
left join core.courses as course on course.course_code = s.course_code
left join ops.action_plans as plan on c.subject_kind = 'action_plan' and plan.plan_id = c.subject_id
left join core.employees as learner on learner.employee_id = plan.employee_id
left join ops.disputes as d on c.subject_kind = 'dispute' and d.dispute_id = c.facts ->> 'dispute_id'
left join core.courses as disputed on disputed.course_code = d.course_code
order by day.told_on, c.due_on, c.commitment_id

-- name: pulse_figures
select release_id, family, code, statistic, value, text_value, reason
from published.figures
where release_id = any(%(release_ids)s) and family in ('response', 'item', 'dimension', 'comparison')

-- name: missing_raters
-- Grain: one promoted person without enough raters, unless an assessment was planned since.
select person.employee_id, person.name, person.promoted_on
from core.employees as person
where person.employee_id = any(%(employee_ids)s) and person.promoted_on is not null
    and not exists (
        select from ops.assessments as known
        where known.employee_id = person.employee_id and known.promoted_on = person.promoted_on
    )

-- name: cohort_figures
select release_id, family, code, statistic, value, text_value, reason
from published.figures
where release_id = any(%(release_ids)s)

-- name: competency_pages
-- Grain: one notice with the link of its page. The person of the notice must be the page's reader.
select n.notice_id, p.token, p.assessed_on, p.version_number, p.people_count, p.expires_at
from unnest(%(notice_ids)s::bigint[]) as wanted (notice_id)
inner join ops.notices as n using (notice_id)
inner join ops.competency_pages as p
    on n.subject_kind = 'competency_page' and p.page_id::text = n.subject_id
    and n.recipient_kind = 'employee' and n.recipient_id = p.reader_id
    and p.is_team = (n.kind = 'team_competency_results')

-- name: assessment_feedbacks
-- Grain: one notice with the PDF of the private feedback, in the person's language. The person of the notice must be the
-- person who was assessed.
select distinct on (n.notice_id) n.notice_id, r.uri, r.pdf_sha256, r.locale, a.promoted_on
from unnest(%(notice_ids)s::bigint[], %(locales)s::text[]) as wanted (notice_id, locale)
inner join ops.notices as n using (notice_id)
inner join ops.assessments as a
    on a.wave_code = n.subject_id and n.recipient_kind = 'employee' and n.recipient_id = a.employee_id
inner join ops.reports as r
    on r.kind = 'assessment_feedback' and r.subject_kind = 'assessment' and r.subject_id = a.wave_code
    and r.audience = 'subject' and r.locale = wanted.locale and r.state = 'rendered'
where n.subject_kind = 'assessment'
order by n.notice_id, r.rendered_at desc, r.report_id desc

-- name: readiness_of_sessions
-- Grain: one open exception of a class that its manager has been told of or is being told of; what is new comes first.
select
    found.session_code, found.kind, found.detail, found.manager_told_at, s.class_manager_id, s.starts_at,
    c.name_zh as course_zh, c.name_en as course_en, f.low_count, f.high_count,
    coalesce(f.confirmed_count, 0) as confirmed_count
from ops.readiness_exceptions as found
inner join core.class_sessions as s on s.session_code = found.session_code
inner join core.courses as c on c.course_code = s.course_code
left join marts.headcount_forecasts as f on f.session_code = found.session_code
where found.session_code = any(%(session_codes)s) and found.state = 'open' and found.manager_told_at is not null
order by found.session_code, found.manager_told_at desc, found.kind, found.item_code

-- name: readiness_told
-- Grain: one exception that HR is told of at one of these moments and that is still open.
select
    found.session_code, found.kind, found.detail, found.hr_told_at, s.starts_at, s.timezone as session_timezone,
    c.name_zh as course_zh, c.name_en as course_en
from ops.readiness_exceptions as found
inner join core.class_sessions as s on s.session_code = found.session_code
inner join core.courses as c on c.course_code = s.course_code
where found.hr_told_at = any(%(moments)s) and found.state = 'open' and s.status <> 'cancelled'
order by s.starts_at, found.session_code, found.kind, found.item_code

-- name: material_calls
-- Grain: one mail about a class's materials or pre-work: the person's link, what the pack holds now, what is left to do,
-- and whether the person still belongs to the class.
select
    n.notice_id, s.session_code, s.starts_at, s.ends_at, s.timezone as session_timezone, s.venue_code, s.mode,
    c.name_zh as course_zh, c.name_en as course_en, t.name as trainer_name, given.token, given.opened_at,
    given.pack_number, coalesce(pack.asset_count, 0)::int as asset_count,
    coalesce(pack.prework_count, 0)::int as prework_count, coalesce(todo.left_count, 0) as left_count,
    case n.recipient_kind
        when 'trainer' then s.trainer_id = n.recipient_id
        else exists (
            select from core.enrollments as e
            where e.session_code = s.session_code and e.employee_id = n.recipient_id and e.status = 'confirmed'
        )
    end as is_concerned
from ops.notices as n
inner join core.class_sessions as s on s.session_code = n.subject_id
inner join core.courses as c on c.course_code = s.course_code
inner join core.trainers as t on t.trainer_id = s.trainer_id
inner join ops.material_links as given
    on given.session_code = s.session_code and given.person_kind = n.recipient_kind
    and given.person_id = n.recipient_id
left join lateral (
    select count(*) as asset_count, count(*) filter (where asset.kind = 'prework') as prework_count
    from ops.course_pack_assets as asset
    where asset.session_code = s.session_code
        and asset.pack_number = (select max(p.pack_number) from ops.course_packs as p where p.session_code = s.session_code)
) as pack on true
left join ops.prework_left as todo
    on n.recipient_kind = 'employee' and todo.session_code = s.session_code and todo.employee_id = n.recipient_id
where n.notice_id = any(%(notice_ids)s) and n.subject_kind = 'class_session'

-- name: question_digests
-- Grain: one masked question of one digest, alike ones together, the most frequent first.
select
    told.session_code, told.digest_number, told.cluster_number, told.masked_text, s.trainer_id, s.starts_at, s.ends_at,
    s.timezone as session_timezone, c.name_zh as course_zh, c.name_en as course_en, t.name as trainer_name
from unnest(%(session_codes)s::text[], %(digest_numbers)s::integer[]) as wanted (session_code, digest_number)
inner join ops.digested_questions as told using (session_code, digest_number)
inner join core.class_sessions as s using (session_code)
inner join core.courses as c on c.course_code = s.course_code
inner join core.trainers as t on t.trainer_id = s.trainer_id
order by told.session_code, told.digest_number, told.cluster_number, told.question_id

-- name: run_sheets
-- Grain: one class with a run sheet: who runs and teaches it now, and the newest sheet there is.
select
    s.session_code, s.starts_at, s.timezone as session_timezone, s.venue_code, s.mode, s.class_manager_id, s.trainer_id,
    c.name_zh as course_zh, c.name_en as course_en, t.name as trainer_name,
    (
        select count(*)::int from core.enrollments as e
        where e.session_code = s.session_code and e.status = 'confirmed'
    ) as learner_count,
    (
        select count(*)::int from ops.readiness_exceptions as found
        where found.session_code = s.session_code and found.state = 'open'
    ) as problem_count,
    (
        select max(r.revision_number) from ops.reports as r
        where r.kind = 'run_sheet' and r.state = 'rendered' and r.subject_kind = 'class_session'
            and r.subject_id = s.session_code
    ) as revision_number
from core.class_sessions as s
inner join core.courses as c on c.course_code = s.course_code
inner join core.trainers as t on t.trainer_id = s.trainer_id
where s.session_code = any(%(session_codes)s)

-- name: learner_plans
-- Grain: one open plan of one learner, to be done yet.
select
    plan.employee_id as recipient_id, plan.goal, plan.metric, plan.baseline_value, plan.target_value,
    plan.current_value, plan.due_on, plan.state::text as state, plan.updated_at, plan.token, '' as name
from ops.action_plans as plan
where plan.employee_id = any (%(employee_ids)s) and plan.settled_at is null
    and plan.state in ('on_track', 'at_risk', 'late')
order by plan.due_on, plan.plan_id

-- name: team_plans
-- Grain: one open plan of somebody who reports to the recipient now.
select
    plan.manager_id as recipient_id, plan.goal, plan.metric, plan.baseline_value, plan.target_value,
    plan.current_value, plan.due_on, plan.state::text as state, plan.updated_at, '' as token, person.name
from ops.action_plans as plan
join core.employees as person on person.employee_id = plan.employee_id
where plan.manager_id = any (%(employee_ids)s) and plan.settled_at is null
    and plan.state in ('on_track', 'at_risk', 'late')
order by person.name, plan.plan_id

-- name: plans_to_check_in
-- Grain: one plan whose check-in somebody is called for.
select
    plan.plan_id, plan.goal, plan.metric, plan.baseline_value, plan.target_value, plan.current_value, plan.token,
    course.name_zh as course_zh, course.name_en as course_en,
    plan.checked_in_at is not null or plan.settled_at is not null or exists (
        select from forms.plan_entries as waiting
        where waiting.plan_id = plan.plan_id and waiting.instrument_code = 'check_in_30d'
    ) as is_answered
from ops.action_plans as plan
join core.class_sessions as session on session.session_code = plan.session_code
join core.courses as course on course.course_code = session.course_code
where plan.plan_id = any (%(plan_ids)s)

-- name: point_pages
-- Grain: one notice with the link of the person's own page and what stands there. An older version makes no mail.
select
    n.notice_id, p.token, p.version_number,
    coalesce(sum(s.points) filter (where s.earned_on > coalesce(e.promoted_on, '-infinity')), 0) as points
from ops.notices as n
inner join ops.point_pages as p
    on n.subject_kind = 'point_page' and p.employee_id = n.subject_id and n.recipient_kind = 'employee'
    and n.recipient_id = p.employee_id
inner join core.employees as e on e.employee_id = p.employee_id
left join ops.points as s on s.employee_id = p.employee_id
where n.notice_id = any(%(notice_ids)s)
group by n.notice_id, p.token, p.version_number

-- name: ending_certificates
-- Grain: one notice about a certificate that still ends on the day it was planned for: a renewed one makes no mail.
select n.notice_id, c.name_zh, coalesce(c.name_en, c.name_zh) as name_en, held.expires_on
from ops.notices as n
inner join core.certificates as c on c.certificate_code = n.subject_id
inner join lateral (
    select v.expires_on
    from core.valid_certifications as v
    where v.employee_id = n.recipient_id and v.certificate_code = n.subject_id
    order by v.expires_on desc nulls first
    limit 1
) as held on held.expires_on::text = n.step
where n.notice_id = any(%(notice_ids)s) and n.subject_kind = 'certificate' and n.recipient_kind = 'employee'

-- name: answered_appeals
-- Grain: one answered appeal of the person of the notice, with the HRBP's words and the link of their own page.
select n.notice_id, a.rule_code, a.happened_on, a.state::text as state, c.comment, p.token
from ops.notices as n
inner join ops.point_appeals as a
    on n.subject_kind = 'point_appeal' and a.appeal_id::text = n.subject_id and n.recipient_kind = 'employee'
    and a.employee_id = n.recipient_id and a.state <> 'open'
inner join ops.commitments as c
    on c.kind = 'answer_appeal' and c.subject_kind = 'point_appeal' and c.subject_id = n.subject_id
inner join ops.point_pages as p on p.employee_id = a.employee_id
where n.notice_id = any(%(notice_ids)s)

-- name: practice_cases
-- Grain: one notice about the recipient's own case, with its link and what was said about it.
select
    n.notice_id, story.state::text as state, story.is_success, story.token, story.invited_until, plan.goal,
    session.session_code, session.ends_at, session.timezone as session_timezone, course.name_zh as course_zh, course.name_en as course_en,
    trainer.name as trainer_name, story.trainer_comment, decided.comment as decision_comment
from ops.notices as n
inner join ops.practice_cases as story
    on n.subject_kind = 'practice_case' and story.case_id::text = n.subject_id and n.recipient_kind = 'employee'
    and story.employee_id = n.recipient_id
inner join core.class_sessions as session on session.session_code = story.session_code
inner join core.courses as course on course.course_code = session.course_code
inner join core.trainers as trainer on trainer.trainer_id = session.trainer_id
left join ops.action_plans as plan on plan.plan_id = story.plan_id
left join ops.approvals as decided
    on decided.kind = 'practice_case' and decided.subject_kind = 'practice_case' and decided.subject_id = n.subject_id
where n.notice_id = any(%(notice_ids)s)

-- name: review_approval
-- Grain: the approval of one revision of a training review; superseded when a later revision was approved, too.
select
    r.release_id,
    exists (
        select from ops.approvals as later
        where later.kind = a.kind and later.subject_kind = a.subject_kind and later.subject_id = a.subject_id
            and later.revision_number > a.revision_number and later.state = 'approved'
    ) as is_superseded
from ops.approvals as a
inner join published.releases as r
    on r.product = 'training_review' and r.subject_kind = a.subject_kind and r.subject_id = a.subject_id
    and r.revision_number = a.revision_number and not r.is_withheld
where a.kind = 'training_review' and a.subject_kind = 'training_year' and a.subject_id = %(year)s
    and a.revision_number = %(revision_number)s and a.state = 'approved'

-- name: review_suggestions
select text_value
from published.figures
where release_id = %(release_id)s and family = 'course' and statistic = 'suggestion'

-- name: department_review
-- Grain: one department as a review shows it: people reached, courses listed, needs confirmed and those in the plan.
select
    departments.name_zh,
    departments.name_en,
    reached.value::integer as people,
    (count(*) filter (where own.family = 'department_course'))::integer as courses,
    (count(*) filter (where funding.text_value is not null))::integer as confirmed_count,
    (count(*) filter (where funding.text_value = 'funded'))::integer as planned_count
from core.departments as departments
join published.figures as reached
    on reached.release_id = %(release_id)s and reached.family = 'department'
    and reached.code = departments.department_code and reached.statistic = 'people_count'
left join published.figures as own
    on own.release_id = reached.release_id and own.family in ('department_course', 'department_need')
    and split_part(own.code, '|', 1) = departments.department_code
left join published.figures as funding
    on funding.release_id = own.release_id and own.family = 'department_need' and funding.family = 'need'
    and funding.code = split_part(own.code, '|', 2) and funding.statistic = 'funding'
where departments.department_code = %(department_code)s and reached.value is not null
group by departments.department_code, departments.name_zh, departments.name_en, reached.value

-- name: department_head
select employee_id from ops.department_heads(array[%(department_code)s]) where employee_id = %(employee_id)s
