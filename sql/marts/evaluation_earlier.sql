-- Grain: one class session that shares its course or trainer with one of the asked and began before the last of them,
-- with what its valid release showed: an item or dimension at the same place of every list, unrounded. The same
-- questionnaire version only: equal wording and anchors.
with now as (
    select course_code, trainer_id, starts_at
    from core.class_sessions
    where session_code = any(%(session_codes)s)
),
earlier as (
    select session_code, course_code, trainer_id, starts_at
    from core.class_sessions
    where (course_code in (select course_code from now) or trainer_id in (select trainer_id from now))
        and starts_at < (select max(starts_at) from now)
        and status <> 'cancelled'
),
valid_releases as (
    select distinct on (subject_id) release_id, subject_id as session_code
    from published.releases
    where product = 'course_evaluation'
        and subject_kind = 'class_session'
        and not is_withheld
        and subject_id in (select session_code from earlier)
    order by subject_id, revision_number desc
)
select
    earlier.course_code,
    earlier.trainer_id,
    earlier.starts_at,
    array_agg(moments.family) as families,
    array_agg(moments.code) as codes,
    array_agg(moments.shown_level) as shown_levels,
    array_agg(moments.respondent_count) as respondent_counts,
    array_agg(moments.mean) as means,
    array_agg(moments.variance) as variances
from earlier
join valid_releases using (session_code)
join marts.released_moments as moments using (release_id)
where moments.instrument_code = %(instrument_code)s and moments.instrument_version = %(instrument_version)s
group by earlier.session_code, earlier.course_code, earlier.trainer_id, earlier.starts_at
