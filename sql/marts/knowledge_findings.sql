-- Grain: one thing that is wrong with one asset, or with the materials of one course that is taught: what to tell whom.
-- Read from the index just made. Assets without an active owner are HR's matter alone.
with courses_taught as (
    select distinct course_code
    from core.class_sessions
    where status <> 'cancelled' and starts_at >= %(taught_since)s and starts_at < %(taught_until)s
),
missing as (
    select taught.course_code, array_agg(required.kind order by required.kind) as kinds
    from courses_taught as taught
    cross join unnest(%(required_kinds)s::text[]) as required (kind)
    where not exists (
        select from marts.knowledge_index as asset
        where asset.course_code = taught.course_code and asset.kind = required.kind and asset.is_usable
    )
    group by taught.course_code
)
select
    finding.kind, asset.asset_code as item_code, finding.detail,
    case when asset.has_owner then array[asset.owner_id] else '{}' end as person_ids
from marts.knowledge_index as asset
cross join lateral (
    values
    ('asset_stale', asset.is_stale, jsonb_build_object('reviewed_on', asset.reviewed_on)),
    ('asset_duplicate', asset.twin_codes <> '{}', jsonb_build_object('others', asset.twin_codes)),
    ('asset_unlicensed', asset.licence_state = 'missing', '{}'),
    ('asset_licence_expired', asset.licence_state = 'expired',
        jsonb_build_object('expires_on', asset.licence_expires_on)),
    ('asset_licence_ending', asset.licence_state = 'ending',
        jsonb_build_object('expires_on', asset.licence_expires_on)),
    ('asset_ownerless', not asset.has_owner, '{}'),
    ('asset_file_missing',
        asset.file_state in ('no_address', 'no_checksum', 'not_our_store', 'unreachable', 'too_large'),
        jsonb_build_object('why', asset.file_state)),
    ('asset_file_changed', asset.file_state = 'changed', '{}')
) as finding (kind, is_found, detail)
where finding.is_found
union all
select 'course_uncovered', course_code, jsonb_build_object('course', course_code, 'missing', kinds), '{}'
from missing
