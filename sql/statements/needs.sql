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
-- People held back by the cap of invitations are not eligible, and that is stated.
select invited_count, eligible_count, held_count, excluded_count from marts.wave_population(array[%(wave_code)s])

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
-- Complete forms only; a question with several answers has a row for each. Free text is counted by themes and never shown.
select
    md5(responses.wave_code || ':' || responses.external_id_hash)::uuid::text as respondent_id,
    answers.item_code,
    answers.choice,
    answers.score as number,
    answers.free_text
from confidential.responses
join confidential.answers using (response_id)
where responses.wave_code = %(wave_code)s and responses.state = 'complete'
    and num_nonnulls(answers.choice, answers.score, answers.free_text) > 0
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

-- name: review
-- Whether the year before the plan year was reviewed, and how many of the review's findings HR dropped (R39).
select
    exists (
        select from published.releases
        where product = 'training_review' and subject_kind = 'training_year'
            and subject_id = (%(year)s::integer - 1)::text and not is_withheld
    ) as is_reviewed,
    (
        select count(*)::integer from ops.need_seeds where year = %(year)s and dropped_at is not null
    ) as dropped_seeds_count

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

-- name: demand_not_shown
-- What releases of this year did not show of single topics though the survey's people as a whole were: the ledger keeps
-- the table of people once for all topics.
select releases.release_id, figures.code as topic_code, 'all' as part
from published.releases
join published.figures using (release_id)
where product = 'annual_needs' and subject_kind = 'needs_year' and subject_id = %(year)s::integer::text
    and family = 'demand' and statistic = 'all_pct' and is_hidden
union all
select releases.release_id, substr(needs_cells.table_code, length('demand:') + 1), 'table'
from published.releases
join published.needs_cells using (release_id)
where product = 'annual_needs' and subject_kind = 'needs_year' and subject_id = %(year)s::integer::text
    and table_code like 'demand:%%'
group by releases.release_id, needs_cells.table_code
having bool_and(is_hidden)

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

-- name: insert_needs
insert into published.needs (
    release_id, topic_code, position, rank, verdict, computed_verdict, override_reason, override_by, priority,
    urgency_score, scope_score, strategic_score, goal_code, competency_code, kpi_code, target_audience, target_count,
    deadline_on, estimated_cost_amount, cumulative_cost_amount, funding
)
select %(release_id)s, rows.*
from unnest(
    %(topic_code)s::text[], %(position)s::integer[], %(rank)s::integer[], %(verdict)s::text[],
    %(computed_verdict)s::text[], %(override_reason)s::text[], %(override_by)s::text[], %(priority)s::numeric[],
    %(urgency_score)s::integer[], %(scope_score)s::integer[], %(strategic_score)s::integer[], %(goal_code)s::text[],
    %(competency_code)s::text[], %(kpi_code)s::text[], %(target_audience)s::text[], %(target_count)s::integer[],
    %(deadline_on)s::date[], %(estimated_cost_amount)s::numeric[], %(cumulative_cost_amount)s::numeric[],
    %(funding)s::text[]
) as rows

-- name: insert_layers
insert into published.need_layers (
    release_id, topic_code, layer, is_passed, is_evidence_missing, reason, value, threshold, respondent_count, is_hidden
)
select %(release_id)s, rows.*
from unnest(
    %(topic_code)s::text[], %(layer)s::text[], %(is_passed)s::boolean[], %(is_evidence_missing)s::boolean[],
    %(reason)s::text[], %(value)s::numeric[], %(threshold)s::numeric[], %(respondent_count)s::integer[],
    %(is_hidden)s::boolean[]
) as rows

-- name: insert_evidence
insert into published.need_evidence (
    release_id, topic_code, layer, position, kind, code, statistic, value, text_value, respondent_count, is_hidden,
    reason
)
select %(release_id)s, rows.*
from unnest(
    %(topic_code)s::text[], %(layer)s::text[], %(position)s::integer[], %(kind)s::text[], %(code)s::text[],
    %(statistic)s::text[], %(value)s::numeric[], %(text_value)s::text[], %(respondent_count)s::integer[],
    %(is_hidden)s::boolean[], %(reason)s::text[]
) as rows

