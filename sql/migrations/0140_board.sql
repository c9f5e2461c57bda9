-- The lifecycle board: what role board may read of classes beside `ops` and `published`, and what HR may change there.

-- Grain: one class session with the names the board shows. Nobody but the trainer is named.
create view marts.lifecycle_sessions as
select
    sessions.session_code, sessions.course_code, courses.name_zh as course_zh, courses.name_en as course_en,
    courses.topic_code, courses.hours, sessions.trainer_id, trainers.name as trainer_name, sessions.starts_at,
    sessions.ends_at, sessions.timezone, sessions.mode, sessions.status, sessions.is_pilot
from core.class_sessions as sessions
join core.courses as courses on courses.course_code = sessions.course_code
join core.trainers as trainers on trainers.trainer_id = sessions.trainer_id;

-- Grain: one class session and one department that has a seat in it: for the filter, without a count.
create view marts.lifecycle_departments as
select distinct enrollments.session_code, employees.department_code
from core.enrollments as enrollments
join core.employees as employees on employees.employee_id = enrollments.employee_id
where enrollments.status in ('invited', 'confirmed', 'waitlisted');

-- Grain: one department in use.
create view marts.lifecycle_department_names as
select department_code, name_zh, name_en
from core.departments
where removed_on is null;

-- Grain: one trainer and what the board says of them; no address, no rate.
create view marts.lifecycle_trainers as
select trainer_id, name, kind, trainer_level from core.trainers;

-- Grain: one class session with an enrolment: seats by status.
create view marts.lifecycle_seats as
select
    session_code,
    count(*) filter (where status = 'confirmed') as confirmed_count,
    count(*) filter (where status = 'waitlisted') as waitlisted_count
from core.enrollments
group by session_code;

-- A new first attempt for mails that failed for good: four days of patience begin again, what may have arrived stays known.
-- The board may ask for it without reading a mail.
create function ops.retry_messages(message_ids bigint[]) returns table (message_id bigint, attempt_count integer)
language sql security definer set search_path = ''
begin atomic
    update ops.messages
    set state = case when uncertain_count > 0 then 'uncertain' else 'composed' end::ops.message_state,
        next_attempt_at = ops.business_now(), first_attempt_at = null, attempt_count = 0, settled_at = null,
        reason = null, not_after = case when state = 'expired' then null else not_after end
    where messages.message_id = any (message_ids)
        and (state in ('failed', 'expired', 'bounced') or (state = 'uncertain' and next_attempt_at is null))
    returning messages.message_id, messages.attempt_count;
end;
revoke execute on function ops.retry_messages from public;
grant execute on function ops.retry_messages to trainloop_sender, trainloop_board;

grant usage on schema marts to trainloop_board;
grant select on marts.lifecycle_sessions, marts.lifecycle_departments, marts.lifecycle_department_names,
    marts.lifecycle_trainers, marts.lifecycle_seats to trainloop_board;
grant insert, delete on ops.held_templates to trainloop_board;

-- The page of a class asks for its reports; without it every page reads all reports of all classes.
create index reports_subject_idx on ops.reports (subject_kind, subject_id);
