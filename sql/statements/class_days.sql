-- The day of a class and what leads up to it: changes, seats, sheets, platform checks, what goes into files of the inbox.

-- name: classes_to_tell
-- Grain: one class that is not over (or was told not to be), whose facts differ from what its people were told, or that
-- was never seen. Most scans find none.
select
    session.session_code, session.course_code, session.trainer_id, session.class_manager_id, session.starts_at,
    session.ends_at, session.timezone, session.mode, session.venue_code as file_venue_code,
    session.status = 'cancelled' as is_cancelled, incident.reported_at as incident_at,
    incident.venue_code as incident_venue_code, told.session_code is not null as is_told,
    coalesce(told.change_number, 0) as change_number, told.starts_at as told_starts_at, told.ends_at as told_ends_at,
    told.timezone as told_timezone, told.mode as told_mode, told.venue_code as told_venue_code,
    told.file_venue_code as told_file_venue_code, told.incident_at as told_incident_at,
    told.is_cancelled as told_is_cancelled
from core.class_sessions as session
left join ops.class_announcements as told on told.session_code = session.session_code
left join lateral (
    select incidents.reported_at, incidents.venue_code
    from core.incidents
    where incidents.session_code = session.session_code and incidents.kind = 'venue'
        and incidents.venue_code is not null
    order by incidents.reported_at desc
    limit 1
) as incident on true
where greatest(session.ends_at, told.ends_at) > %(now)s
    and (
        told.session_code is null
        or (session.starts_at, session.ends_at, session.timezone, session.mode, session.venue_code,
            session.status = 'cancelled', incident.reported_at)
        is distinct from (told.starts_at, told.ends_at, told.timezone, told.mode, told.file_venue_code,
            told.is_cancelled, told.incident_at)
    )
order by session.session_code

-- name: announce
-- Grain: one class as its people know it from now on.
insert into ops.class_announcements as told (
    session_code, starts_at, ends_at, timezone, mode, venue_code, file_venue_code, incident_at, is_cancelled,
    change_number, told_at
)
select
    session_code, starts_at, ends_at, timezone, mode, venue_code, file_venue_code, incident_at, is_cancelled,
    change_number, %(now)s
from unnest(
    %(session_code)s::text[], %(starts_at)s::timestamptz[], %(ends_at)s::timestamptz[], %(timezone)s::text[],
    %(mode)s::text[], %(venue_code)s::text[], %(file_venue_code)s::text[], %(incident_at)s::timestamptz[],
    %(is_cancelled)s::boolean[], %(change_number)s::integer[]
) as new (
    session_code, starts_at, ends_at, timezone, mode, venue_code, file_venue_code, incident_at, is_cancelled,
    change_number
)
on conflict (session_code) do update
set starts_at = excluded.starts_at, ends_at = excluded.ends_at, timezone = excluded.timezone, mode = excluded.mode,
    venue_code = excluded.venue_code, file_venue_code = excluded.file_venue_code,
    incident_at = excluded.incident_at, is_cancelled = excluded.is_cancelled,
    change_number = excluded.change_number, told_at = excluded.told_at

-- name: see_seats
-- Grain: one seat that began (is_held) or ended since the last look. moved_from: the class of the same course the learner
-- came from, within the window of a split.
with ahead as (
    select session_code, course_code, status = 'cancelled' as is_cancelled from core.class_sessions
    where ends_at > %(now)s
),
held as (
    select seat.session_code, seat.employee_id
    from ops.class_seats as seat
    join ahead on ahead.session_code = seat.session_code
    where not ahead.is_cancelled
),
ended as (
    update ops.told_seats as told
    set is_held = false, changed_at = %(now)s
    from ahead
    where ahead.session_code = told.session_code and told.is_held
        and not exists (
            select from held where held.session_code = told.session_code and held.employee_id = told.employee_id
        )
    returning told.session_code, told.employee_id, ahead.course_code, told.changed_at
),
began as (
    insert into ops.told_seats as told (session_code, employee_id, is_held, changed_at)
    select session_code, employee_id, true, %(now)s from held
    on conflict (session_code, employee_id) do update set is_held = true, changed_at = excluded.changed_at
    where not told.is_held
    returning told.session_code, told.employee_id
),
left_lately as (
    select session_code, employee_id, course_code, changed_at from ended
    union all
    select told.session_code, told.employee_id, session.course_code, told.changed_at
    from ops.told_seats as told
    join core.class_sessions as session on session.session_code = told.session_code
    where not told.is_held and told.changed_at > %(moved_since)s
),
moved as (
    select distinct on (began.session_code, began.employee_id)
        began.session_code, began.employee_id, left_lately.session_code as moved_from
    from began
    join ahead on ahead.session_code = began.session_code
    join left_lately on left_lately.employee_id = began.employee_id and left_lately.course_code = ahead.course_code
        and left_lately.session_code <> began.session_code
    order by began.session_code, began.employee_id, left_lately.changed_at desc
)
select began.session_code, began.employee_id, true as is_held, moved.moved_from
from began
left join moved using (session_code, employee_id)
union all
select ended.session_code, ended.employee_id, false, null from ended
order by 1, 2

