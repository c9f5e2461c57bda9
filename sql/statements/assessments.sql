-- 360 assessments: who was promoted, who rates, what raters said, what a cohort says.

-- name: promotions
-- Grain: one person who was promoted not long ago and leads somebody today. An assessment whose wave is over is history.
select
    person.employee_id, person.promoted_on, person.manager_id,
    array(
        select peer.employee_id from core.employees as peer
        where peer.manager_id = person.manager_id and peer.employee_id <> person.employee_id
            and peer.removed_on is null and (peer.left_on is null or peer.left_on > %(today)s)
        order by peer.employee_id
    ) as peers,
    array(
        select report.employee_id from core.employees as report
        where report.manager_id = person.employee_id and report.employee_id <> person.employee_id
            and report.removed_on is null and (report.left_on is null or report.left_on > %(today)s)
        order by report.employee_id
    ) as reports,
    array(
        select jsonb_build_array(named.rater_id, named.rater_group) from core.rater_nominations as named
        join core.employees as rater on rater.employee_id = named.rater_id
        where named.employee_id = person.employee_id
            and rater.removed_on is null and (rater.left_on is null or rater.left_on > %(today)s)
        order by named.rater_id
    ) as nominated,
    known.wave_code, known.raters_from
from core.employees as person
left join ops.assessments as known using (employee_id, promoted_on)
left join ops.survey_waves as wave on wave.wave_code = known.wave_code
where person.promoted_on > %(promoted_since)s and person.promoted_on <= %(today)s
    and person.removed_on is null and (person.left_on is null or person.left_on > %(today)s)
    and (known.wave_code is null or wave.state in ('planned', 'open'))
    and exists (
        select from core.employees as led
        where led.manager_id = person.employee_id and led.employee_id <> person.employee_id
            and led.removed_on is null and (led.left_on is null or led.left_on > %(today)s)
    )
order by person.employee_id

-- name: record
-- Grain: one promotion that is assessed.
insert into ops.assessments (wave_code, employee_id, promoted_on, raters_from, planned_at)
values (%(wave_code)s, %(employee_id)s, %(promoted_on)s, %(raters_from)s, %(now)s)
on conflict (wave_code) do nothing

-- name: to_evaluate
-- Grain: one closed assessment without a result.
select assessment.wave_code, wave.instrument_code
from ops.assessments as assessment
join ops.survey_waves as wave using (wave_code)
where wave.state = 'closed' and wave.closed_at <= %(now)s
    and not exists (
        select from confidential.assessment_results as known where known.wave_code = assessment.wave_code
    )
order by assessment.wave_code

-- name: ratings
-- Grain: one answer of one rater of one assessment.
select rater_key::text as rater_key, rater_group, item_code, score, free_text
from confidential.assessment_answers
where wave_code = %(wave_code)s
order by rater_key, item_code

-- name: invited
-- Grain: one rater group of one assessment: how many were asked. The own rating is asked of the person.
select rater_group, count(*)::integer as invited_count
from ops.invitations
where wave_code = %(wave_code)s and state = 'invited' and rater_group is not null
group by rater_group

-- name: names_in_texts
select name from confidential.names_in_texts('', %(texts)s)

-- name: insert_result
insert into confidential.assessment_results (
    wave_code, data_sha256, site_version, computed_at, rater_count, has_self
)
values (%(wave_code)s, %(data_sha256)s, %(site_version)s, %(now)s, %(rater_count)s, %(has_self)s)

-- name: insert_figures
insert into confidential.assessment_figures (
    wave_code, group_code, family, code, statistic, value, text_value, rater_count, reason
)
select %(wave_code)s, rows.*
from unnest(
    %(group_code)s::text[], %(family)s::text[], %(code)s::text[], %(statistic)s::text[], %(value)s::numeric[],
    %(text_value)s::text[], %(rater_count)s::integer[], %(reason)s::text[]
) as rows

