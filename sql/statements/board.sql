-- The lifecycle board's overview and classes. Read as role board. stages: 1 preparation … 5 impact, 6 finished, counted
-- from the steps that are not done; `prefixes` and `stages` come from trainloop/board/steps.yaml, the longest prefix counts.

-- name: funnel
-- Grain: a stage with classes that were not cancelled.
with rules as (
    select prefix, stage from unnest(%(prefixes)s::text[], %(stages)s::integer[]) as rule (prefix, stage)
),
pending as (
    select subject_id as session_code, step, count(*) filter (where due_on < %(today)s) as late_count
    from ops.milestones
    where subject_kind = 'class_session' and state = 'pending'
    group by subject_id, step
),
staged as (
    select distinct on (steps.step) steps.step, coalesce(rules.stage, 4) as stage
    from (select distinct step from pending) as steps
    left join rules on steps.step = rules.prefix or starts_with(steps.step, rules.prefix || '_')
    order by steps.step, length(rules.prefix) desc nulls last
),
standing as (
    select pending.session_code, min(staged.stage) as stage, sum(pending.late_count) as late_count
    from pending
    join staged on staged.step = pending.step
    group by pending.session_code
)
select
    coalesce(standing.stage, case when sessions.ends_at > %(now)s then 1 else 6 end) as stage,
    count(*) as class_count,
    count(*) filter (where standing.late_count > 0) as late_count
from marts.lifecycle_sessions as sessions
left join standing on standing.session_code = sessions.session_code
where sessions.status <> 'cancelled'
group by 1
order by 1

-- name: late_steps
-- Grain: a step that should be done and is not, the oldest first; of_count: how many there are in all.
select
    milestones.subject_id as session_code, milestones.step, milestones.due_on, %(today)s - milestones.due_on as days_late,
    sessions.course_zh, sessions.course_en, sessions.trainer_name, count(*) over () as of_count
from ops.milestones as milestones
left join marts.lifecycle_sessions as sessions on sessions.session_code = milestones.subject_id
where milestones.state = 'pending' and milestones.due_on < %(today)s and milestones.subject_kind = 'class_session'
order by milestones.due_on, milestones.subject_id, milestones.step
limit %(limit)s

-- name: owed
-- Grain: a kind of thing people owe and kind of person: open and overdue. Who they are is not the board's business.
select kind, person_kind, count(*) as open_count, count(*) filter (where due_on < %(today)s) as overdue_count
from ops.commitments
where state = 'open'
group by kind, person_kind
order by overdue_count desc, kind, person_kind

-- name: mails_of_day
-- Grain: how mails stand: those sent or settled since the day began, and all that wait.
select
    case
        when state = 'sent' then 'sent'
        when state in ('failed', 'bounced', 'expired') then 'failed'
        when state = 'suppressed' then 'dropped'
        when template in (select template from ops.held_templates) then 'held'
        else 'waiting'
    end as standing,
    count(*) as mail_count
from ops.messages
where state in ('composed', 'claimed', 'uncertain') or coalesce(sent_at, settled_at, composed_at) >= %(since)s
group by 1
order by 1

-- name: data_problems
-- Grain: a dataset with files refused since a moment, or rows in quarantine.
with refused as (
    select dataset, count(*) as refused_count
    from ops.inbox_files
    where state = 'refused' and found_at >= %(since)s
    group by dataset
),
held as (
    select files.dataset, count(*) as row_count
    from ops.quarantined_rows as held_rows
    join ops.inbox_files as files on files.file_id = held_rows.file_id
    where held_rows.state = 'open'
    group by files.dataset
)
select dataset, coalesce(refused.refused_count, 0) as refused_count, coalesce(held.row_count, 0) as row_count
from refused
full join held using (dataset)
order by row_count desc, dataset

-- name: last_audit
-- The newest run of the audit, with its failed checks counted; no row before the first.
select runs.check_run_id, runs.checked_at, count(*) filter (where not results.is_passed) as failed_count
from ops.check_runs as runs
join ops.check_results as results on results.check_run_id = runs.check_run_id
where runs.check_run_id = (
    select newest.check_run_id from ops.check_runs as newest
    where newest.file_id is null
    order by newest.checked_at desc, newest.check_run_id desc
    limit 1
)
group by runs.check_run_id, runs.checked_at

