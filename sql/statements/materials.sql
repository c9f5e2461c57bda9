-- Materials before a class (R19), pre-work and questions (R20). Set-based over all classes of a scan.

-- name: sessions
-- Grain: one class session to come whose materials are due, were sent, or that had nothing to send yet.
select session.session_code, session.course_code, session.starts_at, step.state::text as state
from ops.milestones as step
inner join core.class_sessions as session on session.session_code = step.subject_id
where step.subject_kind = 'class_session' and step.step = 'materials_sent'
    and (
        (step.state = 'pending' and step.due_on <= %(today)s) or step.state = 'done'
        or (step.state = 'skipped' and step.reason = 'nothing_to_send')
    )
    and session.status <> 'cancelled' and session.starts_at > %(now)s
order by session.session_code

-- name: assets_to_check
-- Grain: one asset of a course that has a class at hand, whose file was not looked at lately or as it is registered now.
select asset.asset_code, asset.version, asset.uri, asset.checksum
from core.knowledge_assets as asset
left join ops.asset_checks as newest
    on newest.asset_code = asset.asset_code and newest.version = asset.version
    and newest.uri is not distinct from asset.uri and newest.checksum is not distinct from asset.checksum
    and newest.checked_at > %(checked_since)s
where asset.course_code in (
        select session.course_code from core.class_sessions as session
        where session.session_code = any (%(session_codes)s)
    )
    and newest.asset_code is null
order by asset.asset_code

-- name: keep_checks
-- Grain: one asset whose file was looked at.
insert into ops.asset_checks (asset_code, version, uri, checksum, outcome, checked_at)
select *, %(now)s
from unnest(%(asset_code)s::text[], %(version)s::text[], %(uri)s::text[], %(checksum)s::text[], %(outcome)s::text[])
on conflict (asset_code) do update
set version = excluded.version, uri = excluded.uri, checksum = excluded.checksum, outcome = excluded.outcome,
    checked_at = excluded.checked_at

-- name: judged_assets
-- Grain: one asset for one class at hand, with what speaks against handing it out.
select
    session.session_code, asset.asset_code,
    case
        when coalesce(btrim(asset.licence), '') = '' then 'material_unlicensed'
        when asset.licence_expires_on < (session.ends_at at time zone session.timezone)::date
            then 'material_licence_expired'
        when newest.outcome = 'changed' then 'material_changed'
        when newest.outcome is distinct from 'sound' then 'material_missing'
    end as kind,
    newest.outcome, asset.licence_expires_on
from core.class_sessions as session
inner join core.knowledge_assets as asset on asset.course_code = session.course_code
left join ops.asset_checks as newest on newest.asset_code = asset.asset_code
where session.session_code = any (%(session_codes)s)
order by session.session_code, asset.asset_code

-- name: make_packs
-- Grain: one class whose pack is not what it was. What was in the pack before under the same version is no news.
with wanted as (
    select session.session_code, asset.*
    from unnest(%(session_code)s::text[], %(asset_code)s::text[]) as sound (session_code, asset_code)
    inner join core.class_sessions as session on session.session_code = sound.session_code
    inner join core.knowledge_assets as asset on asset.asset_code = sound.asset_code
),
packs as (
    select
        looked_at.session_code, coalesce(current.pack_number, 0) + 1 as pack_number,
        encode(sha256(convert_to(coalesce(string_agg(
            concat_ws('|', wanted.asset_code, wanted.version, wanted.checksum), ',' order by wanted.asset_code
        ), ''), 'UTF8')), 'hex') as content_sha256,
        coalesce(bool_or(wanted.asset_code is not null and earlier.asset_code is null), false) as is_told,
        count(wanted.asset_code) as asset_count
    from unnest(%(session_codes)s::text[]) as looked_at (session_code)
    left join wanted on wanted.session_code = looked_at.session_code
    left join ops.current_packs as current on current.session_code = looked_at.session_code
    left join ops.course_pack_assets as earlier
        on earlier.session_code = current.session_code and earlier.pack_number = current.pack_number
        and earlier.asset_code = wanted.asset_code and earlier.version = wanted.version
        and earlier.checksum = lower(wanted.checksum)
    group by looked_at.session_code, current.pack_number
),
made as (
    insert into ops.course_packs (session_code, pack_number, content_sha256, is_told, made_at)
    select packs.session_code, packs.pack_number, packs.content_sha256, packs.is_told, %(now)s
    from packs
    left join ops.current_packs as current on current.session_code = packs.session_code
    where packs.content_sha256 is distinct from current.content_sha256
        and (packs.asset_count > 0 or current.session_code is not null)
    returning session_code, pack_number
)
insert into ops.course_pack_assets (
    session_code, pack_number, asset_code, kind, title_zh, title_en, version, uri, checksum
)
select
    made.session_code, made.pack_number, wanted.asset_code, wanted.kind, wanted.title_zh, wanted.title_en,
    wanted.version, wanted.uri, lower(wanted.checksum)
