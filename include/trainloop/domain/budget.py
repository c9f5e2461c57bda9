"""Budgets 培训预算: what is left, what is over, and how much of the education fund 职工教育经费 is used (R17).

Money is Decimal. What is committed is signed and not paid yet, so a budget's forecast is committed plus actual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

GaugeReason = Literal["payroll_missing", "mixed_currencies", "no_budgets"]


@dataclass(frozen=True, slots=True)
class Budget:
    """One budget of a year."""

    budget_code: str
    name: str | None
    planned: Decimal
    committed: Decimal
    actual: Decimal
    currency: str

    @property
    def forecast(self) -> Decimal:
        return self.committed + self.actual

    @property
    def variance(self) -> Decimal:
        """What is left of the plan; negative when the forecast is over it."""
        return self.planned - self.forecast

    @property
    def over(self) -> Decimal:
        """How much the forecast is over the plan, 0 when it is not."""
        return max(Decimal(0), -self.variance)


@dataclass(frozen=True, slots=True)
class FundGauge:
    """How much of the year's limit is spent: `share_pct` of it."""

    limit: Decimal
    spent: Decimal
    share_pct: Decimal


def fund_gauge(
    budgets: Sequence[Budget], payroll: Decimal | None, limit_pct: Decimal, currency: str
) -> FundGauge | GaugeReason:
    """Return how much of `limit_pct` percent of the payroll the actual amounts have used, or why nobody can tell.

    >>> budget = Budget("B1", None, Decimal(100), Decimal(0), Decimal(40), "CNY")
    >>> fund_gauge([budget], Decimal(1000), Decimal(8), "CNY").share_pct
    Decimal('50.0')
    """
    if not budgets:
        return "no_budgets"
    if payroll is None or payroll <= 0:
        return "payroll_missing"
    if any(budget.currency != currency for budget in budgets):
        return "mixed_currencies"
    limit = payroll * limit_pct / 100
    spent = sum((budget.actual for budget in budgets), Decimal(0))
    return FundGauge(limit, spent, round(spent / limit * 100, 1))
