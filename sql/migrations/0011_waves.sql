-- Waves of every instrument: whom they ask is a rule of the wave, some have a list of their own, and coarse groups are
-- made coarser when a wave closes, so that a stored answer never stands for fewer people than promised.

-- population: the rule of `ops.wave_population` that says whom the wave asks.
alter table ops.survey_waves add column population text not null default 'attendees'
    constraint survey_waves_population_known check (population in (
        'active_employees', 'attendees', 'managers_of_attendees', 'attendees_of_quarter', 'trainers', 'listed'
    ));
-- The daily scan asks which planned waves are to open.
create index survey_waves_planned_idx on ops.survey_waves (opened_at) where state = 'planned';

-- Grain: one person that the plan of a wave names (population listed): raters of a 360, interviewers, a pilot's teams.
create table ops.wave_people (
    wave_code text not null references ops.survey_waves,
    employee_id text not null,
    rater_group text constraint wave_people_rater_group_known
        check (rater_group in ('self', 'manager', 'peer', 'report', 'other')),
    primary key (wave_code, employee_id)
);

-- Grain: one person who is to be asked by one wave on a day. Runs with the caller's rights and is inlined into the
-- statements that use it; each wave has one rule, so the branches never meet in one wave.
create function ops.wave_population(wave_codes text[], on_day date)
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
    join lateral core.employees_as_of((session.ends_at at time zone session.timezone)::date) as past
        on past.employee_id = person.employee_id
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

-- How many answer sheets stand under each combination of coarse groups: counts, no answers. The planner decides by them
-- which combinations are too small to keep.
create function ops.response_groups(wave_codes text[])
returns table (wave_code text, coarse_groups jsonb, response_count bigint)
language sql stable security definer set search_path = ''
begin atomic
    select responses.wave_code, responses.coarse_groups, count(*)
    from confidential.responses
    where responses.wave_code = any (wave_codes)
    group by responses.wave_code, responses.coarse_groups;
end;
revoke execute on function ops.response_groups from public;

-- Replaces combinations of coarse groups of one wave by coarser ones. The caller never sees an answer.
create function ops.coarsen_responses(wave text, old_groups jsonb[], new_groups jsonb[]) returns bigint
language sql security definer set search_path = ''
begin atomic
    with coarsened as (
        update confidential.responses
        set coarse_groups = change.new_group
        from unnest(old_groups, new_groups) as change (old_group, new_group)
        where responses.wave_code = wave and responses.coarse_groups = change.old_group
            and change.old_group <> change.new_group
        returning 1
    )
    select count(*) from coarsened;
end;
revoke execute on function ops.coarsen_responses from public;

-- As before, and a confidential answer keeps the pseudonym that links it to the same person's next form.
create or replace function ops.rewrite_responses(wave_codes text[], renews_ids boolean) returns bigint
language plpgsql security definer set search_path = '' as $$
declare
    wave text;
    kept confidential.responses[];
    said confidential.answers[];
    ids uuid[];
    rewritten bigint := 0;
begin
    foreach wave in array wave_codes loop
        perform from ops.survey_waves where wave_code = wave for no key update;
        select coalesce(array_agg(response), '{}'),
            coalesce(array_agg(case when renews_ids then gen_random_uuid() else response.response_id end), '{}')
        into kept, ids
        from confidential.responses as response where response.wave_code = wave;
        select coalesce(array_agg(answer), '{}') into said
        from confidential.answers as answer
        join confidential.responses as response using (response_id)
        where response.wave_code = wave;
        delete from confidential.responses where wave_code = wave;
        insert into confidential.responses (
            response_id, wave_code, state, external_id_hash, coarse_groups, is_straight_lined, pseudonym
        )
        select new_id, wave_code, state, external_id_hash, coarse_groups, is_straight_lined, pseudonym
        from unnest(kept) with ordinality as old
        join unnest(ids) with ordinality as fresh (new_id, ordinality) using (ordinality)
        order by gen_random_uuid();
        insert into confidential.answers (response_id, item_code, score, choice, free_text)
        select fresh.new_id, answer.item_code, answer.score, answer.choice, answer.free_text
        from unnest(said) as answer
        join unnest(kept) with ordinality as old on old.response_id = answer.response_id
        join unnest(ids) with ordinality as fresh (new_id, ordinality) on fresh.ordinality = old.ordinality
        order by gen_random_uuid();
        rewritten := rewritten + cardinality(kept);
    end loop;
    return rewritten;
end
$$;

grant select, insert, update, delete on ops.wave_people to trainloop_planner;
grant execute on function ops.response_groups, ops.coarsen_responses to trainloop_planner;
