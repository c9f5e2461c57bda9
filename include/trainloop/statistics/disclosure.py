"""What of one measure may be shown when many overlapping groups of people are: departments, levels, target groups.

`trainloop.statistics.suppression` guards figures of one list of people, `tables` a table against its own sums. Here
groups of different cuts meet: a department and a job family that differ by two people give these two away. Whatever is
shown of a measure is admitted one after the other, the important first; what would give somebody away is not.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trainloop.statistics.subtraction import FewPeople
from trainloop.statistics.suppression import LedgerEntry, Level, Minimums, Visibility, visibility_of

if TYPE_CHECKING:  # pandas is loaded by the one function that needs it
    import pandas as pd

Place = tuple[str, str]
TOTAL = "total"
# Beyond so many crossings the check of a table takes minutes, and a page cannot show it: margins only.
MAX_CROSSINGS = 120
# More groups than that are not tried one after the other once they are not safe together.
MAX_ONE_BY_ONE = 60
_RANK: Mapping[Level, int] = {"hidden": 0, "mean": 1, "distribution": 2}


class Guard:
    """Admits groups of people of one measure; `ledger` holds what was admitted, for later releases.

    `earlier` are the entries of all earlier releases that speak of this measure, under whatever key.
    """

    def __init__(self, earlier: Sequence[LedgerEntry], minimums: Minimums) -> None:
        self.minimums = minimums
        self.earlier = list(earlier)
        self.ledger: list[LedgerEntry] = []
        self._few = FewPeople()

    def admit(self, key: str, group: frozenset[str], most: Level = "distribution") -> Visibility:
        """Return how much of a group may be shown, at most `most`, and remember it as shown."""
        return self.admit_all({key: group}, most)[key]

    def admit_all(self, groups: Mapping[str, frozenset[str]], most: Level = "distribution") -> dict[str, Visibility]:
        """Admit several groups of one kind, such as all departments: together where that is safe, else one by one."""
        seen: dict[str, Visibility] = {}
        added: list[LedgerEntry] = []
        for key, group in groups.items():
            seen[key] = found = self._look(key, group, most, added)
            if found.level != "hidden" and not self._is_known(key):
                added.append(LedgerEntry(key, found.level, group))
        if self._is_solvable(added):
            added, tried = [], added
            for entry in tried[:MAX_ONE_BY_ONE]:
                level = self._solved_level([*added, entry])
                if level == entry.level:
                    added.append(entry)
                else:
                    seen[entry.key] = Visibility(level, "protects_other_figure")
                    added += [LedgerEntry(entry.key, level, entry.respondents)] if level == "mean" else []
            for entry in tried[MAX_ONE_BY_ONE:]:
                seen[entry.key] = Visibility("hidden", "protects_other_figure")
        self.ledger += added
        return seen

    def admit_table(self, key: str, cells: Mapping[Place, frozenset[str]], level: Level) -> Mapping[Place, str | None]:
        """Return for every crossing and margin ("total") the reason why it is hidden, None where it may be shown.

        A table that together with groups shown before would give somebody away loses its inner cells, then all.
        """
        minimum = self.minimums.mean if level == "mean" else self.minimums.distribution
        whole = with_margins(cells)
        counts = {place: len(group) for place, group in whole.items()}
        inner = {place for place in whole if TOTAL not in place}
        for hidden in (_hidden_cells(counts, minimum), inner | _hidden_margins(counts, minimum)):
            shown = {place: whole[place] for place in whole if place not in hidden}
            entries = [LedgerEntry(f"{key}:{row}|{column}", level, group) for (row, column), group in shown.items()]
            if shown and self._is_safe(entries, level):
                self.ledger += [entry for entry in entries if not self._is_known(entry.key)]
                below = f"below_minimum_{level}"
                return {
                    place: None if place in shown else (below if counts[place] < minimum else "protects_other_figure")
                    for place in whole
                }
        return dict.fromkeys(whole, "protects_other_figure")

    def _is_known(self, key: str) -> bool:
        return any(entry.key == key for entry in self.ledger)

    def _is_safe(self, entries: Sequence[LedgerEntry], level: Level) -> bool:
        """Whether a table's shown crossings can stand beside each other and beside all that is shown elsewhere."""
        looks = (self._look(entry.key, entry.respondents, level, ()) for entry in entries)
        return all(found.level == level for found in looks) and not self._is_solvable(entries)

    def _look(self, key: str, group: frozenset[str], most: Level, added: Sequence[LedgerEntry]) -> Visibility:
        """How much of a group may be shown by its size and by its difference to any one group shown before."""
        own = visibility_of(group, [entry for entry in self.earlier if entry.key == key], self.minimums)
        level = min(own.level, most, key=_RANK.__getitem__)
        reason = own.reason if _RANK[own.level] < _RANK[most] else None
        if level == "hidden":
            return own
        lists: tuple[tuple[str, Sequence[LedgerEntry]], ...] = (
            ("too_close_to_earlier_release", self.earlier),
            ("protects_other_figure", (*self.ledger, *added)),
        )
        for said, entry in ((said, entry) for said, entries in lists for entry in entries):
            if self._differs_by_few(group, entry.respondents, self.minimums.mean):
                return Visibility("hidden", said, is_near_earlier=said == lists[0][0])
            is_full = level == "distribution" and entry.level == "distribution"
            if is_full and self._differs_by_few(group, entry.respondents, self.minimums.distribution):
                level, reason = "mean", said
        return Visibility(level, reason, own.is_near_earlier)

    def _is_solvable(self, added: Sequence[LedgerEntry]) -> bool:
        """Whether these together with all that is shown could be solved for fewer people than each level needs."""
        new = [entry for entry in added if not self._is_shown(entry)]
        return bool(new) and (self._is_derivable(new, "mean") or self._is_derivable(new, "distribution"))

    def _is_shown(self, entry: LedgerEntry) -> bool:
        """Whether the same people are shown as far already: then nothing is added to what a reader can solve."""
        return any(
            known.respondents == entry.respondents and _RANK[known.level] >= _RANK[entry.level]
            for known in (*self.earlier, *self.ledger)
        )

    def _solved_level(self, added: Sequence[LedgerEntry]) -> Level:
        """Return how far the last of these may be shown beside the others."""
        last = added[-1]
        if self._is_derivable(added, "mean"):
            return "hidden"
        is_full = last.level == "distribution" and not self._is_derivable(added, "distribution")
        return "distribution" if is_full else "mean"

    def _is_derivable(self, added: Sequence[LedgerEntry], level: Level) -> bool:
        minimum = self.minimums.mean if level == "mean" else self.minimums.distribution
        shown = [
            entry.respondents for entry in (*self.earlier, *self.ledger, *added) if _RANK[entry.level] >= _RANK[level]
        ]
        return self._few.is_derivable(shown, minimum)

    @staticmethod
    def _differs_by_few(group: frozenset[str], other: frozenset[str], minimum: int) -> bool:
        if abs(len(group) - len(other)) >= minimum:
            return False
        return 0 < len(group ^ other) < minimum


