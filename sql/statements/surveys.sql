-- name: sessions_to_open
-- Grain: one class session whose evaluation can open: it has ended, attendance is in (or was waited for long enough)
-- and there is somebody to ask. The others stay pending until they can, or until their latest time has passed.
select
    session.session_code, session.course_code,
    not exists (
        select from core.attendance where attendance.session_code = session.session_code
    ) as is_without_attendance
from ops.milestones as step
join core.class_sessions as session on session.session_code = step.subject_id
where step.subject_kind = 'class_session' and step.step = %(step)s and step.state = 'pending'
    and step.due_on <= %(today)s and (step.not_after is null or step.not_after >= %(now)s)
    and session.status <> 'cancelled' and session.ends_at <= %(now)s
    and (
        session.ends_at < %(waited_since)s
        or exists (select from core.attendance where attendance.session_code = session.session_code)
    )
    and exists (select from ops.evaluation_population(array[session.session_code]))
order by session.session_code
limit %(batch_size)s
for update of step skip locked

-- name: open_waves
-- Grain: one wave of one class session. A wave that was withdrawn opens again under its next number. Our own forms know who
-- has answered; of an outside tool its completions tell.
insert into ops.survey_waves as wave (
    wave_code, instrument_code, instrument_version, subject_kind, subject_id, anonymity, opened_at, closes_at,
    is_without_attendance, minimum_count, source, has_completions
)
select
    wave_code, %(instrument_code)s, %(instrument_version)s, 'class_session', session_code, %(anonymity)s,
    %(now)s, %(closes_at)s, is_without_attendance, %(minimum_count)s, new.source, new.source = 'forms'
from unnest(
    %(wave_codes)s::text[], %(session_codes)s::text[], %(is_without_attendance)s::boolean[], %(sources)s::text[]
) as new (wave_code, session_code, is_without_attendance, source)
on conflict (wave_code) do update
set state = 'open', opened_at = excluded.opened_at, closes_at = excluded.closes_at, closed_at = null,
    withdrawn_reason = null, opening_number = wave.opening_number + 1, has_completions = excluded.has_completions,
    instrument_version = excluded.instrument_version, is_without_attendance = excluded.is_without_attendance,
    source = excluded.source
where wave.state = 'cancelled'

-- name: renew_invitations
-- Grain: one person of a wave that opens again. The call counts from today; who answered is not called again.
update ops.invitations as invitation
set invited_on = %(today)s
from ops.survey_waves as wave
where wave.wave_code = invitation.wave_code and wave.wave_code = any (%(wave_codes)s) and wave.opening_number > 1
    and invitation.state = 'invited' and not invitation.is_used

-- name: open_wave_codes
-- Grain: one course evaluation that takes answers now.
select wave_code
from ops.survey_waves
where instrument_code = %(instrument_code)s and subject_kind = 'class_session' and state = 'open'
    and closes_at > %(now)s and opened_at <= %(now)s
order by wave_code

-- name: exclude_gone
-- Grain: one invited person who owes nothing any more: left, cannot be mailed, was not there after all or is no longer
-- among those who are asked. Whoever has answered stays: an answer is never taken back.
update ops.invitations as invitation
set state = 'excluded', reason = case
    when employee.removed_on is not null or employee.left_on <= %(today)s then 'left'
    when bounced.recipient_id is not null then 'bounced'
    when wave.population = 'attendees' then 'absent'
    else 'not_concerned'
end
from ops.survey_waves as wave, core.employees as employee
left join ops.mail_stops as bounced
    on bounced.recipient_kind = 'employee' and bounced.recipient_id = employee.employee_id
    and bounced.kind = 'bounced'
where wave.wave_code = invitation.wave_code and wave.wave_code = any (%(wave_codes)s) and wave.state = 'open'
    and employee.employee_id = invitation.employee_id
    and invitation.state = 'invited' and not invitation.is_used
    and (
        employee.removed_on is not null or employee.left_on <= %(today)s or bounced.recipient_id is not null
        or not exists (
            select from ops.wave_population(%(wave_codes)s, %(today)s) as person
            where person.wave_code = invitation.wave_code and person.employee_id = invitation.employee_id
        )
    )

