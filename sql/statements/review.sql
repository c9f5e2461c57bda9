-- The annual training review (role statistics) and its report (role reporter). A class belongs to the year it starts in.

-- name: classes
-- Grain: one class session of the year, with what the others of it left: attendance, published answers, costs.
select
    sessions.session_code,
    sessions.course_code,
    sessions.trainer_id,
    sessions.status = 'cancelled' as is_cancelled,
    sessions.ends_at <= %(now)s and sessions.status <> 'cancelled' as is_held,
    courses.hours,
    courses.topic_code,
    coalesce(came.learner_count, 0) as learner_count
from core.class_sessions as sessions
join core.courses as courses using (course_code)
left join lateral (
    select count(distinct employee_id)::integer as learner_count
    from core.attendance
    where attendance.session_code = sessions.session_code and attendance.status in ('present', 'late', 'early')
) as came on true
where extract(year from sessions.starts_at at time zone %(zone)s) = %(year)s
order by sessions.session_code

-- name: people
-- Grain: one person who came to a class of the year, once, in the department and level of today.
select distinct people.employee_id, people.department_code, people.job_level
from core.attendance as attendance
join core.class_sessions as sessions using (session_code)
join core.employees as people using (employee_id)
where attendance.status in ('present', 'late', 'early')
    and sessions.status <> 'cancelled' and sessions.ends_at <= %(now)s
    and extract(year from sessions.starts_at at time zone %(zone)s) = %(year)s
order by people.employee_id

-- name: evaluations
-- Grain: one class of the year as readers may see it: mean of its dimensions, answers, response, gain.
with newest as (
    select distinct on (releases.subject_id) releases.release_id, releases.subject_id as session_code
    from published.releases
    where releases.product = 'course_evaluation' and releases.subject_kind = 'class_session'
        and not releases.is_withheld and releases.subject_id = any(%(session_codes)s)
    order by releases.subject_id, releases.revision_number desc
)
select
    newest.session_code,
    avg(figures.value) filter (where family = 'dimension' and statistic = 'mean') as reaction_mean,
    max(figures.value) filter (
        where family = 'dimension' and code = %(trainer_dimension)s and statistic = 'mean'
    ) as trainer_mean,
    min(figures.respondent_count) filter (
        where family = 'dimension' and statistic = 'mean' and value is not null
    )::integer as answer_count,
    max(figures.value) filter (where family = 'response' and statistic = 'complete_count')::integer as complete_count,
    max(figures.value) filter (where family = 'response' and statistic = 'eligible_count')::integer as eligible_count,
    max(figures.value) filter (where family = 'test' and statistic = 'gain') as gain
from newest
join published.figures as figures using (release_id)
group by newest.session_code
order by newest.session_code

-- name: weak_items
-- Grain: one item that the improvement rules found weak in the last class of a course that was evaluated in the year: what
-- a later class mended is no finding any more.
with evaluated as (
    select distinct on (sessions.course_code) sessions.course_code, releases.release_id
    from published.releases
    join core.class_sessions as sessions on sessions.session_code = releases.subject_id
    where releases.product = 'course_evaluation' and releases.subject_kind = 'class_session'
        and not releases.is_withheld and releases.subject_id = any(%(session_codes)s)
    order by sessions.course_code, sessions.ends_at desc, sessions.session_code, releases.revision_number desc
)
select distinct evaluated.course_code, suggestions.item_code
from evaluated
join published.suggestions as suggestions using (release_id)
where suggestions.strength = 'finding'
order by evaluated.course_code, suggestions.item_code

-- name: plans
-- Grain: one class whose 30-day report shows what became of its plans; a class it hides is in no sum of the year either,
-- or the sum would give it away.
with newest as (
    select distinct on (releases.subject_id) releases.release_id, releases.subject_id as session_code
    from published.releases
    where releases.product = 'action_plans_30d' and releases.subject_kind = 'class_session'
        and not releases.is_withheld and releases.subject_id = any(%(session_codes)s)
    order by releases.subject_id, releases.revision_number desc
),
shown as (
    select newest.session_code, figures.statistic, figures.value, figures.respondent_count
    from newest
    join published.figures as figures using (release_id)
    where figures.family = 'plan' and figures.code = 'class' and figures.statistic in ('done_pct', 'verified_pct')
        and figures.value is not null
)
select
    done.session_code,
    done.respondent_count as plan_count,
    round(done.value * done.respondent_count / 100)::integer as done_count,
    round(verified.value * verified.respondent_count / 100)::integer as verified_count
