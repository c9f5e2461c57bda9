-- Results of waves: read confidential and core, replace marts, add to published. A release's subject is its product,
-- the kind of thing it is about and that thing's id.

-- name: sessions
-- Grain: one class session with its evaluation wave.
select
    session.session_code, session.course_code, session.trainer_id, session.starts_at, course.hours as course_hours,
    wave.wave_code, wave.instrument_code, wave.instrument_version, wave.state::text as state
from unnest(%(session_codes)s::text[], %(wave_codes)s::text[]) as asked (session_code, wave_code)
join core.class_sessions as session on session.session_code = asked.session_code
join core.courses as course on course.course_code = session.course_code
join ops.survey_waves as wave on wave.wave_code = asked.wave_code

-- name: interactions
-- Grain: one learner, kind and item. A quiz item answered twice counts as it was answered first.
with numbered as (
    select
        session_code, employee_id, kind, item_code, is_correct, turn_count,
        row_number() over (
            partition by session_code, employee_id, item_code order by happened_at, interaction_id
        ) as nth
    from core.valid_interactions
    where session_code = any(%(session_codes)s) and kind = 'quiz'
)
select session_code, employee_id, kind, item_code, is_correct, turn_count from numbered where nth = 1
union all
select session_code, employee_id, kind, null, null, sum(turn_count)::integer
from core.valid_interactions
where session_code = any(%(session_codes)s) and kind <> 'quiz'
group by session_code, employee_id, kind
order by 1, 2, 3, 4

-- name: learners
-- Grain: one learner who could speak: who was there, else who was confirmed.
select session_code, employee_id from ops.evaluation_population(%(session_codes)s)

-- name: costs
-- Grain: one currency with what the class cost in it.
select session_code, currency, sum(amount) as amount
from core.session_costs
where session_code = any(%(session_codes)s)
group by session_code, currency

-- name: population
select asked.wave_code, people.invited_count, people.eligible_count, people.used_count, people.has_completions
from unnest(%(wave_codes)s::text[]) as asked (wave_code)
cross join lateral marts.evaluation_population(asked.wave_code) as people

-- name: responses
-- Grain: one wave, a form at the same place of every list. The respondent's id is a hash of the wave's random id of the
-- form: it stays when the same file is read again.
select
    wave_code,
    array_agg(md5(wave_code || ':' || external_id_hash)::uuid::text) as respondent_ids,
    array_agg(state::text) as states,
    array_agg(is_straight_lined) as are_straight_lined
from confidential.responses
where wave_code = any(%(wave_codes)s)
group by wave_code

-- name: answers
-- Grain: one wave, an answer at the same place of every list: few values to hand over instead of thousands of rows.
-- Complete forms only: a partial answer is counted, never mixed in.
with forms as materialized (
    select response_id, wave_code, md5(wave_code || ':' || external_id_hash)::uuid::text as respondent_id
    from confidential.responses
    where wave_code = any(%(wave_codes)s) and state = 'complete'
)
select
    forms.wave_code,
    array_agg(forms.respondent_id) as respondent_ids,
    array_agg(answers.item_code) as item_codes,
    array_agg(answers.score::float8) as scores,
    array_agg(answers.choice) as choices,
    array_agg(answers.free_text) as free_texts
from forms
join confidential.answers using (response_id)
group by forms.wave_code

-- name: tests
-- Grain: one class session, a learner at the same place of every list.
select
    session_code,
    array_agg(employee_id) as employee_ids,
    array_agg(pre_score::float8) as pre_scores,
    array_agg(post_score::float8) as post_scores,
    array_agg(maximum_score::float8) as maximum_scores
from core.test_results
where session_code = any(%(session_codes)s)
group by session_code

-- name: names_in_texts
select name from confidential.names_in_texts(%(session_code)s, %(texts)s)

-- name: releases
select release_id, revision_number, data_sha256, is_withheld
from published.releases
where product = %(product)s and subject_kind = %(subject_kind)s and subject_id = %(subject_id)s
order by revision_number

-- name: ledger
-- Every earlier release of this subject that was not withheld, not the newest only: subtraction has a long memory.
select
    release_id,
    figure_key,
    shown_level,
    array_agg(respondent_id::text) as respondent_ids
from confidential.release_respondents
join published.releases using (release_id)
where product = %(product)s and subject_kind = %(subject_kind)s and subject_id = %(subject_id)s
    and not is_withheld
group by release_id, figure_key, shown_level