-- name: count_moves
-- Grain: one seat somebody was moved into: the number is the sequence of the mail.
update ops.told_seats as told
set move_number = move_number + 1
from unnest(%(session_codes)s::text[], %(employee_ids)s::text[]) as moved (session_code, employee_id)
where told.session_code = moved.session_code and told.employee_id = moved.employee_id
returning told.session_code, told.employee_id, told.move_number

-- name: people_to_tell
-- Grain: one person of a class that changed: learners with a seat, the trainer, the class manager. A trainer who is an
-- employee of the class too gets one mail.
with people as (
    select seat.session_code, 'employee' as recipient_kind, seat.employee_id as recipient_id
    from ops.class_seats as seat
    where seat.session_code = any (%(session_codes)s)
    union
    select session.session_code, 'employee', manager.employee_id
    from core.class_sessions as session
    join core.employees as manager on manager.employee_id = session.class_manager_id
        and manager.removed_on is null and (manager.left_on is null or manager.left_on > %(today)s)
    where session.session_code = any (%(session_codes)s)
)
select session_code, recipient_kind, recipient_id from people
union
select session.session_code, 'trainer', trainer.trainer_id
from core.class_sessions as session
join core.trainers as trainer on trainer.trainer_id = session.trainer_id
where session.session_code = any (%(session_codes)s)
    and not exists (
        select from people
        where people.session_code = session.session_code and people.recipient_id = trainer.employee_id
    )
order by 1, 2, 3

-- name: sessions_with_manager
-- Grain: one class whose class manager can be told; the others' mails go to HR.
select session.session_code
from core.class_sessions as session
join core.employees as manager on manager.employee_id = session.class_manager_id
    and manager.removed_on is null and (manager.left_on is null or manager.left_on > %(today)s)
where session.session_code = any (%(session_codes)s)

-- name: settle_offers
-- Grain: one offered seat that nobody can take any more.
update ops.seat_offers as offer
set state = case when session.status = 'cancelled' or session.starts_at <= %(now)s then 'withdrawn' else 'expired' end
        ::ops.offer_state,
    settled_at = %(now)s
from core.class_sessions as session
where session.session_code = offer.session_code and offer.state = 'open'
    and (session.status = 'cancelled' or session.starts_at <= %(now)s or offer.expires_at <= %(now)s)
returning offer.state::text

-- name: offer_seats
-- Grain: one free seat offered to the next of a class's waitlist (in the order of the files they came in). A seat that
-- is offered counts as taken; nobody is asked twice.
with open_classes as (
    select session.session_code, session.starts_at, session.capacity, count(seat.employee_id) as taken_count
    from core.class_sessions as session
    left join ops.class_seats as seat on seat.session_code = session.session_code
    where session.status <> 'cancelled' and session.capacity is not null
        and session.starts_at > %(now)s + make_interval(hours => %(latest_hours)s)
    group by session.session_code
),
offered as (
    select session_code, count(*) as offer_count from ops.seat_offers where state = 'open' group by session_code
),
waiting as (
    select
        enrollment.session_code, enrollment.employee_id,
        row_number() over (
            partition by enrollment.session_code
            order by enrollment.file_id, enrollment.row_number, enrollment.employee_id
        ) as place
    from core.enrollments as enrollment
    join core.employees as person on person.employee_id = enrollment.employee_id
        and person.removed_on is null and (person.left_on is null or person.left_on > %(today)s)
    where enrollment.status = 'waitlisted'
        and not exists (
            select from ops.seat_offers as made
            where made.session_code = enrollment.session_code and made.employee_id = enrollment.employee_id
        )
)
insert into ops.seat_offers (session_code, employee_id, offered_at, expires_at)
select
    class.session_code, waiting.employee_id, %(now)s,
    least(%(now)s + make_interval(hours => %(answer_hours)s), class.starts_at - make_interval(hours => %(latest_hours)s))
