-- Statements of the budgets (role planner) and of HR's monthly mail about them (role sender).

-- name: with_questions
-- Grain: one budget with the largest overspend that HR was asked about, and the number of that question.
select
    budgets.budget_code, budgets.name, budgets.planned_amount, budgets.committed_amount, budgets.actual_amount,
    budgets.currency, asked.asked_revision, asked.asked_amount
from core.budgets as budgets
left join lateral (
    select max(revision_number) as asked_revision, max((facts ->> 'over_amount')::numeric) as asked_amount
    from ops.approvals
    where kind = %(kind)s and subject_kind = 'budget' and subject_id = budgets.budget_code
) as asked on true
order by budgets.budget_code

-- name: of_year
select budget_code, name, planned_amount, committed_amount, actual_amount, currency
from core.budgets
where year = %(year)s
order by actual_amount + committed_amount - planned_amount desc, budget_code
