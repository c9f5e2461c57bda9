"""From an estimator's arrays to columns of figures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from trainloop.statistics.figures import Column
from trainloop.statistics.values import Counts, Numbers, Values, values_of


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
