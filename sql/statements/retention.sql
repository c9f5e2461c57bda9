-- Retention, erasure and what erased people leave. before: moments earlier than this are past a rule's days.

-- name: note_erased
-- inner, outer: key blocks of HMAC-SHA256. A finding per cell that names an erased person.
insert into {findings} (row_number, column_name, rule)
select staged.row_number, {label}, 'erased_person'
from {staging} as staged
inner join ops.erased_people as erased
    on erased.person_hash = sha256(%(outer)b || sha256(%(inner)b || convert_to(%(prefix)s || staged.{name}, 'UTF8')))
where staged.{name} is not null

-- name: empty_erased
update {staging} as staged
set {name} = null
from {findings} as findings
where findings.row_number = staged.row_number and findings.column_name = {label} and findings.rule = 'erased_person'

-- name: forget_erased
update ops.quarantined_rows as kept
set row_values = '{}', state = 'discarded'
where kept.file_id = %(file_id)s and exists (
    select from ops.quarantine_reasons as reason
    where reason.quarantined_row_id = kept.quarantined_row_id and reason.rule = 'erased_person'
)

-- name: raw_files_quarantined
update ops.quarantined_rows as kept
set row_values = '{}', state = case when kept.state = 'open' then 'discarded' else kept.state end
from ops.inbox_files as file
where file.file_id = kept.file_id and file.finished_at < %(before)s and kept.row_values <> '{}'

-- name: raw_files_parked
-- A row that still waits for its reference is data to come, not a copy: it stays until it is matched or replaced.
update ops.parked_rows as kept
set row_values = '{}', missing_value = ''
from ops.inbox_files as file
where file.file_id = kept.file_id and file.finished_at < %(before)s and kept.state <> 'waiting'
    and kept.row_values <> '{}'

-- name: raw_files_archived
-- Files nobody needs any more; a copy of the same content that still waits keeps it.
select file.file_id, file.archive_uri
from ops.inbox_files as file
where file.finished_at < %(before)s and file.purged_at is null and not exists (
    select from ops.inbox_files as other
    where other.archive_uri = file.archive_uri and other.file_id <> file.file_id
        and coalesce(other.finished_at, 'infinity') >= %(before)s
)
order by file.file_id
limit 5000

-- name: raw_files_gone
update ops.inbox_files set purged_at = %(now)s where file_id = any (%(file_ids)s)

-- name: invitations_people
-- Who was asked is forgotten; how many were, and who of them could not answer, stays.
update ops.invitations as asked
set employee_id = 'purged-' || asked.invitation_id, coarse_groups = '{}',
    not_eligible_reason = case
        when asked.state <> 'invited' or asked.is_used then null
        when wave.subject_kind = 'class_session' and wave.population = 'attendees' and exists (
            select from core.attendance
            where attendance.session_code = wave.subject_id and attendance.employee_id = asked.employee_id
            having bool_and(attendance.status in ('absent', 'excused'))
        ) then 'absent'
        when exists (
            select from ops.mail_stops as stop
            where stop.recipient_kind = 'employee' and stop.recipient_id = asked.employee_id
                and stop.kind = 'bounced' and stop.recorded_at <= coalesce(wave.closed_at, wave.closes_at)
        ) then 'bounced'
    end
from ops.survey_waves as wave
where wave.wave_code = asked.wave_code and wave.closed_at < %(before)s and asked.employee_id not like 'purged-%%'

-- name: invitations_listed
delete from ops.wave_people as listed
using ops.survey_waves as wave
where wave.wave_code = listed.wave_code and wave.closed_at < %(before)s

-- name: invitations_links
delete from forms.dead_links as link
using ops.survey_waves as wave
where wave.wave_code = link.wave_code and wave.closed_at < %(before)s

-- name: mail_bodies_messages
update ops.messages
set mime_bytes = '', recipient_address = '', subject = ''
where coalesce(settled_at, sent_at, composed_at) < %(before)s and mime_bytes <> ''
    and state in ('sent', 'expired', 'suppressed', 'failed', 'bounced')

