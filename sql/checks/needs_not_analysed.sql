-- A needs survey that closed and was never analysed: a year's plan that nobody will see. A withheld release is an answer, too.
-- Grain: one plan year.
-- severity: stop
-- audience: hr
-- zh: 已关闭的年度需求调研都有分析
-- en: Every closed needs survey was analysed
-- gap_zh: {count} 个已关闭的年度需求调研没有分析
-- gap_en: Closed needs surveys without an analysis: {count}
with closed as (
    select subject_id as year
    from ops.survey_waves
    where
        instrument_code = 'annual_needs'
        and subject_kind = 'needs_year'
        and state = 'closed'
        -- The analysis runs in the morning after the close; a day more is late.
        and closed_at < %(now)s - interval '2 days'
        and closed_at > %(now)s - interval '180 days'
)
select 'needs_year' as subject_kind, closed.year as subject_id, 1 as gap_count
from closed
left join published.releases
    on releases.product = 'annual_needs' and releases.subject_kind = 'needs_year' and releases.subject_id = closed.year
where releases.release_id is null
