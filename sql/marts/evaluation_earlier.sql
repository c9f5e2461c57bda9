-- Grain: one item or dimension of one earlier class session of the same course or the same trainer: the unrounded
-- moments of its valid release. Earlier by start; the same questionnaire version only, so that wording and anchors are equal.
with earlier_sessions as (
    select
        session_code,
        starts_at,
        course_code = %(course_code)s as is_same_course,
        trainer_id = %(trainer_id)s as is_same_trainer
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
)
select
    earlier_sessions.session_code,
    earlier_sessions.is_same_course,
    earlier_sessions.is_same_trainer,
    valid_releases.release_id,
    moments.family,
    moments.code,
    moments.shown_level,
    moments.respondent_count,
    moments.mean,
    moments.variance
from earlier_sessions
join valid_releases using (session_code)
join marts.released_moments as moments using (release_id)
where moments.instrument_code = %(instrument_code)s and moments.instrument_version = %(instrument_version)s
order by earlier_sessions.starts_at, earlier_sessions.session_code, moments.family, moments.code
