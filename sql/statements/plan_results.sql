-- What action plans came to: a class after 30 days, the company month by month. Roles: planner (which are due),
-- statistics (figures), reporter and sender (what is published).

-- name: plan_steps
-- Grain: one class whose learners were to plan. Its report is owed some days after the last check-in; where nobody made
-- a plan, after the day on which the check-ins would have been. `wanted` has one row a class, as the domain planned it.
insert into ops.milestones as old (subject_kind, subject_id, step, due_on, not_after, is_provisional, state, planned_at)
select 'class_session', wanted.session_code, %(step)s, wanted.due_on, wanted.not_after, wanted.is_provisional,
    'pending', %(now)s
from unnest(
    %(session_codes)s::text[], %(due_on)s::date[], %(not_after)s::timestamptz[], %(is_provisional)s::boolean[]
) as wanted (session_code, due_on, not_after, is_provisional)
on conflict (subject_kind, subject_id, step) do update
set due_on = excluded.due_on, not_after = excluded.not_after, is_provisional = excluded.is_provisional,
    planned_at = excluded.planned_at
where old.state = 'pending'
    and (old.due_on, old.not_after, old.is_provisional)
    is distinct from (excluded.due_on, excluded.not_after, excluded.is_provisional)

-- name: asked_classes
-- Grain: one class whose learners were to plan and whose report is not settled, with the day its last check-in is due.
select
    results.session_code,
    coalesce(
        results.last_check_in_due_on, (sessions.ends_at at time zone sessions.timezone)::date + %(plan_days)s
    ) as last_check_in_on
from marts.action_plan_results as results
join core.class_sessions as sessions using (session_code)
left join ops.milestones as step
    on step.subject_kind = 'class_session' and step.subject_id = results.session_code and step.step = %(step)s
where sessions.status <> 'cancelled' and coalesce(step.state, 'pending') = 'pending'
    and sessions.ends_at < %(now)s

-- name: cancelled_steps
-- Grain: one owed report of a class that does not take place after all.
select step.subject_id as session_code
from ops.milestones as step
join core.class_sessions as sessions on sessions.session_code = step.subject_id
where step.subject_kind = 'class_session' and step.step = %(step)s and step.state = 'pending'
    and sessions.status = 'cancelled'

-- name: late_steps
-- Grain: one owed report that would come too late to help.
select subject_id as session_code
from ops.milestones
where subject_kind = 'class_session' and step = %(step)s and state = 'pending' and not_after < %(now)s

-- name: emit
-- Grain: one class whose report is due and owed; it is announced again when nobody made it within the lease.
update ops.milestones
set emitted_at = clock_timestamp()
where subject_kind = 'class_session' and step = %(step)s and state = 'pending' and due_on <= %(today)s
    and (emitted_at is null or emitted_at < clock_timestamp() - %(lease)s)
returning subject_id as session_code

-- name: finish_step
update ops.milestones
set state = 'done', done_at = %(now)s, reason = null
where subject_kind = 'class_session' and subject_id = %(session_code)s and step = %(step)s
    and state in ('pending', 'expired')

-- name: class_counts
-- Grain: one class whose learners were to plan.
select asked_count, plan_count, checked_in_count
from marts.action_plan_results
where session_code = %(session_code)s

-- name: class_plans
-- Grain: one plan of a class. The key is the plan's own hash, the same in every release that counts it.
select md5('action_plan:' || plan_id)::uuid::text as key, state::text as state, blocker as cause, settled_reason, story
from ops.action_plans
where session_code = %(session_code)s
order by key

-- name: month_counts
-- Grain: one class whose report fell due in a month.
select results.asked_count, results.plan_count, results.checked_in_count
from ops.milestones as step
join marts.action_plan_results as results on results.session_code = step.subject_id
where step.subject_kind = 'class_session' and step.step = %(step)s
    and step.due_on >= %(first_day)s and step.due_on < %(day_after)s

-- name: month_plans
-- Grain: one plan of a class whose report fell due in a month, with the department its learner was in at the class.
select
    md5('action_plan:' || plans.plan_id)::uuid::text as key, plans.state::text as state, plans.blocker as cause,
    plans.settled_reason, sessions.course_code, past.department_code
