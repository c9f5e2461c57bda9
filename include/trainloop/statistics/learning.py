"""Pre- and post-tests of the same people.

Paired t (Student 1908) and, since class tests are short and bounded, Wilcoxon's signed-rank test beside it (1945; zero
differences dropped, exact for small classes without ties). Gain of the class from its means: Hake (1998), American
Journal of Physics 66, 64–74: (post − pre)/(maximum − pre).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trainloop.statistics.moments import Moments, moments, t_bounds, t_p
from trainloop.statistics.refusal import Refusal, Value


@dataclass(frozen=True)
class LearningFigures:
    """Means in percent of the maximum score, difference and interval in percentage points, gain from −∞ to 1."""

    n: int
    pre_mean: float
    post_mean: float
    difference: float
    ci_low: Value
    ci_high: Value
    p_t: Value
    p_wilcoxon: Value
    gain: Value


def hake_gain(pre_mean: float, post_mean: float, maximum: float) -> Value:
    """Return the share of the possible improvement that the class made; not defined when there was none to make."""
    if np.isclose(pre_mean, maximum):
        return Refusal("pre_at_maximum")
    return (post_mean - pre_mean) / (maximum - pre_mean)


def compare_tests(
    pre: ArrayLike, post: ArrayLike, maximum: ArrayLike, confidence: float = 0.95
) -> LearningFigures | Refusal:
    """Compare scores of the same learners before and after; arrays of equal length, NaN = not taken.

    Learners with only one of the two tests are left out: unlinked scores say nothing about change. Scores count as
    percent of each row's maximum, so tests of different length are not averaged raw.
    """
    before, after = np.asarray(pre, dtype=np.float64), np.asarray(post, dtype=np.float64)
    scale = 100 / np.asarray(maximum, dtype=np.float64)
    is_linked = ~np.isnan(before) & ~np.isnan(after)
    before, after = (before * scale)[is_linked], (after * scale)[is_linked]
    n = len(before)
    if n == 0:
        return Refusal("no_linked_tests")
    differences = after - before
    low, high, p_t, p_wilcoxon = _tests(differences, confidence)
    pre_mean, post_mean = float(before.mean()), float(after.mean())
    return LearningFigures(
        n=n,
        pre_mean=pre_mean,
        post_mean=post_mean,
        difference=float(differences.mean()),
        ci_low=low,
        ci_high=high,
        p_t=p_t,
        p_wilcoxon=p_wilcoxon,
        gain=hake_gain(pre_mean, post_mean, 100),
    )


def _tests(
    differences: np.ndarray[tuple[int], np.dtype[np.float64]], confidence: float
) -> tuple[Value, Value, Value, Value]:
    """Interval and p values of paired differences; refused with one pair, or when all moved by the same amount."""
    if len(differences) < 2:
        refused = Refusal("too_few_answers")
        return refused, refused, refused, refused
    found = moments(differences)
    assert isinstance(found, Moments)
    p_wilcoxon: Value = Refusal("constant_data")
    if not np.allclose(differences, 0):
        from scipy import stats

        p_wilcoxon = float(stats.wilcoxon(np.round(differences, 9)).pvalue)
    error = math.sqrt(found.variance / found.n)
    if math.isclose(math.sqrt(found.variance), 0, abs_tol=1e-8):
        refused = Refusal("constant_data")
        return refused, refused, refused, p_wilcoxon
    return *t_bounds(found, confidence), t_p(found.mean / error, found.n - 1), p_wilcoxon
