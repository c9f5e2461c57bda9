-- How trainers grow (role planner; mails as role sender).

-- name: weak_items
-- Grain: one trainer, workshop and item that suggests it: published means pooled over the trainer's classes, weighted by
-- answers, of enough classes and answers, below the threshold; not where the trainer attended that workshop meanwhile.
with rules as (
    select workshop_code, item_code, mode
    from unnest(%(workshop_codes)s::text[], %(item_codes)s::text[], %(modes)s::text[]) as rule (workshop_code, item_code, mode)
)
select
    shown.trainer_id, rules.workshop_code, shown.code as item_code,
    round(sum(shown.mean * shown.answer_count) / sum(shown.answer_count), 2) as mean,
    count(distinct shown.session_code)::integer as session_count,
    sum(shown.answer_count)::integer as answer_count
from marts.shown_class_means as shown
join rules on rules.item_code = shown.code and (rules.mode = '' or rules.mode = shown.mode)
where shown.family = 'item' and shown.class_on between %(first_day)s and %(today)s
    and not exists (
        select from core.trainer_event_attendance as attended
        join core.trainer_events as event using (event_id)
        where attended.trainer_id = shown.trainer_id and attended.status = 'attended'
            and event.workshop_code = rules.workshop_code
            and (event.ends_at at time zone event.timezone)::date >= %(first_day)s
    )
group by shown.trainer_id, rules.workshop_code, shown.code
having count(distinct shown.session_code) >= %(min_sessions)s and sum(shown.answer_count) >= %(min_answers)s
    and sum(shown.mean * shown.answer_count) / sum(shown.answer_count) < %(weak_below)s
order by shown.trainer_id, rules.workshop_code, mean, shown.code

-- name: forget_quarter
delete from ops.workshop_suggestions where quarter = %(quarter)s

-- name: insert_suggestion
insert into ops.workshop_suggestions (
    quarter, trainer_id, workshop_code, item_codes, item_means, session_count, answer_count, suggested_at
)
values (
    %(quarter)s, %(trainer_id)s, %(workshop_code)s, %(item_codes)s, %(item_means)s, %(session_count)s,
    %(answer_count)s, %(now)s
)

-- name: events_to_come
-- Grain: one event people can still go to.
select event_id, kind, workshop_code, title_zh, title_en, starts_at, ends_at, timezone, place, host, status
from core.trainer_events
where status <> 'cancelled' and starts_at > %(now)s and starts_at < %(until)s
order by starts_at, event_id

-- name: keep_file
insert into ops.event_files (event_id, file_sha256, uri, kept_at)
values (%(event_id)s, %(file_sha256)s, %(uri)s, %(now)s)
on conflict (event_id, file_sha256) do nothing

-- name: active_trainers
-- Grain: one trainer who gives classes: one ended lately or is to come.
select distinct trainer_id
from core.class_sessions as sessions
where status <> 'cancelled' and ends_at > %(since)s
order by trainer_id

-- name: suggested
-- Grain: one suggestion of a quarter, for mails.
select trainer_id, workshop_code, item_codes, item_means, session_count, answer_count, trainers.name
from ops.workshop_suggestions
join core.trainers as trainers using (trainer_id)
where quarter = %(quarter)s
order by trainers.name, trainer_id, workshop_code

-- name: invited_events
-- Grain: one event that is still to come, with its newest calendar file.
select
    event.event_id, event.kind, event.workshop_code, event.title_zh, event.title_en, event.starts_at, event.timezone,
    event.place, event.host, file.uri, file.file_sha256
from core.trainer_events as event
join lateral (
    select uri, file_sha256 from ops.event_files
    where event_files.event_id = event.event_id
    order by kept_at desc, file_sha256
    limit 1
) as file on true
where event.status <> 'cancelled' and event.starts_at > %(now)s
order by event.starts_at, event.event_id

-- name: attended
-- Grain: one event that is over, with who came.
select
    event.event_id, event.title_zh, event.title_en, event.ends_at, event.timezone,
    count(*) filter (where attended.status = 'attended') as attended_count,
    count(attended.trainer_id) as listed_count
from core.trainer_events as event
left join core.trainer_event_attendance as attended using (event_id)
where event.status <> 'cancelled' and event.ends_at <= %(now)s and event.ends_at > %(since)s
group by event.event_id, event.title_zh, event.title_en, event.ends_at, event.timezone
order by event.ends_at, event.event_id
