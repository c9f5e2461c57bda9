-- What is wrong with resources (R14, R15): opened, closed, told by the planner; listed by the sender.

-- name: open_findings
-- Grain: one finding that is new, back, or otherwise than it was told. amount alone is no news.
insert into ops.resource_findings as old (kind, item_code, detail, amount, person_ids, opened_at)
select kind, item_code, detail, amount, array(select jsonb_array_elements_text(people)), %(now)s
from unnest(%(kind)s::text[], %(item_code)s::text[], %(detail)s::jsonb[], %(amount)s::numeric[], %(people)s::jsonb[])
    as found (kind, item_code, detail, amount, people)
on conflict (kind, item_code) do update
set detail = excluded.detail, amount = excluded.amount, person_ids = excluded.person_ids, closed_at = null,
    opened_at = case when old.closed_at is null then old.opened_at else excluded.opened_at end,
    told_at = case
        when old.closed_at is null and (old.detail, old.person_ids) = (excluded.detail, excluded.person_ids)
            then old.told_at
    end
where old.closed_at is not null
    or (old.detail, old.amount, old.person_ids)
        is distinct from (excluded.detail, excluded.amount, excluded.person_ids)

-- name: close_findings
-- Grain: one open finding of these kinds that was not found again.
update ops.resource_findings as old
set closed_at = %(now)s
where old.closed_at is null and old.kind = any (%(kinds)s)
    and not exists (
        select from unnest(%(kind)s::text[], %(item_code)s::text[]) as found (kind, item_code)
        where (found.kind, found.item_code) = (old.kind, old.item_code)
    )

-- name: tell
-- Grain: one person who has not read of something that is open; a null person where nobody but HR can act.
with told as (
    update ops.resource_findings
    set told_at = %(now)s
    where closed_at is null and told_at is null and kind = any (%(kinds)s)
    returning person_ids
)
select distinct person_id
from told
left join lateral unnest(told.person_ids) as person_id on true
order by person_id

-- name: listed
-- Grain: one open finding with the names a reader knows, what was told last first. people: only what they can act on.
select
    finding.kind, finding.item_code, finding.detail, finding.amount, finding.person_ids, finding.told_at,
    asset.title_zh as asset_zh, coalesce(asset.title_en, asset.title_zh) as asset_en,
    course.name_zh as course_zh, course.name_en as course_en,
    topic.name_zh as topic_zh, coalesce(topic.name_en, topic.name_zh) as topic_en,
    person.name as person, trainer.name as trainer,
    (
        select array_agg(bench.name order by bench.employee_id)
        from jsonb_array_elements_text(finding.detail -> 'relief') as relief
        inner join core.employees as bench on bench.employee_id = relief
    ) as relief_names
from ops.resource_findings as finding
left join core.knowledge_assets as asset on asset.asset_code = finding.item_code and finding.kind like 'asset%%'
left join core.courses as course
    on course.course_code = coalesce(asset.course_code, finding.detail ->> 'course')
left join core.training_topics as topic on topic.topic_code = finding.detail ->> 'topic'
left join core.employees as person on person.employee_id = finding.detail ->> 'employee'
left join core.trainers as trainer on trainer.trainer_id = finding.detail ->> 'trainer'
where finding.closed_at is null and finding.told_at is not null and finding.kind = any (%(kinds)s)
    and (%(people)s::text[] is null or finding.person_ids && %(people)s::text[])
order by finding.told_at desc, finding.item_code, finding.kind
