-- What the needs analysis may read beside core: who worked here on a day, and names to be masked in interview quotes.
grant select (hired_on) on core.employees to trainloop_statistics;

-- Names and ids of people that occur in quotes of interviews, for a role that may not read names. Full names and ids of
-- everybody; parts of names only of those who were or were to be interviewed, who interviewed, and of heads: in a large
-- company every word is somebody's given name.
create function confidential.names_in_interviews(texts text[])
returns table (name text)
language sql stable security definer set search_path = ''
as $$
    with everybody as (
        select employees.name, employees.employee_id as person_id from core.employees
        union all
        select trainers.name, trainers.trainer_id from core.trainers
    ),
    concerned as (
        select business_interviews.interviewer_id as person_id from core.business_interviews
        union
        select unnest(array[interview_plan.interviewee_id, interview_plan.interviewer_id]) from core.interview_plan
        union
        select departments.head_employee_id from core.departments
    ),
    written as (select array_to_string(texts, E'\n') as text),
    sought as (
        select everybody.name from everybody
        union
        select everybody.person_id from everybody where length(everybody.person_id) >= 4
        union
        select part from everybody
        join concerned using (person_id)
        cross join lateral regexp_split_to_table(everybody.name, '[[:space:]·]+') as part
        where length(part) >= 3
        union
        select right(everybody.name, 2) from everybody
        join concerned using (person_id)
        where everybody.name ~ '^[\u4e00-\u9fff]{3,4}$'
    )
    select sought.name from sought, written
    where length(sought.name) >= 2 and strpos(lower(written.text), lower(sought.name)) > 0
$$;
revoke all on function confidential.names_in_interviews(text[]) from public;
grant execute on function confidential.names_in_interviews(text[]) to trainloop_statistics;
