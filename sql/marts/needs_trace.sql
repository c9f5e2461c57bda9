-- Grain: one path from a strategy goal of the year over a training topic to a course (R01), and what has no such path:
-- goals that no topic serves, topics without goal or course, courses that teach no known topic. A topic of a goal of another
-- year counts as one without: last year's strategy carries nothing.
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
    goals.goal_code, goals.weight_pct, topics.topic_code, topics.competency_code, taught.course_code,
    case
        when topics.topic_code is null then 'goal_without_topic'
        when topics.goal_code is null then 'topic_without_goal'
        when goals.weight_pct = 0 then 'goal_without_weight'
        when taught.course_code is null then 'topic_without_course'
    end as finding
from goals
full join topics using (goal_code)
left join taught on taught.topic_code = topics.topic_code
union all
select null, null, null, null, course_code, 'course_without_topic'
from taught
where topic_code is null
order by weight_pct desc nulls last, goal_code, topic_code, course_code
