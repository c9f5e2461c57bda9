-- What is wrong with class sessions to come (R16, R21), all of them in one pass: confirmations past their day, what
-- nobody booked, rooms, trainers and equipment in two classes at once, classes without a manager, budgets over their plan.
-- Grain: one finding of one class session in the horizon. A venue, a smart classroom and the class's own venue are rooms.
with horizon as materialized (
    select session.*
    from core.class_sessions as session
    where session.session_code = any (%(session_codes)s)
),
bookings as materialized (
    select
        session_code, kind, item_code, due_on, owner_id, confirmed_on is not null and confirmed_on <= %(today)s as is_confirmed,
        case when kind in ('venue', 'smart_classroom') then 'room' else kind end as resource
    from core.resource_bookings
    where session_code in (select session_code from horizon) and (cancelled_on is null or cancelled_on > %(today)s)
),
unconfirmed as (
    select session_code, 'confirmation_missing' as kind, kind || ':' || item_code as item_code,
        jsonb_build_object('resource', kind, 'item', item_code, 'due_on', due_on) as detail
    from bookings
    where not is_confirmed and due_on < %(today)s
),
not_booked as (
    select horizon.session_code, 'resource_missing' as kind, required.resource as item_code,
        jsonb_build_object('resource', required.resource) as detail
    from horizon
    inner join unnest(%(modes)s::text[], %(resources)s::text[]) as required (mode, resource)
        on required.mode = horizon.mode
    where not (required.resource = 'room' and coalesce(btrim(horizon.venue_code), '') <> '')
        and not exists (
            select from bookings
            where bookings.session_code = horizon.session_code
                and required.resource in (bookings.resource, bookings.kind)
        )
),
-- Whoever runs while a class of the horizon runs: those the horizon may collide with.
running as materialized (
    select session_code, trainer_id, venue_code, mode, tstzrange(starts_at, ends_at) as taken_at
    from core.class_sessions
    where status <> 'cancelled' and ends_at > (select min(starts_at) from horizon)
        and starts_at < (select max(ends_at) from horizon)
),
used as materialized (
    select session_code, taken_at, 'trainer' as resource, upper(trainer_id) as item from running
    union
    select session_code, taken_at, 'room', upper(btrim(venue_code)) from running
    where mode <> 'online' and coalesce(btrim(venue_code), '') <> ''
    union
    select running.session_code, running.taken_at,
        case when booking.kind in ('venue', 'smart_classroom') then 'room' else booking.kind end,
        upper(booking.item_code)
    from running
    inner join core.resource_bookings as booking on booking.session_code = running.session_code
    where (booking.cancelled_on is null or booking.cancelled_on > %(today)s)
        and booking.item_code <> '-' and booking.kind in ('venue', 'smart_classroom', 'equipment', 'live_stream', 'trainer')
),
collisions as (
    select one.session_code, 'double_booking' as kind, one.resource || ':' || one.item as item_code,
        jsonb_build_object(
            'resource', one.resource, 'item', one.item, 'others', jsonb_agg(other.session_code order by other.session_code)
        ) as detail
    from used as one
    inner join used as other
        on other.resource = one.resource and other.item = one.item and other.session_code <> one.session_code
        and other.taken_at && one.taken_at
    where one.session_code in (select session_code from horizon)
    group by one.session_code, one.resource, one.item
),
unmanaged as (
    select horizon.session_code, 'class_manager_missing' as kind, '-' as item_code,
        jsonb_build_object('why', case when horizon.class_manager_id is null then 'nobody_named' else 'no_employee' end)
            as detail
    from horizon
    left join core.employees as manager on manager.employee_id = horizon.class_manager_id
    where manager.employee_id is null or manager.removed_on is not null
        or manager.left_on <= (horizon.starts_at at time zone manager.timezone)::date
),
-- A budget that is over its plan by more than HR has approved.
overspent as (
    select horizon.session_code, 'over_budget' as kind, budget.budget_code as item_code,
        jsonb_build_object('budget', budget.budget_code) as detail
    from horizon
    inner join core.budgets as budget on budget.budget_code = horizon.budget_code
    where budget.committed_amount + budget.actual_amount > budget.planned_amount
        and not exists (
            select from ops.approvals as approval
            where approval.kind = 'over_budget' and approval.subject_kind = 'budget'
                and approval.subject_id = budget.budget_code and approval.state = 'approved'
                and (approval.facts ->> 'over_amount')::numeric
                    >= budget.committed_amount + budget.actual_amount - budget.planned_amount
        )
)
select * from unconfirmed
union all
select * from not_booked
union all
select * from collisions
union all
select * from unmanaged
union all
select * from overspent
order by session_code, kind, item_code
