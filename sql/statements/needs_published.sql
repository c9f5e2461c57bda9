-- What may be seen of one year's needs analysis; one release at a time.

-- name: release
-- The newest release that was not withheld, or the revision asked for.
select
    release_id, subject_id::integer as year, revision_number, data_sha256, site_version, released_at,
    (
        select jsonb_object_agg(statistic, text_value)
        from published.figures
        where figures.release_id = releases.release_id and family = 'analysis' and code = 'year'
    ) as facts
from published.releases
where product = 'annual_needs' and subject_kind = 'needs_year' and subject_id = %(year)s::integer::text
    and not is_withheld
    and (%(revision_number)s::integer is null or revision_number = %(revision_number)s)
order by revision_number desc
limit 1

-- name: needs
select
    topic_code, position, rank, verdict, computed_verdict, override_reason, override_by, priority, urgency_score,
    scope_score, strategic_score, goal_code, competency_code, kpi_code, target_audience, target_count, deadline_on,
    estimated_cost_amount, cumulative_cost_amount, funding
from published.needs
where release_id = %(release_id)s
order by position

-- name: layers
select topic_code, layer, is_passed, is_evidence_missing, reason, value, threshold, respondent_count, is_hidden
from published.need_layers
where release_id = %(release_id)s
order by topic_code, array_position(array['strategy', 'business', 'individual'], layer)

-- name: evidence
select topic_code, layer, kind, code, statistic, value, text_value, respondent_count, is_hidden, reason
from published.need_evidence
where release_id = %(release_id)s
order by topic_code, layer, position

-- name: trace
select
    goal_code, weight_pct, topic_code, competency_code, course_code, finding, seed_kind, seed_code, seed_finding,
    seed_release_id
from published.needs_trace
where release_id = %(release_id)s
order by position

-- name: cells
select table_code, row_code, column_code, statistic, value, respondent_count, is_hidden, reason
from published.needs_cells
where release_id = %(release_id)s
order by table_code, row_code, column_code, statistic

-- name: sensitivity
select variant, topic_code, priority, rank, is_funded
from published.needs_sensitivity
where release_id = %(release_id)s
order by variant, rank

-- name: figures
select family, code, statistic, value, text_value, respondent_count, is_hidden, reason
from published.figures
where release_id = %(release_id)s
order by family, code, statistic

-- name: labels
select kind, code, name_zh, name_en
from published.needs_labels
where release_id = %(release_id)s
order by kind, code

-- name: quotes
select substr(item_code, length('quote:') + 1) as topic_code, masked_text
from published.verbatims
where release_id = %(release_id)s and item_code like 'quote:%%'
order by item_code, position
