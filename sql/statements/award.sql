-- The best trainer of the year (role statistics), its pack (role reporter), its record and thanks (role planner).

-- name: classes
-- Grain: one evaluated class of the year with the mean that trainers are compared by.
select trainer_id, course_code, mean, answer_count
from marts.shown_class_means
where family = 'dimension' and code = %(rating_dimension)s and class_on between %(first_day)s and %(last_day)s
order by trainer_id, session_code

-- name: years
-- Grain: one trainer who gave a class in the year: hours taught, plans of learners, contributions to the knowledge base.
with taught as (
    select
        sessions.trainer_id, count(*) as session_count, sum(coalesce(sessions.hours, courses.hours)) as hours,
        sum(plans.asked_count) as asked_count, sum(plans.verified_count) as verified_count
    from core.class_sessions as sessions
    join core.courses as courses using (course_code)
    left join marts.action_plan_results as plans using (session_code)
    where sessions.status <> 'cancelled'
        and (sessions.ends_at at time zone sessions.timezone)::date between %(first_day)s and %(last_day)s
    group by sessions.trainer_id
)
select
    taught.trainer_id, taught.session_count, taught.hours, coalesce(taught.asked_count, 0)::integer as asked_count,
    coalesce(taught.verified_count, 0)::integer as verified_count,
    (
        select count(*) from core.knowledge_assets as assets
        where assets.owner_id = trainers.employee_id
            and assets.reviewed_on between %(first_day)s and %(last_day)s
    ) as contribution_count
from taught
join core.trainers as trainers using (trainer_id)
order by taught.trainer_id

-- name: newest
-- The newest ranking and what the committee said about it.
select
    releases.release_id, releases.subject_id as year, releases.revision_number, releases.released_at,
    releases.site_version, approval.state::text as state
from published.releases
left join ops.approvals as approval
    on approval.kind = 'trainer_award' and approval.subject_kind = 'year' and approval.subject_id = releases.subject_id
    and approval.revision_number = releases.revision_number
where releases.product = 'trainer_award' and not releases.is_withheld
order by releases.released_at desc, releases.release_id desc
limit 1

-- name: is_decided
select exists (
    select from ops.approvals
    where kind = 'trainer_award' and subject_kind = 'year' and subject_id = %(year)s
        and state in ('approved', 'rejected')
) as is_decided

-- name: names
-- Grain: one trainer or course by the name a reader knows.
select 'trainer' as kind, trainer_id as code, name as name_zh, name as name_en from core.trainers
union all
select 'course', course_code, name_zh, name_en from core.courses

-- name: checked_files
-- Grain: one file behind trainers and classes with the gate's newest verdict about it (null: none, and no pack).
select
    behind.dataset, files.file_id, files.name, files.row_count, files.accepted_count, files.unchanged_count,
    files.quarantined_count, files.parked_count, files.refused_count, verdict.checked_at, verdict.gate_decision
from core.trainer_files as behind
join ops.inbox_files as files using (file_id)
left join lateral (
    select checked_at, gate_decision
    from ops.check_runs
    where check_runs.file_id = files.file_id and not check_runs.is_parked
    order by checked_at desc, check_run_id desc
    limit 1
) as verdict on true
order by behind.dataset, files.file_id

-- name: proposed
-- Grain: one trainer the ranking puts first.
select figures.code as trainer_id, releases.release_id
from published.releases
join published.figures as figures using (release_id)
where releases.product = 'trainer_award' and releases.subject_id = %(year)s
    and releases.revision_number = %(revision_number)s and figures.family = 'trainer' and figures.statistic = 'rank'
    and figures.value = 1
order by figures.code

-- name: insert_award
insert into ops.trainer_awards (year, trainer_id, approval_id, release_id, decided_at)
values (%(year)s, %(trainer_id)s, %(approval_id)s, %(release_id)s, %(now)s)
on conflict (year, trainer_id) do nothing

-- name: highlights
-- Grain: one trainer who gave a class in the year: what the mail thanks for. The best item is the one with the highest
-- published mean, weighted by answers, of at least so many answers.
with classes as (
    select
        sessions.session_code, sessions.trainer_id, coalesce(sessions.hours, courses.hours) as hours,
        (
            select count(distinct attendance.employee_id) from core.attendance
            where attendance.session_code = sessions.session_code and attendance.status in ('present', 'late', 'early')
        ) as learner_count
    from core.class_sessions as sessions
    join core.courses as courses using (course_code)
    where sessions.status <> 'cancelled'
        and (sessions.ends_at at time zone sessions.timezone)::date between %(first_day)s and %(last_day)s
),
items as (
    select
        trainer_id, code, round(sum(mean * answer_count) / sum(answer_count), 1) as mean,
        sum(answer_count)::integer as answer_count
    from marts.shown_class_means
    where family = 'item' and class_on between %(first_day)s and %(last_day)s
    group by trainer_id, code
    having sum(answer_count) >= %(min_answers)s
),
best as (
    select distinct on (trainer_id) trainer_id, code, mean, answer_count
    from items
    where code = any(%(item_codes)s)
    order by trainer_id, mean desc, code
)
select
    classes.trainer_id, count(*)::integer as session_count, sum(classes.hours) as hours,
    sum(classes.learner_count)::integer as learner_count, max(best.code) as item_code, max(best.mean) as item_mean,
    max(best.answer_count) as answer_count
from classes
left join best using (trainer_id)
group by classes.trainer_id
having sum(classes.learner_count) > 0
order by classes.trainer_id