-- name: sessions
-- Grain: a class session of the filter, one page of them; of_count: how many fit in all. Filters that are null are off.
with rules as (
    select prefix, stage from unnest(%(prefixes)s::text[], %(stages)s::integer[]) as rule (prefix, stage)
),
pending as (
    select subject_id as session_code, step, due_on
    from ops.milestones
    where subject_kind = 'class_session' and state = 'pending'
),
staged as (
    select distinct on (steps.step) steps.step, coalesce(rules.stage, 4) as stage
    from (select distinct step from pending) as steps
    left join rules on steps.step = rules.prefix or starts_with(steps.step, rules.prefix || '_')
    order by steps.step, length(rules.prefix) desc nulls last
),
standing as (
    select
        pending.session_code, min(staged.stage) as stage,
        count(*) filter (where pending.due_on < %(today)s) as late_count, min(pending.due_on) as next_due_on
    from pending
    join staged on staged.step = pending.step
    group by pending.session_code
),
placed as (
    select
        sessions.*, coalesce(standing.late_count, 0) as late_count, standing.next_due_on,
        coalesce(standing.stage, case when sessions.ends_at > %(now)s then 1 else 6 end) as stage
    from marts.lifecycle_sessions as sessions
    left join standing on standing.session_code = sessions.session_code
    where (%(trainer)s::text is null or sessions.trainer_id = %(trainer)s)
        and (%(starts_from)s::timestamptz is null or sessions.starts_at >= %(starts_from)s)
        and (%(starts_before)s::timestamptz is null or sessions.starts_at < %(starts_before)s)
        and (
            %(pattern)s::text is null
            or sessions.session_code ilike %(pattern)s or sessions.course_zh ilike %(pattern)s
            or sessions.course_en ilike %(pattern)s or sessions.trainer_name ilike %(pattern)s
        )
        and (
            %(department)s::text is null
            or sessions.session_code in (
                select seats.session_code from marts.lifecycle_departments as seats
                where seats.department_code = %(department)s
            )
        )
)
select placed.*, count(*) over () as of_count
from placed
where (%(stage)s::integer is null or (placed.stage = %(stage)s and placed.status <> 'cancelled'))
    and (not %(is_late)s or placed.late_count > 0)
order by placed.starts_at desc, placed.session_code
limit %(limit)s offset %(offset)s

-- name: milestones_of
-- Grain: a step of the given class sessions, in the order in which steps fall due.
select
    subject_id as session_code, step, due_on, not_after, state::text as state, is_late, is_provisional, done_at, reason,
    state = 'pending' and due_on < %(today)s as is_overdue
from ops.milestones
where subject_kind = 'class_session' and subject_id = any(%(session_codes)s)
order by subject_id, due_on, milestone_id

-- name: departments
select department_code, name_zh, name_en from marts.lifecycle_department_names order by department_code

-- name: trainer_names
select trainer_id, name from marts.lifecycle_trainers order by name, trainer_id

-- name: session
select sessions.*, coalesce(seats.confirmed_count, 0) as confirmed_count, coalesce(seats.waitlisted_count, 0) as waitlisted_count
from marts.lifecycle_sessions as sessions
left join marts.lifecycle_seats as seats on seats.session_code = sessions.session_code
where sessions.session_code = %(session_code)s

-- name: session_waves
-- Grain: a wave about the class, with how many were asked and have answered, and the rate that was published.
select
    waves.wave_code, waves.instrument_code, waves.state::text as state, waves.opened_at, waves.closes_at, waves.closed_at,
    waves.minimum_count, asked.invited_count, asked.used_count, shown.rate_pct
