"""This class against earlier ones: differences with intervals, never a bare "better".

Two groups of different people, so Welch's t interval (Welch 1947), without finite-population correction: the question
is about the course, not about the people who happened to sit there. p values of one family are adjusted by Holm (1979).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trainloop.statistics.moments import Groups, Moments, moments_of, t_p, t_quantiles
from trainloop.statistics.refusal import Refusal, Value
from trainloop.statistics.values import Numbers, Refused, Values, values_of

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


@dataclass(frozen=True)
class Differences:
    """The same of many pairs of groups: arrays of one shape."""

    difference: Numbers
    ci_low: Values
    ci_high: Values
    p: Values

    def __getitem__(self, place: int | tuple[int, ...]) -> Difference:
        """Return one of them."""
        return Difference(float(self.difference[place]), self.ci_low[place], self.ci_high[place], self.p[place])


def welch(now: Moments, earlier: Moments, confidence: float = 0.95) -> Difference:
    """Return `welch_of` two groups."""
    return welch_of(Groups.of(now), Groups.of(earlier), confidence)[0]


def welch_of(now: Groups, earlier: Groups, confidence: float = 0.95) -> Differences:
    """Return the differences of groups' means, pair by pair, with Welch's interval and p.

    With a group of one, or no variance in either group, there is a difference but neither interval nor p.
    """
    parts = [group.variance / np.maximum(group.n, 1) for group in (now, earlier)]
    shares = [part**2 / np.maximum(group.n - 1, 1) for part, group in zip(parts, (now, earlier), strict=True)]
    total = parts[0] + parts[1]
    is_few, is_alike = np.minimum(now.n, earlier.n) < 2, np.abs(total) <= _NOTHING
    known = ~is_few & ~is_alike
    degrees = np.divide(total**2, shares[0] + shares[1], out=np.ones_like(total), where=known)
    return _differences(now.mean - earlier.mean, total, degrees, confidence, is_few, is_alike)


def _differences(
    difference: Numbers,
    variance: Numbers,
    degrees: NDArray[np.float64],
    confidence: float,
    is_few: NDArray[np.bool_],
    is_alike: NDArray[np.bool_],
) -> Differences:
    refused: tuple[Refused, ...] = (
        (is_few, "too_few_answers"),
        (is_alike, "constant_data"),
    )
    error = np.sqrt(np.where(is_few | is_alike, np.nan, variance))
    half = t_quantiles((1 + confidence) / 2, degrees) * error
    return Differences(
        difference=difference,
        ci_low=values_of(difference - half, *refused),
        ci_high=values_of(difference + half, *refused),
        p=values_of(t_p(difference / error, degrees), *refused),
    )


def holm(p_values: Mapping[str, Value]) -> dict[str, Value]:
    """Return Holm-adjusted p per code; refusals stay refusals and do not count."""
    adjusted = holm_of(np.array([*p_values.values()], dtype=object)[np.newaxis])
    return dict(zip(p_values, adjusted[0].tolist(), strict=True))


def holm_of(p_values: Values) -> Values:
    """Return Holm-adjusted p, each row a family of hypotheses; refusals stay refusals and do not count.

    The i-th smallest of m is max over j ≤ i of (m − j + 1)·p_j, at most 1. Ours because statsmodels' `multipletests`
    collects garbage at every call, 0.3 s a class in a worker; a test holds the two equal.
    """
    is_refused = np.frompyfunc(lambda p: isinstance(p, Refusal), 1, 1)(p_values).astype(bool)
    known = np.where(is_refused, np.inf, p_values).astype(np.float64)
    order = np.argsort(known, axis=-1, kind="stable")  # refused ones come last
    ascending = np.take_along_axis(np.where(is_refused, 0.0, known), order, -1)
    weights = (~is_refused).sum(axis=-1, keepdims=True) - np.arange(p_values.shape[-1])
    stepped = np.minimum(np.maximum.accumulate(weights * ascending, axis=-1), 1.0)
    adjusted = np.empty_like(known)
    np.put_along_axis(adjusted, order, stepped, -1)
    return np.where(is_refused, p_values, adjusted)


def verdict(difference: float, p_adjusted: Value, alpha: float = 0.05) -> Verdict:
    """Return the words a report may use: a direction only when the adjusted p is below `alpha`."""
    if isinstance(p_adjusted, Refusal) or p_adjusted >= alpha:
        return "no_clear_difference"
    return "higher" if difference > 0 else "lower"


def shrink(items: Groups) -> tuple[Numbers, Numbers]:
    """Return the regression-corrected means of items and their error variances.

    Each row holds the items of one wave (n = 0 where it has fewer). An item that was picked because it was low is low
    partly by chance. Its mean is drawn towards the mean of all items of the same wave: corrected = w·mean +
    (1 − w)·grand mean with w = τ²/(τ² + V), V = s²/n and τ² the variance of the items' true means by the method of
    moments. Error variance after Morris (1983), JASA 78, 47–55, eq. 1.17, with B = 1 − w and k items:
    V·(1 − B·(k − 1)/k) + 2/(k − 3)·B²·(mean − grand mean)²; the last term, the uncertainty of B itself, from four
    items. A single item stays as it is.
    """
    spread = moments_of(items.mean)
    k = np.maximum(spread.n, 1)[..., np.newaxis]
    error = items.variance / np.maximum(items.n, 1)
    away = items.mean - spread.mean[..., np.newaxis]
    mean_error = np.where(items.n > 0, error, 0.0).sum(axis=-1, keepdims=True) / k
    true_variance = np.maximum(0.0, spread.variance[..., np.newaxis] - mean_error)
    is_drawn = (error > 0) & (k > 1)
    drawn = np.divide(error, true_variance + error, out=np.zeros_like(error), where=is_drawn)
    doubt = np.where(k > 3, 2 / np.maximum(k - 3, 1) * (drawn * away) ** 2, 0.0)
    return items.mean - drawn * away, error * (1 - drawn * (k - 1) / k) + doubt


def verify(now: Groups, earlier_mean: Numbers, earlier_error: Numbers, confidence: float = 0.95) -> Differences:
    """Return the changes of items since a session where they were findings, against `shrink`'s values.

    t interval with the degrees of freedom of the later class, the smaller source of certainty. Refused interval when
    nothing varies or one person answered.
    """
    variance = now.variance / np.maximum(now.n, 1) + earlier_error
    degrees = np.maximum(now.n - 1, 1)
    return _differences(now.mean - earlier_mean, variance, degrees, confidence, now.n < 2, np.abs(variance) <= _NOTHING)


def change(difference: Difference) -> Change:
    """Return the words for a verified change: a direction only when the interval excludes 0."""
    if isinstance(difference.ci_low, Refusal) or isinstance(difference.ci_high, Refusal):
        return "no_clear_change"
    if difference.ci_low > 0:
        return "improved"
    return "worse" if difference.ci_high < 0 else "no_clear_change"
