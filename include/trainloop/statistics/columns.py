"""Figures of many groups at once: a column holds one figure of each group, as `Figure` is one figure of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from trainloop.statistics.figures import Figure, figure
from trainloop.statistics.refusal import ReasonCode, Refusal, Value
from trainloop.statistics.values import Counts, Numbers, Values, values_of

Entry = Value | str | None


class Column(NamedTuple):
    """One figure of every group: a number, a word, a refusal, or None where a group has no such figure.

    `respondent_counts` are the people behind each, as in `Figure`.
    """

    family: str
    code: str
    statistic: str
    values: Sequence[Entry]
    respondent_counts: Sequence[int | None]


def columns(
    family: str,
    code: str,
    respondent_counts: Counts,
    found: Mapping[str, Numbers | Counts | Values],
    where: NDArray[np.bool_] | None = None,
) -> list[Column]:
    """Return a column for each statistic, with the same people behind them; only `where` a group has them."""
    counts = respondent_counts.tolist()
    made = []
    for statistic, numbers in found.items():
        entries = values_of(numbers)
        if where is not None:
            entries[~where] = None
        made.append(Column(family, code, statistic, entries.tolist(), counts))
    return made


def columns_of(groups: Sequence[Iterable[Figure]]) -> list[Column]:
    """Return the figures of groups, each computed by itself, as columns in the order in which they first occur."""
    found: dict[tuple[str, str, str], tuple[list[Entry], list[int | None]]] = {}
    for place, figures in enumerate(groups):
        for item in figures:
            key = item.family, item.code, item.statistic
            if key not in found:
                found[key] = [None] * len(groups), [None] * len(groups)
            values, counts = found[key]
            known = item.value if item.text_value is None else item.text_value
            values[place] = known if item.refusal is None else Refusal(cast("ReasonCode", item.refusal))
            counts[place] = item.respondent_count
    return [Column(*key, *column) for key, column in found.items()]


def figures_at(made: Iterable[Column], place: int) -> list[Figure]:
    """Return the figures of the group at one place."""
    return [
        figure(column.family, column.code, column.statistic, value, column.respondent_counts[place])
        for column in made
        if (value := column.values[place]) is not None
    ]
