"""The evidence of one layer as short lines: goal, measure, departments, interviews, answers."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from trainloop.needs.published import Evidence, ShownLayer
from trainloop.reporting.needs_desk import NeedsDesk

_Rows = Mapping[str, Evidence]


def lines(desk: NeedsDesk, layer: ShownLayer) -> tuple[str, ...]:
    """Return the evidence of a layer, departments that say the same in one line.

    Trainers see topics: what single departments lack or said is between them and HR.
    """
    groups: dict[tuple[str, str], dict[str, Evidence]] = {}
    for one in layer.evidence:
        groups.setdefault((one.kind, one.code), {})[one.statistic] = one
    of_kind: dict[str, dict[str, _Rows]] = {}
    for (kind, code), rows in groups.items():
        of_kind.setdefault(kind, {})[code] = rows
    found = [_goal(desk, code, rows) for code, rows in of_kind.get("goal", {}).items()]
    for kind in ("kpi", "competency"):
        found += [_measure(desk, kind, code, rows) for code, rows in of_kind.get(kind, {}).items()]
    if desk.audience != "trainer":
        found += _departments(desk, of_kind.get("department", {}))
        found += _interviews(desk, of_kind.get("interview", {}))
    found += [_wave(desk, rows) for rows in of_kind.get("wave", {}).values()]
    return tuple(found)


def _goal(desk: NeedsDesk, code: str, rows: _Rows) -> str:
    # A weight without the zeros that nobody typed; measured numbers keep their decimals.
    weight = (rows["weight_pct"].value or Decimal(0)).normalize()
    return desk.words("needs.line.goal", name=desk.name("goal", code), weight=desk.words.percent(weight))


def _measure(desk: NeedsDesk, kind: str, code: str, rows: _Rows) -> str:
    n = desk.words.number(rows["gap_pct"].respondent_count or 0)
    return desk.words("needs.line.measure", name=desk.name(kind, code), gap=_shown(desk, rows, "gap_pct"), n=n)


def _departments(desk: NeedsDesk, departments: Mapping[str, _Rows]) -> list[str]:
    """Return a line per department with a gap; the others by what their heads said."""
    words, found = desk.words, []
    alike: dict[tuple[str, str], list[str]] = {}
    for code, rows in departments.items():
        confirmed, cause = (rows[name].text_value or "" for name in ("confirmed", "cause"))
        if rows.get("gap_pct") is None or rows["gap_pct"].value is None:
            alike.setdefault((confirmed, cause), []).append(code)
            continue
        said = {"confirmed": words(f"needs.confirmed.{confirmed}"), "cause": words(f"needs.cause.{cause}")}
        line = words("needs.line.department", name=desk.name("department", code), **said)
        found.append(line + words("needs.line.department_gap", gap=_shown(desk, rows, "gap_pct")))
    for (confirmed, cause), codes in alike.items():
        said = {"confirmed": words(f"needs.confirmed.{confirmed}"), "cause": words(f"needs.cause.{cause}")}
        names = desk.name("department", codes[0])
        if len(codes) > 1:
            names = words("needs.line.departments", name=names, count=len(codes))
        found.append(words("needs.line.department", name=names, **said))
    return found


def _interviews(desk: NeedsDesk, departments: Mapping[str, _Rows]) -> list[str]:
    """Return one line for all departments that named the topic: severity, and how often when more than once."""
    named = []
    for code, rows in departments.items():
        one = rows["severity_mean"]
        times = one.respondent_count or 0
        severity = desk.words.number(one.value or Decimal(0))
        said = desk.words("needs.line.severity", name=desk.name("department", code), severity=severity)
        named.append(f"{said} {desk.words('needs.mentions', count=times)}" if times > 1 else said)
    if not named:
        return []
    return [desk.words("needs.line.interviews", names=desk.words("format.list_separator").join(named))]


def _wave(desk: NeedsDesk, rows: _Rows) -> str:
    answered = rows["answered_count"].value or Decimal(0)
    shares = {name: _shown(desk, rows, f"{name}_pct") for name in ("wished", "career", "weak")}
    return desk.words("needs.line.wave", n=desk.words.number(int(answered)), **shares)


def _shown(desk: NeedsDesk, rows: _Rows, statistic: str) -> str:
    one = rows.get(statistic)
    if one is None:
        return "–"
    return desk.words("needs.value_hidden") if one.value is None else desk.words.percent(one.value)
