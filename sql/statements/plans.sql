-- Action learning plans: forms become plans, words change how they stand, people are asked.

-- name: forms_to_plan
-- Grain: one plan form that is no plan yet. A person who leads themselves is led by nobody.
select
    said.named_response_id, wave.subject_id as session_code, said.employee_id, said.answered_at, said.answers,
    (session.ends_at at time zone session.timezone)::date as ended_on, person.calendar_code
from core.named_responses as said
join ops.survey_waves as wave on wave.wave_code = said.wave_code
join core.class_sessions as session on session.session_code = wave.subject_id
join core.employees as person on person.employee_id = said.employee_id
where wave.instrument_code = 'action_plan' and wave.subject_kind = 'class_session' and session.status <> 'cancelled'
    and not exists (
        select from ops.action_plans as plan
        where plan.session_code = wave.subject_id and plan.employee_id = said.employee_id
    )
order by said.named_response_id
limit %(batch_size)s

-- name: insert_plans
insert into ops.action_plans (
    plan_id, session_code, employee_id, goal, metric, baseline_value, target_value, due_on, first_step, support_needed,
    made_at, updated_at, current_value, check_in_due_on
)
select
    plan_id, session_code, employee_id, goal, metric, baseline_value, target_value, due_on, first_step, support_needed,
    made_at, made_at, baseline_value, check_in_due_on
from unnest(
    %(plan_id)s::text[], %(session_code)s::text[], %(employee_id)s::text[], %(goal)s::text[], %(metric)s::text[],
    %(baseline_value)s::numeric[], %(target_value)s::numeric[], %(due_on)s::date[], %(first_step)s::text[],
    %(support_needed)s::text[], %(made_at)s::timestamptz[], %(check_in_due_on)s::date[]
) as new (
    plan_id, session_code, employee_id, goal, metric, baseline_value, target_value, due_on, first_step, support_needed,
    made_at, check_in_due_on
)
on conflict do nothing

-- name: follow_people
-- Grain: one open plan whose learner is led by somebody else now. Nobody leads: the manager left, or it is the learner.
with led as (
    select plan.plan_id, manager.employee_id as manager_id
    from ops.action_plans as plan
    join core.employees as person on person.employee_id = plan.employee_id
    left join core.employees as manager
        on manager.employee_id = person.manager_id and manager.employee_id <> person.employee_id
        and manager.removed_on is null and (manager.left_on is null or manager.left_on > %(today)s)
    where plan.settled_at is null
)
update ops.action_plans as plan
set manager_id = led.manager_id
from led
where led.plan_id = plan.plan_id and plan.manager_id is distinct from led.manager_id
returning plan.plan_id

-- name: withdraw_requests
-- What a manager who leads the learner no more still owed.
update ops.commitments as owed
set state = 'withdrawn'
from ops.action_plans as plan
where owed.subject_kind = 'action_plan' and owed.subject_id = plan.plan_id and owed.state = 'open'
    and owed.kind in ('acknowledge_plan', 'confirm_plan')
    and (
        plan.settled_at is not null and owed.kind = 'acknowledge_plan'
        or plan.state = 'withdrawn'
        or owed.person_id is distinct from coalesce(plan.manager_id, %(hr_contact)s)
    )

-- name: end_plans
-- Grain: one open plan that ends without its learner's word: they left, the class was cancelled after all, or the time
-- of the check-in has passed. What was not done by then is late.
update ops.action_plans as plan
set state = case
        when ended.reason in ('left', 'class_cancelled') then 'withdrawn'
        when plan.state = 'done' then 'done'
        else 'late'
    end::ops.plan_state,
    settled_at = %(now)s, settled_reason = ended.reason
from (
    select
        open_plan.plan_id,
        case
            when person.removed_on is not null or person.left_on <= %(today)s then 'left'
            when session.status = 'cancelled' then 'class_cancelled'
            when open_plan.check_in_due_on + %(check_in_days)s < %(today)s and not exists (
                select from ops.commitments as owed
                where owed.subject_kind = 'action_plan' and owed.subject_id = open_plan.plan_id
                    and owed.kind = 'confirm_plan' and owed.state = 'open'
            ) then case when open_plan.checked_in_at is null then 'no_check_in' else 'learner' end
        end as reason
    from ops.action_plans as open_plan
    join core.employees as person on person.employee_id = open_plan.employee_id
    join core.class_sessions as session on session.session_code = open_plan.session_code
    where open_plan.settled_at is null
) as ended
where ended.plan_id = plan.plan_id and ended.reason is not null

-- name: entries_to_take
-- Grain: one form from a plan's page, in the order of sending; the plan is held until it is written.
select
    entry.entry_id, entry.plan_id, entry.instrument_code, entry.answers, entry.sent_at, plan.state::text as state,
    plan.evidence is not null as has_evidence,
    (select count(*) from ops.plan_updates as word where word.plan_id = plan.plan_id)::integer as word_count
from forms.plan_entries as entry
join ops.action_plans as plan on plan.plan_id = entry.plan_id
order by entry.plan_id, entry.entry_id
limit %(batch_size)s
for update of plan

-- name: insert_words
insert into ops.plan_updates (plan_id, number, kind, said_at, state, current_value, blocker, note)
select plan_id, number, kind, said_at, state::ops.plan_state, current_value, blocker, note
from unnest(
    %(plan_id)s::text[], %(number)s::integer[], %(kind)s::text[], %(said_at)s::timestamptz[], %(state)s::text[],
    %(current_value)s::numeric[], %(blocker)s::text[], %(note)s::text[]
) as new (plan_id, number, kind, said_at, state, current_value, blocker, note)

