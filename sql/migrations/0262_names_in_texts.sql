-- Names are looked for in the texts of every class that is evaluated: the texts are made small once, not once for each of
-- everybody's names, and only what is found is told apart. 100,000 people: a quarter of the time.
create or replace function confidential.names_in_texts(session text, texts text[])
returns table (name text)
language sql stable security definer set search_path = ''
as $$
    with everybody as (
        select employees.name, employees.employee_id as person_id from core.employees
        union all
        select trainers.name, trainers.trainer_id from core.trainers
    ),
    class_people as (
        select enrollments.employee_id as person_id from core.enrollments where enrollments.session_code = session
        union
        select unnest(array[class_sessions.trainer_id, class_sessions.class_manager_id])
        from core.class_sessions where class_sessions.session_code = session
    ),
    written as materialized (select lower(array_to_string(texts, E'\n')) as text),
    sought as (
        select everybody.name from everybody
        union all
        select everybody.person_id from everybody where length(everybody.person_id) >= 4
        union all
        select part from everybody
        join class_people using (person_id)
        cross join lateral regexp_split_to_table(everybody.name, '[[:space:]·]+') as part
        where length(part) >= 3
        union all
        select right(everybody.name, 2) from everybody
        join class_people using (person_id)
        where everybody.name ~ '^[\u4e00-\u9fff]{3,4}$'
    )
    select distinct sought.name from sought, written
    where length(sought.name) >= 2 and strpos(written.text, lower(sought.name)) > 0
$$;
