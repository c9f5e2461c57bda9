-- Grain: one class session with the course's last earlier session that has a valid release of the same questionnaire
-- version: an item that was shown in full there, unrounded, at the same place of every list. Its findings are what the
-- session verifies.
with now as (
    select session_code, course_code, starts_at
    from core.class_sessions
    where session_code = any(%(session_codes)s)
)
select
    now.session_code,
    previous.session_code as earlier_code,
    array_agg(moments.code) as codes,
    array_agg(moments.respondent_count) as respondent_counts,
    array_agg(moments.mean) as means,
    array_agg(moments.variance) as variances,
    array_agg(suggestions.item_code is not null) as are_findings
from now
cross join lateral (
    select earlier.session_code, latest.release_id
    from core.class_sessions as earlier
    cross join lateral (
        select release_id
        from published.releases
        where product = 'course_evaluation'
            and subject_kind = 'class_session'
            and subject_id = earlier.session_code
            and not is_withheld
        order by revision_number desc
        limit 1
    ) as latest
    where earlier.course_code = now.course_code
        and earlier.starts_at < now.starts_at
        and earlier.status <> 'cancelled'
        and exists (
            select from marts.released_moments as known
            where known.release_id = latest.release_id
                and known.instrument_code = %(instrument_code)s
                and known.instrument_version = %(instrument_version)s
        )
    order by earlier.starts_at desc, earlier.session_code desc
    limit 1
) as previous
join marts.released_moments as moments using (release_id)
left join published.suggestions
    on suggestions.release_id = previous.release_id
    and suggestions.item_code = moments.code
    and suggestions.strength = 'finding'
where moments.family = 'item' and moments.shown_level = 'distribution'
group by now.session_code, previous.session_code