-- name: apply_words
-- The last word of each plan; a check-in brings evidence and story, and ends a plan that is given up.
update ops.action_plans as plan
set state = word.state::ops.plan_state, updated_at = word.said_at,
    current_value = coalesce(word.current_value, plan.current_value), blocker = coalesce(word.blocker, plan.blocker),
    checked_in_at = coalesce(plan.checked_in_at, word.checked_in_at),
    evidence = coalesce(word.evidence, plan.evidence), story = coalesce(word.story, plan.story),
    settled_at = case when word.state = 'withdrawn' then word.said_at end,
    settled_reason = case when word.state = 'withdrawn' then 'learner' end
from unnest(
    %(plan_id)s::text[], %(said_at)s::timestamptz[], %(state)s::text[], %(current_value)s::numeric[],
    %(blocker)s::text[], %(checked_in_at)s::timestamptz[], %(evidence)s::text[], %(story)s::text[]
) as word (plan_id, said_at, state, current_value, blocker, checked_in_at, evidence, story)
where word.plan_id = plan.plan_id and plan.settled_at is null

-- name: drop_entries
delete from forms.plan_entries where entry_id = any (%(entry_ids)s)

-- name: managers_words
-- Grain: one answer of a manager that its plan does not know yet.
select
    plan.plan_id, owed.kind, owed.choice, owed.done_at, plan.state::text as state,
    coalesce(plan.evidence, '') <> '' as has_evidence
from ops.action_plans as plan
join ops.commitments as owed on owed.subject_kind = 'action_plan' and owed.subject_id = plan.plan_id
where owed.state = 'done' and (
    owed.kind = 'acknowledge_plan' and plan.acknowledgement is null
    or owed.kind = 'confirm_plan' and plan.confirmation is null
)
order by plan.plan_id, owed.kind
limit %(batch_size)s
for update of plan

-- name: apply_acknowledgements
update ops.action_plans as plan
set acknowledgement = said.choice
from unnest(%(plan_id)s::text[], %(choice)s::text[]) as said (plan_id, choice)
where said.plan_id = plan.plan_id

-- name: apply_confirmations
update ops.action_plans as plan
set confirmation = said.choice, state = said.state::ops.plan_state,
    settled_at = case when said.state = 'verified' then said.done_at else plan.settled_at end,
    settled_reason = case when said.state = 'verified' then 'learner' else plan.settled_reason end
from unnest(%(plan_id)s::text[], %(choice)s::text[], %(state)s::text[], %(done_at)s::timestamptz[])
    as said (plan_id, choice, state, done_at)
where said.plan_id = plan.plan_id

-- name: plans_to_put_to_managers
-- Grain: one plan about which its manager, or HR where nobody leads, owes a word that was not asked for yet.
select plan.plan_id, kinds.kind, plan.manager_id
from ops.action_plans as plan
cross join lateral (
    select 'acknowledge_plan' as kind
    where plan.acknowledgement is null and plan.settled_at is null and plan.checked_in_at is null
    union all
    select 'confirm_plan'
    where plan.state = 'done' and plan.checked_in_at is not null and plan.confirmation is null
        and plan.settled_at is null
) as kinds
where not exists (
    select from ops.commitments as owed
    where owed.kind = kinds.kind and owed.subject_kind = 'action_plan' and owed.subject_id = plan.plan_id
        and owed.state <> 'withdrawn'
)
order by plan.plan_id, kinds.kind
limit %(batch_size)s

-- name: plan_digests
-- Grain: one learner with an open plan whose last word is old enough on this week's Monday: one mail over all plans.
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, not_before, not_after
)
select distinct 'plan_digest', 'week', %(week)s, 'employee', plan.employee_id, %(now)s, %(week_ends_at)s
from ops.action_plans as plan
where plan.settled_at is null and plan.state in ('on_track', 'at_risk', 'late')
    and (plan.updated_at at time zone %(zone)s)::date <= %(monday)s::date - %(min_age_days)s::integer
    and (plan.check_in_due_on > %(monday)s::date or plan.checked_in_at is not null)
on conflict on constraint told_once do nothing

-- name: plan_team_digests
-- Grain: one manager with a plan to care about on this week's Monday: amber or red, at risk, late.
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, not_before, not_after
)
select distinct 'team_plan_digest', 'week', %(week)s, 'employee', plan.manager_id, %(now)s, %(week_ends_at)s
from ops.action_plans as plan
where plan.settled_at is null and plan.manager_id is not null and plan.state in ('on_track', 'at_risk', 'late')
    and (
        plan.state in ('at_risk', 'late')
        or (plan.updated_at at time zone %(zone)s)::date <= %(monday)s::date - %(amber_days)s::integer
    )
on conflict on constraint told_once do nothing

-- name: check_ins_due
-- Grain: one plan whose check-in is due and not in, with the last call about it.
select
    plan.plan_id, plan.employee_id, plan.check_in_due_on, calls.last_called_at,
    coalesce(calls.is_waiting, false) as is_waiting, coalesce(calls.call_count, 0)::integer as call_count
from ops.action_plans as plan
left join lateral (
    select
        max(coalesce(message.sent_at, message.composed_at, notice.not_before)) as last_called_at,
        bool_or(notice.state = 'planned') as is_waiting, count(*) as call_count
    from ops.notices as notice
    left join ops.messages as message on message.message_id = notice.message_id
    where notice.kind = 'plan_check_in' and notice.subject_kind = 'action_plan' and notice.subject_id = plan.plan_id
) as calls on true
where plan.settled_at is null and plan.checked_in_at is null and plan.check_in_due_on <= %(today)s
    and not exists (
        select from forms.plan_entries as waiting
        where waiting.plan_id = plan.plan_id and waiting.instrument_code = 'check_in_30d'
    )
order by plan.plan_id
