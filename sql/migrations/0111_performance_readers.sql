-- Who measures a class after 90 days, who hears of it.

-- People hired after the class can stand for nobody.
grant select (hired_on) on core.employees to trainloop_statistics;

-- Grain: one head of a department that so many learners of a class came from (else of the one that most came from). Ids
-- only: the reporter reads no people.
create function ops.business_heads(session text, people_min integer) returns table (employee_id text)
language sql stable security definer set search_path = ''
begin atomic
    with came as (
        select past.department_code, count(*) as learner_count
        from core.class_sessions as sessions
        cross join lateral ops.evaluation_population(array[sessions.session_code]) as seen
        join core.employees_as_of((sessions.ends_at at time zone sessions.timezone)::date) as past
            on past.employee_id = seen.employee_id
        where sessions.session_code = session
        group by past.department_code
    )
    select distinct departments.head_employee_id
    from came
    join core.departments using (department_code)
    where departments.head_employee_id is not null
        and came.learner_count >= least(business_heads.people_min, (select max(learner_count) from came));
end;
revoke execute on function ops.business_heads from public;
grant execute on function ops.business_heads to trainloop_reporter;
