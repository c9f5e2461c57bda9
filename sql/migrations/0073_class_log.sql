-- The log of a class day: work data of the class's own people, for its trainer and HR. Nothing of it is published.

-- What happened on class days whose log is due: one row a class and day. A class may be signed in by half days: its
-- slots are spread over its days. Names leave core here and go into the log only; the reporter reads no people.
create function ops.class_days_to_log(at timestamptz, zone text, wait_days integer)
returns table (
    session_code text, step text, day_number integer, day_count integer, held_on date, course_zh text, course_en text,
    course_hours numeric, trainer_id text, trainer_name text, manager_name text, starts_at timestamptz,
    ends_at timestamptz, timezone text, mode text, venue_code text, learners jsonb, incidents jsonb, checks jsonb,
    uses jsonb, has_attendance boolean
)
language sql stable security definer set search_path = ''
begin atomic
    with due as (
        select
            step.subject_id as session_code, step.step, step.due_on,
            coalesce(nullif(regexp_replace(step.step, '^class_log_?', ''), '')::integer, 1) as day_number,
            (
                select count(*)::integer from ops.milestones as each
                where each.subject_kind = 'class_session' and each.subject_id = step.subject_id
                    and each.step ~ '^class_log(_\d+)?$' and each.reason is distinct from 'day_dropped'
            ) as day_count
        from ops.milestones as step
        where step.subject_kind = 'class_session' and step.step ~ '^class_log(_\d+)?$' and step.state = 'pending'
            and step.due_on <= (class_days_to_log.at at time zone class_days_to_log.zone)::date
    ),
    slots as (
        select attendance.session_code, greatest(max(attendance.slot), max(due.day_count)) as slot_count
        from core.attendance
        join due on due.session_code = attendance.session_code
        group by attendance.session_code
    ),
    signed_in as (
        select
            due.session_code, due.step, attendance.employee_id,
            case
                when not bool_or(attendance.status in ('present', 'late', 'early'))
                    then case when bool_or(attendance.status = 'excused') then 'excused' else 'absent' end
                when bool_or(attendance.status = 'late') then 'late'
                when bool_or(attendance.status = 'early') then 'early'
                else 'present'
            end as status
        from due
        join slots on slots.session_code = due.session_code
        join core.attendance on attendance.session_code = due.session_code
            and ceil(attendance.slot * due.day_count / slots.slot_count::numeric) = due.day_number
        group by due.session_code, due.step, attendance.employee_id
    ),
    people as (
        select due.session_code, due.step, seat.employee_id
        from due join ops.class_seats as seat on seat.session_code = due.session_code
        union
        select signed_in.session_code, signed_in.step, signed_in.employee_id from signed_in
    )
    select
        due.session_code, due.step, due.day_number, due.day_count, due.due_on, course.name_zh, course.name_en,
        course.hours, trainer.trainer_id, trainer.name, manager.name, session.starts_at, session.ends_at,
        session.timezone, session.mode, coalesce(told.venue_code, session.venue_code),
        (
            select coalesce(jsonb_agg(jsonb_build_object('name', person.name, 'status', signed_in.status)
                order by person.name, person.employee_id), '[]')
            from people
            join core.employees as person on person.employee_id = people.employee_id
            left join signed_in on signed_in.session_code = people.session_code and signed_in.step = people.step
                and signed_in.employee_id = people.employee_id
            where people.session_code = due.session_code and people.step = due.step
        ),
        (
            select coalesce(jsonb_agg(jsonb_build_object(
                'reported_at', incident.reported_at, 'kind', incident.kind, 'severity', incident.severity,
                'person', person.name, 'text', concat_ws(' — ', incident.description, incident.action),
                'closed_at', incident.closed_at
            ) order by incident.reported_at), '[]')
            from core.incidents as incident
            left join core.employees as person on person.employee_id = incident.employee_id
            where incident.session_code = due.session_code
                and (
                    (incident.reported_at at time zone class_days_to_log.zone)::date = due.due_on
                    or (due.day_number = 1 and incident.reported_at < session.starts_at)
                )
        ),
        (
            select coalesce(jsonb_agg(jsonb_build_object('check', latest.check_code, 'is_ok', latest.is_ok)
                order by latest.check_code), '[]')
            from (
                select distinct on (done.check_code) done.check_code, done.is_ok
                from core.platform_checks as done
                where done.session_code = due.session_code and done.checked_at <= class_days_to_log.at
                order by done.check_code, done.checked_at desc
            ) as latest
        ),
        (
            select coalesce(jsonb_object_agg(used.kind, used.use_count), '{}')
            from (
                select said.kind, sum(said.turn_count) as use_count
                from core.valid_interactions as said
                where said.session_code = due.session_code
                    and (said.happened_at is null or (said.happened_at at time zone class_days_to_log.zone)::date = due.due_on)
                group by said.kind
            ) as used
        ),
        exists (
            select from signed_in where signed_in.session_code = due.session_code and signed_in.step = due.step
        )
    from due
    join core.class_sessions as session on session.session_code = due.session_code and session.status <> 'cancelled'
    join core.courses as course on course.course_code = session.course_code
    join core.trainers as trainer on trainer.trainer_id = session.trainer_id
    left join core.employees as manager on manager.employee_id = session.class_manager_id
    left join ops.class_announcements as told on told.session_code = due.session_code
    where exists (
            select from signed_in where signed_in.session_code = due.session_code and signed_in.step = due.step
        )
        or due.due_on + class_days_to_log.wait_days
            <= (class_days_to_log.at at time zone class_days_to_log.zone)::date
    order by due.session_code, due.day_number;
end;
revoke execute on function ops.class_days_to_log from public;
grant execute on function ops.class_days_to_log to trainloop_reporter;
