-- Grain: one item or dimension over the earlier class sessions of the same course (scope course) or the same trainer
-- (scope trainer), by how much of it was shown: people, mean and variance of all their answers together, unrounded, from
-- the valid release of each session. Earlier by start; the same questionnaire version only: equal wording and anchors.
with earlier_sessions as (
    select session_code, course_code = %(course_code)s as is_same_course, trainer_id = %(trainer_id)s as is_same_trainer
    from core.class_sessions
    where starts_at < %(starts_at)s
        and status <> 'cancelled'
        and (course_code = %(course_code)s or trainer_id = %(trainer_id)s)
),
valid_releases as (
    select distinct on (releases.subject_id) releases.release_id, releases.subject_id as session_code
    from published.releases
    join earlier_sessions on releases.subject_id = earlier_sessions.session_code
    where releases.product = 'course_evaluation'
        and releases.subject_kind = 'class_session'
        and not releases.is_withheld
    order by releases.subject_id, releases.revision_number desc
),
shown as (
    select scopes.scope, moments.*
    from earlier_sessions
    join valid_releases using (session_code)
    join marts.released_moments as moments using (release_id)
    cross join lateral (
        values ('course', earlier_sessions.is_same_course), ('trainer', earlier_sessions.is_same_trainer)
    ) as scopes (scope, is_member)
    where scopes.is_member
        and moments.instrument_code = %(instrument_code)s
        and moments.instrument_version = %(instrument_version)s
),
centred as (
    select *, sum(respondent_count * mean) over (partition by scope, family, code, shown_level)
        / sum(respondent_count) over (partition by scope, family, code, shown_level) as pooled_mean
    from shown
)
select
    scope,
    family,
    code,
    shown_level,
    count(*) as sessions_count,
    min(respondent_count) as smallest_count,
    sum(respondent_count) as respondent_count,
    min(pooled_mean) as mean,
    sum((respondent_count - 1) * variance + respondent_count * (mean - pooled_mean) ^ 2)
        / (sum(respondent_count) - 1) as variance
from centred
group by scope, family, code, shown_level