def with_margins(cells: Mapping[Place, frozenset[str]]) -> dict[Place, frozenset[str]]:
    """Return the full table of people: every crossing of the rows and columns that occur, and their sums."""
    rows = sorted({row for row, _ in cells})
    columns = sorted({column for _, column in cells})
    whole = {(row, column): cells.get((row, column), frozenset()) for row in rows for column in columns}
    for row in rows:
        whole[row, TOTAL] = frozenset().union(*(cells.get((row, column), frozenset()) for column in columns))
    for column in columns:
        whole[TOTAL, column] = frozenset().union(*(cells.get((row, column), frozenset()) for row in rows))
    if rows:
        whole[TOTAL, TOTAL] = frozenset().union(*cells.values())
    return whole


def hidden_in_line(counts: Mapping[str, int], minimum: int) -> set[str]:
    """Return which parts of a whole to hide: small ones, and the next smallest until the hidden are enough together.

    The whole is shown, so the hidden parts are known as one group.
    """
    hidden = {part for part, count in counts.items() if count < minimum}
    left = sorted((part for part in counts if part not in hidden), key=lambda part: (counts[part], part))
    while left and 0 < sum(counts[part] for part in hidden) < minimum:
        hidden.add(left.pop(0))
    return hidden


def _hidden_margins(counts: Mapping[Place, int], minimum: int) -> set[Place]:
    rows = {row: count for (row, column), count in counts.items() if column == TOTAL and row != TOTAL}
    columns = {column: count for (row, column), count in counts.items() if row == TOTAL and column != TOTAL}
    hidden = {(row, TOTAL) for row in hidden_in_line(rows, minimum)}
    hidden |= {(TOTAL, column) for column in hidden_in_line(columns, minimum)}
    return hidden | {place for place in [(TOTAL, TOTAL)] if counts.get(place, 0) < minimum}


def _hidden_cells(counts: Mapping[Place, int], minimum: int) -> set[Place]:
    inner = {place for place in counts if TOTAL not in place}
    if len(inner) > MAX_CROSSINGS:
        return inner | _hidden_margins(counts, minimum)
    return set(_solved(tuple(sorted(counts.items())), minimum)) if inner else set()


@functools.lru_cache(maxsize=256)
def _solved(counts: tuple[tuple[Place, int], ...], minimum: int) -> frozenset[Place]:
    """The same people stand in the tables of many topics: solved once."""
    from trainloop.statistics.tables import hidden_cells

    hidden = hidden_cells(_frame(dict(counts)), minimum)
    return frozenset(
        (str(row), str(column)) for row in hidden.index for column in hidden.columns if hidden.loc[row, column]
    )


def _frame(counts: Mapping[Place, int]) -> pd.DataFrame:
    import pandas as pd

    rows = sorted({row for row, _ in counts if row != TOTAL})
    columns = sorted({column for _, column in counts if column != TOTAL})
    return pd.DataFrame([[counts[row, column] for column in columns] for row in rows], index=rows, columns=columns)
