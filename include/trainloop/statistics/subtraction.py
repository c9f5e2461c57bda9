"""Can a reader of several releases work out a figure of fewer people than the minimum?

Each released mean or share tells the sum over its group of people. Whatever a reader computes by adding and
subtracting releases is a vector of the row space of "who is in which release". People who are in exactly the same
releases always go together (an atom), so the question is: is there a combination that touches only a few small atoms?
It covers the plain difference of two releases and chains over more of them (A, A+B, A+C, A+B+C+one person).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # suppression is imported by whoever only asks for results
    import numpy as np


def is_small_group_derivable(groups: Sequence[frozenset[str]], minimum: int) -> bool:
    """Return whether some combination of the groups' sums speaks of 1 to `minimum` − 1 people only."""
    import numpy as np

    atoms: dict[tuple[bool, ...], int] = {}
    for person in frozenset().union(*groups):
        pattern = tuple(person in group for group in groups)
        atoms[pattern] = atoms.get(pattern, 0) + 1
    membership = np.array(list(atoms), dtype=np.float64).T  # releases × atoms
    sizes = list(atoms.values())
    if not sizes:
        return False
    rank = np.linalg.matrix_rank(membership)
    return any(_rank_without(membership, chosen) < rank for chosen in _maximal_choices(sizes, minimum - 1))


def _rank_without(membership: np.ndarray[tuple[int, int], np.dtype[np.float64]], atoms: Collection[int]) -> int:
    """Rank on all other atoms; lower than the full rank means: a combination vanishes there and not on `atoms`."""
    import numpy as np

    others = [column for column in range(membership.shape[1]) if column not in atoms]
    return int(np.linalg.matrix_rank(membership[:, others])) if others else 0


def _maximal_choices(sizes: Sequence[int], budget: int, start: int = 0) -> Iterator[tuple[int, ...]]:
    """Every set of atoms of at most `budget` people to which no later atom can be added."""
    fitting = [index for index in range(start, len(sizes)) if sizes[index] <= budget]
    for index in fitting:
        grew = False
        for rest in _maximal_choices(sizes, budget - sizes[index], index + 1):
            grew = True
            yield (index, *rest)
        if not grew:
            yield (index,)
