"""Which needs come first, and which are paid."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainloop.domain.need_priority import (
    RankedNeed,
    Scores,
    Weights,
    best_use,
    fund,
    priority,
    ranked,
    reweighted,
    scope_score,
    strategic_score,
    urgency_score,
    variants,
)

WEIGHTS = Weights()


def need(code: str, *scores: int, cost: int | None = 10) -> RankedNeed:
    found = Scores(*scores)
    return RankedNeed(code, found, priority(found, WEIGHTS), None if cost is None else Decimal(cost))


@pytest.mark.parametrize(("scores", "expected"), [((5, 4, 5), 94), ((2, 2, 2), 40), ((1, 1, 1), 20), ((5, 5, 5), 100)])
def test_priority_is_twenty_times_the_weighted_scores(scores: tuple[int, int, int], expected: float) -> None:
    """The worked examples of the method."""
    assert priority(Scores(*scores), WEIGHTS) == expected


@pytest.mark.parametrize(
    ("deadline", "score"),
    [("2026-11-01", 5), ("2027-02-20", 5), ("2027-05-01", 4), ("2027-08-01", 3), ("2027-11-01", 2), ("2028-06-01", 1)],
)
def test_urgency_follows_the_months_to_the_deadline(deadline: str, score: int) -> None:
    """A deadline that has passed is the most urgent one."""
    assert urgency_score(date(2026, 11, 26), date.fromisoformat(deadline), [3, 6, 9, 12]) == score


def test_a_topic_without_deadline_is_not_urgent() -> None:
    """Nobody said until when."""
    assert urgency_score(date(2026, 11, 26), None, [3, 6, 9, 12]) == 1


@pytest.mark.parametrize(
    ("share", "gap", "score"),
    [(100, 0, 1), (100, -10, 1), (20, 20, 5), (10, 20, 4), (5, 20, 3), (1, 50, 2), (1, 20, 1)],
)
def test_scope_is_headcount_share_times_gap(share: float, gap: float, score: int) -> None:
    """Everybody without a gap is no scope, nor is a large gap of three people."""
    assert scope_score(share, gap, [0.5, 1, 2, 4]) == score


@pytest.mark.parametrize(("weight", "score"), [(40, 5), (33, 5), (32, 4), (24, 3), (16, 2), (8, 1), (1, 1), (0, 1)])
def test_strategic_relevance_is_the_fifth_of_the_heaviest_goal(weight: float, score: int) -> None:
    """The heaviest goal of the year is 40 %: its own topics get 5, a goal of a fifth of it gets 1."""
    assert strategic_score(weight, 40) == score


def test_ties_are_broken_by_strategy_then_scope_then_code() -> None:
    """(4,4,3) and (4,2,…) may meet at one priority: the strategic one goes first."""
    same = [need("T-C", 4, 2, 3), need("T-B", 2, 4, 3), need("T-A", 2, 4, 3)]
    assert [each.topic_code for each in ranked(same)] == ["T-A", "T-B", "T-C"]
    wide, strategic = need("T-A", 4, 4, 2), need("T-Z", 1, 3, 5)
    assert wide.priority == strategic.priority == 64
    assert [each.topic_code for each in ranked([wide, strategic])] == ["T-Z", "T-A"]


def test_money_goes_in_rank_order_until_the_line() -> None:
    """The first need the budget does not cover closes the line: a cheap one below does not overtake it."""
    needs = [need("A", 5, 5, 5, cost=60), need("B", 4, 4, 4, cost=50), need("C", 3, 3, 3, cost=10)]
    assert fund(needs, Decimal(100)) == {"A": "funded", "B": "below_line", "C": "below_line"}
    assert fund(needs, Decimal(110))["B"] == "funded"


def test_a_need_without_cost_is_named_and_takes_no_money() -> None:
    """What it would cost is missing: it can be neither above nor below the line."""
    needs = [need("A", 5, 5, 5, cost=None), need("B", 4, 4, 4, cost=50)]
    assert fund(needs, Decimal(50)) == {"A": "cost_missing", "B": "funded"}


def test_every_variant_of_the_weights_sums_to_one() -> None:
    """Each weight a tenth up and down, renormalised; none below zero."""
    found = dict(variants(WEIGHTS, 0.1))
    assert len(found) == 6
    assert all(abs(each.urgency + each.scope + each.strategic - 1) < 1e-12 for each in found.values())
    assert found["urgency_up"].urgency == pytest.approx(0.4 / 1.1)
    assert dict(variants(Weights(0.05, 0.55, 0.4), 0.1))["urgency_down"].urgency == 0


def test_other_weights_may_turn_the_order() -> None:
    """More urgency lifts the urgent need over the strategic one."""
    needs = [need("S", 1, 3, 5), need("U", 5, 3, 2)]
    assert [each.topic_code for each in ranked(needs)] == ["S", "U"]
    moved = dict(variants(WEIGHTS, 0.1))
    assert [each.topic_code for each in reweighted(needs, moved["urgency_up"])] == ["U", "S"]
    assert [each.topic_code for each in reweighted(needs, moved["urgency_down"])] == ["S", "U"]


@given(
    st.lists(st.tuples(*[st.integers(1, 5)] * 3, st.integers(0, 40)), min_size=1, max_size=8),
    st.integers(0, 100),
)
def test_the_best_use_of_the_budget_is_found(lines: list[tuple[int, int, int, int]], budget: int) -> None:
    """Against trying out every set of needs."""
    needs = [need(f"T{number}", *line[:3], cost=line[3]) for number, line in enumerate(lines)]
    points = {each.topic_code: each.priority for each in needs}
    found = best_use(needs, Decimal(budget))
    affordable = (
        chosen
        for size in range(len(needs) + 1)
        for chosen in combinations(needs, size)
        if sum((each.cost_amount or Decimal(0)) for each in chosen) <= budget
    )
    assert sum(points[code] for code in found) == max(sum(each.priority for each in chosen) for chosen in affordable)