-- name: release_content
-- What readers of one release see, to tell whether anything would change for them.
select jsonb_build_object(
    'figures', (
        select coalesce(jsonb_agg(
            jsonb_build_array(family, code, statistic, value, text_value, respondent_count, is_hidden, reason)
            order by family, code, statistic
        ), '[]')
        from published.figures where release_id = %(release_id)s
    ),
    'verbatims', (
        select coalesce(jsonb_agg(jsonb_build_array(item_code, position, masked_text) order by item_code, position), '[]')
        from published.verbatims where release_id = %(release_id)s
    ),
    'suggestions', (
        select coalesce(jsonb_agg(jsonb_build_array(rule_code, item_code, strength) order by rule_code, item_code), '[]')
        from published.suggestions where release_id = %(release_id)s
    )
) as content

-- name: delete_marts
with figures as (
    delete from marts.evaluation_arrays where wave_code = any(%(wave_codes)s)
)
delete from marts.evaluation_waves where wave_code = any(%(wave_codes)s)

-- name: figure_names
-- Grain: one name. The release before may have numbered one twice: both numbers read the same.
select family, code, statistic, figure_id from marts.figure_names

-- name: insert_figure_names
insert into marts.figure_names (family, code, statistic)
select family, code, statistic
from unnest(%(families)s::text[], %(codes)s::text[], %(statistics)s::text[]) as names (family, code, statistic)

-- name: copy_waves
copy marts.evaluation_waves (
    wave_code, session_code, invited_count, eligible_count, complete_count, partial_count, straight_lined_count,
    attendee_count, enrolled_count, data_sha256, computed_at
) from stdin

-- name: copy_arrays
copy marts.evaluation_arrays (wave_code, kind, figure_ids, respondent_counts, numbers, words)
from stdin (format binary)

-- name: evaluated_sessions
select session_code from marts.evaluation_waves order by session_code

-- name: insert_release
insert into published.releases (
    product, subject_kind, subject_id, revision_number, data_sha256, site_version, released_at, is_withheld,
    withheld_reason
)
values (
    %(product)s, %(subject_kind)s, %(subject_id)s, %(revision_number)s, %(data_sha256)s, %(site_version)s,
    %(released_at)s, %(is_withheld)s, %(withheld_reason)s
)
returning release_id

-- name: insert_figures
insert into published.figures (
    release_id, family, code, statistic, value, text_value, respondent_count, is_hidden, reason
)
select %(release_id)s, rows.*
from unnest(
    %(family)s::text[], %(code)s::text[], %(statistic)s::text[], %(value)s::numeric[], %(text_value)s::text[],
    %(respondent_count)s::integer[], %(is_hidden)s::boolean[], %(reason)s::text[]
) as rows

-- name: insert_verbatims
insert into published.verbatims (release_id, item_code, position, masked_text)
select %(release_id)s, rows.*
from unnest(%(item_code)s::text[], %(position)s::integer[], %(masked_text)s::text[]) as rows

-- name: insert_suggestions
insert into published.suggestions (release_id, rule_code, item_code, strength, suggestion_zh, suggestion_en)
select %(release_id)s, rows.*
from unnest(
    %(rule_code)s::text[], %(item_code)s::text[], %(strength)s::text[], %(suggestion_zh)s::text[],
    %(suggestion_en)s::text[]
) as rows

-- name: insert_ledger
insert into confidential.release_respondents (release_id, figure_key, shown_level, respondent_id)
select %(release_id)s, rows.figure_key, rows.shown_level, rows.respondent_id::uuid
from unnest(%(figure_key)s::text[], %(shown_level)s::text[], %(respondent_id)s::text[])
    as rows (figure_key, shown_level, respondent_id)

-- name: insert_moments
insert into marts.released_moments (
    release_id, family, code, shown_level, instrument_code, instrument_version, respondent_count, mean, variance
)
select
    %(release_id)s, rows.family, rows.code, rows.shown_level, %(instrument_code)s, %(instrument_version)s,
    rows.respondent_count, rows.mean, rows.variance
from unnest(
    %(family)s::text[], %(code)s::text[], %(shown_level)s::text[], %(respondent_count)s::integer[],
    %(mean)s::float8[], %(variance)s::float8[]
) as rows (family, code, shown_level, respondent_count, mean, variance)

-- name: insert_audit
insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
values ('statistics', %(action)s, %(subject_kind)s, %(subject_id)s, %(detail)s)
