-- Groups (R18) and run sheets (R21): everything about the classes at hand, a few statements for all of them.

-- name: learners
-- Grain: one confirmed learner of a class at hand, as they are on the day of the class.
select
    enrollment.session_code, person.employee_id, person.name, person.department_code, person.job_level,
    person.manager_id, test.pre_score, department.name_zh as department_zh, department.name_en as department_en,
    placed.group_number, coalesce(todo.asset_count, 0) as prework_count, coalesce(todo.left_count, 0) as left_count,
    given.opened_at is not null as is_opened
from core.enrollments as enrollment
inner join core.employees as person on person.employee_id = enrollment.employee_id and person.removed_on is null
left join core.departments as department on department.department_code = person.department_code
left join core.test_results as test
    on test.session_code = enrollment.session_code and test.employee_id = enrollment.employee_id
left join ops.learner_groups as placed
    on placed.session_code = enrollment.session_code and placed.employee_id = enrollment.employee_id
left join ops.prework_left as todo
    on todo.session_code = enrollment.session_code and todo.employee_id = enrollment.employee_id
left join ops.material_links as given
    on given.session_code = enrollment.session_code and given.person_kind = 'employee'
    and given.person_id = enrollment.employee_id
where enrollment.session_code = any (%(session_codes)s) and enrollment.status = 'confirmed'
order by enrollment.session_code, placed.group_number nulls last, person.name, person.employee_id

-- name: groupings
select session_code, learners_sha256, group_count, department_spread, level_spread, score_spread, refusal, conflicts
from ops.session_groupings
where session_code = any (%(session_codes)s)

-- name: keep_groupings
-- Grain: one class whose learners are grouped anew.
insert into ops.session_groupings (
    session_code, seed, learners_sha256, group_count, department_spread, level_spread, score_spread, refusal,
    conflicts, made_at
)
select *, %(now)s
from unnest(
    %(session_code)s::text[], %(seed)s::text[], %(learners_sha256)s::text[], %(group_count)s::integer[],
    %(department_spread)s::integer[], %(level_spread)s::integer[], %(score_spread)s::numeric[], %(refusal)s::text[],
    %(conflicts)s::jsonb[]
)
on conflict (session_code) do update
set seed = excluded.seed, learners_sha256 = excluded.learners_sha256, group_count = excluded.group_count,
    department_spread = excluded.department_spread, level_spread = excluded.level_spread,
    score_spread = excluded.score_spread, refusal = excluded.refusal, conflicts = excluded.conflicts,
    made_at = excluded.made_at

-- name: empty_groups
delete from ops.learner_groups where session_code = any (%(session_codes)s)

-- name: keep_groups
-- Grain: one learner in their group.
insert into ops.learner_groups (session_code, employee_id, group_number)
select * from unnest(%(session_code)s::text[], %(employee_id)s::text[], %(group_number)s::integer[])

-- name: classes
-- Grain: one class at hand with the people who run it.
select
    session.session_code, session.starts_at, session.ends_at, session.timezone, session.mode, session.venue_code,
    session.capacity, course.name_zh as course_zh, course.name_en as course_en, trainer.trainer_id,
    trainer.name as trainer_name, trainer.email as trainer_email, trainer.locale as trainer_locale,
    manager.employee_id as manager_id, manager.name as manager_name, manager.email as manager_email,
    manager.locale as manager_locale, forecast.confirmed_count, forecast.low_count, forecast.high_count,
    (
        select coalesce(max(report.revision_number), 0) from ops.reports as report
        where report.kind = 'run_sheet' and report.state = 'rendered' and report.subject_kind = 'class_session'
            and report.subject_id = session.session_code
    ) as revision_number
from core.class_sessions as session
inner join core.courses as course on course.course_code = session.course_code
inner join core.trainers as trainer on trainer.trainer_id = session.trainer_id
left join core.employees as manager
    on manager.employee_id = session.class_manager_id and manager.removed_on is null
    and coalesce(manager.left_on > (session.starts_at at time zone session.timezone)::date, true)
left join marts.headcount_forecasts as forecast on forecast.session_code = session.session_code
where session.session_code = any (%(session_codes)s)
order by session.session_code

-- name: bookings
select session_code, kind, item_code, confirmed_on is not null as is_confirmed
from core.resource_bookings
where session_code = any (%(session_codes)s) and cancelled_on is null
order by session_code, kind, item_code

-- name: problems
select session_code, kind, detail
from ops.readiness_exceptions
where session_code = any (%(session_codes)s) and state = 'open'
order by session_code, kind, item_code
