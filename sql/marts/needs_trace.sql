-- Grain: one path from a strategy goal of the year over a training topic to a course (R01), and what has no such path:
-- goals that no topic serves, topics without goal or course, courses that teach no known topic. A topic of a goal of another
-- year counts as one without: last year's strategy carries nothing. And one finding of last year's training review that HR
-- did not drop (seed_*), on the path of its topic; a finding about a topic that is gone is named (R39).
with goals as (
    select goal_code, weight_pct from core.strategy_goals where year = %(year)s
),
topics as (
    select topic_code, competency_code, goals.goal_code
    from core.training_topics
    left join goals using (goal_code)
),
taught as (
    select topics.topic_code, courses.course_code
    from core.courses
    left join topics using (topic_code)
)
select
    goals.goal_code,
    goals.weight_pct,
    topics.topic_code,
    topics.competency_code,
    taught.course_code,
    case
        when topics.topic_code is null then 'goal_without_topic'
        when topics.goal_code is null then 'topic_without_goal'
        when goals.weight_pct = 0 then 'goal_without_weight'
        when taught.course_code is null then 'topic_without_course'
    end as finding,
    null as seed_kind,
    null as seed_code,
    null as seed_finding,
    null::bigint as seed_release_id
from goals
full join topics using (goal_code)
left join taught on taught.topic_code = topics.topic_code
union all
select null, null, null, null, course_code, 'course_without_topic', null, null, null, null
from taught
where topic_code is null
union all
select
    goals.goal_code,
    goals.weight_pct,
    seeds.topic_code,
    topics.competency_code,
    split_part(seeds.source_code, ':', 1),
    case when topics.topic_code is null then 'seed_without_topic' end,
    seeds.source_kind,
    seeds.source_code,
    seeds.finding,
    seeds.release_id
from ops.need_seeds as seeds
left join topics using (topic_code)
left join goals on goals.goal_code = topics.goal_code
where seeds.year = %(year)s and seeds.dropped_at is null
order by weight_pct desc nulls last, goal_code, topic_code, course_code, seed_kind nulls first, seed_code