-- name: restore_returned
-- Grain: one excluded person who is to be asked after all (a corrected attendance list); their notice lives again.
with restored as (
    update ops.invitations as invitation
    set state = 'invited', reason = null
    from ops.survey_waves as wave, core.employees as employee,
        ops.wave_population(%(wave_codes)s, %(today)s) as person
    where wave.wave_code = invitation.wave_code and wave.wave_code = any (%(wave_codes)s) and wave.state = 'open'
        and person.wave_code = invitation.wave_code and person.employee_id = invitation.employee_id
        and employee.employee_id = invitation.employee_id
        and employee.removed_on is null and (employee.left_on is null or employee.left_on > %(today)s)
        and invitation.state = 'excluded' and invitation.reason in ('absent', 'left', 'not_concerned')
    returning invitation.wave_code, invitation.employee_id
),
revived as (
    update ops.notices as notice
    set state = 'planned', reason = null, settled_at = null, message_id = null
    from restored
    where notice.kind = 'survey_invitation' and notice.subject_kind = 'survey_wave'
        and notice.subject_id = restored.wave_code and notice.recipient_kind = 'employee'
        and notice.recipient_id = restored.employee_id and notice.state = 'dropped'
)
select count(*) as restored_count from restored

-- name: invite_missing
-- Grain: one person of the population who has no invitation to the wave yet. A person is called at most as often as the
-- cap allows in its window; of several calls on one day the more important instrument wins. Held back = not eligible.
-- Named waves are tasks, no surveys: the cap neither holds nor counts them, and opting out of optional mail leaves them.
with missing as (
    select
        wave.wave_code, wave.instrument_code, person.employee_id, person.rater_group,
        wave.anonymity <> 'named' as is_survey,
        case
            when employee.removed_on is not null or employee.left_on <= %(today)s then 'left'
            when bounced.recipient_id is not null then 'bounced'
        end as exclusion,
        opted_out.recipient_id is not null and wave.anonymity <> 'named' as is_opted_out
    from ops.survey_waves as wave
    join ops.wave_population(%(wave_codes)s, %(today)s) as person on person.wave_code = wave.wave_code
    join core.employees as employee on employee.employee_id = person.employee_id
    left join ops.mail_stops as bounced
        on bounced.recipient_kind = 'employee' and bounced.recipient_id = person.employee_id
        and bounced.kind = 'bounced'
    left join ops.mail_stops as opted_out
        on opted_out.recipient_kind = 'employee' and opted_out.recipient_id = person.employee_id
        and opted_out.kind = 'opted_out'
    where wave.wave_code = any (%(wave_codes)s) and wave.state = 'open'
        and not exists (
            select from ops.invitations as invitation
            where invitation.wave_code = wave.wave_code and invitation.employee_id = person.employee_id
        )
),
called as (
    select invitation.employee_id, count(*) as call_count
    from ops.invitations as invitation
    join ops.survey_waves as wave using (wave_code)
    where invitation.state = 'invited' and invitation.invited_on > %(window_from)s and wave.anonymity <> 'named'
        and invitation.employee_id in (select employee_id from missing)
    group by invitation.employee_id
),
ranked as (
    select
        missing.*,
        is_survey and coalesce(called.call_count, 0) + row_number() over (
            partition by missing.employee_id, missing.exclusion is null, missing.is_survey
            order by array_position(%(priorities)s::text[], missing.instrument_code) nulls last, missing.wave_code
        ) > %(max_invitations)s as is_too_many
    from missing
    left join called using (employee_id)
)
insert into ops.invitations (wave_code, employee_id, rater_group, token, state, reason, invited_on)
select
    wave_code, employee_id, rater_group, replace(gen_random_uuid()::text, '-', ''),
    case
        when exclusion is not null then 'excluded'
        when is_too_many then 'held_by_cap'
        else 'invited'
    end::ops.invitation_state,
    case
        when exclusion is not null then exclusion
        when is_too_many then 'invitation_cap'
        when is_opted_out then 'opted_out'
    end,
    %(today)s
