"""One closed item: how its answers lie and how sure the mean is.

Sources: finite-population correction s/√n·√(1 − n/N): Cochran, Sampling Techniques (3rd ed., 1977), §2.6. Box shares:
Wilson score interval (Wilson 1927; Agresti & Coull 1998 on why not Wald).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trainloop.statistics.moments import Groups, moments_of, t_bounds_of
from trainloop.statistics.values import Counts, Numbers, Refused, Values, values_of


@dataclass(frozen=True)
class Interval:
    """An estimate with its two bounds, in the unit of the estimate."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class Box:
    """The share of people on some points of the scale with its interval, in percent, of each group."""

    count: Counts
    pct: Values
    low: Values
    high: Values


@dataclass(frozen=True)
class ItemFigures:
    """What one item says in each group. Scores and interval in scale points, shares in percent.

    `shares_pct` has one entry per scale point, lowest first; `share_na_pct` is the share of "not applicable" among
    those who answered at all: not applicable is an answer, not a gap, and never enters a mean.
    """

    moments: Groups
    mean: Values
    ci_low: Values
    ci_high: Values
    se_class: Values
    median: Values
    shares_pct: tuple[Values, ...]
    share_na_pct: Values
    top2: Box
    bottom2: Box


def se_of_class(groups: Groups, population_count: ArrayLike) -> Values:
    """Return the standard errors of the means as a description of the classes themselves.

    `population_count` is N, the people who could have answered; when all did, nothing is uncertain and it is 0.
    """
    n, population = groups.n, np.maximum(population_count, 1)
    # Where more answered than could, the root is of a negative number and refused.
    squares = groups.variance / np.maximum(n, 1) * np.maximum(1 - n / population, 0)
    return values_of(
        np.sqrt(squares),
        (n < 2, "too_few_answers"),
        (n > np.asarray(population_count), "more_answers_than_people"),
    )


def wilson(count: int, n: int, confidence: float) -> Interval:
    """Return a share in percent with its two-sided Wilson interval; n ≥ 1."""
    return Interval(*(float(bound) for bound in wilson_of(count, n, confidence)))


def wilson_of(count: ArrayLike, n: ArrayLike, confidence: float) -> tuple[Numbers, Numbers, Numbers]:
    """Return shares in percent with the bounds of their two-sided Wilson intervals; every n ≥ 1.

    Ours because importing statsmodels takes seconds and each of its calls fifty times the formula; a test holds the two
    equal.
    """
    from scipy.special import ndtri

    n = np.asarray(n, dtype=np.float64)
    share, z = np.asarray(count) / n, float(ndtri((1 + confidence) / 2))
    scale = 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / scale
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / scale
    return 100 * share, 100 * np.maximum(0.0, centre - half), 100 * np.minimum(1.0, centre + half)


def describe_item(
    scores: Numbers,
    scale: Sequence[int],
    population_count: ArrayLike,
    *,
    not_applicable_count: ArrayLike = 0,
    confidence: float = 0.95,
    boxes_min: int = 10,
) -> ItemFigures:
    """Describe the scores of one item (groups × people, NaN = not answered) on the points of `scale`.

    Boxes are the two highest and the two lowest points; they are refused below `boxes_min` answers and on scales of
    fewer than four points, where they would overlap or cover everything.
    """
    found = moments_of(scores)
    low, high = t_bounds_of(found, confidence)
    n = found.n
    is_empty: Refused = (n == 0, "no_answers")
    some = np.maximum(n, 1)
    said = n + np.asarray(not_applicable_count)
    is_few = n < boxes_min if len(scale) >= 4 else np.ones_like(n, dtype=bool)

    def box(is_inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Box:
        count = is_inside.sum(axis=-1)
        return Box(
            count, *(values_of(part, (is_few, "too_few_answers")) for part in wilson_of(count, some, confidence))
        )

    return ItemFigures(
        moments=found,
        mean=values_of(found.mean, is_empty),
        ci_low=low,
        ci_high=high,
        se_class=se_of_class(found, population_count),
        median=values_of(_medians(scores, n), is_empty),
        shares_pct=tuple(values_of(100 * ((scores == point).sum(axis=-1) / some), is_empty) for point in scale),
        share_na_pct=values_of(100 * np.asarray(not_applicable_count) / np.maximum(said, 1), (said == 0, "no_answers")),
        top2=box(scores >= scale[-2]),
        bottom2=box(scores <= scale[1]),
    )


def _medians(scores: Numbers, n: Counts) -> Numbers:
    if not scores.shape[-1]:
        return np.full(n.shape, np.nan)
    ordered = np.sort(scores, axis=-1)  # gaps come last
    places = np.stack([np.maximum(n - 1, 0) // 2, n // 2], axis=-1)
    return np.asarray(np.take_along_axis(ordered, places, -1).sum(axis=-1) / 2)
