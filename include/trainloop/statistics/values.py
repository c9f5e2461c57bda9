"""The answers of an estimator for many groups at once: numbers, and the reason wherever there is none.

Estimators compute on arrays whose last axis holds the people of a group (NaN = not answered); one group is the case of
one row. Refusals are put in at the end, where the numbers leave the arithmetic.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trainloop.statistics.refusal import ReasonCode, Refusal

Numbers = NDArray[np.float64]
Counts = NDArray[np.int64]
# Where a number is refused, and why.
Refused = tuple[ArrayLike, ReasonCode]
# Each entry a `Value`: a float or a Refusal.
Values = NDArray[np.object_]


def values_of(numbers: ArrayLike, *refused: Refused) -> Values:
    """Return numbers as floats, or as the refusal of the first condition that holds there; conditions broadcast.

    What is refused already stays so unless a condition holds.
    """
    known = np.asarray(numbers)
    found: Values = known.astype(np.float64 if known.dtype != object else object).astype(object)
    for condition, reason in reversed(refused):
        np.copyto(found, np.array(Refusal(reason), dtype=object), where=condition)
    return found


def refusals(shape: int | tuple[int, ...], reason: ReasonCode) -> Values:
    """Return the same refusal everywhere."""
    return np.full(shape, Refusal(reason), dtype=object)
