"""Return on investment: Decimal to the cent, the interval carried through, refusals instead of numbers."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from trainloop.domain.return_on_investment import (
    Cost,
    CurrenciesMixedError,
    Effect,
    Range,
    Return,
    ReturnRefusal,
    Worth,
    return_on_investment,
)

D = Decimal
EFFECT = Effect(D(3), D(1), D(5), "higher")
WORTH = Worth(D(100), "CNY", 20, 3, D("0.8"))
COSTS = [Cost("delivery", D(1500), "CNY"), Cost("salaries", D(500), "CNY")]


def test_ratio_and_return_are_those_of_phillips() -> None:
    """Phillips & Phillips, Return on Investment (ROI) Basics (ASTD Press, 2005): improvement worth 60,000, costs of
    20,000: BCR 3 to 1, ROI 200 %.
    """
    worth = Worth(D(60_000), "USD", 1, 1)
    effect = Effect(D(1), D(1), D(1), "higher")
    found = return_on_investment(effect, worth, [Cost("delivery", D(20_000), "USD")], "A")
    assert isinstance(found, Return)
    assert (found.ratio.figure, found.return_pct.figure) == (D("3.00"), D("200.0"))


def test_the_interval_of_the_effect_is_carried_through() -> None:
    """3 (1 to 5) × 20 learners × 100 × 3 months × 0.8 = 14,400 (4,800 to 24,000) for 2,000."""
    found = return_on_investment(EFFECT, WORTH, COSTS, "B")
    assert isinstance(found, Return)
    assert found.benefit == Range(D("14400.00"), D("4800.00"), D("24000.00"))
    assert found.ratio == Range(D("7.20"), D("2.40"), D("12.00"))
    assert found.return_pct == Range(D("620.0"), D("140.0"), D("1100.0"))
    assert (found.cost_amount, found.currency) == (D("2000.00"), "CNY")


def test_fewer_complaints_are_a_benefit() -> None:
    """Direction lower: an effect of −2 (−3 to −1) is worth money, and low stays below high."""
    found = return_on_investment(Effect(D(-2), D(-3), D(-1), "lower"), WORTH, COSTS, "C")
    assert isinstance(found, Return)
    assert found.benefit == Range(D("9600.00"), D("4800.00"), D("14400.00"))


def test_a_loss_is_told_as_one() -> None:
    """An interval from below zero leads to a return from below −100 %."""
    found = return_on_investment(Effect(D(0), D(-1), D(1), "higher"), WORTH, COSTS, "B")
    assert isinstance(found, Return)
    assert found.return_pct == Range(D("-100.0"), D("-340.0"), D("140.0"))


@pytest.mark.parametrize("letter", ["D", "E"])
def test_there_is_no_return_on_weak_evidence(letter: str) -> None:
    """Below grade C nothing is computed, however good the figures look."""
    found = return_on_investment(EFFECT, WORTH, COSTS, letter)  # type: ignore[arg-type]
    assert found == ReturnRefusal("evidence_too_weak")
    assert "等级" in found.text("zh-CN")
    assert "grade C" in found.text("en")


@pytest.mark.parametrize(
    ("effect", "worth", "costs", "reason"),
    [
        (replace(EFFECT, low=None), WORTH, COSTS, "no_interval"),
        (EFFECT, replace(WORTH, unit_value_amount=None), COSTS, "no_value"),
        (EFFECT, replace(WORTH, learners_in_job=0), COSTS, "nobody_in_the_job"),
        (EFFECT, WORTH, [], "zero_cost"),
        (EFFECT, WORTH, [Cost("venue", D(0), "CNY")], "zero_cost"),
    ],
)
def test_what_cannot_be_computed_is_refused_by_name(
    effect: Effect, worth: Worth, costs: list[Cost], reason: str
) -> None:
    """Zero cost is undefined, not infinite; a missing value is not zero."""
    assert return_on_investment(effect, worth, costs, "B") == ReturnRefusal(reason)  # type: ignore[arg-type]


def test_mixed_currencies_are_an_error_even_on_weak_evidence() -> None:
    """Adding yuan and dollars is a fault of the data, and it is told before anything else."""
    with pytest.raises(CurrenciesMixedError, match="CNY, USD"):
        return_on_investment(EFFECT, WORTH, [*COSTS, Cost("travel", D(9), "USD")], "E")
