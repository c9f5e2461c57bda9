-- Waves of every instrument but course evaluations: opened, reminded and closed by their own milestones.

-- name: withdraw_with_class
-- Grain: one wave that follows a class which was cancelled or has not ended after all. What was not sent is dropped, the
-- links die, its steps are skipped; for a moved class the wave is planned again as its next opening.
with withdrawn as (
    update ops.survey_waves as wave
    set state = 'cancelled', closed_at = %(now)s,
        withdrawn_reason = case when session.status = 'cancelled' then 'class_cancelled' else 'class_moved' end
    from core.class_sessions as session
    where wave.state in ('planned', 'open') and wave.instrument_code <> %(evaluation)s
        and wave.population in ('attendees', 'managers_of_attendees')
        and wave.subject_kind = 'class_session' and wave.subject_id = session.session_code
        and (session.status = 'cancelled' or session.ends_at > %(now)s)
    returning wave.wave_code, wave.withdrawn_reason
),
dropped as (
    update ops.notices as notice
    set state = 'dropped', reason = withdrawn.withdrawn_reason, settled_at = %(now)s
    from withdrawn
    where notice.kind in ('survey_invitation', 'survey_reminder') and notice.subject_kind = 'survey_wave'
        and notice.subject_id = withdrawn.wave_code and notice.state = 'planned'
),
dead as (
    update ops.invitations as invitation
    set token = replace(gen_random_uuid()::text, '-', '')
    from withdrawn
    where invitation.wave_code = withdrawn.wave_code
),
skipped as (
    update ops.milestones as step
    set state = 'skipped', reason = withdrawn.withdrawn_reason
    from withdrawn
    where step.subject_kind = 'survey_wave' and step.subject_id = withdrawn.wave_code and step.state = 'pending'
)
select wave_code from withdrawn

-- name: waves_too_late
-- Grain: one planned wave whose days passed before it could open: nobody was there to ask, or nobody ran the scan.
with cancelled as (
    update ops.survey_waves as wave
    set state = 'cancelled', closed_at = %(now)s,
        withdrawn_reason = case
            when exists (select from ops.wave_population(array[wave.wave_code], %(today)s)) then 'not_after_passed'
            else 'nobody_to_ask'
        end
    where wave.state = 'planned' and wave.closes_at <= %(now)s
    returning wave.wave_code, wave.withdrawn_reason
),
settled as (
    update ops.milestones as step
    set state = case cancelled.withdrawn_reason
            when 'nobody_to_ask' then 'skipped' else 'expired'
        end::ops.milestone_state,
        reason = cancelled.withdrawn_reason
    from cancelled
    where step.subject_kind = 'survey_wave' and step.subject_id = cancelled.wave_code and step.state = 'pending'
),
recorded as (
    insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
    select 'run_survey_waves', 'wave_never_opened', 'survey_wave', wave_code, jsonb_build_object('reason', withdrawn_reason)
    from cancelled
)
select wave_code from cancelled

-- name: waves_to_open
-- Grain: one planned wave whose day has come and that has somebody to ask; the others wait until their days are over.
select wave_code, instrument_code, minimum_count
from ops.survey_waves as wave
where state = 'planned' and opened_at <= %(now)s and closes_at > %(now)s
    and exists (select from ops.wave_population(array[wave.wave_code], %(today)s))
order by array_position(%(priorities)s::text[], instrument_code) nulls last, wave_code
limit %(batch_size)s
for no key update skip locked

-- name: open_waves
-- Grain: one wave. Our own forms know who has answered; of an outside tool its completions tell.
update ops.survey_waves
set state = 'open', opened_at = %(now)s, has_completions = source = 'forms'
where wave_code = any (%(wave_codes)s) and state = 'planned'

-- name: open_wave_codes
-- Grain: one wave that takes answers now.
select wave_code, instrument_code, minimum_count
from ops.survey_waves
where state = 'open' and instrument_code <> %(evaluation)s and opened_at <= %(now)s and closes_at > %(now)s
order by wave_code