from ops.milestones as step
join core.class_sessions as sessions on sessions.session_code = step.subject_id
join ops.action_plans as plans on plans.session_code = step.subject_id
left join lateral (
    select history.department_code
    from core.employee_history as history
    where history.employee_id = plans.employee_id
        and (
            history.valid_to is null
            or history.valid_to > (sessions.ends_at at time zone sessions.timezone)::date
        )
    order by history.valid_from
    limit 1
) as past on true
where step.subject_kind = 'class_session' and step.step = %(step)s
    and step.due_on >= %(first_day)s and step.due_on < %(day_after)s
order by key

-- name: ledger
-- Grain: one group of people that a release of either product showed, where it holds any of these people.
select people.release_id, people.figure_key, people.shown_level, array_agg(people.respondent_id::text) as respondent_ids
from confidential.release_respondents as people
join published.releases as releases using (release_id)
where releases.product in ('action_plans_30d', 'monthly_results') and not releases.is_withheld
    and people.release_id in (
        select release_id from confidential.release_respondents where respondent_id = any (%(keys)s::uuid[])
    )
group by people.release_id, people.figure_key, people.shown_level

-- name: told_stories
-- Grain: one masked story that the report of a class of this month has shown.
select stories.masked_text
from ops.milestones as step
join lateral (
    select release_id
    from published.releases
    where product = 'action_plans_30d' and subject_kind = 'class_session' and subject_id = step.subject_id
        and not is_withheld
    order by revision_number desc
    limit 1
) as newest on true
join published.verbatims as stories using (release_id)
where step.subject_kind = 'class_session' and step.step = %(step)s
    and step.due_on >= %(first_day)s and step.due_on < %(day_after)s
order by md5(stories.masked_text)

-- name: newest_release
-- Grain: the newest release about a subject that readers may see.
select release_id, revision_number, released_at, site_version
from published.releases
where product = %(product)s and subject_kind = %(subject_kind)s and subject_id = %(subject_id)s and not is_withheld
order by revision_number desc
limit 1

-- name: newest_month
select subject_id as month
from published.releases
where product = 'monthly_results' and subject_kind = 'month' and not is_withheld
order by subject_id desc
limit 1

-- name: unit_names
-- Grain: one department or course by the name a reader knows.
select 'department:' || department_code as unit, name_zh, name_en from core.departments
union all
select 'course:' || course_code, name_zh, name_en from core.courses

-- name: month_files
-- Grain: one file behind the classes of a month with the gate's newest verdict about it (null: none, and no report).
with behind as (
    select distinct files.dataset, files.file_id
    from ops.milestones as step
    join core.session_files as files on files.session_code = step.subject_id
    where step.subject_kind = 'class_session' and step.step = %(step)s
        and step.due_on >= %(first_day)s and step.due_on < %(day_after)s
)
select
    behind.dataset, files.file_id, files.name, files.row_count, files.accepted_count, files.unchanged_count,
    files.quarantined_count, files.parked_count, files.refused_count, verdict.checked_at, verdict.gate_decision
from behind
join ops.inbox_files as files using (file_id)
left join lateral (
    select checked_at, gate_decision
    from ops.check_runs
    where check_runs.file_id = files.file_id and not check_runs.is_parked
    order by checked_at desc, check_run_id desc
    limit 1
) as verdict on true
order by behind.dataset, files.file_id

-- name: business_heads
select employee_id from ops.business_heads(%(session_code)s, %(people_min)s) order by employee_id

-- name: department_heads
select department_code, employee_id from ops.department_heads(%(codes)s) order by department_code

-- name: mail_class
-- Grain: one class a mail is about.
select
    sessions.session_code, courses.name_zh as course_zh, courses.name_en as course_en, trainers.name as trainer_name,
    sessions.ends_at, sessions.timezone as session_timezone
from core.class_sessions as sessions
join core.courses as courses using (course_code)
join core.trainers as trainers using (trainer_id)
where sessions.session_code = any (%(session_codes)s)

-- name: mail_figures
-- Grain: one published figure of a release, by its subject and revision.
select releases.release_id, figures.family, figures.code, figures.statistic, figures.value, figures.respondent_count,
    figures.reason
from published.releases as releases
join published.figures as figures using (release_id)
where releases.product = %(product)s and releases.subject_kind = %(subject_kind)s
    and releases.subject_id = %(subject_id)s and releases.revision_number = %(revision_number)s
    and not releases.is_withheld
