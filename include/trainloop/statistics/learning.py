"""Pre- and post-tests of the same people.

Paired t (Student 1908) and, since class tests are short and bounded, Wilcoxon's signed-rank test beside it (1945; zero
differences dropped, exact for small classes without ties). Gain of the class from its means: Hake (1998), American
Journal of Physics 66, 64–74: (post − pre)/(maximum − pre).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainloop.statistics.moments import moments_of, t_bounds_of, t_p
from trainloop.statistics.values import Counts, Numbers, Refused, Values, values_of

# Scores in percent that differ by no more than this are equal.
_NOTHING = 1e-8


@dataclass(frozen=True)
class LearningFigures:
    """Of each class: means in percent of the maximum score, difference and interval in points, gain from −∞ to 1."""

    n: Counts
    pre_mean: Values
    post_mean: Values
    difference: Values
    ci_low: Values
    ci_high: Values
    p_t: Values
    p_wilcoxon: Values
    gain: Values


def hake_gain(pre_mean: ArrayLike, post_mean: ArrayLike, maximum: float) -> Values:
    """Return the share of the possible improvement that the classes made; not defined when there was none to make."""
    before, after = np.asarray(pre_mean, dtype=np.float64), np.asarray(post_mean, dtype=np.float64)
    is_at_maximum = np.isclose(before, maximum)
    return values_of(
        (after - before) / np.where(is_at_maximum, np.nan, maximum - before), (is_at_maximum, "pre_at_maximum")
    )


def compare_tests(pre: Numbers, post: Numbers, maximum: Numbers, confidence: float = 0.95) -> LearningFigures:
    """Compare scores of the same learners before and after; classes × learners, NaN = not taken.

    Learners with only one of the two tests are left out: unlinked scores say nothing about change. Scores count as
    percent of each one's maximum, so tests of different length are not averaged raw. Interval and p values are refused
    with one pair, or when all moved by the same amount.
    """
    scale = 100 / maximum
    is_linked = ~np.isnan(pre) & ~np.isnan(post)
    before, after = (np.where(is_linked, scores * scale, np.nan) for scores in (pre, post))
    pre_mean, post_mean = moments_of(before).mean, moments_of(after).mean
    moved = moments_of(after - before)
    n = moved.n
    nobody: Refused = (n == 0, "no_linked_tests")
    single: Refused = (n < 2, "too_few_answers")
    alike: Refused = (np.sqrt(moved.variance) <= _NOTHING, "constant_data")
    low, high = t_bounds_of(moved, confidence)
    error = np.sqrt(moved.variance / np.maximum(n, 1))
    p_t = t_p(moved.mean / np.where(error > 0, error, np.nan), np.maximum(n - 1, 1))
    p_wilcoxon, is_still = _wilcoxon(after - before)
    return LearningFigures(
        n=n,
        pre_mean=values_of(pre_mean, nobody),
        post_mean=values_of(post_mean, nobody),
        difference=values_of(moved.mean, nobody),
        ci_low=values_of(low, nobody, single, alike),
        ci_high=values_of(high, nobody, single, alike),
        p_t=values_of(p_t, nobody, single, alike),
        p_wilcoxon=values_of(p_wilcoxon, nobody, single, (is_still, "constant_data")),
        gain=values_of(hake_gain(pre_mean, post_mean, 100), nobody),
    )


def _wilcoxon(differences: Numbers) -> tuple[Numbers, NDArray[np.bool_]]:
    """Return the p values of scipy's test and where nobody moved.

    scipy chooses between exact and normal by the number of pairs and by ties anywhere in what it is given, so classes
    that are alike in both are given together: each gets what it would get alone, and the checks are made once.
    """
    from scipy import stats

    sizes = np.sort(np.abs(np.round(differences, 9)), axis=-1)
    is_tied = (sizes == 0).any(axis=-1) | (np.diff(sizes, axis=-1) == 0).any(axis=-1)
    is_still: NDArray[np.bool_] = np.asarray(~(np.abs(differences) > _NOTHING).any(axis=-1))
    n = (~np.isnan(differences)).sum(axis=-1)
    found = np.full(len(differences), np.nan)
    for count, tied in sorted({*zip(n[~is_still].tolist(), is_tied[~is_still].tolist(), strict=True)}):
        places = np.flatnonzero((n == count) & (is_tied == tied) & ~is_still)
        rows = differences[places]
        pairs = rows[~np.isnan(rows)].reshape(len(places), count)
        if count > 1:
            found[places] = stats.wilcoxon(np.round(pairs, 9), axis=1).pvalue
    return found, is_still
