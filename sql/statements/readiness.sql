-- Readiness (R16, R21): which classes are looked at, what is open, who has read of it. Set-based over all classes.

-- name: horizon
-- Grain: one class session to come whose first readiness step is due, with what its forecast is made of.
select
    session.session_code, session.course_code, session.mode, session.capacity,
    (
        select count(*)::int from core.enrollments
        where enrollments.session_code = session.session_code and enrollments.status = 'confirmed'
    ) as confirmed_count
from core.class_sessions as session
where session.status <> 'cancelled' and session.starts_at > %(now)s
    and exists (
        select from ops.milestones as step
        where step.subject_kind = 'class_session' and step.subject_id = session.session_code
            and step.step = any (%(steps)s) and step.due_on <= %(today)s
    )
order by session.session_code

-- name: history
-- Grain: one class of the past with attendance: how many were confirmed, how many of them came.
select
    session.session_code, session.course_code, session.mode, count(*)::int as confirmed_count,
    count(*) filter (where exists (
        select from core.attendance
        where attendance.session_code = enrollment.session_code and attendance.employee_id = enrollment.employee_id
            and attendance.status in ('present', 'late', 'early')
    ))::int as present_count
from core.class_sessions as session
inner join core.enrollments as enrollment
    on enrollment.session_code = session.session_code and enrollment.status = 'confirmed'
where session.status <> 'cancelled' and session.ends_at < %(now)s and session.ends_at >= %(since)s
    and (session.course_code = any (%(course_codes)s) or session.mode = any (%(modes)s))
    and exists (select from core.attendance where attendance.session_code = session.session_code)
group by session.session_code, session.course_code, session.mode
order by session.session_code

-- name: keep_forecasts
-- Grain: one class of the horizon; what is over is not wanted any more.
with gone as (
    delete from marts.headcount_forecasts where session_code <> all (%(session_code)s::text[])
)
insert into marts.headcount_forecasts (
    session_code, confirmed_count, expected_count, low_count, high_count, history_kind, history_class_count,
    history_people_count, reason, computed_at
)
select *, %(now)s
from unnest(
    %(session_code)s::text[], %(confirmed_count)s::integer[], %(expected_count)s::numeric[], %(low_count)s::integer[],
    %(high_count)s::integer[], %(history_kind)s::text[], %(history_class_count)s::integer[],
    %(history_people_count)s::integer[], %(reason)s::text[]
)
on conflict (session_code) do update
set confirmed_count = excluded.confirmed_count, expected_count = excluded.expected_count,
    low_count = excluded.low_count, high_count = excluded.high_count, history_kind = excluded.history_kind,
    history_class_count = excluded.history_class_count, history_people_count = excluded.history_people_count,
    reason = excluded.reason, computed_at = excluded.computed_at

-- name: open_exceptions
-- Grain: one finding that is new, back, or otherwise than it was told.
insert into ops.readiness_exceptions as old (session_code, kind, item_code, detail, opened_at)
select session_code, kind, item_code, detail, %(now)s
from unnest(%(session_code)s::text[], %(kind)s::text[], %(item_code)s::text[], %(detail)s::jsonb[])
    as found (session_code, kind, item_code, detail)
on conflict on constraint readiness_found_once do update
set state = 'open', detail = excluded.detail,
    opened_at = case when old.state = 'open' then old.opened_at else excluded.opened_at end,
    closed_at = null, closed_reason = null, manager_told_at = null, hr_told_at = null
where old.state = 'closed' or old.detail <> excluded.detail

-- name: close_exceptions
-- Grain: one open exception that was not found again, with the reason. Kinds of other scans are theirs to close while
-- the class is still to come.
update ops.readiness_exceptions as old
set state = 'closed', closed_at = %(now)s,
    closed_reason = case
        when session.session_code is null or session.status = 'cancelled' then 'class_cancelled'
        when session.starts_at <= %(now)s then 'class_begun'
        when old.session_code <> all (%(looked_at)s::text[]) then 'class_moved'
        else 'recovered'
    end
from ops.readiness_exceptions as same
left join core.class_sessions as session on session.session_code = same.session_code
where same.exception_id = old.exception_id and old.state = 'open'
    and (
        session.session_code is null or session.status = 'cancelled' or session.starts_at <= %(now)s
        or (
            old.kind = any (%(kinds)s)
            and not exists (
                select from unnest(%(session_code)s::text[], %(kind)s::text[], %(item_code)s::text[])
                    as found (session_code, kind, item_code)
                where (found.session_code, found.kind, found.item_code) = (old.session_code, old.kind, old.item_code)
            )
        )
    )

-- name: due_steps
-- Grain: one due step of a class that is to come.
select step.subject_id as session_code, step.step, step.due_on, session.starts_at
from ops.milestones as step
inner join core.class_sessions as session on session.session_code = step.subject_id
where step.subject_kind = 'class_session' and step.state = 'pending' and step.step = any (%(steps)s)
    and step.due_on <= %(today)s and session.status <> 'cancelled' and session.starts_at > %(now)s
order by step.subject_id, step.step

-- name: tell_managers
-- Grain: one class session whose manager has not read of something that is open.
with told as (
    update ops.readiness_exceptions as found
    set manager_told_at = %(now)s
    from core.class_sessions as session
    inner join core.employees as manager on manager.employee_id = session.class_manager_id
    where found.state = 'open' and found.manager_told_at is null and found.kind <> 'class_manager_missing'
        and found.session_code = any (%(session_codes)s) and session.session_code = found.session_code
        and manager.removed_on is null
    returning found.session_code, manager.employee_id, session.starts_at
)
select session_code, employee_id, starts_at, count(*)::int as new_count
from told
group by session_code, employee_id, starts_at
order by session_code

-- name: tell_hr
-- Grain: one exception of the classes at hand that HR has not read of.
update ops.readiness_exceptions
set hr_told_at = %(now)s
where state = 'open' and hr_told_at is null and session_code = any (%(session_codes)s)
