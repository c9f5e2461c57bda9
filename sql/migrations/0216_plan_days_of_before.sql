-- A forms service of the release before, still running while this one is rolled out, asks for a plan's days by the wave.
-- To be dropped by a migration of the release after this one.
create function forms.plan_days(wave text) returns table (ended_on date, today date)
language sql stable security definer set search_path = ''
begin atomic
    select
        (session.ends_at at time zone session.timezone)::date,
        (ops.business_now() at time zone session.timezone)::date
    from ops.survey_waves
    join core.class_sessions as session on session.session_code = survey_waves.subject_id
    where survey_waves.wave_code = wave and survey_waves.instrument_code = 'action_plan';
end;
revoke execute on function forms.plan_days(text) from public;
grant execute on function forms.plan_days(text) to trainloop_forms;