from shown as done
join shown as verified using (session_code)
where done.statistic = 'done_pct' and verified.statistic = 'verified_pct'
order by done.session_code

-- name: follow_ups
-- Grain: one class whose learners said 90 days later how often they use what they learned, as it may be seen.
with newest as (
    select distinct on (releases.subject_id) releases.release_id, releases.subject_id as session_code
    from published.releases
    where releases.product = %(follow_up)s and releases.subject_kind = 'class_session'
        and not releases.is_withheld and releases.subject_id = any(%(session_codes)s)
    order by releases.subject_id, releases.revision_number desc
)
select newest.session_code, figures.value as mean, figures.respondent_count as answer_count
from newest
join published.figures as figures using (release_id)
where figures.family = 'item' and figures.code = 'used_frequency' and figures.statistic = 'mean'
    and figures.value is not null
order by newest.session_code

-- name: blockers
-- Grain: one blocker that learners of one course named, and how many said anything about theirs.
select
    sessions.course_code,
    plans.blocker,
    count(*)::integer as named_count,
    sum(count(*)) over (partition by sessions.course_code)::integer as plan_count
from ops.action_plans as plans
join core.class_sessions as sessions using (session_code)
where plans.blocker is not null and plans.session_code = any(%(session_codes)s)
group by sessions.course_code, plans.blocker
order by sessions.course_code, plans.blocker

-- name: findings
select session_code, course_code, grade, outcome, is_key, return_pct, return_low_pct, return_high_pct
from marts.performance_results
where session_code = any(%(session_codes)s)
order by session_code, kpi_code

-- name: budgets
select budget_code, name, department_code, planned_amount, committed_amount, actual_amount, currency
from core.budgets
where year = %(year)s
order by budget_code

-- name: costs
-- Grain: one course of the year's classes and one currency.
select sessions.course_code, costs.currency, sum(costs.amount) as amount
from core.session_costs as costs
join core.class_sessions as sessions using (session_code)
where costs.session_code = any(%(session_codes)s)
group by sessions.course_code, costs.currency
order by sessions.course_code, costs.currency

-- name: needs
-- Grain: one need of the year's plan, as its newest release says.
select needs.topic_code, needs.verdict, needs.funding, needs.rank
from published.needs as needs
where needs.release_id = (
    select release_id from published.releases
    where product = 'annual_needs' and subject_kind = 'needs_year' and subject_id = %(year)s::integer::text
        and not is_withheld
    order by revision_number desc
    limit 1
)
order by needs.position

-- name: attended
-- Grain: one course of the year that enough people of one department came to, in the department of today.
select people.department_code, sessions.course_code
from core.attendance as attendance
join core.class_sessions as sessions using (session_code)
join core.employees as people using (employee_id)
where attendance.status in ('present', 'late', 'early')
    and sessions.status <> 'cancelled' and sessions.ends_at <= %(now)s
    and extract(year from sessions.starts_at at time zone %(zone)s) = %(year)s
group by people.department_code, sessions.course_code
having count(distinct people.employee_id) >= %(people_min)s
order by people.department_code, sessions.course_code

-- name: confirmed_needs
select department_code, topic_code
from core.need_confirmations
where year = %(year)s and is_confirmed
order by department_code, topic_code

-- name: month_figures
-- Grain: one figure of all plans or of one department's that was read in the results of a month of the year: nothing is
-- shown that was not, and nothing can be subtracted.
with newest as (
    select distinct on (releases.subject_id) releases.release_id, releases.subject_id as month
    from published.releases
    where product = 'monthly_results' and subject_kind = 'month' and not is_withheld
        and subject_id like %(year)s::integer::text || '-%%'
    order by releases.subject_id, releases.revision_number desc
)
select
    newest.month, figures.code as unit, figures.family, figures.statistic, figures.value, figures.respondent_count
from newest
join published.figures as figures using (release_id)
where (figures.code = 'all' or figures.code like 'department:%%') and figures.value is not null
    and (
        (figures.family = 'plan' and figures.statistic in ('n', 'done_pct', 'verified_pct'))
        or (figures.family = 'blocker' and figures.statistic ~ '^(share|count):')
    )
