"""Number, mean and variance of one group of answers, and the interval of its mean.

Source: t interval: Cochran, Sampling Techniques (3rd ed., 1977), eq. 2.20. Quantiles come from `scipy.special`, the
functions that `scipy.stats` calls after checks that take fifty times as long, and an import of seconds.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainloop.statistics.refusal import Refusal, Value


@dataclass(frozen=True)
class Moments:
    """Number of people, mean and variance (ddof 1; 0 for one person) of one group, in scale points."""

    n: int
    mean: float
    variance: float


def as_scores(values: ArrayLike) -> NDArray[np.float64]:
    """Return the answered scores as floats, without gaps."""
    scores = np.asarray(values, dtype=np.float64)
    return scores[~np.isnan(scores)]


def moments(values: ArrayLike) -> Moments | Refusal:
    """Return the moments of the answered scores; refused without any."""
    return moments_of(as_scores(values))


def moments_of(scores: NDArray[np.float64]) -> Moments | Refusal:
    """Return the moments of scores without gaps; refused without any."""
    n = len(scores)
    if n == 0:
        return Refusal("no_answers")
    mean = float(scores.sum()) / n
    away = scores - mean
    return Moments(n, mean, float(away @ away) / (n - 1) if n > 1 else 0.0)


def t_interval(scores: ArrayLike, confidence: float) -> tuple[Value, Value]:
    """Return the bounds of the mean's t interval, without finite-population correction; refused below n = 2."""
    return t_bounds(moments(scores), confidence)


def t_bounds(group: Moments | Refusal, confidence: float) -> tuple[Value, Value]:
    """Return the bounds of the t interval of a group's mean; refused below n = 2.

    A constant item gives an interval of width zero: that is what its answers say, and n stands beside it.
    """
    if isinstance(group, Refusal) or group.n < 2:
        return Refusal("too_few_answers"), Refusal("too_few_answers")
    half = t_quantile((1 + confidence) / 2, group.n - 1) * math.sqrt(group.variance / group.n)
    return group.mean - half, group.mean + half


@functools.lru_cache(maxsize=1024)
def t_quantile(share: float, degrees: float) -> float:
    """Return the value below which `share` of Student's distribution lies."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, share))


def t_p(statistic: float, degrees: float) -> float:
    """Return the two-sided p value of a t statistic."""
    from scipy.special import stdtr

    return float(2 * stdtr(degrees, -abs(statistic)))
