"""Figures and cells of the needs analysis on their way to readers: what each needs, how it is rounded, its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from trainloop.statistics.disclosure import Guard, Place
from trainloop.statistics.figures import Figure, ShownFigure
from trainloop.statistics.suppression import LedgerEntry, Level, Minimums, Visibility

_RANK: Mapping[Level, int] = {"hidden": 0, "mean": 1, "distribution": 2}


@dataclass(frozen=True, slots=True)
class TableCell:
    """One crossing of a table; `reason` is set where it is hidden from readers (the value is the unsuppressed one)."""

    table_code: str
    row_code: str
    column_code: str
    statistic: str
    value: float | None
    respondent_count: int | None
    reason: str | None = None


@dataclass
class Shown:
    """What one release is made of: unsuppressed figures and cells for marts, shown ones for published, the ledger."""

    figures: list[Figure] = field(default_factory=list)
    shown: list[ShownFigure] = field(default_factory=list)
    cells: list[TableCell] = field(default_factory=list)
    ledger: list[LedgerEntry] = field(default_factory=list)

    def say(self, family: str, code: str, values: Mapping[str, float | str | None], n: int | None = None) -> None:
        """Add figures that speak of things or of lists of people, and of no person's opinion or result."""
        for statistic, value in values.items():
            self._add(family, code, statistic, value, n, None)

    def tell(
        self,
        family: str,
        code: str,
        values: Mapping[str, tuple[Level, float | str | None]],
        n: int,
        seen: Visibility,
    ) -> None:
        """Add figures of a group of `n` people: each with the level it needs, shown as far as the group may be."""
        for statistic, (needed, value) in values.items():
            is_hidden = _RANK[seen.level] < _RANK[needed]
            reason = (seen.reason or f"below_minimum_{needed}") if is_hidden else None
            self._add(family, code, statistic, value, n, reason)

    def _add(
        self, family: str, code: str, statistic: str, value: float | str | None, n: int | None, reason: str | None
    ) -> None:
        text = value if isinstance(value, str) else None
        number = None if isinstance(value, str) or value is None else float(value)
        refusal = "too_few_answers" if value is None else None
        self.figures.append(Figure(family, code, statistic, number, text, n, refusal))
        self.shown.append(
            ShownFigure(
                family,
                code,
                statistic,
                None if reason or number is None else rounded(statistic, number),
                None if reason else text,
                n,
                reason is not None,
                reason or refusal,
            )
        )

    def table(
        self,
        guard: Guard,
        table_code: str,
        statistic: str,
        cells: Mapping[Place, frozenset[str]],
        value_of: Any,
        level: Level,
    ) -> None:
        """Add a table with margins; `value_of` maps a group of people to its number."""
        from trainloop.statistics.disclosure import with_margins

        reasons = guard.admit_table(f"cell:{table_code}", cells, level)
        for place, group in with_margins(cells).items():
            value = value_of(group) if group else None
            number = None if value is None else float(value)
            self.cells.append(TableCell(table_code, *place, statistic, number, len(group), reasons[place]))

    def keep(self, *guards: Guard, prefix: str) -> None:
        """Take over what the guards of one measure admitted, under keys of that measure."""
        for guard in guards:
            self.ledger.extend(
                LedgerEntry(f"{prefix}/{entry.key}", entry.level, entry.respondents) for entry in guard.ledger
            )


def guard_of(prefix: str, earlier: Sequence[LedgerEntry], minimums: Minimums) -> Guard:
    """Return the guard of one measure: it knows what earlier releases showed of it."""
    own = [
        LedgerEntry(entry.key.removeprefix(f"{prefix}/"), entry.level, entry.respondents)
        for entry in earlier
        if entry.key.startswith(f"{prefix}/")
    ]
    return Guard(own, minimums)


def rounded(statistic: str, value: float) -> Decimal:
    """Return a number as printed: amounts to the cent, counts whole, coefficients two decimals, others one."""
    name = statistic.partition(":")[0]
    if name.endswith("_amount") or name in {"kendall_tau", "trend_slope_pct", "weight_pct"}:
        places = 2
    elif name in {"n", "count"} or name.endswith(("_n", "_count")):
        places = 0
    else:
        places = 1
    exact = Decimal(repr(round(value, 9))).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    return exact or abs(exact)
