-- The figures of `marts.evaluation_figures` as plain SQL in DuckDB: every number of a class that needs no word list
-- (themes) and no distribution function. Quantiles come from tables that were loaded before: t by degrees of freedom, F
-- by people and items. What is left out is named in bench_marts.py. The workload's items are all scaled 1 to 5.
create or replace table figures as
with said as (
    select forms.wave_code, answers.*
    from answers join forms using (response_id)
),
scaled as (
    select said.wave_code, said.response_id, said.item_code, said.score, said.choice, items.dimension
    from said join items using (item_code)
),
item_moments as (
    select
        wave_code, item_code as code, count(score) as n, avg(score) as mean, var_samp(score) as variance,
        median(score) as median, count(choice) as na_count,
        count(*) filter (where score >= 4) as top2, count(*) filter (where score <= 2) as bottom2,
        100.0 * avg((score = 1)::int) as share_1, 100.0 * avg((score = 2)::int) as share_2,
        100.0 * avg((score = 3)::int) as share_3, 100.0 * avg((score = 4)::int) as share_4,
        100.0 * avg((score = 5)::int) as share_5
    from scaled
    group by all
),
boxes as (
    select
        wave_code, code,
        [
            100 * ((share + z * z / (2 * n)) + sign * z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
            / (1 + z * z / n)
            for sign in [-1, 1]
        ] as top2,
        [
            100 * ((low + z * z / (2 * n)) + sign * z * sqrt(low * (1 - low) / n + z * z / (4 * n * n)))
            / (1 + z * z / n)
            for sign in [-1, 1]
        ] as bottom2
    from (select *, top2 / n as share, bottom2 / n as low from item_moments), (select z from normal_quantile)
),
item as (
    select
        wave_code, code, n::double as n, mean, median, share_1, share_2, share_3, share_4, share_5,
        100.0 * na_count / (n + na_count) as share_na,
        mean - t * sqrt(variance / n) as ci_low, mean + t * sqrt(variance / n) as ci_high,
        sqrt(variance / n * (1 - n / eligible_count)) as se_class,
        100.0 * item_moments.top2 / n as top2_pct, boxes.top2[1] as top2_low, boxes.top2[2] as top2_high,
        100.0 * item_moments.bottom2 / n as bottom2_pct, boxes.bottom2[1] as bottom2_low,
        boxes.bottom2[2] as bottom2_high
    from item_moments
    join boxes using (wave_code, code)
    join classes using (wave_code)
    join t_quantiles on degrees = n - 1
),
person as (
    select wave_code, dimension, response_id, avg(score) as mean, count(score) as answered, sum(score) as total
    from scaled
    group by all
),
dimension_moments as (
    select wave_code, dimension as code, count(*) as n, avg(mean) as mean, var_samp(mean) as variance
    from person
    group by all
),
rests as (
    select
        scaled.wave_code, scaled.dimension, scaled.item_code, count(*) as n, var_samp(scaled.score) as own,
        var_samp(person.total - scaled.score) as rest, any_value(size) as size
    from scaled
    join person using (wave_code, dimension, response_id)
    join (select dimension, count(*) as size from items group by dimension) as sizes using (dimension)
    where person.answered = size
    group by all
),
totals as (
    select wave_code, dimension, var_samp(total) as variance
    from person
    join (select dimension, count(*) as size from items group by dimension) as sizes using (dimension)
    where answered = size
    group by all
),
alphas as (
    select
        wave_code, dimension as code, any_value(n) as n, any_value(size) as size, sum(own) as own,
        any_value(variance) as variance,
        any_value(size) / (any_value(size) - 1) * (1 - sum(own) / any_value(variance)) as alpha
    from rests join totals using (wave_code, dimension)
    group by all
    having min(own) > 0
),
dimension as (
    select
        wave_code, code, spread.n::double as n, mean, mean - t * sqrt(spread.variance / spread.n) as ci_low,
        mean + t * sqrt(spread.variance / spread.n) as ci_high, alphas.n::double as alpha_n, alpha,
        1 - (1 - alpha) * f.high as alpha_low, 1 - (1 - alpha) * f.low as alpha_high
    from dimension_moments as spread
    join t_quantiles on degrees = spread.n - 1
    join alphas using (wave_code, code)
    join f_quantiles as f on f.people = alphas.n and f.items = alphas.size
),
dropped as (
    select
        alphas.wave_code, alphas.code, 'alpha_if_dropped:' || item_code as statistic,
        (rests.size - 1) / (rests.size - 2) * (1 - (alphas.own - rests.own) / rests.rest) as value
    from rests join alphas on alphas.wave_code = rests.wave_code and alphas.code = rests.dimension
),
net as (
    select
        wave_code, item_code as code, count(*)::double as n, avg((score >= 9)::int) as p, avg((score <= 6)::int) as d
    from said
    where item_code = 'recommend'
    group by all
),
nps as (
    select
        wave_code, code, n, 100 * (p - d) as nps, 100 * p as promoters_pct, 100 * (1 - p - d) as passives_pct,
        100 * d as detractors_pct,
        100 * greatest(-1, p - d - z * sqrt((p + d - (p - d) * (p - d)) / n)) as ci_low,
        100 * least(1, p - d + z * sqrt((p + d - (p - d) * (p - d)) / n)) as ci_high
    from net, (select z from normal_quantile)
),
chosen as (
    select *, sum(chosen) over (partition by wave_code, code) as n
    from (
        select wave_code, item_code as code, choice, count(*)::double as chosen
        from said
        where item_code = 'performance_focus'
        group by all
    )
),
response as (
    select
        wave_code, 'wave' as code, invited_count::double as invited_count, eligible_count::double as eligible_count,
        count(*)::double as complete_count, 0.0::double as partial_count, 0.0::double as straight_lined_count,
        100.0 * count(*) / eligible_count as rr1_pct, 100.0 * count(*) / eligible_count as rr2_pct
    from forms join classes using (wave_code)
    group by wave_code, invited_count, eligible_count
),
attendance as (
    select
        wave_code, 'class' as code, count(*)::double as enrolled_count,
        count(*) filter (where status in ('present', 'late', 'early'))::double as attended_count,
        count(*) filter (where status is null or status = 'absent')::double as absent_count,
        count(*) filter (where status = 'excused')::double as excused_count,
        count(*) filter (where status = 'late')::double as late_count,
        count(*) filter (where status = 'early')::double as early_count,
        100.0 * count(*) filter (where status in ('present', 'late', 'early')) / count(*) as rate_pct
    from classes join enrolled using (session_code) left join signed using (session_code, employee_id)
    group by wave_code
),
test_moments as (
    select
        wave_code, count(*)::double as n, avg(pre) as pre_mean, avg(post) as post_mean, avg(post - pre) as difference,
        stddev_samp(post - pre) as spread
    from tests join classes using (session_code)
    group by wave_code
),
test as (
    select
        wave_code, 'class' as code, n, pre_mean, post_mean, difference, (post_mean - pre_mean) / (100 - pre_mean) as gain,
        difference - t * spread / sqrt(n) as ci_low, difference + t * spread / sqrt(n) as ci_high
    from test_moments join t_quantiles on degrees = n - 1
),
now as (
    select wave_code, 'item' as kind, code, n, mean, variance from item_moments
    union all
    select wave_code, 'dimension', code, n, mean, variance from dimension_moments
),
scoped as (
    select now.wave_code, 'comparison' as family, earlier.session_code
    from classes as now join classes as earlier on earlier.course_code = now.course_code
    where earlier.starts_at < now.starts_at
    union all
    select now.wave_code, 'comparison_trainer', earlier.session_code
    from classes as now join classes as earlier on earlier.trainer_id = now.trainer_id
    where earlier.starts_at < now.starts_at
),
pooled as (
    select
        wave_code, scoped.family, released.family as kind, code, count(*) as sessions_count, sum(n) as n,
        sum(n * mean) / sum(n) as mean
    from scoped join released using (session_code)
    group by wave_code, scoped.family, released.family, code, shown_level
    qualify row_number() over (partition by wave_code, scoped.family, kind, code order by shown_level) = 1
),
compared as (
    select
        now.wave_code, families.family, now.code, now.n::double as n,
        coalesce(pooled.sessions_count, 0)::double as earlier_sessions_count, pooled.n::double as earlier_n,
        pooled.mean as earlier_mean, now.mean - pooled.mean as difference
    from now
    cross join (values ('comparison'), ('comparison_trainer')) as families (family)
    left join pooled using (wave_code, family, kind, code)
),
previous as (
    select now.wave_code, arg_max(earlier.session_code, earlier.starts_at) as session_code
    from classes as now join classes as earlier on earlier.course_code = now.course_code
    where earlier.starts_at < now.starts_at
    group by now.wave_code
),
before as (
    select wave_code, session_code, code, n, mean, variance / n as error
    from previous join released using (session_code)
    where family = 'item' and shown_level = 'distribution'
),
drawn as (
    select
        before.*, grand, k,
        case when error > 0 then error / (greatest(0, spread - mean_error) + error) else 0 end as drawn
    from before
    join (
        select wave_code, avg(mean) as grand, count(*) as k, var_samp(mean) as spread, avg(error) as mean_error
        from before
        group by wave_code
    ) as whole using (wave_code)
),
corrected as (
    select
        wave_code, session_code, code, mean - drawn * (mean - grand) as mean,
        error * (1 - drawn * (k - 1) / k) + 2 / (k - 3) * (drawn * (mean - grand)) ** 2 as error
    from drawn
),
verification as (
    select
        now.wave_code, now.code, now.n::double as n, corrected.mean as earlier_mean,
        now.mean - corrected.mean as difference,
        now.mean - corrected.mean - t * sqrt(now.variance / now.n + corrected.error) as ci_low,
        now.mean - corrected.mean + t * sqrt(now.variance / now.n + corrected.error) as ci_high
    from corrected
    join findings using (session_code, code)
    join now on now.wave_code = corrected.wave_code and now.code = corrected.code and now.kind = 'item'
    join t_quantiles on degrees = now.n - 1
)
select wave_code, 'choice' as family, code, 'count:' || choice as statistic, chosen as value from chosen
union all
select wave_code, 'choice', code, 'share:' || choice, 100 * chosen / n from chosen
union all
select distinct wave_code, 'choice', code, 'n', n::double from chosen
union all
select wave_code, 'dimension', code, statistic, value from dropped
union all
select wave_code, family, code, statistic, value
from (unpivot compared on n, earlier_sessions_count, earlier_n, earlier_mean, difference into name statistic value value)
union all
{unions}
