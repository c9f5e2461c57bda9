-- Internal trainers in the making (R15): what the weekly scan reads, and HR's figures.

-- name: stages
-- Grain: one stage that one employee who is still here reached in one topic. A mentor who left is none.
select candidate.employee_id, candidate.topic_code, candidate.stage, candidate.reached_on,
    mentor.employee_id as mentor_id, candidate.certificate_expires_on
from core.trainer_candidates as candidate
inner join core.employees as person
    on person.employee_id = candidate.employee_id and person.removed_on is null
    and coalesce(person.left_on > %(today)s, true)
left join core.employees as mentor
    on mentor.employee_id = candidate.mentor_id and mentor.removed_on is null
    and coalesce(mentor.left_on > %(today)s, true)
where candidate.reached_on <= %(today)s
order by candidate.employee_id, candidate.topic_code

-- name: marks
-- Grain: one assessor of one candidate's trial lesson: the mean over the criteria.
select employee_id, topic_code, assessor_id, avg(score) as mean
from core.trainer_assessments
where stage = 'trial'
group by employee_id, topic_code, assessor_id
order by employee_id, topic_code, assessor_id

-- name: loads
-- Grain: one internal trainer with more hours in a quarter than allowed: classes held and planned, and their topics.
select trainer.trainer_id, trainer.employee_id, sum(course.hours) as hours,
    array_remove(array_agg(distinct course.topic_code), null) as topic_codes
from core.class_sessions as session
inner join core.trainers as trainer on trainer.trainer_id = session.trainer_id and trainer.kind = 'internal'
inner join core.courses as course on course.course_code = session.course_code
where session.status <> 'cancelled' and session.starts_at >= %(starts_at)s and session.starts_at < %(ends_at)s
group by trainer.trainer_id, trainer.employee_id
having sum(course.hours) > %(hours_limit)s
order by trainer.trainer_id

-- name: at_a_glance
-- How many candidates are under way and how many hold a valid certificate, by what they reached last.
with newest as (
    select distinct on (employee_id, topic_code) stage, certificate_expires_on
    from core.trainer_candidates
    where reached_on <= %(today)s
    order by employee_id, topic_code, reached_on desc,
        array_position(array['nominated', 'mentored', 'micro_course', 'trial', 'certified', 'lapsed'], stage) desc
)
select
    count(*) filter (where stage in ('nominated', 'mentored', 'micro_course', 'trial'))::int as under_way_count,
    count(*) filter (where stage = 'certified' and certificate_expires_on >= %(today)s)::int as certified_count
from newest
