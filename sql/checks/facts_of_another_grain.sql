-- Facts that came before their indicator's grain was changed: the gate judges a row when it arrives, so the older ones stay
-- and every analysis leaves them out. Grain: one indicator.
-- severity: warn
-- audience: hr
-- zh: 指标数据与指标定义的统计粒度一致
-- en: Facts come in the grain their indicator is defined in
-- gap_zh: {count} 条指标数据与定义的统计粒度不同，请按定义重新提交
-- gap_en: Facts of another grain than their indicator's, to be sent again as defined: {count}
with facts as (
    select kpi_code, core.period_grain(period) as grain, count(*) as fact_count
    from core.kpi_facts
    group by kpi_code, core.period_grain(period)
),
definitions as (select * from core.kpi_definitions)
select 'indicator' as subject_kind, facts.kpi_code as subject_id, sum(facts.fact_count)::bigint as gap_count
from facts
inner join definitions on definitions.kpi_code = facts.kpi_code and definitions.grain <> facts.grain
group by facts.kpi_code
