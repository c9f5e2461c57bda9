-- A trainer who is no employee can be erased: mail to that address is refused as to somebody who left, and the role that
-- erases and exports reads what there is of trainers.
create or replace view ops.mail_recipients as
select
    'employee' as recipient_kind, employee_id as recipient_id, name, email, locale, timezone, calendar_code,
    removed_on, left_on
from core.employees
union all
-- Who was erased as a trainer has this address until a file brings another.
select
    'trainer', t.trainer_id, t.name, t.email, t.locale, t.timezone, t.calendar_code,
    case when t.email = 'erased@invalid' then coalesce(e.removed_on, '2000-01-01') else e.removed_on end, e.left_on
from core.trainers as t
left join core.employees as e on e.employee_id = t.employee_id;
grant select on core.trainer_event_attendance, ops.allowance_refusals, ops.trainer_awards, ops.workshop_suggestions
    to trainloop_purge;