-- name: waves_to_remind
-- Grain: one open wave whose reminder is due. Without completions nobody knows whom to leave alone.
select wave.wave_code, wave.has_completions
from ops.milestones as step
join ops.survey_waves as wave on wave.wave_code = step.subject_id
where step.subject_kind = 'survey_wave' and step.step = %(step)s and step.state = 'pending'
    and step.due_on <= %(today)s and wave.state = 'open' and wave.closes_at > %(now)s
order by wave.wave_code
for update of step skip locked

-- name: waves_to_close
-- Grain: one open wave whose days are over. Waits for an export that is being merged rather than closing a day later, and
-- for LimeSurvey's last answers: with the close the links die by which confidential ones are told apart.
select wave_code, instrument_code, has_completions, minimum_count
from ops.survey_waves as wave
where state = 'open' and instrument_code <> %(evaluation)s and closes_at <= %(now)s
    and not exists (
        select from ops.limesurvey_surveys as survey
        where survey.wave_code = wave.wave_code and survey.opening_number = wave.opening_number
            and not survey.is_finished and wave.closes_at + %(limesurvey_patience)s > %(now)s
    )
order by wave_code
limit %(batch_size)s
for no key update

-- name: last_invitation
-- Grain: nothing but a number: invitations above it were made by this transaction, which holds the lock of invitations.
select coalesce(max(invitation_id), 0) as last_id from ops.invitations

-- name: group_counts
-- Grain: one combination of attributes in one wave: how many invited people have it. Counts, no names.
select
    invitation.wave_code, employee.job_level, employee.job_family, employee.department_code, count(*) as person_count
from ops.invitations as invitation
join core.employees as employee using (employee_id)
where invitation.wave_code = any (%(wave_codes)s) and invitation.state = 'invited'
    and invitation.invitation_id > %(last_id)s
group by invitation.wave_code, employee.job_level, employee.job_family, employee.department_code

-- name: groups_in_use
-- Grain: one combination that invitations of a wave carry.
select distinct wave_code, coarse_groups
from ops.invitations
where wave_code = any (%(wave_codes)s) and state = 'invited' and invitation_id <= %(last_id)s

-- name: fix_groups
-- Grain: one invitation made just now: what an answer sheet may say about its author.
update ops.invitations as invitation
set coarse_groups = fixed.coarse_groups
from unnest(%(keys)s::text[], %(coarse_groups)s::jsonb[]) as fixed (key, coarse_groups), core.employees as employee
where invitation.wave_code = any (%(wave_codes)s) and invitation.state = 'invited'
    and invitation.invitation_id > %(last_id)s and employee.employee_id = invitation.employee_id
    and fixed.key = concat_ws(
        e'\x1f', invitation.wave_code, coalesce(employee.job_level, ''), coalesce(employee.job_family, ''),
        coalesce(employee.department_code, '')
    )

-- name: response_groups
-- Grain: one combination of coarse groups in one wave: how many answer sheets carry it. Counts, no answers.
select wave_code, coarse_groups, response_count from ops.response_groups(%(wave_codes)s)

-- name: coarsen_responses
select ops.coarsen_responses(%(wave_code)s, %(old_groups)s::jsonb[], %(new_groups)s::jsonb[]) as coarsened_count

-- name: classes_to_follow_up
-- Grain: one class session that has ended and whose follow-up is not history yet. A planned wave is looked at again: its
-- class may have moved.
select
    session.session_code, session.course_code,
    (session.ends_at at time zone session.timezone)::date as ended_on
from core.class_sessions as session
where session.session_code > %(after)s and session.status <> 'cancelled' and session.ends_at <= %(now)s
    and session.ends_at >= %(ended_since)s
    and cardinality(%(instrument_codes)s::text[]) > (
        select count(*) from ops.survey_waves as wave
        where wave.subject_kind = 'class_session' and wave.subject_id = session.session_code
            and wave.instrument_code = any (%(instrument_codes)s) and wave.state in ('open', 'closed')
    )
order by session.session_code
limit %(batch_size)s

-- name: response_counts
-- Grain: one wave; whom it asked and who answered, as counts.
select
    wave_code, population_count, invited_count, eligible_count, used_count, held_count, excluded_count, complete_count,
    partial_count, has_completions
from marts.wave_population(%(wave_codes)s)