-- name: mail_bodies_notices
update ops.notices
set facts = '{}'
where decided_at < %(before)s and facts <> '{}' and state in ('dropped', 'expired')

-- name: answers_responses
-- Anonymised: scores and choices stay, what could lead to a person goes.
update confidential.responses as said
set pseudonym = null, coarse_groups = '{}', external_id_hash = said.response_id::text
from ops.survey_waves as wave
where wave.wave_code = said.wave_code and wave.closed_at < %(before)s
    and (said.pseudonym is not null or said.coarse_groups <> '{}')

-- name: answers_texts
delete from confidential.answers as said
using confidential.responses as response, ops.survey_waves as wave
where response.response_id = said.response_id and wave.wave_code = response.wave_code and wave.closed_at < %(before)s
    and said.free_text is not null

-- name: assessment_answers_responses
-- Raw 360 ratings; the results of the person stay as long as other individual records.
delete from confidential.responses as said
using ops.survey_waves as wave
where wave.wave_code = said.wave_code and wave.instrument_code = 'feedback_360' and wave.closed_at < %(before)s

-- name: individual_records_assessments
delete from confidential.assessment_results as result
using ops.survey_waves as wave
where wave.wave_code = result.wave_code and wave.closed_at < %(before)s

-- name: individual_records_forms
delete from core.named_responses where answered_at < %(before)s

-- name: individual_records_kpis
delete from core.kpi_facts where unit_kind = 'employee' and ends_on < (%(before)s at time zone %(zone)s)::date

-- name: individual_records_reviews
-- A review's period is the company's own word (2026Q2, 2026H1) and begins with its year.
delete from core.performance_reviews
where make_date(substring(period from '^[0-9]{4}')::integer, 12, 31) < (%(before)s at time zone %(zone)s)::date

-- name: individual_records_competencies
delete from core.competency_assessments where assessed_on < (%(before)s at time zone %(zone)s)::date

-- name: individual_records_plans
delete from ops.action_plans where settled_at < %(before)s

-- name: individual_records_pages
delete from ops.competency_pages where expires_at < %(before)s

-- name: class_details_questions
delete from core.learner_questions as question
using core.class_sessions as session
where session.session_code = question.session_code and session.ends_at < %(before)s

-- name: class_details_asked
delete from ops.asked_questions as question
using core.class_sessions as session
where session.session_code = question.session_code and session.ends_at < %(before)s

-- name: class_details_digested
delete from ops.digested_questions as question
using core.class_sessions as session
where session.session_code = question.session_code and session.ends_at < %(before)s

-- name: class_details_prework
delete from core.prework_events as event
using core.class_sessions as session
where session.session_code = event.session_code and session.ends_at < %(before)s

-- name: class_details_materials
delete from ops.material_events as event
using core.class_sessions as session
where session.session_code = event.session_code and session.ends_at < %(before)s

-- name: class_details_links
delete from ops.material_links as link
using core.class_sessions as session
where session.session_code = link.session_code and session.ends_at < %(before)s

-- name: class_details_groups
delete from ops.learner_groups as member
using core.class_sessions as session
where session.session_code = member.session_code and session.ends_at < %(before)s

-- name: class_details_desk
delete from forms.sign_in_entries as entry
using core.class_sessions as session
where session.session_code = entry.session_code and session.ends_at < %(before)s

-- name: leavers
-- People who left long enough ago and are still known by their id.
select employee_id
from core.employees
where least(left_on, removed_on) < (%(before)s at time zone %(zone)s)::date and employee_id not like 'erased-%%'
order by employee_id
limit 5000

-- name: remembered
select encode(person_hash, 'hex') as hash from ops.erased_people

-- name: find_people
-- The ids behind keyed hashes, for a database that was restored from before the erasure.
select employee_id, encode(sha256(%(outer)b || sha256(%(inner)b || convert_to(employee_id, 'UTF8'))), 'hex') as hash
from core.employees
where sha256(%(outer)b || sha256(%(inner)b || convert_to(employee_id, 'UTF8'))) = any (%(hashes)s)

