-- Grain: one employee's result in one indicator and one of the given quarters (R03), with the indicator's direction. The
-- cause is what a person stated; who worked here is decided by marts/needs_people.sql.
select
    performance_reviews.employee_id, performance_reviews.kpi_code, performance_reviews.period,
    performance_reviews.target_value, performance_reviews.actual_value, performance_reviews.cause,
    kpi_definitions.direction
from core.performance_reviews
join core.kpi_definitions using (kpi_code)
where performance_reviews.period = any (%(quarters)s::text[])
order by employee_id, kpi_code, period