-- name: insert_comments
insert into confidential.assessment_comments (wave_code, item_code, position, masked_text)
select %(wave_code)s, rows.*
from unnest(%(item_code)s::text[], %(position)s::integer[], %(masked_text)s::text[]) as rows

-- name: insert_scores
insert into marts.assessment_scores (wave_code, rater_group, family, code, mean, score_count)
select %(wave_code)s, rows.*
from unnest(
    %(rater_group)s::text[], %(family)s::text[], %(code)s::text[], %(mean)s::float8[], %(score_count)s::integer[]
) as rows

-- name: has_result
select from confidential.assessment_results where wave_code = %(wave_code)s

-- name: insert_audit
insert into ops.audit_entries (actor, action, subject_kind, subject_id, detail)
values ('feedback', 'assessment_evaluated', 'survey_wave', %(wave_code)s, %(detail)s)

-- name: pool
-- Grain: one assessed person with the newest assessment that closed in the pooled days and that three others gave at
-- least: whoever was promoted twice counts once.
select distinct on (assessment.employee_id) result.wave_code, result.rater_count, assessment.employee_id
from confidential.assessment_results as result
join ops.assessments as assessment using (wave_code)
join ops.survey_waves as wave using (wave_code)
where wave.closed_at > %(pooled_since)s and wave.closed_at <= %(now)s
    and exists (
        select from marts.assessment_scores as score
        where score.wave_code = result.wave_code and score.rater_group = 'others'
    )
order by assessment.employee_id, wave.closed_at desc, result.wave_code

-- name: pool_scores
-- Grain: one mean over one assessed person's raters.
select wave_code, rater_group, family, code, mean
from marts.assessment_scores
where wave_code = any(%(wave_codes)s)
order by wave_code, rater_group, family, code

-- name: pool_ratings
-- Grain: one score of one rater, the own one aside, for the reliability of the cohort's ratings.
select wave_code, rater_key::text as rater_key, item_code, score
from confidential.assessment_answers
where wave_code = any(%(wave_codes)s) and rater_group <> 'self' and score is not null
order by wave_code, rater_key, item_code

-- name: cohort_ledger
-- Every release of every cohort: people stay in the pool for a year, so each brief is subtracted from all others.
select release_id, figure_key, shown_level, array_agg(respondent_id::text) as respondent_ids
from confidential.release_respondents
join published.releases using (release_id)
where product = 'new_manager_360' and not is_withheld
group by release_id, figure_key, shown_level

-- name: latest_cohort
-- Grain: the newest brief; a mail that was not planned then (a scan that might not mail) is planned now.
select release_id, subject_id, revision_number, data_sha256
from published.releases
where product = 'new_manager_360' and not is_withheld and released_at > %(released_since)s
order by release_id desc
limit 1

-- name: brief_trainers
-- Grain: one trainer who teaches, or taught in the last year, a course for new managers.
select distinct session.trainer_id
from core.class_sessions as session
join core.courses as course using (course_code)
where session.status <> 'cancelled' and session.ends_at > %(taught_since)s
    and lower(course.target_audience) = any(%(audiences)s)
order by session.trainer_id

-- name: to_render
-- Grain: one private result that is looked after and in which anybody but the person can be seen.
select
    result.wave_code, assessment.employee_id, assessment.promoted_on, wave.instrument_code, result.computed_at,
    result.site_version, result.rater_count
from confidential.assessment_results as result
join ops.assessments as assessment using (wave_code)
join ops.survey_waves as wave using (wave_code)
where result.computed_at > %(computed_since)s and result.computed_at <= %(now)s
    and exists (
        select from confidential.assessment_figures as figure
        where figure.wave_code = result.wave_code and figure.group_code <> 'self' and figure.family = 'dimension'
            and figure.statistic = 'mean' and figure.value is not null
    )
order by result.wave_code

-- name: figures
select group_code, family, code, statistic, value, text_value, rater_count, reason
from confidential.assessment_figures
where wave_code = %(wave_code)s

-- name: comments
select item_code, masked_text
from confidential.assessment_comments
where wave_code = %(wave_code)s
order by item_code, position
