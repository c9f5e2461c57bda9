"""Can a reader of several releases work out a figure of fewer people than the minimum?

Each released mean or share tells the sum over its group of people. Whatever a reader computes by adding and
subtracting releases is a vector of the row space of "who is in which release". People who are in exactly the same
releases always go together (an atom), so the question is: is there a combination that touches only a few small atoms?
It covers the plain difference of two releases and chains over more of them (A, A+B, A+C, A+B+C+one person).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # suppression is imported by whoever only asks for results
    import numpy as np


def is_small_group_derivable(groups: Sequence[frozenset[str]], minimum: int) -> bool:
    """Return whether some combination of the groups' sums speaks of 1 to `minimum` − 1 people only."""
    if len(groups) == 1:  # nothing to subtract from: the size decides
        return 0 < len(groups[0]) < minimum
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


class FewPeople:
    """The same question for hundreds of groups of thousands of people, asked again and again with one group more.

    A combination that vanishes outside a set of atoms exists exactly where the rows of the projection onto the null
    space that belong to these atoms are linearly dependent, that is, where their Gram matrix is singular. So one
    projection serves all sets. Single atoms and pairs are always tried, triples and quadruples
    while there are few small atoms: such a combination needs several cuts of people that agree but for single ones.
    """

    MAX_FOR_TRIPLES, MAX_FOR_QUADRUPLES = 90, 36
    TOLERANCE = 1e-9

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._members: dict[frozenset[str], np.ndarray[tuple[int], np.dtype[np.int64]]] = {}

    def is_derivable(self, groups: Sequence[frozenset[str]], minimum: int) -> bool:
        """Return whether some combination of the groups' sums speaks of 1 to `minimum` − 1 people only."""
        import numpy as np

        distinct = [group for group in dict.fromkeys(groups) if group]
        if not distinct:
            return False
        members = [self._numbers_of(group) for group in distinct]
        # People of one atom are in the same groups: equal sums of the groups' random keys tell them, in one pass.
        keys = np.random.default_rng(0).integers(2**63, size=len(distinct), dtype=np.uint64)
        codes = np.zeros(len(self._number), dtype=np.uint64)
        for key, numbers in zip(keys, members, strict=True):
            codes[numbers] += key
        _, first, sizes = np.unique(codes, return_index=True, return_counts=True)
        atom_of = np.full(len(self._number), -1)
        atom_of[first] = np.arange(len(first))
        patterns = np.zeros((len(first), len(distinct)))
        for column, numbers in enumerate(members):
            found = atom_of[numbers]
            patterns[found[found >= 0], column] = 1
        outside = ~patterns.any(axis=1)  # people of groups that were asked about before
        patterns, sizes = patterns[~outside], sizes[~outside]
        few = np.flatnonzero(sizes < minimum)
        if not len(few):
            return False
        # The projection onto the row space is M (MᵀM)⁺ Mᵀ: only groups × groups are decomposed, however many atoms.
        inverse = np.linalg.pinv(patterns.T @ patterns, rcond=1e-11, hermitian=True)
        gram = np.eye(len(few)) - patterns[few] @ inverse @ patterns[few].T
        return _is_some_set_dependent(gram, sizes[few], minimum, self)

    def _numbers_of(self, group: frozenset[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        import numpy as np

        known = self._members.get(group)
        if known is None:
            number = self._number
            known = np.fromiter((number.setdefault(person, len(number)) for person in group), np.int64, len(group))
            self._members[group] = known
        return known


def _is_some_set_dependent(
    gram: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    sizes: np.ndarray[tuple[int], np.dtype[np.int64]],
    minimum: int,
    limits: FewPeople,
) -> bool:
    """Whether a Gram matrix has a singular principal part of 1 to 4 atoms with fewer than `minimum` people together."""
    import numpy as np

    for count in range(1, 5):
        # Only atoms that leave room for `count` − 1 others of at least one person each.
        chosen = np.flatnonzero(sizes <= minimum - count)
        most = {3: limits.MAX_FOR_TRIPLES, 4: limits.MAX_FOR_QUADRUPLES}.get(count)
        if len(chosen) < count or (most is not None and len(chosen) > most):
            continue
        sets = np.array(list(combinations(chosen.tolist(), count)), dtype=np.int64)
        sets = sets[sizes[sets].sum(axis=1) < minimum]
        if len(sets) and np.linalg.det(gram[sets[:, :, None], sets[:, None, :]]).min() < limits.TOLERANCE:
            return True
    return False
