"""What learners did in class: who spoke, how evenly, and how good the quiz items were.

Sources: Gini coefficient as half the relative mean absolute difference (Gini 1912; Dorfman 1979), computed from the
ordered values. Item difficulty is the share of right answers (Crocker & Algina, Introduction to Classical and Modern
Test Theory, 1986, ch. 14); discrimination is the point-biserial correlation of an item with the score on the *other*
items, so that an item does not vouch for itself (Henrysson 1963).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from trainloop.statistics.refusal import Refusal, Value

Flag = Literal["none", "too_hard", "too_easy"]


@dataclass(frozen=True)
class QuizItem:
    """One quiz item: `difficulty` is the share of right answers, 0–1, `discrimination` a correlation, −1 to 1."""

    code: str
    n: int
    difficulty: Value
    discrimination: Value
    flag: Flag


def share_spoke(turns: Sequence[int]) -> Value:
    """Return the share (0–1) of learners with at least one turn; `turns` has one entry a learner, zeros included."""
    return float(np.mean(np.asarray(turns) > 0)) if len(turns) else Refusal("too_few_people")


def gini(turns: Sequence[int]) -> Value:
    """Return how unevenly turns were spread: 0 all alike, towards 1 one speaks alone; zeros are people, too.

    Refused for fewer than two people, and where nobody spoke: there is nothing to spread.
    """
    values = np.sort(np.asarray(turns, dtype=np.float64))
    if len(values) < 2:
        return Refusal("too_few_people")
    if not values.sum():
        return Refusal("constant_data")
    ranks = np.arange(1, len(values) + 1)
    return float((2 * ranks - len(values) - 1) @ values / (len(values) * values.sum()))


def quiz_items(answers: Mapping[tuple[str, str], bool], hard_below: float, easy_above: float) -> tuple[QuizItem, ...]:
    """Return every item in order of its code; `answers` says by (learner, item) whether the answer was right.

    A learner who did not answer an item is no wrong answer. Discrimination is taken over the learners who answered the
    item and at least one other, whose score is the share right among their others.
    """
    learners = sorted({learner for learner, _ in answers})
    items = sorted({item for _, item in answers})
    table = np.full((len(learners), len(items)), np.nan)
    places = {name: place for place, name in enumerate(learners)}
    columns = {code: place for place, code in enumerate(items)}
    for (learner, item), is_right in answers.items():
        table[places[learner], columns[item]] = is_right
    return tuple(_item(code, place, table, hard_below, easy_above) for code, place in columns.items())


def _item(code: str, place: int, table: NDArray[np.float64], hard_below: float, easy_above: float) -> QuizItem:
    own = table[:, place]
    given = own[~np.isnan(own)]
    difficulty = float(given.mean())
    flag: Flag = "too_hard" if difficulty < hard_below else "too_easy" if difficulty > easy_above else "none"
    return QuizItem(code, len(given), difficulty, point_biserial(own, _others(table, place)), flag)


def _others(table: NDArray[np.float64], place: int) -> NDArray[np.float64]:
    rest = np.delete(table, place, axis=1)
    counts = (~np.isnan(rest)).sum(axis=1)
    sums = np.nansum(rest, axis=1)
    means: NDArray[np.float64] = np.divide(sums, counts, out=np.full(len(table), np.nan), where=counts > 0)
    return means


def point_biserial(right: NDArray[np.float64], score: NDArray[np.float64]) -> Value:
    """Return the correlation of a 0/1 column with a score, over the rows that have both; refused below three rows."""
    has_both = ~(np.isnan(right) | np.isnan(score))
    own, rest = right[has_both], score[has_both]
    if len(own) < 3:
        return Refusal("too_few_people")
    if not own.std() or not rest.std():
        return Refusal("constant_data")
    return float(np.corrcoef(own, rest)[0, 1])
