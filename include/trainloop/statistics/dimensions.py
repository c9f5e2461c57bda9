"""A dimension: the mean of its items per respondent, and how well the items hang together.

Sources: Cronbach (1951) for α; Feldt, Woodruff & Salih (1987), Applied Psychological Measurement 11(1), eq. 5, for
its interval 1 − (1 − α)·F with n − 1 and (n − 1)(k − 1) degrees of freedom. α is computed listwise: only respondents
who scored every item of the dimension, so `n` may be smaller than that of the dimension's mean.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainloop.statistics.refusal import ReasonCode, Refusal
from trainloop.statistics.values import Counts, Numbers, Refused, Values, refusals, values_of

# A covariance this near to zero is zero: sums of floats, in scale points squared.
_ROUNDING = 1e-12
# A total whose variance is this near to zero does not vary.
_NOTHING = 1e-8


@dataclass(frozen=True)
class AlphaFigures:
    """Of each group: α with its interval and without each item; items that correlate negatively with the rest.

    `n` counts who scored all items. `negative_items` holds a tuple of codes (reverse coding?); a refused α refuses all.
    """

    n: Counts
    alpha: Values
    low: Values
    high: Values
    if_dropped: dict[str, Values]
    negative_items: NDArray[np.object_]


def respondent_means(scores: NDArray[np.float64], min_answered_share: float = 0.5) -> NDArray[np.float64]:
    """Return each respondent's mean over the items (last axis), NaN where fewer than the given share were answered."""
    answered = ~np.isnan(scores)
    counts = answered.sum(axis=-1)
    is_known = (counts > 0) & (counts / max(scores.shape[-1], 1) >= min_answered_share)
    means = np.full(counts.shape, np.nan)
    np.divide(np.where(answered, scores, 0.0).sum(axis=-1), counts, out=means, where=is_known)
    return means


def cronbach_alpha(scores: Numbers, items: Sequence[str], confidence: float = 0.95, min_items: int = 3) -> AlphaFigures:
    """Return α of the items over the respondents who scored all of them; scores are groups × respondents × items.

    Refused with fewer than `min_items` items (two items make a correlation, not a scale), fewer than three complete
    respondents, or an item that everybody answered alike: its correlation with the others is not defined. All comes
    from one covariance matrix a group, without an item by taking its row and column away.
    """
    count = len(items)
    is_complete = ~np.isnan(scores).any(axis=-1, keepdims=True)
    n = is_complete.sum(axis=(-2, -1))
    if count < min_items:
        return _refused(n, items, "fewer_than_three_items")
    known = np.where(is_complete, scores, 0.0)
    people = np.maximum(n, 1)[..., np.newaxis]
    away = np.where(is_complete, known - (known.sum(axis=-2) / people)[..., np.newaxis, :], 0.0)
    covariance = away.swapaxes(-1, -2) @ away / np.maximum(n - 1, 1)[..., np.newaxis, np.newaxis]
    variances, sums = np.diagonal(covariance, axis1=-2, axis2=-1), covariance.sum(axis=-1)
    trace, total = variances.sum(axis=-1), sums.sum(axis=-1)
    lowest = np.where(is_complete, scores, np.inf).min(axis=-2, initial=np.inf)
    highest = np.where(is_complete, scores, -np.inf).max(axis=-2, initial=-np.inf)
    refused: tuple[Refused, ...] = (
        (n < 3, "too_few_answers"),
        ((lowest == highest).any(axis=-1), "constant_item"),
        (np.abs(total) <= _NOTHING, "constant_data"),
    )
    alpha = _alpha(count, trace, total)
    tail = (1 - confidence) / 2
    without = {
        item: (total - 2 * sums[..., place] + variances[..., place], trace - variances[..., place])
        for place, item in enumerate(items)
    }
    return AlphaFigures(
        n=n,
        alpha=values_of(alpha, *refused),
        low=values_of(1 - (1 - alpha) * _f_quantiles(1 - tail, n, count), *refused),
        high=values_of(1 - (1 - alpha) * _f_quantiles(tail, n, count), *refused),
        if_dropped={
            item: values_of(_alpha(count - 1, own, rest), *refused, (np.abs(rest) <= _NOTHING, "constant_data"))
            for item, (rest, own) in without.items()
        },
        # Covariance of item and rest, not correlation: same sign, and defined when the rest is constant.
        negative_items=_negative(items, sums - variances < -_ROUNDING, values_of(alpha, *refused)),
    )


def _alpha(count: int, trace: Numbers, total_variance: Numbers) -> Numbers:
    varies = np.where(np.abs(total_variance) <= _NOTHING, np.nan, total_variance)
    found: Numbers = count / (count - 1) * (1 - trace / varies)
    return found


def _f_quantiles(share: float, people: Counts, items: int) -> Numbers:
    from scipy.special import fdtri

    different, place = np.unique(np.maximum(people, 2), return_inverse=True)
    found = fdtri(different - 1, (different - 1) * (items - 1), share)
    return np.asarray(found[place].reshape(people.shape), dtype=np.float64)


def _negative(items: Sequence[str], is_negative: NDArray[np.bool_], alpha: Values) -> NDArray[np.object_]:
    found = alpha.copy()
    for place in np.ndindex(alpha.shape):
        if not isinstance(alpha[place], Refusal):
            found[place] = tuple(itertools.compress(items, is_negative[place]))
    return found


def _refused(n: Counts, items: Sequence[str], reason: ReasonCode) -> AlphaFigures:
    refused = refusals(n.shape, reason)
    return AlphaFigures(n, refused, refused, refused, dict.fromkeys(items, refused), refused)
