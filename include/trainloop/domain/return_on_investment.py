"""Return on investment of a class (R38; Phillips, Handbook of Training Evaluation and Measurement Methods, 1997).

Benefit = isolated effect per learner and period × learners still in the job × value per unit × periods × confidence.
The effect is that of the comparison group, so nothing more is isolated. Costs are fully loaded. BCR = benefits/costs,
ROI % = (benefits − costs)/costs × 100; both carry the interval of the effect. Money is Decimal throughout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from trainloop.domain.performance import EvidenceGrade
from trainloop.errors import PermanentError

CostCategory = Literal["design", "delivery", "materials", "venue", "travel", "salaries", "evaluation", "other"]
ReturnRefusalCode = Literal[
    "evidence_too_weak",
    "no_interval",
    "no_value",
    "no_value_owner",
    "no_costs",
    "zero_cost",
    "mixed_currencies",
    "nobody_in_the_job",
]
CENT = Decimal("0.01")
_TEXTS: dict[ReturnRefusalCode, tuple[str, str]] = {
    "evidence_too_weak": ("证据等级低于 C，不计算投资回报", "evidence below grade C: no return is computed"),
    "no_interval": ("效果没有区间，不计算投资回报", "the effect has no interval: no return is computed"),
    "no_value": ("指标没有每单位价值，不计算投资回报", "the indicator has no value per unit: no return is computed"),
    "no_value_owner": (
        "每单位价值没有认定部门，不计算投资回报",
        "nobody vouches for the value per unit: no return is computed",
    ),
    "no_costs": ("没有收到班次成本，不计算投资回报", "no costs of the class came in: no return is computed"),
    "mixed_currencies": (
        "成本与价值币种不一致，请先换算为同一币种",
        "costs and value come in several currencies: convert them to one first",
    ),
    "zero_cost": ("成本为零，投资回报无定义", "the costs are zero: the return is not defined"),
    "nobody_in_the_job": ("没有学员仍在岗，不计算投资回报", "no learner is still in the job: no return is computed"),
}


class CurrenciesMixedError(PermanentError):
    """Costs and values come in {currencies}. Convert them to one currency before a return is computed."""


@dataclass(frozen=True, slots=True)
class ReturnRefusal:
    """Why there is no return; the report prints its text in place of the number."""

    reason_code: ReturnRefusalCode

    def text(self, locale: Literal["zh-CN", "en"]) -> str:
        return _TEXTS[self.reason_code][0 if locale == "zh-CN" else 1]


@dataclass(frozen=True, slots=True)
class Cost:
    """One part of the fully loaded costs."""

    category: CostCategory
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Effect per learner and period in the indicator's units with its interval (None: it has none)."""

    estimate: Decimal
    low: Decimal | None
    high: Decimal | None
    direction: Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Worth:
    """What one unit of the indicator is worth and for how long; `confidence` (0–1) in that value."""

    unit_value_amount: Decimal | None
    currency: str
    learners_in_job: int
    periods: int
    confidence: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Range:
    """A figure with its interval, low ≤ high."""

    figure: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True)
class Return:
    """Benefit in money, benefit-cost ratio, return in percent; costs in the same currency, to the cent."""

    benefit: Range
    ratio: Range
    return_pct: Range
    cost_amount: Decimal
    currency: str


def return_on_investment(
    effect: Effect, worth: Worth, costs: Sequence[Cost], grade: EvidenceGrade
) -> Return | ReturnRefusal:
    """Return benefit, BCR and ROI with their intervals, or why there are none.

    Raises CurrenciesMixedError. Fewer complaints are a benefit: the direction turns the sign.
    """
    currencies = sorted({cost.currency for cost in costs} | {worth.currency})
    if len(currencies) > 1:
        raise CurrenciesMixedError(currencies=", ".join(currencies))
    if grade not in {"A", "B", "C"}:
        return ReturnRefusal("evidence_too_weak")
    if effect.low is None or effect.high is None:
        return ReturnRefusal("no_interval")
    if worth.unit_value_amount is None:
        return ReturnRefusal("no_value")
    if worth.learners_in_job < 1:
        return ReturnRefusal("nobody_in_the_job")
    cost_amount = sum((cost.amount for cost in costs), Decimal(0))
    if cost_amount == 0:
        return ReturnRefusal("zero_cost")
    sign = 1 if effect.direction == "higher" else -1
    each = sign * worth.learners_in_job * worth.unit_value_amount * worth.periods * worth.confidence
    benefits = [each * figure for figure in (effect.estimate, effect.low, effect.high)]
    return Return(
        _range(benefits, CENT),
        _range([benefit / cost_amount for benefit in benefits], CENT),
        _range([(benefit - cost_amount) / cost_amount * 100 for benefit in benefits], Decimal("0.1")),
        cost_amount.quantize(CENT, ROUND_HALF_UP),
        currencies[0],
    )


def _range(figures: Sequence[Decimal], step: Decimal) -> Range:
    figure, *bounds = (one.quantize(step, ROUND_HALF_UP) for one in figures)
    return Range(figure, min(bounds), max(bounds))
