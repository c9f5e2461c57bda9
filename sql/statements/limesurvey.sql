-- LimeSurvey as a survey source: which waves it asks, who may answer, who has.

-- name: waves
-- Grain: one wave asked in LimeSurvey that has not been finished there. A planned one is made ready a day ahead, so that
-- links work when invitations go out.
select
    wave.wave_code, wave.instrument_code, wave.anonymity, wave.state::text as state, wave.opened_at,
    wave.closes_at, wave.opening_number, wave.minimum_count, survey.survey_id, survey.closes_at as survey_closes_at,
    coalesce(survey.pulled_count, 0) as pulled_count, ops.business_now() as now
from ops.survey_waves as wave
left join ops.limesurvey_surveys as survey
    on survey.wave_code = wave.wave_code and survey.opening_number = wave.opening_number
where wave.source = 'limesurvey' and not coalesce(survey.is_finished, false)
    and (
        wave.state = 'open' or survey.survey_id is not null
        or (wave.state = 'planned' and wave.opened_at <= ops.business_now() + interval '1 day')
    )
order by wave.wave_code

-- name: keep_survey
insert into ops.limesurvey_surveys (wave_code, opening_number, survey_id, questions, closes_at)
values (%(wave_code)s, %(opening_number)s, %(survey_id)s, %(questions)s, %(closes_at)s)
on conflict (wave_code) do update
set opening_number = excluded.opening_number, survey_id = excluded.survey_id, questions = excluded.questions,
    closes_at = excluded.closes_at, pulled_count = 0, is_finished = false

-- name: note_end
update ops.limesurvey_surveys set closes_at = %(closes_at)s where wave_code = %(wave_code)s

-- name: note_pull
update ops.limesurvey_surveys
set pulled_count = %(pulled_count)s, is_finished = %(is_finished)s
where wave_code = %(wave_code)s

-- name: gate_state
-- What became of a file of this name: its name holds the hash of its content.
select state::text as state from ops.inbox_files
where dataset = %(dataset)s and name = %(name)s
order by file_id desc
limit 1

-- name: survey
-- What a file of one survey's answers means.
select survey.wave_code, wave.instrument_code, wave.anonymity, survey.questions
from ops.limesurvey_surveys as survey
join ops.survey_waves as wave using (wave_code)
where survey.survey_id = %(survey_id)s

-- name: tokens
-- Grain: one link of one wave. Nobody's name leaves: LimeSurvey knows tokens only.
select token, state::text as state, is_used from ops.invitations where wave_code = %(wave_code)s order by token

-- name: mark_used
update ops.invitations set is_used = true
where wave_code = %(wave_code)s and token = any (%(tokens)s::text[]) and not is_used

-- name: note_completions
update ops.survey_waves set has_completions = true where wave_code = %(wave_code)s and not has_completions
