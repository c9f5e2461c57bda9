"""A dimension: the mean of its items per respondent, and how well the items hang together.

Sources: Cronbach (1951) for α; Feldt, Woodruff & Salih (1987), Applied Psychological Measurement 11(1), eq. 5, for
its interval 1 − (1 − α)·F with n − 1 and (n − 1)(k − 1) degrees of freedom. α is computed listwise: only respondents
who scored every item of the dimension, so `n` may be smaller than that of the dimension's mean.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from trainloop.statistics.refusal import Refusal, Value


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
    answered = scores.notna().mean(axis=1)
    return scores.mean(axis=1).where(answered >= min_answered_share)


def cronbach_alpha(scores: pd.DataFrame, confidence: float = 0.95, min_items: int = 3) -> AlphaFigures | Refusal:
    """Return α of the items (columns) over respondents (rows) who scored all of them.

    Refused with fewer than `min_items` items (two items make a correlation, not a scale), fewer than three complete
    respondents, or an item that everybody answered alike: its correlation with the others is not defined.
    """
    items = scores.shape[1]
    if items < min_items:
        return Refusal("fewer_than_three_items")
    complete = scores.dropna()
    if len(complete) < 3:
        return Refusal("too_few_answers")
    if (complete.nunique() == 1).any():
        return Refusal("constant_item")
    alpha = _alpha(complete)
    if isinstance(alpha, Refusal):
        return alpha
    from scipy import stats

    n = len(complete)
    degrees = (n - 1, (n - 1) * (items - 1))
    tail = (1 - confidence) / 2
    return AlphaFigures(
        n=n,
        alpha=alpha,
        low=1 - (1 - alpha) * float(stats.f.ppf(1 - tail, *degrees)),
        high=1 - (1 - alpha) * float(stats.f.ppf(tail, *degrees)),
        if_dropped={str(item): _alpha(complete.drop(columns=item)) for item in complete.columns},
        negative_items=tuple(str(item) for item in complete.columns if _item_rest(complete, item) < 0),
    )


def _alpha(complete: pd.DataFrame) -> Value:
    items = complete.shape[1]
    total_variance = float(complete.sum(axis=1).var(ddof=1))
    if np.isclose(total_variance, 0):
        return Refusal("constant_data")
    return float(items / (items - 1) * (1 - complete.var(ddof=1).sum() / total_variance))


def _item_rest(complete: pd.DataFrame, item: object) -> float:
    """Covariance, not correlation: same sign, and defined when the rest is constant."""
    rest = complete.drop(columns=item).sum(axis=1)
    return float(complete[item].cov(rest))
