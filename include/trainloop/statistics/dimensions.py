"""A dimension: the mean of its items per respondent, and how well the items hang together.

Sources: Cronbach (1951) for α; Feldt, Woodruff & Salih (1987), Applied Psychological Measurement 11(1), eq. 5, for
its interval 1 − (1 − α)·F with n − 1 and (n − 1)(k − 1) degrees of freedom. α is computed listwise: only respondents
who scored every item of the dimension, so `n` may be smaller than that of the dimension's mean.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainloop.statistics.refusal import Refusal, Value

# A covariance this near to zero is zero: sums of floats, in scale points squared.
_ROUNDING = 1e-12


@dataclass(frozen=True)
class AlphaFigures:
    """α with its interval and without each item; items that correlate negatively with the rest (reverse coding?)."""

    n: int
    alpha: float
    low: float
    high: float
    if_dropped: dict[str, Value]
    negative_items: tuple[str, ...]


def respondent_means(scores: NDArray[np.float64], min_answered_share: float = 0.5) -> NDArray[np.float64]:
    """Return each respondent's mean over the items (columns), NaN where fewer than the given share were answered."""
    answered = ~np.isnan(scores)
    counts = answered.sum(axis=1)
    is_known = (counts > 0) & (counts / max(scores.shape[1], 1) >= min_answered_share)
    means = np.full(len(scores), np.nan)
    np.divide(np.where(answered, scores, 0.0).sum(axis=1), counts, out=means, where=is_known)
    return means


def cronbach_alpha(
    scores: NDArray[np.float64], items: Sequence[str], confidence: float = 0.95, min_items: int = 3
) -> AlphaFigures | Refusal:
    """Return α of the items (columns) over respondents (rows) who scored all of them.

    Refused with fewer than `min_items` items (two items make a correlation, not a scale), fewer than three complete
    respondents, or an item that everybody answered alike: its correlation with the others is not defined. All comes
    from one covariance matrix, without an item by taking its row and column away.
    """
    count = len(items)
    if count < min_items:
        return Refusal("fewer_than_three_items")
    complete = scores[~np.isnan(scores).any(axis=1)]
    n = len(complete)
    if n < 3:
        return Refusal("too_few_answers")
    if (complete == complete[0]).all(axis=0).any():
        return Refusal("constant_item")
    away = complete - complete.sum(axis=0) / n
    covariance = away.T @ away / (n - 1)
    variances, sums = covariance.diagonal(), covariance.sum(axis=1)
    trace, total = float(variances.sum()), float(sums.sum())
    alpha = _alpha(count, trace, total)
    if isinstance(alpha, Refusal):
        return alpha
    tail = (1 - confidence) / 2
    return AlphaFigures(
        n=n,
        alpha=alpha,
        low=1 - (1 - alpha) * _f_quantile(1 - tail, n, count),
        high=1 - (1 - alpha) * _f_quantile(tail, n, count),
        if_dropped={
            item: _alpha(count - 1, trace - own, total - 2 * row + own)
            for item, own, row in zip(items, variances.tolist(), sums.tolist(), strict=True)
        },
        # Covariance of item and rest, not correlation: same sign, and defined when the rest is constant.
        negative_items=tuple(
            item for item, rest in zip(items, (sums - variances).tolist(), strict=True) if rest < -_ROUNDING
        ),
    )


@functools.lru_cache(maxsize=1024)
def _f_quantile(share: float, people: int, items: int) -> float:
    from scipy.special import fdtri

    return float(fdtri(people - 1, (people - 1) * (items - 1), share))


def _alpha(count: int, trace: float, total_variance: float) -> Value:
    if math.isclose(total_variance, 0, abs_tol=1e-8):
        return Refusal("constant_data")
    return count / (count - 1) * (1 - trace / total_variance)