from made
inner join wanted on wanted.session_code = made.session_code

-- name: give_links
-- Grain: one confirmed learner, or the trainer, of a class with a pack, who has no link yet.
insert into ops.material_links (session_code, person_kind, person_id, made_at)
select person.session_code, person.person_kind, person.person_id, %(now)s
from (
    select enrollment.session_code, 'employee' as person_kind, enrollment.employee_id as person_id
    from core.enrollments as enrollment
    inner join core.employees as learner on learner.employee_id = enrollment.employee_id and learner.removed_on is null
    where enrollment.session_code = any (%(session_codes)s) and enrollment.status = 'confirmed'
    union all
    select session.session_code, 'trainer', session.trainer_id
    from core.class_sessions as session
    where session.session_code = any (%(session_codes)s)
) as person
inner join ops.current_packs as pack on pack.session_code = person.session_code
where exists (
    select from ops.course_pack_assets as asset
    where asset.session_code = pack.session_code and asset.pack_number = pack.pack_number
)
on conflict do nothing

-- name: tell_packs
-- Grain: one person who has not been told of the newest pack that brought something: one mail, however many versions
-- there were since. Cancelled people and trainers of before are not told.
with newest as (
    select session_code, max(pack_number) as pack_number
    from ops.course_packs
    where session_code = any (%(session_codes)s) and is_told
    group by session_code
),
told as (
    update ops.material_links as given
    set pack_number = newest.pack_number
    from newest
    inner join core.class_sessions as session on session.session_code = newest.session_code
    where given.session_code = newest.session_code and given.pack_number < newest.pack_number
        and case given.person_kind
            when 'trainer' then session.trainer_id = given.person_id
            else exists (
                select from core.enrollments as enrollment
                where enrollment.session_code = given.session_code and enrollment.employee_id = given.person_id
                    and enrollment.status = 'confirmed'
            )
        end
    returning given.session_code, given.person_kind, given.person_id, newest.pack_number, session.starts_at
)
insert into ops.notices (
    kind, subject_kind, subject_id, recipient_kind, recipient_id, sequence_number, not_before, not_after
)
select 'course_materials', 'class_session', session_code, person_kind, person_id, pack_number, %(now)s, starts_at
from told
on conflict on constraint told_once do nothing

-- name: packed_sessions
-- Grain: one class at hand: does its course have assets at all, and is there a pack with something in it.
select
    session.session_code,
    exists (select from core.knowledge_assets as asset where asset.course_code = session.course_code) as has_assets,
    exists (
        select from ops.current_packs as pack
        inner join ops.course_pack_assets as asset using (session_code, pack_number)
        where pack.session_code = session.session_code
    ) as has_pack
from core.class_sessions as session
where session.session_code = any (%(session_codes)s)

