"""Ranks and how sure they are: ties share a rank, and an interval says which ranks the data are compatible with.

Intervals come from draws of the quantities behind the scores: each draw is ranked, and the interval holds the middle of
a thing's ranks (Goldstein and Spiegelhalter 1996, J. R. Statist. Soc. A 159, section 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def shared_ranks(scores: Mapping[str, float], decimals: int = 1) -> dict[str, int]:
    """Return the rank of each score, the highest first; equal as printed is equal, and the next rank is skipped.

    >>> shared_ranks({"a": 80.04, "b": 80.01, "c": 70.0})
    {'a': 1, 'b': 1, 'c': 3}
    """
    printed = {code: round(score, decimals) for code, score in scores.items()}
    return {code: 1 + sum(other > score for other in printed.values()) for code, score in printed.items()}


def rank_intervals(codes: Sequence[str], draws: NDArray[np.float64], level: float) -> dict[str, tuple[int, int]]:
    """Return the lowest and highest rank of the middle `level` of the draws, a row a draw and a column a code."""
    import numpy as np

    ranks = 1 + (draws[:, :, None] < draws[:, None, :]).sum(axis=2)
    tail = (1 - level) / 2
    low, high = np.quantile(ranks, [tail, 1 - tail], axis=0, method="closest_observation")
    return {code: (int(low[place]), int(high[place])) for place, code in enumerate(codes)}
