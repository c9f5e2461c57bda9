-- Grain: one item of the course's last earlier session that has a valid release of the same questionnaire version: what
-- was shown in full there, unrounded. Its findings are what this session verifies.
with previous as (
    select class_sessions.session_code, latest.release_id
    from core.class_sessions
    cross join lateral (
        select releases.release_id
        from published.releases
        where releases.product = 'course_evaluation'
            and releases.subject_kind = 'class_session'
            and releases.subject_id = class_sessions.session_code
            and not releases.is_withheld
        order by releases.revision_number desc
        limit 1
    ) as latest
    where class_sessions.course_code = %(course_code)s
        and class_sessions.starts_at < %(starts_at)s
        and class_sessions.status <> 'cancelled'
        and exists (
            select from marts.released_moments as moments
            where moments.release_id = latest.release_id
                and moments.instrument_code = %(instrument_code)s
                and moments.instrument_version = %(instrument_version)s
        )
    order by class_sessions.starts_at desc, class_sessions.session_code desc
    limit 1
)
select
    previous.session_code,
    moments.code,
    moments.respondent_count,
    moments.mean,
    moments.variance,
    suggestions.item_code is not null as is_finding
from previous
join marts.released_moments as moments using (release_id)
left join published.suggestions
    on suggestions.release_id = previous.release_id
    and suggestions.item_code = moments.code
    and suggestions.strength = 'finding'
where moments.family = 'item' and moments.shown_level = 'distribution'
order by moments.code
