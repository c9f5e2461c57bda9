"""One closed item: how its answers lie and how sure the mean is.

Sources: t interval and finite-population correction s/√n·√(1 − n/N): Cochran, Sampling Techniques (3rd ed., 1977),
eq. 2.20 and §2.6. Box shares: Wilson score interval (Wilson 1927; Agresti & Coull 1998 on why not Wald).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainloop.statistics.refusal import Refusal, Value


@dataclass(frozen=True)
class Interval:
    """An estimate with its two bounds, in the unit of the estimate."""

    estimate: float
    low: float
    high: float


@dataclass(frozen=True)
class ItemFigures:
    """What one item says. Scores and interval in scale points, shares in percent.

    `shares_pct` has one entry per scale point, lowest first; `share_na_pct` is the share of "not applicable" among
    those who answered at all: not applicable is an answer, not a gap, and never enters a mean.
    """

    n: int
    mean: Value
    ci_low: Value
    ci_high: Value
    se_class: Value
    median: Value
    shares_pct: tuple[Value, ...]
    share_na_pct: Value
    top2: Interval | Refusal
    bottom2: Interval | Refusal
    bottom2_count: int


def as_scores(values: ArrayLike) -> NDArray[np.float64]:
    """Return the answered scores as floats, without gaps."""
    scores = np.asarray(values, dtype=np.float64)
    return scores[~np.isnan(scores)]


def t_interval(scores: NDArray[np.float64], confidence: float) -> tuple[Value, Value]:
    """Return the bounds of the mean's t interval, without finite-population correction; refused below n = 2.

    A constant item gives an interval of width zero: that is what its answers say, and n stands beside it.
    """
    if len(scores) < 2:
        return Refusal("too_few_answers"), Refusal("too_few_answers")
    from scipy import stats

    half = float(stats.t.ppf((1 + confidence) / 2, len(scores) - 1)) * scores.std(ddof=1) / np.sqrt(len(scores))
    return float(scores.mean() - half), float(scores.mean() + half)


def se_of_class(scores: NDArray[np.float64], population_count: int) -> Value:
    """Return the standard error of the mean as a description of the class itself.

    `population_count` is N, the people who could have answered; when all did, nothing is uncertain and it is 0.
    """
    n = len(scores)
    if n < 2:
        return Refusal("too_few_answers")
    if population_count < n:
        return Refusal("more_answers_than_people")
    return float(scores.std(ddof=1) / np.sqrt(n) * np.sqrt(1 - n / population_count))


def wilson(count: int, n: int, confidence: float) -> Interval:
    """Return a share in percent with its two-sided Wilson interval; n ≥ 1."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(count, n, alpha=1 - confidence, method="wilson")
    return Interval(100 * count / n, 100 * float(low), 100 * float(high))


def describe_item(
    values: ArrayLike,
    scale: Sequence[int],
    population_count: int,
    *,
    not_applicable_count: int = 0,
    confidence: float = 0.95,
    boxes_min: int = 10,
) -> ItemFigures:
    """Describe the scores of one item (one value a respondent, NaN = not answered) on the points of `scale`.

    Boxes are the two highest and the two lowest points; they are refused below `boxes_min` answers and on scales of
    fewer than four points, where they would overlap or cover everything.
    """
    scores, n_refused = as_scores(values), Refusal("no_answers")
    n = len(scores)
    low, high = t_interval(scores, confidence)
    bottom_count = int((scores <= scale[1]).sum())
    has_boxes = n >= boxes_min and len(scale) >= 4
    return ItemFigures(
        n=n,
        mean=float(scores.mean()) if n else n_refused,
        ci_low=low,
        ci_high=high,
        se_class=se_of_class(scores, population_count),
        median=float(np.median(scores)) if n else n_refused,
        shares_pct=tuple(100 * float((scores == point).mean()) if n else n_refused for point in scale),
        share_na_pct=100 * not_applicable_count / (n + not_applicable_count) if n + not_applicable_count else n_refused,
        top2=wilson(int((scores >= scale[-2]).sum()), n, confidence) if has_boxes else Refusal("too_few_answers"),
        bottom2=wilson(bottom_count, n, confidence) if has_boxes else Refusal("too_few_answers"),
        bottom2_count=bottom_count,
    )
