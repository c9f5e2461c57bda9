"""From components to composite, rank and the ranks that the data are compatible with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainloop.config.trainers import AwardRules
from trainloop.domain.award import Component, composite, shared_weights
from trainloop.statistics.ranks import rank_intervals, shared_ranks

if TYPE_CHECKING:
    from trainloop.statistics.trainer_rating import Rating

_POINTS_PER_SCALE_POINT = 25.0


@dataclass(frozen=True, slots=True)
class Standing:
    """One trainer's place: the composite of 0 to 100, its rank, and the middle of the ranks of the draws."""

    composite: float
    rank: int
    lowest: int
    highest: int


def standings(
    points: Mapping[str, Mapping[Component, float]],
    ratings: Mapping[str, Rating],
    shares: Mapping[str, tuple[float, float]] | None,
    rules: AwardRules,
) -> dict[str, Standing]:
    """Return everybody's standing. Evaluations (normal) and verified plans (beta) are uncertain, hours are counted."""
    import numpy as np

    codes = sorted(points)
    weights = shared_weights(rules.weights, {name for own in points.values() for name in own})
    scores = {code: composite(points[code], weights) for code in codes}
    random = np.random.default_rng(rules.seed)
    size = (rules.simulations, len(codes))
    draws = np.tile([scores[code] for code in codes], (rules.simulations, 1))
    deviations = np.array([ratings[code].deviation for code in codes]) * _POINTS_PER_SCALE_POINT
    draws += weights["evaluation"] / 100 * deviations * random.standard_normal(size)
    if shares is not None:
        won, lost = (np.array([shares[code][part] for code in codes]) for part in (0, 1))
        draws += weights["transfer"] * (random.beta(won, lost, size) - won / (won + lost))
    # Scores that print alike are alike, in a draw as in the ranking.
    intervals = rank_intervals(codes, np.round(draws, 1), rules.interval)
    ranks = shared_ranks(scores)
    return {
        code: Standing(
            scores[code], ranks[code], min(intervals[code][0], ranks[code]), max(intervals[code][1], ranks[code])
        )
        for code in codes
    }
