"""Do raters agree? rwg for one person's raters, ICC for the reliability of ratings over several people.

Sources: James, Demaree & Wolf (1984), Journal of Applied Psychology 69(1), 85–98, for rwg and rwg(J) against the
uniform distribution, whose variance on A points is (A² − 1)/12; LeBreton & Senter (2008), Organizational Research
Methods 11(4), for its bands. Shrout & Fleiss (1979), Psychological Bulletin 86(2), 420–428, for ICC(1,1), ICC(1,k),
ICC(2,1) and ICC(2,k); unequal numbers of raters after Bliese (2000): k is (N − Σnᵢ²/N)/(g − 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainloop.statistics.moments import as_scores
from trainloop.statistics.refusal import Refusal, Value

Band = Literal["strong", "moderate", "weak", "lacking"]
# From which rwg on agreement is called what (LeBreton & Senter 2008, table 3).
_BANDS: tuple[tuple[float, Band], ...] = ((0.71, "strong"), (0.51, "moderate"), (0.31, "weak"))


@dataclass(frozen=True)
class IccFigures:
    """Reliability of one rating and of the mean of `raters` ratings; `targets` people were rated."""

    targets: int
    raters: float
    single: float
    average: float


def rwg(ratings: ArrayLike, points: int) -> Value:
    """Return the agreement of one item's raters on a scale of `points` points: 1 all alike, 0 no better than chance.

    More spread than chance (two camps) would be negative and is 0. Refused below two raters.
    """
    scores = as_scores(ratings)
    if len(scores) < 2:
        return Refusal("too_few_answers")
    return max(0.0, 1 - float(scores.var(ddof=1)) / _chance(points))


def rwg_j(ratings: ArrayLike, points: int) -> Value:
    """Return the agreement over several items (raters × items, NaN = not rated): rwg(J) of the items' mean variance.

    Only raters who rated every item count. Where raters differ as much as chance or more it is 0. Refused below two
    such raters.
    """
    table = np.asarray(ratings, dtype=np.float64)
    complete = table[~np.isnan(table).any(axis=1)]
    if len(complete) < 2:
        return Refusal("too_few_answers")
    items = complete.shape[1]
    share = float(complete.var(axis=0, ddof=1).mean()) / _chance(points)
    if share >= 1:
        return 0.0
    return float(items * (1 - share) / (items * (1 - share) + share))


def _chance(points: int) -> float:
    return (points**2 - 1) / 12


def band_of(agreement: Value) -> Band | Refusal:
    """Return the word for an rwg."""
    if isinstance(agreement, Refusal):
        return agreement
    return next((name for least, name in _BANDS if agreement >= least), "lacking")


def icc_one_way(groups: Sequence[ArrayLike]) -> IccFigures | Refusal:
    """Return ICC(1,1) and ICC(1,k) of people who each have raters of their own: one sequence of ratings a person.

    People with one rating say nothing about agreement and are left out. Refused with fewer than two people, or when no
    rating differs from another. Negative values are possible: raters agree less than strangers would.
    """
    rated = [scores for scores in (as_scores(group) for group in groups) if len(scores) >= 2]
    if len(rated) < 2:
        return Refusal("too_few_answers")
    sizes = np.array([len(scores) for scores in rated], dtype=np.float64)
    total = float(sizes.sum())
    grand_mean = float(np.concatenate(rated).mean())
    between = sum(len(scores) * (float(scores.mean()) - grand_mean) ** 2 for scores in rated) / (len(rated) - 1)
    within = sum(float(((scores - scores.mean()) ** 2).sum()) for scores in rated) / (total - len(rated))
    if np.isclose(between, 0) and np.isclose(within, 0):
        return Refusal("constant_data")
    raters = (total - float((sizes**2).sum()) / total) / (len(rated) - 1)
    return _icc(len(rated), raters, between - within, between + (raters - 1) * within, between)


def icc_two_way(ratings: ArrayLike) -> IccFigures | Refusal:
    """Return ICC(2,1) and ICC(2,k): the same raters rated all (people × raters, complete rows only).

    A rater who is stricter than the others lowers it: agreement, not consistency. Refused below two rows or columns, or
    when no rating differs from another.
    """
    table = np.asarray(ratings, dtype=np.float64)
    complete: NDArray[np.float64] = table[~np.isnan(table).any(axis=1)]
    targets, raters = complete.shape
    if targets < 2 or raters < 2:
        return Refusal("too_few_answers")
    grand_mean = complete.mean()
    rows = raters * float(((complete.mean(axis=1) - grand_mean) ** 2).sum()) / (targets - 1)
    columns = targets * float(((complete.mean(axis=0) - grand_mean) ** 2).sum()) / (raters - 1)
    rest_sum = float(((complete - grand_mean) ** 2).sum()) - rows * (targets - 1) - columns * (raters - 1)
    rest = rest_sum / ((targets - 1) * (raters - 1))
    if np.isclose(rows, 0) and np.isclose(rest, 0) and np.isclose(columns, 0):
        return Refusal("constant_data")
    doubt = (columns - rest) / targets
    return _icc(targets, raters, rows - rest, rows + (raters - 1) * rest + raters * doubt, rows + doubt)


def _icc(targets: int, raters: float, signal: float, single: float, average: float) -> IccFigures | Refusal:
    if np.isclose(single, 0) or np.isclose(average, 0):
        return Refusal("constant_data")
    return IccFigures(targets, raters, signal / single, signal / average)
