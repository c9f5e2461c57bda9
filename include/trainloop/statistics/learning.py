"""Pre- and post-tests of the same people.

Paired t (Student 1908) and, since class tests are short and bounded, Wilcoxon's signed-rank test beside it (1945; zero
differences dropped, exact for small classes). Gain of the class from its means: Hake (1998), American
Journal of Physics 66, 64–74: (post − pre)/(maximum − pre).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

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
    is_still = ~(np.abs(after - before) > _NOTHING).any(axis=-1)
    return LearningFigures(
        n=n,
        pre_mean=values_of(pre_mean, nobody),
        post_mean=values_of(post_mean, nobody),
        difference=values_of(moved.mean, nobody),
        ci_low=values_of(low, nobody, single, alike),
        ci_high=values_of(high, nobody, single, alike),
        p_t=values_of(p_t, nobody, single, alike),
        p_wilcoxon=values_of(signed_rank_p(after - before), nobody, single, (is_still, "constant_data")),
        gain=values_of(hake_gain(pre_mean, post_mean, 100), nobody),
    )


def signed_rank_p(differences: Numbers) -> Numbers:
    """Return the two-sided p values of Wilcoxon's signed-rank test; classes × pairs, NaN = no pair or nobody moved.

    Zero differences are dropped, equal sizes share their mean rank. Exact where scipy is: up to 50 pairs without ties
    and zeros, up to 13 with them; else normal without correction for continuity. Ours because scipy decides once for
    all classes it is given, counts signs for a tenth of a second a class of thirteen, and is an import of seconds; a
    test holds the two equal.
    """
    from scipy.special import ndtr

    moves = np.round(differences, 9)
    pairs = (~np.isnan(moves)).sum(axis=-1)
    sizes = np.where(moves == 0, np.nan, np.abs(moves))
    alike = (sizes[..., :, np.newaxis] == sizes[..., np.newaxis, :]).sum(axis=-1)
    below = (sizes[..., :, np.newaxis] > sizes[..., np.newaxis, :]).sum(axis=-1)
    ranks = np.where(alike > 0, below + (alike + 1) / 2, 0.0)
    positive = np.where(moves > 0, ranks, 0.0).sum(axis=-1)
    n = (alike > 0).sum(axis=-1)
    spread = n * (n + 1) * (2 * n + 1) - np.where(alike > 0, alike**2 - 1, 0).sum(axis=-1) / 2
    z = (positive - n * (n + 1) / 4) / np.sqrt(np.where(n > 0, spread, np.nan) / 24)
    found = np.asarray(2 * ndtr(-np.abs(z)), dtype=np.float64)
    is_plain = (n == pairs) & (alike <= 1).all(axis=-1)
    for place in np.flatnonzero((n > 0) & (pairs <= np.where(is_plain, 50, 13))):
        found[place] = _exact_p(ranks[place][ranks[place] > 0], positive[place])
    return found


def _exact_p(ranks: Numbers, positive: float) -> float:
    """Return twice the smaller tail of the sum of positive ranks, over all signs; doubled, mean ranks are whole."""
    steps = np.rint(2 * ranks).astype(np.int64)
    ways = np.zeros(int(steps.sum()) + 1)
    ways[0] = 1
    for step in steps:
        ways[step:] += ways[:-step].copy()
    observed = round(2 * positive)
    tail = min(ways[: observed + 1].sum(), ways[observed:].sum())
    return float(min(1.0, 2 * tail / ways.sum()))