from ranked
on conflict (wave_code, employee_id) do nothing

-- name: prefer_important
-- Grain: one person who is held back from a wave today and was called to less important ones today that no mail has left
-- for yet: the least important of them gives way. Its notice is dropped when the mail would be composed.
with held as (
    select
        invitation.invitation_id, invitation.employee_id,
        coalesce(array_position(%(priorities)s::text[], wave.instrument_code), 1000) as place,
        row_number() over (
            partition by invitation.employee_id
            order by array_position(%(priorities)s::text[], wave.instrument_code) nulls last, wave.wave_code
        ) as number
    from ops.invitations as invitation
    join ops.survey_waves as wave using (wave_code)
    where wave.wave_code = any (%(wave_codes)s) and wave.state = 'open'
        and invitation.state = 'held_by_cap' and invitation.invited_on = %(today)s
),
called as (
    select
        invitation.invitation_id, invitation.employee_id,
        coalesce(array_position(%(priorities)s::text[], wave.instrument_code), 1000) as place,
        row_number() over (
            partition by invitation.employee_id
            order by array_position(%(priorities)s::text[], wave.instrument_code) desc nulls first, wave.wave_code desc
        ) as number
    from ops.invitations as invitation
    join ops.survey_waves as wave using (wave_code)
    where invitation.employee_id in (select employee_id from held) and invitation.invited_on = %(today)s
        and wave.state = 'open' and wave.anonymity <> 'named'
        and invitation.state = 'invited' and not invitation.is_used
        and not exists (
            select from ops.notices as notice
            where notice.kind = 'survey_invitation' and notice.subject_kind = 'survey_wave'
                and notice.subject_id = wave.wave_code and notice.recipient_kind = 'employee'
                and notice.recipient_id = invitation.employee_id and notice.state = 'composed'
        )
),
swapped as (
    select change.invitation_id, change.state, change.reason
    from held
    join called using (employee_id, number)
    cross join lateral (values
        (held.invitation_id, 'invited', null), (called.invitation_id, 'held_by_cap', 'invitation_cap')
    ) as change (invitation_id, state, reason)
    where held.place < called.place
)
update ops.invitations as invitation
set state = swapped.state::ops.invitation_state, reason = swapped.reason
from swapped
where invitation.invitation_id = swapped.invitation_id

-- name: plan_invitation_notices
-- Grain: one invited person whom nobody has told yet; also heals a wave that a run without mails opened.
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, step, sequence_number, is_optional, not_before,
    not_after
)
select
    'survey_invitation', 'survey_wave', wave.wave_code, 'employee', invitation.employee_id, '', wave.opening_number,
    wave.anonymity <> 'named', %(real_now)s, wave.closes_at
from ops.invitations as invitation
join ops.survey_waves as wave using (wave_code)
where wave.wave_code = any (%(wave_codes)s) and wave.state = 'open' and wave.closes_at > %(real_now)s
    and invitation.state = 'invited' and not invitation.is_used
    and not exists (
        select from ops.mail_stops as stop
        where stop.recipient_kind = 'employee' and stop.recipient_id = invitation.employee_id
            and (stop.kind <> 'opted_out' or wave.anonymity <> 'named')
    )
on conflict on constraint told_once do nothing

