-- What people owe: asked, reminded, told to HR, closed.

-- name: calendars
-- Grain: one person who is to be asked and whom the master data know.
select person.recipient_kind, person.recipient_id, person.calendar_code
from unnest(%(person_kinds)s::text[], %(person_ids)s::text[]) as wanted (recipient_kind, recipient_id)
join ops.mail_recipients as person using (recipient_kind, recipient_id)

-- name: ask
-- Grain: one thing one person owes about one subject. What was asked before stays as it is, however it ended.
insert into ops.commitments (
    kind, subject_kind, subject_id, person_kind, person_id, facts, asked_at, due_on, not_after
)
select kind, subject_kind, subject_id, person_kind, person_id, facts, %(now)s, due_on, not_after
from unnest(
    %(kind)s::text[], %(subject_kind)s::text[], %(subject_id)s::text[], %(person_kind)s::text[], %(person_id)s::text[],
    %(facts)s::jsonb[], %(due_on)s::date[], %(not_after)s::timestamptz[]
) as new (kind, subject_kind, subject_id, person_kind, person_id, facts, due_on, not_after)
on conflict (kind, subject_kind, subject_id, person_kind, person_id) do nothing
returning commitment_id

-- name: ask_again
-- Grain: one commitment that expired and is asked for once more: a new link, new days, calls of a turn of their own.
update ops.commitments as owed
set state = 'open', expired_at = null, overdue_told_on = null, settled_told_on = null, asked_at = %(now)s,
    due_on = new.due_on, not_after = new.not_after, token = replace(gen_random_uuid()::text, '-', '')
from unnest(
    %(kind)s::text[], %(subject_kind)s::text[], %(subject_id)s::text[], %(person_kind)s::text[], %(person_id)s::text[],
    %(due_on)s::date[], %(not_after)s::timestamptz[]
) as new (kind, subject_kind, subject_id, person_kind, person_id, due_on, not_after)
where owed.state = 'expired' and (owed.kind, owed.subject_kind, owed.subject_id, owed.person_kind, owed.person_id)
    = (new.kind, new.subject_kind, new.subject_id, new.person_kind, new.person_id)
returning owed.commitment_id::text as commitment_id, owed.person_kind, owed.person_id, owed.not_after, 1 + (
    select coalesce(max(notice.sequence_number), 0) from ops.notices as notice
    where notice.subject_kind = 'commitment' and notice.subject_id = owed.commitment_id::text
) as turn

-- name: plan_requests
-- Grain: one open commitment whose person was not told: asked just now, or by a scan that might not mail.
insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id, not_before, not_after)
select 'commitment_request', 'commitment', commitment_id::text, person_kind, person_id, %(now)s, not_after
from ops.commitments
where state = 'open' and (not_after is null or not_after > %(now)s)
on conflict on constraint told_once do nothing

-- name: open_commitments
-- Grain: one open commitment whose person was called, with the last call and in whose working days it is counted. A call
-- that still waits for its mail is none: two of them would leave together.
with calls as (
    select
        notice.subject_id::bigint as commitment_id,
        max(coalesce(message.sent_at, message.composed_at, notice.not_before)) as last_called_at,
        bool_or(notice.state = 'planned') as is_call_waiting,
        max(notice.sequence_number) as turn
    from ops.commitments as commitment
    join ops.notices as notice
        on notice.subject_kind = 'commitment' and notice.subject_id = commitment.commitment_id::text
        and notice.kind in ('commitment_request', 'commitment_reminder')
    left join ops.messages as message on message.message_id = notice.message_id
    where commitment.state = 'open'
    group by notice.subject_id
)
select
    commitment.commitment_id, commitment.kind, commitment.person_kind, commitment.person_id, commitment.asked_at,
    commitment.not_after, person.calendar_code, calls.last_called_at, calls.is_call_waiting, calls.turn
from ops.commitments as commitment
join calls using (commitment_id)
left join ops.mail_recipients as person
    on person.recipient_kind = commitment.person_kind and person.recipient_id = commitment.person_id
where commitment.state = 'open' and commitment.asked_at <= %(now)s
order by commitment.commitment_id

-- name: expire
-- Grain: one open commitment that no longer helps.
update ops.commitments
set state = 'expired', expired_at = %(now)s
where state = 'open' and not_after < %(now)s

-- name: mark_told
-- Grain: one commitment that HR reads about today for the first time: late, or ended.
with told as (
    update ops.commitments
    set overdue_told_on = case when state = 'open' then %(today)s else overdue_told_on end,
        settled_told_on = case when state <> 'open' then %(today)s end
    where (state = 'open' and due_on < %(today)s and overdue_told_on is null)
        or (state in ('done', 'expired') and settled_told_on is null)
    returning state
)
select
    count(*) filter (where state = 'open') as overdue_count,
    count(*) filter (where state = 'done') as done_count,
    count(*) filter (where state = 'expired') as expired_count
from told