-- name: insert_trace
insert into published.needs_trace (
    release_id, position, goal_code, weight_pct, topic_code, competency_code, course_code, finding, seed_kind, seed_code,
    seed_finding, seed_release_id
)
select %(release_id)s, rows.*
from unnest(
    %(position)s::integer[], %(goal_code)s::text[], %(weight_pct)s::numeric[], %(topic_code)s::text[],
    %(competency_code)s::text[], %(course_code)s::text[], %(finding)s::text[], %(seed_kind)s::text[],
    %(seed_code)s::text[], %(seed_finding)s::text[], %(seed_release_id)s::bigint[]
) as rows

-- name: insert_cells
insert into published.needs_cells (
    release_id, table_code, row_code, column_code, statistic, value, respondent_count, is_hidden, reason
)
select %(release_id)s, rows.*
from unnest(
    %(table_code)s::text[], %(row_code)s::text[], %(column_code)s::text[], %(statistic)s::text[], %(value)s::numeric[],
    %(respondent_count)s::integer[], %(is_hidden)s::boolean[], %(reason)s::text[]
) as rows

-- name: insert_sensitivity
insert into published.needs_sensitivity (release_id, variant, topic_code, priority, rank, is_funded)
select %(release_id)s, rows.*
from unnest(
    %(variant)s::text[], %(topic_code)s::text[], %(priority)s::numeric[], %(rank)s::integer[], %(is_funded)s::boolean[]
) as rows

-- name: insert_labels
insert into published.needs_labels (release_id, kind, code, name_zh, name_en)
select %(release_id)s, rows.*
from unnest(%(kind)s::text[], %(code)s::text[], %(name_zh)s::text[], %(name_en)s::text[]) as rows

-- name: facts
-- What the mail that asks for a decision says in numbers.
select
    count(*) filter (where verdict = 'valid') as valid_count,
    count(*) filter (where verdict = 'to_clarify') as to_clarify_count,
    count(*) filter (where verdict = 'rejected') as rejected_count,
    count(*) filter (where funding = 'funded') as funded_count
from published.needs
where release_id = %(release_id)s

-- name: content_sha256
-- What readers of one release see, in one number: to tell whether another would be news.
select md5(concat_ws(
    E'\x1e',
    (select string_agg((needs)::text, E'\x1f' order by position) from (
        select topic_code, position, rank, verdict, computed_verdict, override_reason, override_by, priority,
            urgency_score, scope_score, strategic_score, goal_code, competency_code, kpi_code, target_audience,
            target_count, deadline_on, estimated_cost_amount, cumulative_cost_amount, funding
        from published.needs where release_id = %(release_id)s
    ) as needs),
    (select string_agg((lines)::text, E'\x1f' order by topic_code, layer) from (
        select topic_code, layer, is_passed, is_evidence_missing, reason, value, threshold, respondent_count, is_hidden
        from published.need_layers where release_id = %(release_id)s
    ) as lines),
    (select string_agg((lines)::text, E'\x1f' order by topic_code, layer, position) from (
        select topic_code, layer, position, kind, code, statistic, value, text_value, respondent_count, is_hidden, reason
        from published.need_evidence where release_id = %(release_id)s
    ) as lines),
    (select string_agg((lines)::text, E'\x1f' order by position) from (
        select position, goal_code, weight_pct, topic_code, competency_code, course_code, finding, seed_kind, seed_code,
            seed_finding
        from published.needs_trace where release_id = %(release_id)s
    ) as lines),
    (select string_agg((lines)::text, E'\x1f' order by table_code, row_code, column_code, statistic) from (
        select table_code, row_code, column_code, statistic, value, respondent_count, is_hidden, reason
        from published.needs_cells where release_id = %(release_id)s
    ) as lines),
    (select string_agg((lines)::text, E'\x1f' order by variant, topic_code) from (
        select variant, topic_code, priority, rank, is_funded
        from published.needs_sensitivity where release_id = %(release_id)s
    ) as lines),
    (select string_agg((lines)::text, E'\x1f' order by family, code, statistic) from (
        select family, code, statistic, value, text_value, respondent_count, is_hidden, reason
        from published.figures where release_id = %(release_id)s
    ) as lines),
    (select string_agg((lines)::text, E'\x1f' order by item_code, position) from (
        select item_code, position, masked_text from published.verbatims where release_id = %(release_id)s
    ) as lines),
    (select string_agg((lines)::text, E'\x1f' order by kind, code) from (
        select kind, code, name_zh, name_en from published.needs_labels where release_id = %(release_id)s
    ) as lines)
)) as content_sha256
