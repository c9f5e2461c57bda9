-- As before; who led a learner is looked up person by person instead of ranking the whole history for each of them.
create or replace function ops.wave_population(wave_codes text[], on_day date)
returns table (wave_code text, employee_id text, rater_group text)
language sql stable
begin atomic
    select wave.wave_code, person.employee_id, null::text
    from ops.survey_waves as wave
    join core.employees as person
        on person.removed_on is null and (person.hired_on is null or person.hired_on <= on_day)
        and (person.left_on is null or person.left_on > on_day)
    where wave.wave_code = any (wave_codes) and wave.population = 'active_employees'
    union all
    select wave.wave_code, person.employee_id, null
    from ops.survey_waves as wave
    join ops.evaluation_population(array(
        select survey_waves.subject_id from ops.survey_waves
        where survey_waves.wave_code = any (wave_codes) and survey_waves.population = 'attendees'
    )) as person on person.session_code = wave.subject_id
    where wave.wave_code = any (wave_codes) and wave.population = 'attendees' and wave.subject_kind = 'class_session'
    union all
    -- Who led the learner when the class ended; nobody is asked about themselves.
    select distinct wave.wave_code, past.manager_id, null
    from ops.survey_waves as wave
    join core.class_sessions as session on session.session_code = wave.subject_id
    join ops.evaluation_population(array(
        select survey_waves.subject_id from ops.survey_waves
        where survey_waves.wave_code = any (wave_codes) and survey_waves.population = 'managers_of_attendees'
    )) as person on person.session_code = wave.subject_id
    cross join lateral (
        select history.manager_id
        from core.employee_history as history
        where history.employee_id = person.employee_id and (
            history.valid_to is null
            or history.valid_to > (session.ends_at at time zone session.timezone)::date
        )
        order by history.valid_from
        limit 1
    ) as past
    where wave.wave_code = any (wave_codes) and wave.population = 'managers_of_attendees'
        and wave.subject_kind = 'class_session' and past.manager_id is not null
        and past.manager_id <> person.employee_id
    union all
    -- The subject is a quarter, 2026Q1: classes that ended in it where they were held.
    select distinct wave.wave_code, attendance.employee_id, null
    from ops.survey_waves as wave
    join core.class_sessions as session
        on (session.ends_at at time zone session.timezone)::date >= make_date(
            left(wave.subject_id, 4)::integer, right(wave.subject_id, 1)::integer * 3 - 2, 1
        )
        and (session.ends_at at time zone session.timezone)::date < make_date(
            left(wave.subject_id, 4)::integer, right(wave.subject_id, 1)::integer * 3 - 2, 1
        ) + interval '3 months'
    join core.attendance on attendance.session_code = session.session_code
    where wave.wave_code = any (wave_codes) and wave.population = 'attendees_of_quarter'
        and session.status <> 'cancelled' and attendance.status in ('present', 'late', 'early')
    union all
    -- A trainer who is no employee has no address of the company's and no answer that the cap could count.
    select distinct wave.wave_code, trainer.employee_id, null
    from ops.survey_waves as wave
    cross join core.trainers as trainer
    where wave.wave_code = any (wave_codes) and wave.population = 'trainers' and trainer.employee_id is not null
    union all
    select listed.wave_code, listed.employee_id, listed.rater_group
    from ops.survey_waves as wave
    join ops.wave_people as listed on listed.wave_code = wave.wave_code
    where wave.wave_code = any (wave_codes) and wave.population = 'listed';
end;
