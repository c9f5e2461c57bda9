"""This class against earlier ones: differences with intervals, never a bare "better".

Two groups of different people, so Welch's t interval (Welch 1947), without finite-population correction: the question
is about the course, not about the people who happened to sit there. p values of one family are adjusted by Holm (1979).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from trainloop.statistics.moments import Moments, moments, t_p, t_quantile
from trainloop.statistics.refusal import Refusal, Value

Verdict = Literal["higher", "lower", "no_clear_difference"]
Change = Literal["improved", "worse", "no_clear_change"]
# A variance this near to zero is none: sums of floats, in scale points squared.
_NOTHING = 1e-8


@dataclass(frozen=True)
class Difference:
    """Present minus earlier, with interval and unadjusted p."""

    difference: float
    ci_low: Value
    ci_high: Value
    p: Value


def welch(now: Moments, earlier: Moments, confidence: float = 0.95) -> Difference:
    """Return the difference of two groups' means with Welch's interval and p.

    With a group of one, or no variance in either group, there is a difference but neither interval nor p.
    """
    difference = now.mean - earlier.mean
    parts = (now.variance / now.n, earlier.variance / earlier.n)
    if min(now.n, earlier.n) < 2:
        refused = Refusal("too_few_answers")
        return Difference(difference, refused, refused, refused)
    if math.isclose(sum(parts), 0, abs_tol=_NOTHING):
        refused = Refusal("constant_data")
        return Difference(difference, refused, refused, refused)
    error = math.sqrt(sum(parts))
    degrees = sum(parts) ** 2 / (parts[0] ** 2 / (now.n - 1) + parts[1] ** 2 / (earlier.n - 1))
    half = t_quantile((1 + confidence) / 2, degrees) * error
    return Difference(difference, difference - half, difference + half, t_p(difference / error, degrees))


def holm(p_values: Mapping[str, Value]) -> dict[str, Value]:
    """Return Holm-adjusted p per code over those that have one; refusals stay refusals and do not count.

    The i-th smallest of m is max over j ≤ i of (m − j + 1)·p_j, at most 1. Ours because statsmodels' `multipletests`
    collects garbage at every call, 0.3 s a class in a worker; a test holds the two equal.
    """
    known = {code: p for code, p in p_values.items() if not isinstance(p, Refusal)}
    ascending = sorted(known, key=known.__getitem__)
    weighted = np.arange(len(known), 0, -1) * np.array([known[code] for code in ascending])
    adjusted = np.minimum(np.maximum.accumulate(weighted), 1.0)
    return {**p_values, **dict(zip(ascending, adjusted.tolist(), strict=True))}


def verdict(difference: float, p_adjusted: Value, alpha: float = 0.05) -> Verdict:
    """Return the words a report may use: a direction only when the adjusted p is below `alpha`."""
    if isinstance(p_adjusted, Refusal) or p_adjusted >= alpha:
        return "no_clear_difference"
    return "higher" if difference > 0 else "lower"


def shrink(item: Moments, items: Sequence[Moments]) -> tuple[float, float]:
    """Return an item's regression-corrected mean and its error variance.

    An item that was picked because it was low is low partly by chance. Its mean is drawn towards the mean of all items
    of the same wave: corrected = w·mean + (1 − w)·grand mean with w = τ²/(τ² + V), V = s²/n and τ² the variance of the
    items' true means by the method of moments. Error variance after Morris (1983), JASA 78, 47–55, eq. 1.17, with
    B = 1 − w and k items: V·(1 − B·(k − 1)/k) + 2/(k − 3)·B²·(mean − grand mean)²; the last term, the uncertainty of B
    itself, from four items. A single item stays as it is.
    """
    all_means = moments([other.mean for other in items])
    assert isinstance(all_means, Moments)
    grand_mean, error, k = all_means.mean, item.variance / item.n, len(items)
    if k < 2:
        return item.mean, error
    true_variance = max(0.0, all_means.variance - sum(other.variance / other.n for other in items) / k)
    drawn = error / (true_variance + error) if error > 0 else 0.0
    doubt = 2 / (k - 3) * (drawn * (item.mean - grand_mean)) ** 2 if k > 3 else 0.0
    return item.mean - drawn * (item.mean - grand_mean), error * (1 - drawn * (k - 1) / k) + doubt


def verify(now: Moments, earlier: Moments, earlier_items: Sequence[Moments], confidence: float = 0.95) -> Difference:
    """Return the change of an item since a session where it was a finding, against its regression-corrected value.

    t interval with the degrees of freedom of the later class, the smaller source of certainty. Refused interval when
    nothing varies or one person answered.
    """
    corrected, earlier_error = shrink(earlier, earlier_items)
    difference = now.mean - corrected
    variance = now.variance / now.n + earlier_error
    if now.n < 2 or math.isclose(variance, 0, abs_tol=_NOTHING):
        refused = Refusal("too_few_answers" if now.n < 2 else "constant_data")
        return Difference(difference, refused, refused, refused)
    error = math.sqrt(variance)
    half = t_quantile((1 + confidence) / 2, now.n - 1) * error
    return Difference(difference, difference - half, difference + half, t_p(difference / error, now.n - 1))


def change(difference: Difference) -> Change:
    """Return the words for a verified change: a direction only when the interval excludes 0."""
    if isinstance(difference.ci_low, Refusal) or isinstance(difference.ci_high, Refusal):
        return "no_clear_change"
    if difference.ci_low > 0:
        return "improved"
    return "worse" if difference.ci_high < 0 else "no_clear_change"
