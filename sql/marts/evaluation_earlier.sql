-- Grain: one class session and one item or dimension over the earlier sessions of the same course (scope course) or the
-- same trainer (scope trainer): people, mean and variance of all their answers together, unrounded, from the valid
-- release of each session. Of the sessions that showed it in full (distribution) or, when there is none, of those that
-- showed its mean. Earlier by start; the same questionnaire version only: equal wording and anchors.
with now as (
    select asked.*, class_sessions.course_code, class_sessions.trainer_id, class_sessions.starts_at
    from unnest(%(session_codes)s::text[], %(instrument_codes)s::text[], %(instrument_versions)s::text[])
        as asked (session_code, instrument_code, instrument_version)
    join core.class_sessions using (session_code)
),
scoped as (
    select now.*, 'course' as scope, earlier.session_code as earlier_code
    from now
    join core.class_sessions as earlier using (course_code)
    where earlier.starts_at < now.starts_at and earlier.status <> 'cancelled'
    union all
    select now.*, 'trainer' as scope, earlier.session_code as earlier_code
    from now
    join core.class_sessions as earlier using (trainer_id)
    where earlier.starts_at < now.starts_at and earlier.status <> 'cancelled'
),
valid_releases as (
    select distinct on (subject_id) release_id, subject_id as earlier_code
    from published.releases
    where product = 'course_evaluation'
        and subject_kind = 'class_session'
        and not is_withheld
        and subject_id in (select earlier_code from scoped)
    order by subject_id, revision_number desc
)
select distinct on (scoped.session_code, scoped.scope, moments.family, moments.code)
    scoped.session_code,
    scoped.scope,
    moments.family,
    moments.code,
    count(*)::integer as sessions_count,
    min(respondent_count) as smallest_count,
    sum(respondent_count)::integer as respondent_count,
    sum(respondent_count * mean) / sum(respondent_count) as mean,
    greatest(0, (
        sum((respondent_count - 1) * variance + respondent_count * mean ^ 2)
        - sum(respondent_count * mean) ^ 2 / sum(respondent_count)
    ) / (sum(respondent_count) - 1)) as variance
from scoped
join valid_releases using (earlier_code)
join marts.released_moments as moments using (release_id, instrument_code, instrument_version)
group by scoped.session_code, scoped.scope, moments.family, moments.code, moments.shown_level
order by scoped.session_code, scoped.scope, moments.family, moments.code, moments.shown_level