-- name: withdraw_waves
-- Grain: one open wave whose class was cancelled or has not ended after all. What was not sent is dropped, the links
-- die, and the steps of the wave are owed again (the plan skips them when the class is cancelled).
with withdrawn as (
    update ops.survey_waves as wave
    set state = 'cancelled', closed_at = %(now)s,
        withdrawn_reason = case when session.status = 'cancelled' then 'class_cancelled' else 'class_moved' end
    from core.class_sessions as session
    where wave.state = 'open' and wave.instrument_code = %(instrument_code)s
        and wave.subject_kind = 'class_session' and wave.subject_id = session.session_code
        and (session.status = 'cancelled' or session.ends_at > %(now)s)
    returning wave.wave_code, wave.subject_id, wave.withdrawn_reason
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
owed as (
    update ops.milestones as step
    set state = 'pending', done_at = null, emitted_at = null, reason = withdrawn.withdrawn_reason
    from withdrawn
    where step.subject_kind = 'class_session' and step.subject_id = withdrawn.subject_id
        and step.step = any (%(steps)s) and step.state <> 'pending'
)
select wave_code from withdrawn

-- name: waves_to_remind
-- Grain: one open wave whose reminder is due. Without completions nobody knows whom to leave alone.
select wave.wave_code, wave.subject_id as session_code, wave.has_completions
from ops.milestones as step
join ops.survey_waves as wave
    on wave.instrument_code = %(instrument_code)s and wave.subject_kind = step.subject_kind
    and wave.subject_id = step.subject_id
where step.subject_kind = 'class_session' and step.step = %(step)s and step.state = 'pending'
    and step.due_on <= %(today)s and wave.state = 'open' and wave.closes_at > %(now)s
order by wave.wave_code
for update of step skip locked

-- name: plan_reminders
-- Grain: one person who has not answered. Nobody is called within the least distance of the call before, and nobody when
-- that would be after the close. The last call is looked up person by person: a list of calls to a wave that was opened
-- this morning has no statistics, and joining 100,000 with 100,000 blindly takes hours.
with owing as (
    select
        wave.wave_code, wave.opening_number, wave.closes_at, wave.anonymity, invitation.employee_id,
        greatest(%(now)s, (
            select max(coalesce(message.sent_at, notice.not_before))
            from ops.notices as notice
            left join ops.messages as message using (message_id)
            where notice.kind in ('survey_invitation', 'survey_reminder') and notice.subject_kind = 'survey_wave'
                and notice.subject_id = wave.wave_code and notice.recipient_kind = 'employee'
                and notice.recipient_id = invitation.employee_id and notice.sequence_number = wave.opening_number
                and notice.state in ('planned', 'composed')
        ) + %(least_distance)s) as not_before
    from ops.invitations as invitation
    join ops.survey_waves as wave using (wave_code)
    where wave.wave_code = any (%(wave_codes)s)
        and invitation.state = 'invited' and not invitation.is_used
        and not exists (
            select from ops.mail_stops as stop
            where stop.recipient_kind = 'employee' and stop.recipient_id = invitation.employee_id
                and (stop.kind <> 'opted_out' or wave.anonymity <> 'named')
        )
)
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, step, sequence_number, is_optional, not_before,
    not_after
)
select
    'survey_reminder', 'survey_wave', wave_code, 'employee', employee_id, %(step)s, opening_number,
    anonymity <> 'named', not_before, closes_at
from owing
where not_before < closes_at
on conflict on constraint told_once do nothing

-- name: settle_reminders
-- Grain: one reminder of one wave, a step of its class for evaluations. When nobody who owes could be called in time, the
-- step came too late.
update ops.milestones as step
set state = case
        when told.is_told or not owing.is_owing then 'done' else 'expired'
    end::ops.milestone_state,
    done_at = case when told.is_told or not owing.is_owing then %(now)s::timestamptz end,
    reason = case when not told.is_told and owing.is_owing then 'not_after_passed' end
from ops.survey_waves as wave,
    lateral (
        select exists (
            select from ops.notices as notice
            where notice.kind = 'survey_reminder' and notice.subject_kind = 'survey_wave'
                and notice.subject_id = wave.wave_code and notice.step = %(step)s
                and notice.sequence_number = wave.opening_number
        ) as is_told
    ) as told,
    lateral (
        select exists (
            select from ops.invitations as invitation
            where invitation.wave_code = wave.wave_code and invitation.state = 'invited' and not invitation.is_used
                and not exists (
                    select from ops.mail_stops as stop
                    where stop.recipient_kind = 'employee' and stop.recipient_id = invitation.employee_id
                        and (stop.kind <> 'opted_out' or wave.anonymity <> 'named')
                )
        ) as is_owing
    ) as owing