-- name: find_trainers
-- The same for trainers who are no employees and still have a name and an address.
select trainer_id, encode(sha256(%(outer)b || sha256(%(inner)b || convert_to(%(prefix)s || trainer_id, 'UTF8'))), 'hex') as hash
from core.trainers
where employee_id is null and email <> 'erased@invalid'
    and sha256(%(outer)b || sha256(%(inner)b || convert_to(%(prefix)s || trainer_id, 'UTF8'))) = any (%(hashes)s)

-- name: is_trainer_erased
select from core.trainers where trainer_id = %(trainer_id)s and email = 'erased@invalid'

-- name: employee_identity
-- By what a person is found: the own id, the codes as a trainer, the name.
select
    person.employee_id, coalesce(person.name, '') as name,
    array(select trainer_id from core.trainers where trainers.employee_id = person.employee_id) as trainer_ids
from core.employees as person
where person.employee_id = %(person_id)s

-- name: trainer_identity
select '' as employee_id, trainer.name, array[trainer.trainer_id] as trainer_ids
from core.trainers as trainer
where trainer.trainer_id = %(person_id)s

-- name: remember
insert into ops.erased_people (person_hash, alias, reason, requested_by, erased_at)
values (%(person_hash)s, %(alias)s, %(reason)s, %(requested_by)s, %(erased_at)s)
on conflict (person_hash) do nothing

-- name: erase_invitations
-- Open calls die with the person; the link of a closed wave leads nowhere already.
update ops.invitations as asked
set token = replace(gen_random_uuid()::text, '-', ''), coarse_groups = '{}'
where asked.employee_id = %(employee_id)s

-- name: erase_notices
-- As an employee and as a trainer: another recipient, the same person.
update ops.notices
set state = 'dropped', reason = 'erased', settled_at = %(now)s
where state = 'planned' and (
    (recipient_kind = 'employee' and recipient_id = %(employee_id)s)
    or (recipient_kind = 'trainer' and recipient_id = any (%(trainer_ids)s))
)

-- name: erase_messages
update ops.messages
set state = 'suppressed', reason = 'erased', next_attempt_at = null, settled_at = %(now)s
where state in ('composed', 'uncertain') and (
    (recipient_kind = 'employee' and recipient_id = %(employee_id)s)
    or (recipient_kind = 'trainer' and recipient_id = any (%(trainer_ids)s))
)

-- name: erase_trainer_mails
update ops.messages
set recipient_address = '', subject = '', mime_bytes = ''
where recipient_kind = 'trainer' and mime_bytes <> '' and recipient_id = any (%(trainer_ids)s)

-- name: erase_duties
-- What the person owes as a trainer: the link dies and nobody is reminded.
update ops.commitments
set state = 'withdrawn'
where state = 'open' and person_kind = 'trainer' and person_id = any (%(trainer_ids)s)

-- name: erase_cases
-- A case without its author is offered to nobody; its page in the material store goes next (`talent.cases.take_out`).
update ops.practice_cases
set state = 'withdrawn', withdrawn_at = %(now)s
where employee_id = %(employee_id)s and state in ('invited', 'written', 'commented', 'published')

-- name: erase_subjects
-- Subjects of mails to others that name the person; what was sent is sent.
update ops.messages
set subject = replace(subject, %(name)s, '***')
where length(%(name)s) > 1 and strpos(subject, %(name)s) > 0

-- name: erase_mentions
-- The person's full name in what others wrote.
update confidential.answers
set free_text = replace(free_text, %(name)s, '***')
where length(%(name)s) > 1 and strpos(free_text, %(name)s) > 0

-- name: erase_quotes
update core.business_interviews
set quote = replace(quote, %(name)s, '***'), pain_point = replace(pain_point, %(name)s, '***')
where length(%(name)s) > 1 and strpos(concat(quote, ' ', pain_point), %(name)s) > 0

-- name: erase_plan_notes
update ops.plan_updates set note = null
where note is not null and plan_id in (select plan_id from ops.action_plans where employee_id = %(employee_id)s)

-- name: erase_plan_entries
delete from forms.plan_entries
where plan_id in (select plan_id from ops.action_plans where employee_id = %(employee_id)s)