from open_classes as class
join waiting on waiting.session_code = class.session_code
left join offered on offered.session_code = class.session_code
where waiting.place <= class.capacity - class.taken_count - coalesce(offered.offer_count, 0)
order by class.session_code, waiting.place
returning offer_id, session_code, employee_id, expires_at

-- name: plan_offer_notices
-- Grain: one open offer whose learner was not told: made just now, or by a scan that might not mail.
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, is_urgent, not_before, not_after
)
select
    'seat_offer', 'seat_offer', offer.offer_id::text, 'employee', offer.employee_id,
    session.starts_at <= %(now)s + make_interval(hours => %(urgent_hours)s), %(now)s, offer.expires_at
from ops.seat_offers as offer
join core.class_sessions as session on session.session_code = offer.session_code
where offer.state = 'open' and offer.expires_at > %(now)s
on conflict on constraint told_once do nothing

-- name: open_desks
-- Grain: one class that begins soon and has no sheet, or another holder than its sheet knows: a new link, the old dies.
insert into ops.class_desks as desk (session_code, holder_kind, holder_id, opened_at)
select
    session.session_code, case when manager.employee_id is null then 'contact' else 'employee' end,
    coalesce(manager.employee_id, %(contact)s), %(now)s
from core.class_sessions as session
left join core.employees as manager on manager.employee_id = session.class_manager_id
    and manager.removed_on is null and (manager.left_on is null or manager.left_on > %(today)s)
where session.status <> 'cancelled' and session.ends_at > %(now)s
    and session.starts_at <= %(now)s + make_interval(hours => %(hours_before)s)
on conflict (session_code) do update
set holder_kind = excluded.holder_kind, holder_id = excluded.holder_id, link_number = desk.link_number + 1,
    token = replace(gen_random_uuid()::text, '-', ''), opened_at = excluded.opened_at
where (desk.holder_kind, desk.holder_id) <> (excluded.holder_kind, excluded.holder_id)

-- name: plan_desk_notices
-- Grain: one holder of a sheet who was not told: every HR contact where there is no class manager.
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, sequence_number, is_urgent, not_before, not_after
)
select
    'class_desk', 'class_session', desk.session_code, desk.holder_kind, holder.holder_id, desk.link_number,
    session.starts_at <= %(now)s + make_interval(hours => %(urgent_hours)s / 2), %(now)s, session.ends_at
from ops.class_desks as desk
join core.class_sessions as session on session.session_code = desk.session_code
cross join lateral (
    select desk.holder_id as holder_id where desk.holder_kind = 'employee'
    union all
    select unnest(%(contacts)s::text[]) where desk.holder_kind = 'contact'
) as holder
where session.status <> 'cancelled' and session.ends_at > %(now)s
on conflict on constraint told_once do nothing

-- name: platform_steps_due
-- Grain: one look at the platform of one online class that is due now, with the newest fresh result of every check.
select
    step.subject_id as session_code, step.step, session.starts_at, coalesce(told.change_number, 0) as change_number,
    manager.employee_id as class_manager_id,
    (
        select coalesce(jsonb_object_agg(latest.check_code, latest.is_ok), '{}')
        from (
            select distinct on (done.check_code) done.check_code, done.is_ok
            from core.platform_checks as done
            where done.session_code = session.session_code and done.checked_at <= %(now)s
                and done.checked_at > session.starts_at - make_interval(hours => rule.fresh_hours)
            order by done.check_code, done.checked_at desc
        ) as latest
    ) as results
from unnest(%(steps)s::text[], %(hours_before)s::integer[], %(fresh_hours)s::integer[])
    as rule (step, hours_before, fresh_hours)
join ops.milestones as step
    on step.step = rule.step and step.subject_kind = 'class_session' and step.state = 'pending'
join core.class_sessions as session on session.session_code = step.subject_id
left join ops.class_announcements as told on told.session_code = session.session_code
left join core.employees as manager on manager.employee_id = session.class_manager_id
    and manager.removed_on is null and (manager.left_on is null or manager.left_on > %(today)s)
