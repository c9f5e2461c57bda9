-- The yearly needs analysis: what it reads beside sql/marts/needs_*.sql, and the marts and releases it writes.

-- name: wave
-- The needs survey of one plan year; the day it closed fixes whose results count.
select wave_code, state::text as state, closed_at, instrument_code, instrument_version
from ops.survey_waves
where instrument_code = 'annual_needs' and subject_kind = 'needs_year' and subject_id = %(year)s::integer::text

-- name: years_to_analyze
-- Plan years whose survey is closed and still watched: late evidence makes a new revision, not a new year's report.
select subject_id::integer as year
from ops.survey_waves
where instrument_code = 'annual_needs' and subject_kind = 'needs_year' and state = 'closed'
    and subject_id ~ '^\d{4}$' and closed_at <= %(now)s and closed_at > %(watched_from)s
order by subject_id

-- name: population
select invited_count, eligible_count, used_count, has_completions from marts.evaluation_population(%(wave_code)s)

-- name: forms
select
    md5(wave_code || ':' || external_id_hash)::uuid::text as respondent_id,
    state::text as state,
    coarse_groups ->> 'job_level' as job_level,
    coarse_groups ->> 'job_family' as job_family
from confidential.responses
where wave_code = %(wave_code)s
order by respondent_id

-- name: answers
-- Complete forms only. Free text stays out: nothing of it is shown in the needs report.
select
    md5(responses.wave_code || ':' || responses.external_id_hash)::uuid::text as respondent_id,
    answers.item_code,
    answers.choice,
    coalesce(answers.score, answers.number_value) as number
from confidential.responses
join confidential.answers using (response_id)
where responses.wave_code = %(wave_code)s and responses.state = 'complete'
    and num_nonnulls(answers.choice, answers.score, answers.number_value) > 0
order by respondent_id, answers.item_code, answers.choice

-- name: goals
select goal_code, name_zh, name_en, weight_pct from core.strategy_goals where year = %(year)s order by goal_code

-- name: topics
select
    topic_code, name_zh, name_en, competency_code, goal_code, kpi_code, target_audience, target_families, target_levels,
    deadline_on, estimated_cost_amount
from core.training_topics
order by topic_code

-- name: confirmations
select topic_code, department_code, is_confirmed, cause, override_verdict, override_reason, override_by
from core.need_confirmations
where year = %(year)s
order by topic_code, department_code

-- name: parents
-- A head's word counts for the departments below, unless their own head spoke.
select department_code, parent_code
from core.departments
where parent_code is not null and parent_code <> department_code
order by department_code

-- name: quotes
select topic_code, department_code, quote
from core.business_interviews
where topic_code is not null and quote is not null
    and interviewed_on > %(population_on)s - interval '1 year' and interviewed_on <= %(today)s
order by interview_id

-- name: names_in_quotes
select name from confidential.names_in_interviews(%(texts)s)

-- name: labels
select 'topic' as kind, topic_code as code, name_zh, name_en from core.training_topics
union all
select 'goal', goal_code, name_zh, name_en from core.strategy_goals where year = %(year)s
union all
select 'kpi', kpi_code, name_zh, name_en from core.kpi_definitions
union all
select 'department', department_code, name_zh, name_en from core.departments
union all
select 'course', course_code, name_zh, name_en from core.courses
union all
select 'competency', competency_code, min(coalesce(name_zh, name_en)), min(coalesce(name_en, name_zh))
from core.competency_requirements
where coalesce(name_zh, name_en) is not null
group by competency_code
order by kind, code

-- name: releases
select release_id, revision_number, data_sha256, is_withheld
from published.releases
where product = 'annual_needs' and subject_kind = 'needs_year' and subject_id = %(year)s::integer::text
order by revision_number

-- name: ledger
-- Every earlier release of this year that was not withheld: subtraction has a long memory.
select release_id, figure_key, shown_level, array_agg(respondent_id::text) as respondent_ids
from confidential.release_respondents
join published.releases using (release_id)
where product = 'annual_needs' and subject_kind = 'needs_year' and subject_id = %(year)s::integer::text
    and not is_withheld
group by release_id, figure_key, shown_level

-- name: delete_marts
delete from marts.needs_years where year = %(year)s

-- name: insert_year
insert into marts.needs_years (year, wave_code, population_on, data_sha256, site_version, computed_at)
values (%(year)s, %(wave_code)s, %(population_on)s, %(data_sha256)s, %(site_version)s, %(computed_at)s)

-- name: insert_marts_figures
insert into marts.needs_figures (year, family, code, statistic, value, text_value, respondent_count, refusal)
select %(year)s, rows.*
from unnest(
    %(family)s::text[], %(code)s::text[], %(statistic)s::text[], %(value)s::numeric[], %(text_value)s::text[],
    %(respondent_count)s::integer[], %(refusal)s::text[]
) as rows

-- name: insert_marts_cells
insert into marts.needs_cells (year, table_code, row_code, column_code, statistic, value, respondent_count)
select %(year)s, rows.*
from unnest(
    %(table_code)s::text[], %(row_code)s::text[], %(column_code)s::text[], %(statistic)s::text[], %(value)s::numeric[],
    %(respondent_count)s::integer[]
) as rows

-- name: insert_release
insert into published.releases (
    product, subject_kind, subject_id, revision_number, data_sha256, site_version, released_at, is_withheld,
    withheld_reason
)
values (
    'annual_needs', 'needs_year', %(year)s::integer::text, %(revision_number)s, %(data_sha256)s, %(site_version)s,
    %(released_at)s, %(withheld_reason)s::text is not null, %(withheld_reason)s
)
returning release_id

-- name: insert_audit
insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
values ('statistics', %(action)s, 'needs_year', %(year)s::integer::text, %(detail)s)