-- name: erase_texts
delete from confidential.answers as said
using confidential.responses as response
where response.response_id = said.response_id and response.pseudonym = %(pseudonym)s and said.free_text is not null

-- name: erase_pseudonym
update confidential.responses
set pseudonym = null, coarse_groups = '{}'
where pseudonym = %(pseudonym)s

-- name: erase_waiting
delete from forms.submissions where pseudonym = %(pseudonym)s

-- name: erase_results
delete from confidential.assessment_results as result
using ops.assessments as assessed
where assessed.wave_code = result.wave_code and assessed.employee_id = %(employee_id)s

-- name: erase_quarantined
update ops.quarantined_rows
set row_values = '{}', state = case when state = 'open' then 'discarded' else state end
where row_values <> '{}' and %(employee_id)s in (select value from jsonb_each_text(row_values))

-- name: erase_parked
update ops.parked_rows
set row_values = '{}', missing_value = '', state = case when state = 'waiting' then 'superseded' else state end
where row_values <> '{}' and %(employee_id)s in (select value from jsonb_each_text(row_values))

-- name: erase_trainer_quarantined
-- Only rows of the trainers file: elsewhere the code names a class's trainer and nobody's person.
update ops.quarantined_rows as kept
set row_values = '{}', state = case when kept.state = 'open' then 'discarded' else kept.state end
from ops.inbox_files as file
where file.file_id = kept.file_id and file.dataset = 'trainers' and kept.row_values <> '{}'
    and %(person_id)s in (select value from jsonb_each_text(kept.row_values))

-- name: erase_trainer_parked
update ops.parked_rows as kept
set row_values = '{}', missing_value = '', state = case when kept.state = 'waiting' then 'superseded' else kept.state end
from ops.inbox_files as file
where file.file_id = kept.file_id and file.dataset = 'trainers' and kept.row_values <> '{}'
    and %(person_id)s in (select value from jsonb_each_text(kept.row_values))

-- name: erase_trainer_reports
-- Documents that were made for the trainer, and those that name who teaches to the people of a class day.
select report.report_id, report.uri
from ops.reports as report
join core.class_sessions as session on session.session_code = report.subject_id
where report.purged_at is null and report.uri is not null and session.trainer_id = any (%(trainer_ids)s)
    and (report.audience = 'trainer' or report.kind in ('class_log', 'run_sheet'))

-- name: erase_employee_reports
-- Documents in which single people of a class stand, and those about the person.
select report.report_id, report.uri
from ops.reports as report
where report.purged_at is null and report.uri is not null and (
    report.subject_id = %(employee_id)s
    or report.subject_id in (select wave_code from ops.assessments where employee_id = %(employee_id)s)
    or (report.kind in ('class_log', 'run_sheet') and report.subject_id in (
        select session_code from core.enrollments where employee_id = %(employee_id)s
    ))
)

-- name: erase_reports_done
update ops.reports set purged_at = %(now)s where report_id = any (%(report_ids)s)

-- name: erase_employment
update core.employees set removed_on = coalesce(removed_on, %(today)s) where employee_id = %(alias)s

-- name: count
insert into ops.purge_counts (purged_at, rule, holding, row_count)
values (%(now)s, %(rule)s, %(holding)s, %(row_count)s)
on conflict (purged_at, rule, holding) do update set row_count = ops.purge_counts.row_count + excluded.row_count

-- name: own_answers
-- A person's answers to confidential waves, found by the keyed pseudonym.
select response.wave_code, answer.item_code, answer.score, answer.choice, answer.free_text
from confidential.responses as response
join confidential.answers as answer using (response_id)
where response.pseudonym = %(pseudonym)s
order by response.wave_code, answer.item_code

-- name: own_results
-- A person's 360 as it was told to the person: group figures, never a single rating.
select figure.wave_code, figure.group_code, figure.family, figure.code, figure.statistic, figure.value, figure.rater_count
from confidential.assessment_figures as figure
join ops.assessments as assessed using (wave_code)
where assessed.employee_id = %(employee_id)s and figure.value is not null
order by figure.wave_code, figure.group_code, figure.family, figure.code, figure.statistic
