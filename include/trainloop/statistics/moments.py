"""Number, mean and variance of groups of answers, and the interval of a mean.

Source: t interval: Cochran, Sampling Techniques (3rd ed., 1977), eq. 2.20. Quantiles come from `scipy.special`, the
functions that `scipy.stats` calls after checks that take fifty times as long, and an import of seconds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainloop.statistics.refusal import Refusal, Value
from trainloop.statistics.values import Counts, Numbers, Values, values_of


@dataclass(frozen=True)
class Moments:
    """Number of people, mean and variance (ddof 1; 0 for one person) of one group, in scale points."""

    n: int
    mean: float
    variance: float


@dataclass(frozen=True)
class Groups:
    """The moments of many groups as arrays of one shape; a group of nobody has n = 0 and NaN."""

    n: Counts
    mean: Numbers
    variance: Numbers

    @classmethod
    def of(cls, *one: Moments) -> Groups:
        """Return groups whose moments are known."""
        return cls(
            np.array([group.n for group in one], dtype=np.int64),
            np.array([group.mean for group in one], dtype=np.float64),
            np.array([group.variance for group in one], dtype=np.float64),
        )

    def __getitem__(self, place: int | tuple[int, ...]) -> Moments | Refusal:
        """Return the moments of one group; refused without answers."""
        n = int(self.n[place])
        return Moments(n, float(self.mean[place]), float(self.variance[place])) if n else Refusal("no_answers")


def empty_groups(*shape: int) -> Groups:
    """Return groups of nobody, to be filled in."""
    return Groups(np.zeros(shape, dtype=np.int64), np.full(shape, np.nan), np.full(shape, np.nan))


def as_scores(values: ArrayLike) -> NDArray[np.float64]:
    """Return the answered scores as floats, without gaps."""
    scores = np.asarray(values, dtype=np.float64)
    return scores[~np.isnan(scores)]


def moments_of(scores: Numbers) -> Groups:
    """Return the moments of groups: the people along the last axis, NaN where somebody did not answer."""
    is_there = ~np.isnan(scores)
    n = is_there.sum(axis=-1)
    mean = np.full(n.shape, np.nan)
    np.divide(np.where(is_there, scores, 0.0).sum(axis=-1), n, out=mean, where=n > 0)
    away = np.where(is_there, scores - mean[..., np.newaxis], 0.0)
    squares = (away * away).sum(axis=-1)
    return Groups(n, mean, np.where(n > 0, squares / np.maximum(n - 1, 1), np.nan))


class Chain(NamedTuple):
    """Groups in an order (their places), and wholes (their places) that are the first so many of them."""

    groups: Counts
    wholes: Counts
    lengths: Counts

    def over(self, how: np.ufunc, values: NDArray[Any], found: NDArray[Any]) -> None:
        """Reduce each whole's groups by `how` into its row of `found`; the row of a whole of none stays."""
        reduced = how.accumulate(values[self.groups], axis=0)
        some = self.lengths > 0
        found[self.wholes[some]] = reduced[self.lengths[some] - 1]


def pooled(groups: Groups, chains: Iterable[Chain], count: int) -> Groups:
    """Return the moments of all answers of several groups together; chains say which of them make which whole.

    `groups` are groups × items (n = 0 where one has no answers), the result is `count` wholes × items.
    """
    is_there = groups.n > 0
    sums = np.where(is_there, groups.n * groups.mean, 0.0)
    squares = np.where(is_there, (groups.n - 1) * groups.variance + groups.n * groups.mean**2, 0.0)
    parts = np.hstack([groups.n, sums, squares])
    found = np.zeros((count, parts.shape[1]))
    for chain in chains:
        chain.over(np.add, parts, found)
    people, total, squared = np.split(found, 3, axis=-1)
    n = people.astype(np.int64)
    mean = np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
    variance = np.maximum(0.0, squared - total * np.where(n > 0, mean, 0.0)) / np.maximum(n - 1, 1)
    return Groups(n, mean, np.where(n > 0, variance, np.nan))


def moments(values: ArrayLike) -> Moments | Refusal:
    """Return the moments of one group's answered scores; refused without any."""
    return moments_of(np.asarray(values, dtype=np.float64)[np.newaxis])[0]


def t_interval(scores: ArrayLike, confidence: float) -> tuple[Value, Value]:
    """Return the bounds of the mean's t interval, without finite-population correction; refused below n = 2."""
    return t_bounds(moments(scores), confidence)


def t_bounds(group: Moments | Refusal, confidence: float) -> tuple[Value, Value]:
    """Return the bounds of the t interval of one group's mean; refused below n = 2."""
    if isinstance(group, Refusal):
        return Refusal("too_few_answers"), Refusal("too_few_answers")
    low, high = t_bounds_of(Groups.of(group), confidence)
    return low[0], high[0]


def t_bounds_of(groups: Groups, confidence: float) -> tuple[Values, Values]:
    """Return the bounds of the t intervals of groups' means; refused below n = 2.

    A constant item gives an interval of width zero: that is what its answers say, and n stands beside it.
    """
    degrees = np.maximum(groups.n - 1, 1)
    half = t_quantiles((1 + confidence) / 2, degrees) * np.sqrt(groups.variance / np.maximum(groups.n, 1))
    is_single = groups.n < 2
    return (
        values_of(groups.mean - half, (is_single, "too_few_answers")),
        values_of(groups.mean + half, (is_single, "too_few_answers")),
    )


def t_quantiles(share: float, degrees: Numbers | Counts) -> Numbers:
    """Return the values below which `share` of Student's distributions lies; equal degrees of freedom count once."""
    from scipy.special import stdtrit

    different, place = np.unique(np.asarray(degrees, dtype=np.float64), return_inverse=True)
    return np.asarray(stdtrit(different, share)[place].reshape(np.shape(degrees)), dtype=np.float64)


def t_p(statistic: Numbers, degrees: Numbers | Counts) -> Numbers:
    """Return the two-sided p values of t statistics."""
    from scipy.special import stdtr

    return np.asarray(2 * stdtr(degrees, -np.abs(statistic)), dtype=np.float64)
