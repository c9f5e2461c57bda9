-- name: plan_waves
-- Grain: one wave that is to open. An open or closed one is history; a planned one follows its dates; one that was
-- withdrawn with its class, or for want of listed people, is planned again as its next opening.
insert into ops.survey_waves as wave (
    wave_code, instrument_code, instrument_version, subject_kind, subject_id, anonymity, state, opened_at, closes_at,
    minimum_count, source, population
)
select
    wave_code, instrument_code, instrument_version, subject_kind, subject_id, anonymity, 'planned', opens_at, closes_at,
    minimum_count, source, population
from unnest(
    %(wave_code)s::text[], %(instrument_code)s::text[], %(instrument_version)s::text[], %(subject_kind)s::text[],
    %(subject_id)s::text[], %(anonymity)s::text[], %(opens_at)s::timestamptz[], %(closes_at)s::timestamptz[],
    %(minimum_count)s::integer[], %(source)s::text[], %(population)s::text[]
) as new (
    wave_code, instrument_code, instrument_version, subject_kind, subject_id, anonymity, opens_at, closes_at,
    minimum_count, source, population
)
where closes_at > %(now)s
on conflict (wave_code) do update
set state = 'planned', opened_at = excluded.opened_at, closes_at = excluded.closes_at, closed_at = null,
    withdrawn_reason = null, opening_number = wave.opening_number + (wave.state = 'cancelled')::integer,
    has_completions = false, instrument_version = excluded.instrument_version,
    minimum_count = excluded.minimum_count, source = excluded.source, population = excluded.population
where (wave.state = 'planned' and (wave.opened_at, wave.closes_at) <> (excluded.opened_at, excluded.closes_at))
    or (
        wave.state = 'cancelled'
        and (
            wave.withdrawn_reason in ('class_cancelled', 'class_moved')
            or (wave.withdrawn_reason = 'nobody_to_ask' and excluded.population = 'listed')
        )
    )
returning wave_code

-- name: list_people
-- Grain: one person that a wave's plan names. Nobody joins a wave that is over.
insert into ops.wave_people as listed (wave_code, employee_id, rater_group)
select wave_code, new.employee_id, new.rater_group
from unnest(%(wave_codes)s::text[], %(employee_ids)s::text[], %(rater_groups)s::text[])
    as new (wave_code, employee_id, rater_group)
join ops.survey_waves as wave using (wave_code)
where wave.state in ('planned', 'open')
on conflict (wave_code, employee_id) do nothing

-- name: write_steps
-- Grain: one milestone of one wave. The caller names only waves that were planned or opened just now.
insert into ops.milestones (
    subject_kind, subject_id, step, due_on, not_after, is_provisional, state, planned_at
)
select 'survey_wave', wave_code, step, due_on, not_after, is_provisional, 'pending', %(now)s
from unnest(
    %(wave_codes)s::text[], %(steps)s::text[], %(due_on)s::date[], %(not_after)s::timestamptz[],
    %(is_provisional)s::boolean[]
) as new (wave_code, step, due_on, not_after, is_provisional)
on conflict (subject_kind, subject_id, step) do update
set due_on = excluded.due_on, not_after = excluded.not_after, is_provisional = excluded.is_provisional,
    state = 'pending', done_at = null, reason = null, planned_at = excluded.planned_at
