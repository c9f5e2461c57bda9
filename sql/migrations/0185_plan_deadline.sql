-- Action plans (R31) are due some working days after the class, counted in each person's calendar.

drop function forms.plan_days(text);

-- What the form of an action plan is judged by: the class, today there, and in whose working days its due day is counted.
create function forms.plan_days(link bytea) returns table (ended_on date, today date, calendar_code text)
language sql stable security definer set search_path = ''
begin atomic
    select
        (session.ends_at at time zone session.timezone)::date,
        (ops.business_now() at time zone session.timezone)::date,
        person.calendar_code
    from ops.invitations as invitation
    join ops.survey_waves as wave on wave.wave_code = invitation.wave_code
    join core.class_sessions as session on session.session_code = wave.subject_id
    left join core.employees as person on person.employee_id = invitation.employee_id
    where sha256(invitation.token::bytea) = link and wave.instrument_code = 'action_plan';
end;
revoke execute on function forms.plan_days from public;
grant execute on function forms.plan_days to trainloop_forms;
