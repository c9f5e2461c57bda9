"""Which needs come first, which are paid: scores by anchors, priority, rank, budget line (R11; methods §1)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

Funding = Literal["funded", "below_line", "cost_missing", "not_valid"]
DAYS_PER_MONTH = 365.25 / 12
LOWEST, HIGHEST = 1, 5


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each score counts; they sum to 1."""

    urgency: float = 0.3
    scope: float = 0.3
    strategic: float = 0.4


@dataclass(frozen=True, slots=True)
class Scores:
    """Three scores 1–5 by the site's anchors."""

    urgency: int
    scope: int
    strategic: int


@dataclass(frozen=True, slots=True)
class RankedNeed:
    """One valid need as it competes for money; cost None: nobody estimated it."""

    topic_code: str
    scores: Scores
    priority: float
    cost_amount: Decimal | None


def urgency_score(today: date, deadline_on: date | None, months: Sequence[float]) -> int:
    """Return 5 when the deadline is at most months[0] away (or past), 4 up to months[1] …, 1 later or without one."""
    if deadline_on is None:
        return LOWEST
    distance = (deadline_on - today).days / DAYS_PER_MONTH
    return next((HIGHEST - step for step, limit in enumerate(months) if distance <= limit), LOWEST)


def scope_score(headcount_share_pct: float, gap_pct: float, products_pct: Sequence[float]) -> int:
    """Return 1 + the number of anchors that headcount share × gap (both percent, product in percent) reaches.

    A fifth of all people with a gap of 20 % is 4 %. No gap is no scope, however many people are meant.
    """
    product_pct = headcount_share_pct * max(0.0, gap_pct) / 100
    return LOWEST + sum(product_pct >= limit for limit in products_pct)


def strategic_score(weight_pct: float, heaviest_pct: float) -> int:
    """Return in which fifth of the year's heaviest goal a goal's weight lies: 1 … 5; without weight 1."""
    if weight_pct <= 0 or heaviest_pct <= 0:
        return LOWEST
    # Nine decimals first: 40/100 × 5 must be 2 and not the 3 that 2.0000000000000004 rounds up to.
    return min(HIGHEST, max(LOWEST, math.ceil(round(HIGHEST * weight_pct / heaviest_pct, 9))))


def priority(scores: Scores, weights: Weights) -> float:
    """Return 20 × the weighted scores: 20–100. (5, 4, 5) → 94 and (2, 2, 2) → 40 with the default weights."""
    weighted = weights.urgency * scores.urgency + weights.scope * scores.scope + weights.strategic * scores.strategic
    return round(20 * weighted, 6)


def ranked(needs: Sequence[RankedNeed]) -> list[RankedNeed]:
    """Return the needs by priority; ties by strategic score, then scope, then code."""
    return sorted(needs, key=lambda need: (-need.priority, -need.scores.strategic, -need.scores.scope, need.topic_code))


def fund(in_rank_order: Sequence[RankedNeed], budget_amount: Decimal) -> dict[str, Funding]:
    """Fund needs in rank order until the first that the budget no longer covers; everything after it waits.

    A need whose cost nobody estimated cannot be placed at the line: it is named, and the next one goes on.
    """
    funding: dict[str, Funding] = {}
    spent, is_open = Decimal(0), True
    for need in in_rank_order:
        if need.cost_amount is None:
            funding[need.topic_code] = "cost_missing"
            continue
        is_open = is_open and spent + need.cost_amount <= budget_amount
        spent += need.cost_amount
        funding[need.topic_code] = "funded" if is_open else "below_line"
    return funding


def variants(weights: Weights, step: float) -> Iterator[tuple[str, Weights]]:
    """Yield each weight moved up and down by `step` (never below 0), the three renormalised to 1."""
    for name in ("urgency", "scope", "strategic"):
        for direction, sign in (("up", 1), ("down", -1)):
            moved = replace(weights, **{name: max(0.0, getattr(weights, name) + sign * step)})
            total = moved.urgency + moved.scope + moved.strategic
            yield (
                f"{name}_{direction}",
                Weights(moved.urgency / total, moved.scope / total, moved.strategic / total),
            )


def reweighted(needs: Sequence[RankedNeed], weights: Weights) -> list[RankedNeed]:
    """Return the needs ranked as other weights would rank them."""
    return ranked([replace(need, priority=priority(need.scores, weights)) for need in needs])


def best_use(needs: Sequence[RankedNeed], budget_amount: Decimal) -> frozenset[str]:
    """Return the codes of the needs that together have the highest priority within the budget (0/1 knapsack, exact).

    A note beside the ranking and no plan: it prefers many cheap needs over the first one. Keeps for every reachable sum
    of priorities the cheapest set; of equal sums the cheaper one wins.
    """
    best: dict[int, tuple[Decimal, tuple[str, ...]]] = {0: (Decimal(0), ())}
    for need in needs:
        if need.cost_amount is None:
            continue
        points = round(need.priority * 10)
        for reached, (cost, codes) in list(best.items()):
            total = cost + need.cost_amount
            known = best.get(reached + points)
            if total <= budget_amount and (known is None or total < known[0]):
                best[reached + points] = (total, (*codes, need.topic_code))
    return frozenset(best[max(best)][1])
