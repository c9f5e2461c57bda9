-- The last look before readers: no opinion of fewer people than the minimum stands in published. Counts of people in
-- attendance and response are administrative and no opinions. Grain: one release.
-- severity: stop
-- audience: engineer
-- zh: 已发布的数字都达到最小人数
-- en: Every published figure stands on enough people
-- gap_zh: {count} 个已发布的数字低于最小人数
-- gap_en: Published figures that stand on too few people: {count}
with figures as (
    select release_id
    from published.figures
    where
        family in (
            'item', 'dimension', 'nps', 'choice', 'theme', 'comparison', 'comparison_trainer', 'verification', 'number',
            'performance', 'competency', 'self_other', 'agreement', 'plan', 'blocker'
        )
        and not is_hidden
        and (value is not null or text_value is not null)
        and statistic not in ('n', 'both_n', 'name_zh', 'name_en', 'earlier_sessions_count', 'earlier_session_code')
        and statistic not in ('undefined_count', 'unassessed_count')
        and statistic not like 'n:%%'
        and respondent_count < %(mean_min)s
),
shares as (
    select release_id
    from published.figures
    where value is not null and respondent_count < %(distribution_min)s
        and (
            (family = 'demand' and statistic <> 'all_n')
            or (family in ('plan', 'blocker') and statistic ~ '^(count|share):')
        )
),
cells as (
    select release_id
    from published.needs_cells
    where value is not null
        and (
            (table_code like 'demand:%%' and respondent_count < %(distribution_min)s)
            or (table_code ~ '^(performance|competency|people)' and respondent_count < %(mean_min)s)
        )
),
everything as (
    select release_id from figures
    union all
    select release_id from shares
    union all
    select release_id from cells
)
select 'release' as subject_kind, release_id::text as subject_id, count(*) as gap_count
from everything
group by release_id
