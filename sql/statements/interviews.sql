-- Business interviews of a year's needs: what is planned against what is in.

-- name: interviews_to_plan
-- Grain: one department that is to be interviewed for a year and was not in the twelve months before the launch.
select plan.department_code, plan.interviewer_id, plan.due_on
from core.interview_plan as plan
where plan.year = %(year)s
    and not exists (
        select from core.business_interviews as interview
        where interview.department_code = plan.department_code
            and interview.interviewed_on > %(opens_on)s::date - interval '1 year'
    )
order by plan.department_code

-- name: settle_delivered
-- Grain: one interviewer whose interview came in by another way than the form. Subject: <year>-<department>.
update ops.invitations as invitation
set state = 'excluded', reason = 'delivered'
from ops.survey_waves as wave
where wave.wave_code = invitation.wave_code and wave.wave_code = any (%(wave_codes)s) and wave.state = 'open'
    and wave.instrument_code = 'business_interview' and wave.subject_kind = 'interview'
    and invitation.state = 'invited' and not invitation.is_used
    and exists (
        select from core.business_interviews as interview
        where interview.department_code = substr(wave.subject_id, 6)
            and interview.interviewed_on > wave.opened_at - interval '1 year'
    )

-- name: forms_to_hand_in
-- Grain: one filled interview form that no row of the dataset comes from and that intake has not seen. A form whose row is
-- in quarantine (or parked, or refused) waits for a person there; offering it every day would change nothing.
select
    said.wave_code as interview_id, substr(wave.subject_id, 6) as department_code,
    said.employee_id as interviewer_id, said.answers ->> 'interviewed_on' as interviewed_on,
    said.answers ->> 'pain_point' as pain_point, said.answers ->> 'topic' as topic_code,
    said.answers ->> 'severity' as severity, said.answers ->> 'quote' as quote
from core.named_responses as said
join ops.survey_waves as wave using (wave_code)
where wave.instrument_code = 'business_interview' and wave.subject_kind = 'interview' and said.state = 'complete'
    and not exists (select from core.business_interviews as interview where interview.interview_id = said.wave_code)
    and not exists (
        select from ops.inbox_files as file
        where file.dataset = 'business_interviews' and file.name = 'form-' || said.wave_code || '.csv'
            and file.state <> 'found'
    )
order by said.wave_code