where wave.wave_code = any (%(wave_codes)s) and step.step = %(step)s and step.state = 'pending'
    and step.subject_kind = %(subject_kind)s
    and step.subject_id = case %(subject_kind)s when 'survey_wave' then wave.wave_code else wave.subject_id end

-- name: waves_to_close
-- Grain: one open wave whose days are over. Waits for an export that is being merged rather than closing a day later, and
-- for LimeSurvey's last answers: with the close the links die by which confidential ones are told apart.
select wave_code, subject_id as session_code, has_completions
from ops.survey_waves as wave
where instrument_code = %(instrument_code)s and subject_kind = 'class_session' and state = 'open'
    and closes_at <= %(now)s
    and not exists (
        select from ops.limesurvey_surveys as survey
        where survey.wave_code = wave.wave_code and survey.opening_number = wave.opening_number
            and not survey.is_finished and wave.closes_at + %(limesurvey_patience)s > %(now)s
    )
order by wave_code
limit %(batch_size)s
for no key update

-- name: close_waves
-- Grain: one wave. Its links die and what was not sent is dropped.
with closed as (
    update ops.survey_waves
    set state = 'closed', closed_at = %(now)s
    where wave_code = any (%(wave_codes)s) and state = 'open'
    returning wave_code
),
dropped as (
    update ops.notices as notice
    set state = 'dropped', reason = 'wave_closed', settled_at = %(now)s
    from closed
    where notice.kind in ('survey_invitation', 'survey_reminder') and notice.subject_kind = 'survey_wave'
        and notice.subject_id = closed.wave_code and notice.state = 'planned'
)
update ops.invitations as invitation
set token = replace(gen_random_uuid()::text, '-', '')
from closed
where invitation.wave_code = closed.wave_code

-- name: rewrite_responses
select ops.rewrite_responses(%(wave_codes)s, %(renews_ids)s) as response_count

-- name: owe_changed_reports
-- Grain: one class session whose report was made and whose attendance or tests came or were corrected afterwards.
select ops.owe_reports(coalesce(array_agg(distinct step.subject_id), '{}')) as owed_count
from ops.milestones as step
where step.subject_kind = 'class_session' and step.step = %(step)s and step.state = 'done'
    and step.due_on > %(watched_since)s
    and (
        exists (
            select from core.attendance
            join ops.inbox_files as file using (file_id)
            where attendance.session_code = step.subject_id and file.finished_at > step.done_at
        )
        or exists (
            select from core.test_results
            join ops.inbox_files as file using (file_id)
            where test_results.session_code = step.subject_id and file.finished_at > step.done_at
        )
    )

-- name: emit_reports
-- Grain: one class session whose evaluation is closed and whose report is owed. The lease guards processes, so it counts
-- in real time: a report that was announced and not made is announced again when the lease is over.
with owed as (
    select step.milestone_id
    from ops.milestones as step
    join ops.survey_waves as wave
        on wave.instrument_code = %(instrument_code)s and wave.subject_kind = step.subject_kind
        and wave.subject_id = step.subject_id
    where step.subject_kind = 'class_session' and step.step = %(step)s and step.state = 'pending'
        and step.due_on <= %(today)s and wave.state = 'closed'
        and (step.emitted_at is null or step.emitted_at < clock_timestamp() - %(lease)s)
    for update of step skip locked
)
update ops.milestones as step
set emitted_at = clock_timestamp(), is_late = step.is_late or coalesce(step.not_after < %(now)s, false)
from owed
where step.milestone_id = owed.milestone_id
returning step.subject_id as session_code, step.is_late
