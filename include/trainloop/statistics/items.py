"""One closed item: how its answers lie and how sure the mean is.

Sources: finite-population correction s/√n·√(1 − n/N): Cochran, Sampling Techniques (3rd ed., 1977), §2.6. Box shares:
Wilson score interval (Wilson 1927; Agresti & Coull 1998 on why not Wald).
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from trainloop.statistics.moments import Moments, as_scores, moments_of, t_bounds
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


def se_of_class(group: Moments | Refusal, population_count: int) -> Value:
    """Return the standard error of the mean as a description of the class itself.

    `population_count` is N, the people who could have answered; when all did, nothing is uncertain and it is 0.
    """
    if isinstance(group, Refusal) or group.n < 2:
        return Refusal("too_few_answers")
    if population_count < group.n:
        return Refusal("more_answers_than_people")
    return math.sqrt(group.variance / group.n * (1 - group.n / population_count))


def wilson(count: int, n: int, confidence: float) -> Interval:
    """Return a share in percent with its two-sided Wilson interval; n ≥ 1.

    Ours because importing statsmodels takes seconds and each of its calls fifty times the formula; a test holds the two
    equal.
    """
    from scipy.special import ndtri

    share, z = count / n, float(ndtri((1 + confidence) / 2))
    scale = 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / scale
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / scale
    return Interval(100 * share, 100 * max(0.0, centre - half), 100 * min(1.0, centre + half))


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
    group, n = moments_of(scores), len(scores)
    low, high = t_bounds(group, confidence)
    has_boxes = n >= boxes_min and len(scale) >= 4
    said = scores.tolist()
    counts = Counter(said)
    top_count = sum(count for score, count in counts.items() if score >= scale[-2])
    bottom_count = sum(count for score, count in counts.items() if score <= scale[1])
    return ItemFigures(
        n=n,
        mean=group if isinstance(group, Refusal) else group.mean,
        ci_low=low,
        ci_high=high,
        se_class=se_of_class(group, population_count),
        median=float(statistics.median(said)) if n else n_refused,
        shares_pct=tuple(100 * (counts[point] / n) if n else n_refused for point in scale),
        share_na_pct=100 * not_applicable_count / (n + not_applicable_count) if n + not_applicable_count else n_refused,
        top2=wilson(top_count, n, confidence) if has_boxes else Refusal("too_few_answers"),
        bottom2=wilson(bottom_count, n, confidence) if has_boxes else Refusal("too_few_answers"),
        bottom2_count=bottom_count,
    )
