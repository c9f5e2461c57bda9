-- What people decide: asked, reminded, decided once, carried out. The row is the truth, whichever door the answer takes.

-- name: withdraw
-- Grain: one open approval of an earlier revision: nobody shall decide about what is no longer said.
update ops.approvals
set state = 'withdrawn'
where state = 'open' and (kind, subject_kind, subject_id) = (%(kind)s, %(subject_kind)s, %(subject_id)s)
    and revision_number < %(revision_number)s

-- name: ask
-- Grain: one revision of one subject. What was asked before stays as it is, however it ended.
insert into ops.approvals (
    kind, subject_kind, subject_id, revision_number, asked_of, facts, asked_at, expires_at, logins_needed,
    barred_employee_ids
)
select
    %(kind)s, %(subject_kind)s, %(subject_id)s, %(revision_number)s, %(asked_of)s, %(facts)s, %(now)s, %(expires_at)s,
    %(logins_needed)s, %(barred_employee_ids)s
where not exists (
    select from ops.approvals
    where (kind, subject_kind, subject_id) = (%(kind)s, %(subject_kind)s, %(subject_id)s)
        and revision_number > %(revision_number)s
)
on conflict (kind, subject_kind, subject_id, revision_number) do nothing
returning approval_id

-- name: plan_requests
-- Grain: one open approval whose contact was not told: asked just now, or by a scan that might not mail.
insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id, not_before, not_after)
select 'approval_request', 'approval', approval_id::text, 'contact', asked_of, %(now)s, expires_at
from ops.approvals
where state = 'open' and (expires_at is null or expires_at > %(now)s)
on conflict on constraint told_once do nothing

-- name: approval
select
    approval_id, kind, subject_kind, subject_id, revision_number, asked_of, facts, asked_at, expires_at,
    state::text as state, decided_at, decided_by, decided_via, comment, logins_needed
from ops.approvals
where approval_id = %(approval_id)s

-- name: decide
-- Grain: one open approval that has not expired; two answers at once wait for each other, and the second changes nothing.
update ops.approvals
set state = %(state)s::ops.approval_state, decided_at = %(now)s, decided_by = %(decided_by)s,
    decided_via = %(decided_via)s, comment = %(comment)s
where approval_id = %(approval_id)s and state = 'open' and (expires_at is null or expires_at > %(now)s)
    and logins_needed = %(logins_needed)s

-- name: to_sign
-- One open approval that logins decide; whoever else signs it waits for this transaction.
select approval_id, subject_kind, subject_id, logins_needed, %(employee_id)s = any(barred_employee_ids) as is_barred
from ops.approvals
where approval_id = %(approval_id)s and state = 'open' and (expires_at is null or expires_at > %(now)s)
for update

-- name: sign
-- Grain: one employee's yes, by one login. Whoever signed before changes nothing.
insert into ops.approval_signatures (approval_id, employee_id, login, signed_at)
values (%(approval_id)s, %(employee_id)s, %(login)s, %(now)s)
on conflict do nothing

-- name: signed_by
select employee_id, login
from ops.approval_signatures
where approval_id = %(approval_id)s
order by signed_at, employee_id

-- name: insert_signature_audit
insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
select
    %(actor)s, %(action)s, subject_kind, subject_id,
    jsonb_build_object('approval_id', approval_id, 'via', %(via)s::text, 'reason', %(reason)s::text)
from ops.approvals
where approval_id = %(approval_id)s

-- name: insert_audit
insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
select
    decided_by, 'approval_decided', subject_kind, subject_id,
    jsonb_build_object('approval_id', approval_id, 'state', state, 'via', decided_via)
from ops.approvals
where approval_id = %(approval_id)s

-- name: newest
-- Grain: one approval, the open ones first, then the newest.
select
    approval_id, kind, subject_kind, subject_id, revision_number, asked_of, facts, asked_at, expires_at,
    state::text as state, decided_at, decided_by, decided_via, comment, logins_needed
from ops.approvals
where not %(only_open)s or state = 'open'
order by (state = 'open') desc, approval_id desc
limit %(limit)s

-- name: expire
update ops.approvals
set state = 'expired'
where state = 'open' and expires_at <= %(now)s

-- name: open_approvals
-- Grain: one open approval whose contact was called, with the last call. A call that still waits for its mail is none.
with calls as (
    select
        notice.subject_id::bigint as approval_id,
        max(coalesce(message.sent_at, message.composed_at, notice.not_before)) as last_called_at,
        bool_or(notice.state = 'planned') as is_call_waiting
    from ops.approvals as approval
    join ops.notices as notice
        on notice.subject_kind = 'approval' and notice.subject_id = approval.approval_id::text
        and notice.kind in ('approval_request', 'approval_reminder')
    left join ops.messages as message on message.message_id = notice.message_id
    where approval.state = 'open'
    group by notice.subject_id
)
select
    approval.approval_id, approval.kind, approval.asked_of, approval.asked_at, approval.expires_at,
    calls.last_called_at, calls.is_call_waiting
from ops.approvals as approval
join calls using (approval_id)
where approval.state = 'open' and approval.asked_at <= %(now)s
order by approval.approval_id

-- name: to_do
-- What a look at all approvals finds: is any open that no living task of another run waits for, and of which kinds are
-- decisions that were not carried out?
select
    coalesce(bool_or(
        state = 'open'
        and (door_until is null or door_until < clock_timestamp() or door_run_id = %(run_id)s)
    ), false) as is_unasked,
    coalesce(
        array_agg(distinct kind) filter (where state in ('approved', 'rejected') and effect_at is null), '{}'
    ) as decided_kinds
from ops.approvals
where state = 'open' or effect_at is null

-- name: claim_doors
-- Grain: one open approval that no living task of Airflow waits for; it is this run's now.
update ops.approvals
set door_run_id = %(run_id)s, door_until = clock_timestamp() + %(lease)s
where state = 'open'
    and (door_until is null or door_until < clock_timestamp() or door_run_id = %(run_id)s)
returning approval_id

-- name: hold_door
-- Grain: one open approval that this run's task still waits for, or that nobody else does.
update ops.approvals
set door_run_id = %(run_id)s, door_until = clock_timestamp() + %(lease)s
where approval_id = %(approval_id)s and state = 'open'
    and (door_until is null or door_until < clock_timestamp() or door_run_id = %(run_id)s)

-- name: undone
-- Grain: one decision that was not carried out, newest revision first.
select approval_id, kind, subject_kind, subject_id, revision_number, state::text as state
from ops.approvals
where effect_at is null and state in ('approved', 'rejected') and kind = %(kind)s
order by subject_kind, subject_id, revision_number desc

-- name: carried_out
update ops.approvals
set effect_at = %(now)s
where approval_id = any(%(approval_ids)s) and effect_at is null and state <> 'open'
