"""Shaded tables: severity by department and topic, gaps and demand by level and family. Every shade has its number."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from trainloop.needs.published import TOTAL, Cell
from trainloop.reporting.needs_desk import NeedsDesk
from trainloop.reporting.needs_model import HeatCell, HeatMap, HeatRow

# From which value on a cell takes the next shade, in percent.
_GAP_STEPS = (0.1, 5, 10, 20, 30)
_SHARE_STEPS = (0.1, 10, 30, 50, 70)
_NOTHING = HeatCell(text="", step=0)


def interview_map(desk: NeedsDesk) -> HeatMap:
    """Return topic × department: how severe it was said to be, and how often."""
    found = _mentions(desk)
    if not found:
        return HeatMap(title="", columns=(), rows=(), reason=desk.words("needs.interviews_none"))
    departments = sorted({column for _, column in found})
    known = [need.topic_code for need in desk.needs.needs]
    topics = sorted({row for row, _ in found}, key=lambda code: known.index(code) if code in known else len(known))
    rows = tuple(
        HeatRow(
            label=desk.name("topic", topic),
            cells=tuple(_severity(desk, found.get((topic, department))) for department in departments),
        )
        for topic in topics
    )
    columns = tuple(desk.name("department", code) for code in departments)
    return HeatMap(title="", columns=columns, rows=rows, note=desk.words("needs.interviews_note"))


def interview_topics(desk: NeedsDesk, topic_codes: Sequence[str]) -> HeatMap:
    """Return some topics with how many departments named them and how severe it was on average, without departments."""
    rows = []
    for topic in topic_codes:
        named = [values for (row, _), values in _mentions(desk).items() if row == topic]
        mentions = sum((values["mentions_count"] for values in named), Decimal(0))
        if not mentions:
            continue
        total = sum((values["mentions_count"] * values["severity_mean"] for values in named), Decimal(0))
        severity = {"severity_mean": round(total / mentions, 1), "mentions_count": Decimal(1)}
        count = HeatCell(text=desk.words.number(len(named)), step=0)
        rows.append(HeatRow(label=desk.name("topic", topic), cells=(count, _severity(desk, severity))))
    if not rows:
        return HeatMap(title="", columns=(), rows=(), reason=desk.words("needs.extract.interviews_none"))
    columns = (desk.words("needs.extract.departments"), desk.words("needs.extract.severity"))
    return HeatMap(title="", columns=columns, rows=tuple(rows))


def _mentions(desk: NeedsDesk) -> dict[tuple[str, str], dict[str, Decimal]]:
    found: dict[tuple[str, str], dict[str, Decimal]] = {}
    for cell in desk.needs.cells.get("interviews", ()):
        if cell.value is not None:
            found.setdefault((cell.row_code, cell.column_code), {})[cell.statistic] = cell.value
    return found


def _severity(desk: NeedsDesk, values: Mapping[str, Decimal] | None) -> HeatCell:
    if not values:
        return _NOTHING
    severity = values["severity_mean"]
    mentions = int(values["mentions_count"])
    return HeatCell(
        text=desk.words.number(severity),
        step=max(1, min(5, round(float(severity)))),
        note=desk.words("needs.mentions", count=mentions) if mentions > 1 else "",
    )


def crossing_maps(desk: NeedsDesk) -> tuple[tuple[HeatMap, ...], str]:
    """Return the level × family tables of which something may be shown, and the names of the others."""
    shown: list[HeatMap] = []
    hidden: list[str] = []
    narrow: list[tuple[str, HeatMap]] = []
    for code in sorted(desk.needs.cells, key=_order):
        measure, _, subject = code.partition(":")
        if measure not in {"performance", "competency", "demand"} or not subject:
            continue
        statistic = "asking_pct" if measure == "demand" else "gap_pct"
        kind = {"performance": "kpi", "competency": "competency", "demand": "topic"}[measure]
        title = desk.words(f"needs.table.{measure}", name=desk.name(kind, subject))
        cells = [cell for cell in desk.needs.cells[code] if cell.statistic == statistic]
        if any(cell.value is not None and TOTAL not in {cell.row_code, cell.column_code} for cell in cells):
            steps = _SHARE_STEPS if measure == "demand" else _GAP_STEPS
            drawn = _crossing(desk, title, cells, steps)
            if measure == "performance" and len(drawn.columns) == 1:
                narrow.append((desk.name(kind, subject), drawn))
            else:
                shown.append(drawn)
        else:
            hidden.append(title)
    return (*_side_by_side(desk, narrow), *shown), desk.words("format.list_separator").join(hidden)


def _side_by_side(desk: NeedsDesk, maps: Sequence[tuple[str, HeatMap]]) -> tuple[HeatMap, ...]:
    """Return indicators that only one job family has as one table, a column each."""
    if not maps:
        return ()
    levels = list(dict.fromkeys(row.label for _, drawn in maps for row in drawn.rows if not row.is_total))
    cells = [{row.label: row.cells[0] for row in drawn.rows} for _, drawn in maps]
    totals = [next((row.cells[0] for row in drawn.rows if row.is_total), _NOTHING) for _, drawn in maps]
    rows = [
        HeatRow(label=level, cells=tuple(column.get(level, _NOTHING) for column in cells)) for level in sorted(levels)
    ]
    return (
        HeatMap(
            title=desk.words("needs.table.results"),
            columns=tuple(f"{name} · {drawn.columns[0]}" for name, drawn in maps),
            rows=(*rows, HeatRow(label=desk.words("needs.total"), cells=tuple(totals), is_total=True)),
        ),
    )


def _order(code: str) -> tuple[int, str]:
    measures = ("people", "performance", "competency", "demand")
    measure = code.partition(":")[0]
    return (measures.index(measure) if measure in measures else len(measures), code)


def people_map(desk: NeedsDesk) -> HeatMap:
    """Return how many work where; unshaded, since nothing is good or bad about it."""
    cells = [cell for cell in desk.needs.cells.get("people", ()) if cell.statistic == "headcount"]
    return _grid(
        desk, desk.words("needs.table.people"), cells, lambda cell: HeatCell(text=_plain(desk, cell, 0), step=0)
    )


def _crossing(desk: NeedsDesk, title: str, cells: Sequence[Cell], steps: Sequence[float]) -> HeatMap:
    def draw(cell: Cell) -> HeatCell:
        if cell.value is None:
            return HeatCell(text="·", step=0)
        step = sum(float(cell.value) >= low for low in steps)
        return HeatCell(text=_plain(desk, cell), step=step)

    return _grid(desk, title, cells, draw)


def _plain(desk: NeedsDesk, cell: Cell, decimals: int | None = None) -> str:
    return "·" if cell.value is None else desk.words.number(cell.value, decimals)


def _grid(desk: NeedsDesk, title: str, cells: Sequence[Cell], draw: Callable[[Cell], HeatCell]) -> HeatMap:
    def ends(codes: set[str]) -> list[str]:
        return [*sorted(codes - {TOTAL, "other"}), *sorted(codes & {"other"}), *sorted(codes & {TOTAL})]

    by_place = {(cell.row_code, cell.column_code): cell for cell in cells}
    columns, rows = ends({column for _, column in by_place}), ends({row for row, _ in by_place})
    if len(columns) == 2 and TOTAL in columns:
        columns.remove(TOTAL)  # the one column says the same

    def cell_of(row: str, column: str) -> HeatCell:
        return draw(by_place[row, column]) if (row, column) in by_place else _NOTHING

    def label(code: str) -> str:
        return desk.words(f"needs.{code}") if code in {TOTAL, "other"} else desk.free(code)

    return HeatMap(
        title=title,
        columns=tuple(label(code) for code in columns),
        rows=tuple(
            HeatRow(
                label=label(row),
                cells=tuple(
                    draw(by_place[row, column]) if (row, column) in by_place else _NOTHING for column in columns
                ),
                is_total=row == TOTAL,
            )
            for row in rows
        ),
    )
