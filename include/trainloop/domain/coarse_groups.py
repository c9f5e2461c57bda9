"""Coarse groups 粗粒度分组: what an anonymous answer sheet may say about its author, for groups that are large enough.

A combination lists a person's attributes, most important first (level, family, department). One that stands for fewer
than the minimum gives up its last attribute and joins its neighbours of the same prefix, until every combination in
use, the shortened ones included, stands for enough people: k-anonymity by local recoding. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

Combination = tuple[str, ...]
NOTHING: Combination = ()


def coarsen(counts: Mapping[Combination, int], minimum: int) -> dict[Combination, Combination]:
    """Return for every combination the one that is kept instead, itself or a prefix of it.

    Every kept combination stands for at least `minimum` people, or all of them for nothing (the empty combination) when
    there are fewer people than that. As many attributes stay as a shortening from the longest to the shortest allows:
    a bucket that is still too small takes in its smallest neighbour.
    """
    sizes = Counter({combination: count for combination, count in counts.items() if count > 0})
    members: dict[Combination, list[Combination]] = {combination: [combination] for combination in counts}
    for length in range(max(map(len, counts), default=0), 0, -1):
        _shorten(members, sizes, length, minimum)
    return {combination: kept for kept, originals in members.items() for combination in originals}


def _shorten(
    members: dict[Combination, list[Combination]], sizes: Counter[Combination], length: int, minimum: int
) -> None:
    """Move every combination of `length` attributes that is too small to its prefix, with neighbours to fill it up."""
    families: dict[Combination, list[Combination]] = {}
    for combination in sizes:
        if len(combination) >= length:
            families.setdefault(combination[: length - 1], []).append(combination)
    for prefix, family in families.items():
        family.sort(key=lambda combination: (sizes[combination], combination))
        moved = {combination for combination in family if len(combination) == length and sizes[combination] < minimum}
        # People of whom nothing is known have no shorter prefix to go to: their neighbours come to them.
        is_lonely = prefix == NOTHING and 0 < sizes[NOTHING] < minimum
        if not moved and not is_lonely:
            continue
        # People who are already known by the prefix alone belong to the same bucket.
        total = sizes[prefix] + sum(sizes[combination] for combination in moved)
        for neighbour in family:
            if total >= minimum:
                break
            if neighbour not in moved:
                moved.add(neighbour)
                total += sizes[neighbour]
        for combination in moved:
            sizes[prefix] += sizes.pop(combination)
            members.setdefault(prefix, []).extend(members.pop(combination))


def nearest(combination: Combination, known: Collection[Combination]) -> Combination:
    """Return the longest prefix of a combination that is in use: where somebody who comes later belongs."""
    for length in range(len(combination), 0, -1):
        if combination[:length] in known:
            return combination[:length]
    return NOTHING