-- name: remind_of_prework
-- Grain: one learner with pre-work left who got no materials today and no reminder lately. Returns counts by class.
with unfinished as (
    select todo.session_code, todo.employee_id, session.starts_at, due.step_key
    from unnest(%(session_codes)s::text[], %(step_keys)s::text[]) as due (session_code, step_key)
    inner join core.class_sessions as session on session.session_code = due.session_code
    inner join ops.prework_left as todo on todo.session_code = due.session_code and todo.left_count > 0
    inner join ops.material_links as given
        on given.session_code = todo.session_code and given.person_kind = 'employee'
        and given.person_id = todo.employee_id
),
calls as (
    select notice.subject_id as session_code, notice.recipient_id as employee_id,
        max(notice.decided_at) filter (where notice.kind = 'prework_reminder') as reminded_at,
        max(notice.decided_at) filter (where notice.kind = 'course_materials') as sent_at
    from ops.notices as notice
    where notice.kind in ('prework_reminder', 'course_materials') and notice.subject_kind = 'class_session'
        and notice.recipient_kind = 'employee' and notice.subject_id = any (%(session_codes)s)
    group by notice.subject_id, notice.recipient_id
),
planned as (
    insert into ops.notices (
        kind, subject_kind, subject_id, recipient_kind, recipient_id, step, not_before, not_after
    )
    select 'prework_reminder', 'class_session', unfinished.session_code, 'employee', unfinished.employee_id,
        unfinished.step_key, %(now)s, unfinished.starts_at
    from unfinished
    left join calls using (session_code, employee_id)
    where (calls.sent_at is null or calls.sent_at < %(day_starts_at)s)
        and (calls.reminded_at is null or calls.reminded_at <= %(reminded_before)s)
    on conflict on constraint told_once do nothing
    returning subject_id
)
select
    due.session_code,
    (select count(*)::int from unfinished where unfinished.session_code = due.session_code) as unfinished_count,
    (select count(*)::int from planned where planned.subject_id = due.session_code) as planned_count
from unnest(%(session_codes)s::text[]) as due (session_code)

-- name: sessions_with_questions
-- Grain: one class session whose digest is due now, or was made and has new questions.
select session.session_code, session.trainer_id, session.starts_at, step.state::text as state,
    coalesce((
        select max(told.digest_number) from ops.digested_questions as told
        where told.session_code = session.session_code
    ), 0) as digest_number
from ops.milestones as step
inner join core.class_sessions as session on session.session_code = step.subject_id
where step.subject_kind = 'class_session' and step.step = 'question_digest'
    and (
        (step.state = 'pending' and step.due_on <= %(today)s)
        or (step.state = 'done' and (step.reason is null or step.reason = 'nothing_asked'))
    )
    and session.status <> 'cancelled' and session.starts_at > %(now)s
order by session.session_code

-- name: new_questions
-- Grain: one question of these classes that no digest has told yet.
select asked.*
from (
    select 'file' as source, question_id, session_code, question from core.learner_questions
    where session_code = any (%(session_codes)s)
    union all
    select 'page', question_id, session_code, question from ops.asked_questions
    where session_code = any (%(session_codes)s)
) as asked
left join ops.digested_questions as told on told.source = asked.source and told.question_id = asked.question_id
where told.question_id is null
order by asked.session_code, asked.source, asked.question_id

-- name: names_in_words
-- Grain: one name or id of a person that these words hold.
select name from (
    select name from core.employees
    union select employee_id from core.employees
    union select name from core.trainers
) as people
where length(name) >= 2 and strpos(%(words)s, name) > 0

-- name: keep_digest
-- Grain: one question told now.
insert into ops.digested_questions (
    source, question_id, session_code, digest_number, cluster_number, masked_text, told_at
)
select *, %(now)s
from unnest(
    %(source)s::text[], %(question_id)s::text[], %(session_code)s::text[], %(digest_number)s::integer[],
    %(cluster_number)s::integer[], %(masked_text)s::text[]
)

-- name: reopen_step
-- Grain: one step that was skipped because there was nothing to do, and now there is.
update ops.milestones set state = 'pending', reason = null
where subject_kind = 'class_session' and subject_id = any (%(session_codes)s) and step = %(step)s and state = 'skipped'
