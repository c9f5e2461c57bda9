-- A pulse or a 360 that closed and led to nothing: people answered and nobody hears of it. A withheld release is an
-- answer, too.
-- Grain: one wave.
-- severity: stop
-- audience: hr
-- zh: 已关闭的季度调研和 360 度评价都有结果
-- en: Every closed pulse and 360 assessment has a result
-- gap_zh: {count} 个已关闭的季度调研或 360 度评价没有结果
-- gap_en: Closed pulses or 360 assessments without a result: {count}
with closed as (
    select wave_code, instrument_code, subject_kind, subject_id
    from ops.survey_waves
    where
        instrument_code in ('quarterly_pulse', 'feedback_360')
        and state = 'closed'
        -- Both are worked out in the morning after the close; a day more is late.
        and closed_at < %(now)s - interval '2 days'
        and closed_at > %(now)s - interval '180 days'
)
select 'survey_wave' as subject_kind, closed.wave_code as subject_id, 1 as gap_count
from closed
where
    not exists (
        select from published.releases
        where releases.product = closed.instrument_code and releases.subject_kind = closed.subject_kind
            and releases.subject_id = closed.subject_id
    )
    and not exists (
        select from ops.audit_entries
        where audit_entries.action = 'assessment_evaluated' and audit_entries.subject_kind = 'survey_wave'
            and audit_entries.subject_id = closed.wave_code
    )
