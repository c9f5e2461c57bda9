-- The knowledge base (R14): files to read, the index, what HR sees of it at a glance. Set-based over all assets.

-- name: files_to_check
-- Grain: one asset whose file was never read as it is registered now, or long ago; those of classes to come first.
select asset.asset_code, asset.version, asset.uri, asset.checksum
from core.knowledge_assets as asset
left join ops.asset_checks as newest
    on newest.asset_code = asset.asset_code and newest.version = asset.version
    and newest.uri is not distinct from asset.uri and newest.checksum is not distinct from asset.checksum
where asset.uri is not null and asset.checksum is not null
    and (newest.asset_code is null or newest.checked_at < %(checked_since)s)
order by
    not exists (
        select from core.class_sessions as session
        where session.course_code = asset.course_code and session.starts_at > %(now)s
    ),
    newest.checked_at nulls first, asset.asset_code
limit %(most)s

-- name: empty_index
delete from marts.knowledge_index

-- name: fill_index
-- Grain: one asset. A file of another version, address or checksum than registered now was not checked.
insert into marts.knowledge_index (
    asset_code, kind, course_code, owner_id, has_owner, version, licence_state, licence_expires_on, reviewed_on,
    is_stale, file_state, twin_codes, is_usable, class_count, opened_count, last_class_on, computed_at
)
with twins as (
    select lower(checksum) as checksum, array_agg(asset_code order by asset_code) as asset_codes
    from core.knowledge_assets
    where checksum is not null
    group by lower(checksum)
    having count(*) > 1
),
packed as (
    select asset.asset_code, count(*)::int as class_count,
        max((session.starts_at at time zone session.timezone)::date) as last_class_on
    from ops.current_packs as pack
    inner join ops.course_pack_assets as asset using (session_code, pack_number)
    inner join core.class_sessions as session using (session_code)
    where session.status <> 'cancelled'
    group by asset.asset_code
),
opened as (
    select asset_code, count(*)::int as opened_count from ops.material_events where event = 'opened' group by asset_code
),
judged as (
    select
        asset.*,
        owner.employee_id is not null as has_owner,
        case
            when coalesce(btrim(asset.licence), '') = '' then 'missing'
            when asset.licence_expires_on < %(today)s then 'expired'
            when asset.licence_expires_on < %(ending_before)s then 'ending'
            else 'valid'
        end as licence_state,
        coalesce(asset.reviewed_on < %(today)s - age.days, true) as is_stale,
        case
            when coalesce(btrim(asset.uri), '') = '' then 'no_address'
            when asset.checksum is null then 'no_checksum'
            else coalesce(newest.outcome, 'not_checked')
        end as file_state
    from core.knowledge_assets as asset
    inner join unnest(%(kinds)s::text[], %(stale_days)s::integer[]) as age (kind, days) on age.kind = asset.kind
    left join core.employees as owner
        on owner.employee_id = asset.owner_id and owner.removed_on is null
        and coalesce(owner.left_on > %(today)s, true)
    left join ops.asset_checks as newest
        on newest.asset_code = asset.asset_code and newest.version = asset.version and newest.uri = asset.uri
        and newest.checksum = asset.checksum
)
select
    judged.asset_code, judged.kind, judged.course_code, judged.owner_id, judged.has_owner, judged.version,
    judged.licence_state, judged.licence_expires_on, judged.reviewed_on, judged.is_stale, judged.file_state,
    coalesce(array_remove(twins.asset_codes, judged.asset_code), '{}'),
    judged.licence_state in ('valid', 'ending') and judged.file_state in ('sound', 'not_checked'),
    coalesce(packed.class_count, 0), coalesce(opened.opened_count, 0), packed.last_class_on, %(now)s
from judged
left join twins on twins.checksum = lower(judged.checksum)
left join packed on packed.asset_code = judged.asset_code
left join opened on opened.asset_code = judged.asset_code

-- name: at_a_glance
-- The whole index in one row.
select
    count(*)::int as asset_count,
    count(*) filter (where is_usable)::int as usable_count,
    count(*) filter (where class_count = 0)::int as unused_count,
    count(distinct course_code)::int as course_count
from marts.knowledge_index
