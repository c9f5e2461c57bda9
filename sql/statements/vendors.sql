-- Statements of the vendors' scoring (role statistics) and of its report (role reporter).

-- name: vendors
select vendor_code, kind, licence_no, licence_expires_on
from core.vendors
order by vendor_code

-- name: ratings
select vendor_code, criterion_code, rater_id, score, weight
from core.vendor_ratings
order by vendor_code, criterion_code, rater_id

-- name: history
-- Grain: one vendor whose classes were evaluated: the mean of its classes' dimension means, weighted by answers, as they
-- were published, beside the mean of all classes.
with newest as (
    select distinct on (subject_id) release_id, subject_id as session_code
    from published.releases
    where product = 'course_evaluation' and subject_kind = 'class_session' and not is_withheld
    order by subject_id, revision_number desc
),
class_means as (
    select newest.session_code, avg(figures.value) as mean, min(figures.respondent_count) as answer_count
    from newest
    join published.figures as figures using (release_id)
    where figures.family = 'dimension' and figures.statistic = 'mean' and figures.value is not null
    group by newest.session_code
),
given as (
    select class_means.*, coalesce(trainers.vendor_code, courses.vendor_code) as vendor_code
    from class_means
    join core.class_sessions as sessions using (session_code)
    join core.courses as courses using (course_code)
    join core.trainers as trainers using (trainer_id)
)
select
    vendor_code,
    sum(answer_count)::integer as answer_count,
    sum(mean * answer_count) / sum(answer_count) as mean,
    (select sum(mean * answer_count) / sum(answer_count) from given) as common_mean
from given
where vendor_code is not null
group by vendor_code
having sum(answer_count) > 0

-- name: topics
select topic_code, need_type
from core.training_topics
where need_type is not null
order by topic_code

-- name: classes_to_come
-- Grain: one class to come that an outside vendor gives; its last day in the class's own time zone.
select
    sessions.session_code,
    vendors.vendor_code,
    vendors.licence_no,
    vendors.licence_expires_on,
    (sessions.ends_at at time zone sessions.timezone)::date as last_day
from core.class_sessions as sessions
join core.courses as courses using (course_code)
join core.trainers as trainers using (trainer_id)
join core.vendors as vendors on vendors.vendor_code = coalesce(trainers.vendor_code, courses.vendor_code)
where sessions.status <> 'cancelled' and sessions.ends_at > %(now)s
order by sessions.session_code

-- name: newest
-- The newest scoring.
select release_id, subject_id as quarter, revision_number, released_at, site_version
from published.releases
where product = 'vendor_scores' and subject_kind = 'quarter' and not is_withheld
order by released_at desc, release_id desc
limit 1

-- name: figures
select family, code, statistic, value, text_value, respondent_count, is_hidden, reason
from published.figures
where release_id = %(release_id)s
order by family, code, statistic

-- name: names
-- Grain: one vendor, topic or class by the name a reader knows.
select 'vendor' as kind, vendor_code as code, name_zh, name_en, kind as detail, licence_expires_on as on_day
from core.vendors
union all
select 'topic', topic_code, name_zh, name_en, null, null from core.training_topics
union all
select 'class', sessions.session_code, courses.name_zh, courses.name_en, null,
    (sessions.starts_at at time zone sessions.timezone)::date
from core.class_sessions as sessions
join core.courses as courses using (course_code)

-- name: checked_files
-- Grain: one file behind vendors and ratings with the gate's newest verdict about it (null: none, and no report).
select
    behind.dataset,
    files.file_id,
    files.name,
    files.row_count,
    files.accepted_count,
    files.unchanged_count,
    files.quarantined_count,
    files.parked_count,
    files.refused_count,
    files.checked_at,
    files.gate_decision
from core.vendor_files as behind
join ops.checked_files as files using (file_id)
order by behind.dataset, files.file_id
