-- Grain: one training topic that one department named in interviews of the year before the survey closed, and what came in
-- since (R02): how often, how severe on average. A department speaks as a department here; quotes stand elsewhere.
select
    topic_code, department_code, count(*)::integer as mentions_count, avg(severity)::numeric as severity_mean
from core.business_interviews
where topic_code is not null and interviewed_on > %(population_on)s - interval '1 year' and interviewed_on <= %(today)s
group by topic_code, department_code
order by topic_code, department_code
