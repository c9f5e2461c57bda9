-- What the mails about class days say.

-- name: classes
-- Grain: one class as its people know it.
select
    session.session_code, session.starts_at, session.ends_at, session.timezone as session_timezone, session.mode,
    coalesce(told.venue_code, session.venue_code) as venue_code, session.status = 'cancelled' as is_cancelled,
    coalesce(told.change_number, 0) as change_number, course.name_zh as course_zh, course.name_en as course_en,
    trainer.name as trainer_name, manager.name as manager_name
from core.class_sessions as session
join core.courses as course on course.course_code = session.course_code
join core.trainers as trainer on trainer.trainer_id = session.trainer_id
left join core.employees as manager on manager.employee_id = session.class_manager_id
left join ops.class_announcements as told on told.session_code = session.session_code
where session.session_code = any (%(session_codes)s)

-- name: seats
-- Grain: one learner with a seat.
select session_code, employee_id from ops.class_seats
where session_code = any (%(session_codes)s) and employee_id = any (%(employee_ids)s)

-- name: desks
-- Grain: the sheet of one class.
select session_code, holder_kind, holder_id, token, link_number from ops.class_desks
where session_code = any (%(session_codes)s)

-- name: seat_counts
-- Grain: one class with the number of its learners.
select session_code, count(*) as learner_count from ops.class_seats
where session_code = any (%(session_codes)s) group by session_code

-- name: platform_results
-- Grain: one check of one class with its newest result.
select distinct on (done.session_code, done.check_code)
    done.session_code, done.check_code, done.checked_at, done.is_ok, done.value
from core.platform_checks as done
where done.session_code = any (%(session_codes)s) and done.checked_at <= %(now)s
order by done.session_code, done.check_code, done.checked_at desc

-- name: offers
-- Grain: one offered seat.
select offer_id, session_code, employee_id, token, expires_at, state::text from ops.seat_offers
where offer_id = any (%(offer_ids)s)
