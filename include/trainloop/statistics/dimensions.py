"""A dimension: the mean of its items per respondent, and how well the items hang together.

Sources: Cronbach (1951) for α; Feldt, Woodruff & Salih (1987), Applied Psychological Measurement 11(1), eq. 5, for
its interval 1 − (1 − α)·F with n − 1 and (n − 1)(k − 1) degrees of freedom. α is computed listwise: only respondents
who scored every item of the dimension, so `n` may be smaller than that of the dimension's mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
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


def respondent_means(scores: pd.DataFrame, min_answered_share: float = 0.5) -> pd.Series[float]:
    """Return each respondent's mean over the items (columns), NaN where fewer than the given share were answered."""
    values = scores.to_numpy(dtype=np.float64)
    answered = ~np.isnan(values)
    counts = answered.sum(axis=1)
    is_known = (counts > 0) & (counts / max(values.shape[1], 1) >= min_answered_share)
    means = np.full(len(values), np.nan)
    np.divide(np.where(answered, values, 0.0).sum(axis=1), counts, out=means, where=is_known)
    return pd.Series(means, index=scores.index)


def cronbach_alpha(scores: pd.DataFrame, confidence: float = 0.95, min_items: int = 3) -> AlphaFigures | Refusal:
    """Return α of the items (columns) over respondents (rows) who scored all of them.

    Refused with fewer than `min_items` items (two items make a correlation, not a scale), fewer than three complete
    respondents, or an item that everybody answered alike: its correlation with the others is not defined. All comes
    from one covariance matrix: frames of each rest took a quarter of a class's evaluation.
    """
    names = [str(item) for item in scores.columns]
    items = len(names)
    if items < min_items:
        return Refusal("fewer_than_three_items")
    values = scores.to_numpy(dtype=np.float64)
    complete = values[~np.isnan(values).any(axis=1)]
    n = len(complete)
    if n < 3:
        return Refusal("too_few_answers")
    if (complete == complete[0]).all(axis=0).any():
        return Refusal("constant_item")
    covariance = np.cov(complete, rowvar=False)
    alpha = _alpha(covariance)
    if isinstance(alpha, Refusal):
        return alpha
    from scipy import stats

    degrees = (n - 1, (n - 1) * (items - 1))
    tail = (1 - confidence) / 2
    # Covariance of item and rest, not correlation: same sign, and defined when the rest is constant.
    with_rest = covariance.sum(axis=1) - covariance.diagonal()
    return AlphaFigures(
        n=n,
        alpha=alpha,
        low=1 - (1 - alpha) * float(stats.f.ppf(1 - tail, *degrees)),
        high=1 - (1 - alpha) * float(stats.f.ppf(tail, *degrees)),
        if_dropped={name: _alpha(_without(covariance, place)) for place, name in enumerate(names)},
        negative_items=tuple(name for name, one in zip(names, with_rest, strict=True) if one < -_ROUNDING),
    )


def _alpha(covariance: NDArray[np.float64]) -> Value:
    items = len(covariance)
    total_variance = float(covariance.sum())
    if np.isclose(total_variance, 0):
        return Refusal("constant_data")
    return float(items / (items - 1) * (1 - covariance.trace() / total_variance))


def _without(covariance: NDArray[np.float64], place: int) -> NDArray[np.float64]:
    return np.delete(np.delete(covariance, place, axis=0), place, axis=1)