where session.status <> 'cancelled' and session.starts_at > %(now)s
    and session.starts_at - make_interval(hours => rule.hours_before) <= %(now)s
order by step.subject_id, step.step

-- name: plan_login_guides
-- Grain: one learner of an online class that begins within a day: those who join late get theirs at once. The step is the
-- class's day: a class moved to another day is another guide.
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, step, is_urgent, not_before, not_after
)
select
    'login_guide', 'class_session', seat.session_code, 'employee', seat.employee_id,
    ((session.starts_at at time zone session.timezone)::date)::text, true, %(now)s, session.ends_at
from core.class_sessions as session
join ops.class_seats as seat on seat.session_code = session.session_code
where session.status <> 'cancelled' and session.mode in ('online', 'blended') and session.starts_at > %(now)s
    and session.starts_at - make_interval(hours => %(hours_before)s) <= %(now)s
on conflict on constraint told_once do nothing

-- name: starts
-- Grain: one class.
select session_code, starts_at from core.class_sessions where session_code = any (%(session_codes)s)

-- name: sign_ins_to_hand_in
-- Grain: one learner in one slot whose newest word is in no file yet, of slots that are complete or whose day is over.
with days as (
    select
        waiting.session_code, waiting.slot,
        ((session.starts_at at time zone %(zone)s)::date + waiting.slot - 1) < (%(now)s at time zone %(zone)s)::date
            or session.ends_at <= %(now)s as is_over,
        not exists (
            select from ops.class_seats as seat
            where seat.session_code = waiting.session_code and not exists (
                select from forms.sign_in_entries as said
                where said.session_code = seat.session_code and said.employee_id = seat.employee_id
                    and said.slot = waiting.slot
            )
        ) as is_complete
    from (
        select distinct session_code, slot from forms.sign_in_entries where version > handed_version
    ) as waiting
    join core.class_sessions as session on session.session_code = waiting.session_code
)
select entry.session_code, entry.employee_id, entry.slot, entry.status, entry.version
from forms.sign_in_entries as entry
join days on days.session_code = entry.session_code and days.slot = entry.slot
where entry.version > entry.handed_version and (days.is_over or days.is_complete)
order by entry.session_code, entry.slot, entry.employee_id

-- name: mark_sign_ins
-- Grain: one word that is in a file now. A word that was changed meanwhile stays owed.
update forms.sign_in_entries as entry
set handed_version = done.version
from unnest(%(session_code)s::text[], %(employee_id)s::text[], %(slot)s::integer[], %(version)s::integer[])
    as done (session_code, employee_id, slot, version)
where entry.session_code = done.session_code and entry.employee_id = done.employee_id and entry.slot = done.slot

-- name: incidents_to_hand_in
-- Grain: one incident whose newest version is in no file yet.
select
    incident_id, session_code, reported_at, kind, severity, employee_id, description, action, venue_code, closed_at,
    version
from forms.incident_entries
where version > handed_version
order by incident_id

-- name: mark_incidents
-- Grain: one incident that is in a file now.
update forms.incident_entries as entry
set handed_version = done.version
from unnest(%(incident_id)s::bigint[], %(version)s::integer[]) as done (incident_id, version)
where entry.incident_id = done.incident_id

-- name: enrollments_to_hand_in
-- Grain: one learner whose enrollment does not say yet what is known: a seat accepted, or leave before the class.
select offer.session_code, offer.employee_id, 'confirmed' as status, 'waitlist offer ' || offer.offer_id as source
from ops.seat_offers as offer
join core.enrollments as enrollment using (session_code, employee_id)
join core.class_sessions as session using (session_code)
where offer.state = 'accepted' and enrollment.status = 'waitlisted' and session.ends_at > %(now)s
union all
select distinct on (incident.session_code, incident.employee_id)
    incident.session_code, incident.employee_id, 'excused', 'leave of ' || incident.reported_at::date
from core.incidents as incident
join core.class_sessions as session on session.session_code = incident.session_code
join core.enrollments as enrollment
    on enrollment.session_code = incident.session_code and enrollment.employee_id = incident.employee_id
where incident.kind = 'leave' and enrollment.status = 'confirmed' and incident.reported_at < session.starts_at
    and session.ends_at > %(now)s
order by 1, 2