order by newest.month, figures.code, figures.family, figures.statistic

-- name: promises
-- Grain: one kind of what trainers owed after feedback in the year, and how it ended: you said, we did.
select
    kind,
    count(*)::integer as asked_count,
    (count(*) filter (where state = 'done'))::integer as closed_count
from ops.commitments
where kind = any(%(kinds)s) and extract(year from asked_at at time zone %(zone)s) = %(year)s
group by kind
order by kind

-- name: delete_seeds
-- What the review does not find any more; what HR dropped stays, with its reason.
delete from ops.need_seeds
where year = %(year)s and dropped_at is null
    and (topic_code, source_kind, source_code) not in (
        select * from unnest(%(topic_code)s::text[], %(source_kind)s::text[], %(source_code)s::text[])
    )

-- name: insert_seeds
-- Grain: one finding as evidence of next year's needs; one that the review judges differently now says so, and what HR
-- dropped stays dropped.
insert into ops.need_seeds as seeds (year, topic_code, source_kind, source_code, finding, release_id, seeded_at)
select %(year)s, rows.*, %(release_id)s, %(now)s
from unnest(%(topic_code)s::text[], %(source_kind)s::text[], %(source_code)s::text[], %(finding)s::text[]) as rows
on conflict (year, topic_code, source_kind, source_code) do update
    set finding = excluded.finding, release_id = excluded.release_id, seeded_at = excluded.seeded_at
    where seeds.dropped_at is null and seeds.finding <> excluded.finding

-- name: seeds
-- Grain: one finding of a review that stands for a plan year.
select year, topic_code, source_kind, source_code, finding, seeded_at, dropped_at, dropped_reason
from ops.need_seeds
where year = %(year)s
order by topic_code, source_kind, source_code

-- name: drop_seed
update ops.need_seeds
set dropped_at = %(now)s, dropped_reason = %(reason)s
where year = %(year)s and topic_code = %(topic_code)s and source_code = %(source_code)s and dropped_at is null

-- name: insert_drop_audit
insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
values (
    %(actor)s, 'need_seed_dropped', 'needs_year', %(year)s::integer::text,
    jsonb_build_object('topic', %(topic_code)s::text, 'source', %(source_code)s::text)
)

-- name: newest
-- The newest review of a year, and whether it was approved.
select releases.release_id, releases.subject_id as year, releases.revision_number, releases.released_at,
    releases.site_version
from published.releases
where product = 'training_review' and subject_kind = 'training_year' and subject_id = %(year)s
    and revision_number = %(revision_number)s and not is_withheld

-- name: open_drafts
-- Grain: one revision that waits for its decision.
select approval_id, subject_id, revision_number
from ops.approvals
where kind = 'training_review' and subject_kind = 'training_year' and state = 'open' and subject_id ~ '^\d{4}$'
order by approval_id

-- name: names
-- Grain: one course, topic, department or trainer by the name a reader knows.
select 'course' as kind, course_code as code, name_zh, name_en from core.courses
union all
select 'topic', topic_code, name_zh, name_en from core.training_topics
union all
select 'department', department_code, name_zh, name_en from core.departments
union all
select 'trainer', trainer_id, name, name from core.trainers

-- name: checked_files
-- Grain: one file behind the year's classes, courses, people, answers, 90-day figures, money and needs.
with of_year as (
    select session_code
    from core.class_sessions
    where extract(year from starts_at at time zone %(zone)s) = %(year)s
),
behind as (
    select file_id from core.session_files where session_code in (select session_code from of_year)
    union
    select file_id
    from core.review_files
    where (session_code is null or session_code in (select session_code from of_year))
        and (year is null or year = %(year)s)
    union
    select file_id from ops.performance_files where session_code in (select session_code from of_year)
    union
    select files.file_id
    from core.wave_files as files
    join ops.survey_waves as waves using (wave_code)
    where waves.instrument_code = 'course_evaluation' and waves.subject_kind = 'class_session'
        and waves.subject_id in (select session_code from of_year)
    union
    select file_id from core.needs_files where year = %(year)s
)
select files.*
from ops.checked_files as files
join behind using (file_id)
order by files.dataset, files.file_id