from ops.survey_waves as waves
cross join lateral (
    select count(*) as invited_count, count(*) filter (where invitations.is_used) as used_count
    from ops.invitations as invitations
    where invitations.wave_code = waves.wave_code and invitations.state = 'invited'
) as asked
left join lateral (
    select figures.value as rate_pct
    from published.releases as releases
    join published.figures as figures using (release_id)
    where waves.instrument_code = 'course_evaluation' and releases.product = 'course_evaluation'
        and releases.subject_kind = 'class_session' and releases.subject_id = waves.subject_id
        and not releases.is_withheld and not figures.is_hidden
        and figures.family = 'response' and figures.statistic = 'rr1_pct'
    order by releases.revision_number desc
    limit 1
) as shown on waves.state = 'closed'
where waves.subject_kind = 'class_session' and waves.subject_id = %(session_code)s
order by waves.opened_at, waves.wave_code

-- name: session_reports
-- Grain: the newest PDF of a kind for an audience the board may show, in one language.
select distinct on (kind, subject_id, audience, locale)
    report_id, kind, subject_id, audience, locale, revision_number, page_count, rendered_at
from ops.reports
where state = 'rendered' and audience = any(%(audiences)s)
    and (
        (subject_kind = 'class_session' and subject_id = %(session_code)s)
        -- Days of a class: <session_code>.<number>
        or (subject_kind = 'class_day' and subject_id >= %(session_code)s || '.' and subject_id < %(session_code)s || '/')
    )
order by kind, subject_id, audience, locale, revision_number desc, rendered_at desc, report_id desc

-- name: report
-- One PDF, only for an audience the board may show.
select report_id, kind, subject_kind, subject_id, audience, locale, revision_number, uri, pdf_sha256
from ops.reports
where report_id = %(report_id)s and state = 'rendered' and audience = any(%(audiences)s)

-- name: session_mails
-- Grain: how mails about the class and its waves stand: notices, by kind. Kinds are listed so that the index serves.
with subjects as (
    select 'class_session' as subject_kind, %(session_code)s::text as subject_id
    union all
    select 'survey_wave', waves.wave_code
    from ops.survey_waves as waves
    where waves.subject_kind = 'class_session' and waves.subject_id = %(session_code)s
),
told as (
    select notices.notice_id, notices.kind
    from subjects
    join ops.notices as notices
        on notices.kind = any(array(select kinds.kind from ops.notice_kinds as kinds))
        and notices.subject_kind = subjects.subject_kind and notices.subject_id = subjects.subject_id
)
select
    told.kind,
    case
        when outcomes.outcome = 'sent' then 'sent'
        when outcomes.outcome in ('failed', 'bounced', 'expired') then 'failed'
        when outcomes.outcome in ('dropped', 'suppressed') then 'dropped'
        when told.kind in (select template from ops.held_templates) then 'held'
        else 'waiting'
    end as standing,
    count(*) as notice_count
from told
join ops.notice_outcomes as outcomes on outcomes.notice_id = told.notice_id
group by 1, 2
order by 1, 2

-- name: session_problems
select kind, item_code, opened_at
from ops.readiness_exceptions
where session_code = %(session_code)s and state = 'open'
order by opened_at, kind, item_code

-- name: need_of_topic
-- The newest published need of a topic, as it stood when the class began at the earliest.
select releases.subject_id as year, needs.rank, needs.verdict, labels.name_zh, labels.name_en
from published.needs as needs
join published.releases as releases using (release_id)
join published.needs_labels as labels
    on labels.release_id = needs.release_id and labels.kind = 'topic' and labels.code = needs.topic_code
where needs.topic_code = %(topic_code)s and releases.product = 'annual_needs' and not releases.is_withheld
    and releases.subject_id <= %(year)s
order by releases.subject_id desc, releases.revision_number desc
limit 1

-- name: insert_audit
insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
values (%(by)s, %(action)s, %(kind)s, %(id)s, %(detail)s)

-- name: hold_template
insert into ops.held_templates (template, held_at, held_by)
select known.template, ops.business_now(), %(by)s
from (select kind as template from ops.notice_kinds union select 'digest') as known
where known.template = %(template)s
on conflict (template) do nothing
returning template

-- name: release_template
delete from ops.held_templates where template = %(template)s returning template

-- name: retry_failed
-- Every mail of a template that failed for good in this environment.
select retried.message_id
from ops.retry_messages(array(
    select messages.message_id from ops.messages as messages
    where messages.template = %(template)s and messages.state in ('failed', 'bounced')
)) as retried
