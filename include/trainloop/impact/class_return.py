"""What a class cost, learners' time included, and what its effect was worth (R38)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from trainloop.config import Site
from trainloop.domain.return_on_investment import (
    CENT,
    Cost,
    CurrenciesMixedError,
    Effect,
    Return,
    ReturnRefusal,
    Worth,
    return_on_investment,
)
from trainloop.impact.class_study import ClassSession, Measured
from trainloop.impact.finding import Finding
from trainloop.statistics.refusal import Refusal
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def read_costs(connection: Connection, session: ClassSession, site: Site) -> list[Cost]:
    """Return the fully loaded costs of a class: what it was charged, and the time of those who came.

    Empty when no costs came in: their time alone is not what a class costs.
    """
    key = {"session_code": session.session_code}
    costs = [Cost(**row) for row in connection.execute(statement("performance", "costs"), key)]
    if not costs:
        return []
    rules = site.impact
    hours = Decimal(session.hours)
    time = sum(
        (
            row["learner_count"] * hours * rules.hour_amounts.get(row["labour_cost_band"], rules.hour_default_amount)
            for row in connection.execute(statement("performance", "learner_bands"))
        ),
        Decimal(0),
    )
    return [*costs, Cost("salaries", time.quantize(CENT, ROUND_HALF_UP), rules.hour_currency)]


def return_of_class(
    finding: Finding, measured: Measured, costs: Sequence[Cost], learners_in_job: int, periods: int
) -> Return | ReturnRefusal:
    """Return what one indicator's effect is worth against the costs of the class, or why that is not computed.

    Of a rate the value is that of one event, so the effect is turned into events by the learners' own exposure; of
    revenue only the margin counts. A value that nobody vouches for is no value.
    """
    if finding.graded.grade not in {"A", "B", "C"}:
        return ReturnRefusal("evidence_too_weak")
    if not costs:
        return ReturnRefusal("no_costs")
    worth = measured.worth
    if worth["unit_value_amount"] is not None and not (worth["value_owner"] and worth["value_source"]):
        return ReturnRefusal("no_value_owner")
    effect = finding.effect
    low = high = None
    estimate = Decimal(0)
    if not isinstance(effect, Refusal):
        estimate = Decimal(repr(effect.estimate))
        low, high = (
            None if isinstance(bound, Refusal) else Decimal(repr(bound)) for bound in (effect.low, effect.high)
        )
    try:
        return return_on_investment(
            Effect(estimate, low, high, finding.indicator.direction),
            Worth(
                value_of(finding, measured),
                worth["currency"],
                learners_in_job,
                periods,
                _share(worth, "value_confidence_pct"),
            ),
            costs,
            finding.graded.grade,
        )
    except CurrenciesMixedError:
        return ReturnRefusal("mixed_currencies")


def value_of(finding: Finding, measured: Measured) -> Decimal | None:
    """Return what one unit of an indicator's difference is worth in one period of one learner; None: nobody said."""
    amount = measured.worth["unit_value_amount"]
    if amount is None:
        return None
    value: Decimal = amount * _share(measured.worth, "margin_pct")
    learners, per = finding.learners, finding.indicator.rate_per
    if learners is not None and learners.exposure_each is not None:
        value *= Decimal(repr(learners.exposure_each)) / Decimal(repr(per or 1.0))
    return value


def _share(worth: Mapping[str, Any], name: str) -> Decimal:
    percent: Decimal | None = worth[name]
    return Decimal(1) if percent is None else percent / 100
