"""`/r/<token>`: competency results, of the reader or of the people who reported to the reader on that day (R04).

Shown only, so there is nothing to press: GET changes nothing and there is no POST. Gaps are worked out by the rules of
`domain.need` when the page is opened, of the levels as they stand in core then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from trainloop.config import Locale
from trainloop.domain.need import FULL_LEVEL, FULL_TEST_SCORE, assessed_level, competency_gap
from trainloop.forms import pages
from trainloop.forms.desk import Desk, Turned, language
from trainloop.forms.words import Words, words

# The scale is drawn from 0 to 5 levels on so many units; the dots need room at its ends.
_WIDTH, _MARGIN = 300, 10


@dataclass(frozen=True, slots=True)
class Line:
    """One competency: what is asked, where the person stands, by how much it differs; positions on the drawn scale."""

    label: str
    required: str
    level: str
    source: str
    gap: str
    is_below: bool
    self_manager: str
    detail: str
    required_x: float | None
    level_x: float
    self_x: float | None
    rank: float


@dataclass(frozen=True, slots=True)
class PersonView:
    """One person's lines, largest weighted gap first, and how many lie below what is required."""

    person_id: str
    name: str
    summary: str
    widest: str
    lines: tuple[Line, ...]


def add_result_pages(app: FastAPI, desk: Desk) -> None:
    @app.get("/r/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        row = desk.store.open_results(desk.admit(request, token))
        if row is None:
            raise desk.unknown(request)
        locale = language(request, row)
        if row["state"] != "open":
            raise Turned(desk.say(request, "results_expired", locale=locale, status=410))
        if not row["lines"]:
            raise Turned(desk.say(request, "results_empty", locale=locale, status=410))
        return pages.results_page(row, people_of(row["lines"], locale), locale)


def people_of(lines: Sequence[Mapping[str, Any]], locale: Locale) -> tuple[PersonView, ...]:
    """Return the people of a page in the order given; lines of one person stand together."""
    return tuple(_person([*found], words(locale)) for _, found in groupby(lines, key=lambda line: line["person_id"]))


def _person(found: Sequence[Mapping[str, Any]], text: Words) -> PersonView:
    lines = sorted((_line(one, text) for one in found), key=lambda line: (-line.rank, line.label))
    rated = sum(line.rank >= 0 for line in lines)
    below = [line for line in lines if line.is_below]
    return PersonView(
        person_id=found[0]["person_id"],
        name=found[0]["person"],
        summary=text.say("results_below", below=len(below), rated=rated)
        if rated
        else text.say("results_no_requirement"),
        widest=text.say("results_widest", label=below[0].label, gap=below[0].gap) if below else "",
        lines=tuple(lines),
    )


def _line(one: Mapping[str, Any], text: Words) -> Line:
    manager, test_pct, self_rated, required = (
        None if one[name] is None else float(one[name]) for name in ("manager", "test_pct", "self_rated", "required")
    )
    level = assessed_level(manager, test_pct, self_rated) or 0.0  # `core.competency_results` has no line without one
    weight = float(one["weight"] or 1)
    gap = competency_gap(required, level) if required is not None else 0.0
    source = "manager" if manager is not None else "test" if test_pct is not None else "self"
    difference = self_rated - manager if self_rated is not None and manager is not None else None
    test = None if test_pct is None else test_pct / FULL_TEST_SCORE * FULL_LEVEL
    parts = [
        text.say("results_detail_" + name, value=_number(value))
        for name, value in (("self", self_rated), ("manager", manager), ("test", test))
        if value is not None
    ]
    if weight != 1:
        parts.append(text.say("results_weight", weight=_number(weight), gap=_number(gap * weight)))
    return Line(
        label=one["name_zh" if text.locale == "zh-CN" else "name_en"] or one["code"],
        required=_number(required),
        level=_number(level),
        source=text.say(f"results_source_{source}"),
        gap=_number(gap) if required is not None else "–",
        is_below=gap > 0,
        self_manager=_compared(difference, text),
        detail=" · ".join(parts),
        required_x=None if required is None else _place(required),
        level_x=_place(level),
        self_x=None if self_rated is None or source == "self" else _place(self_rated),
        rank=gap * weight if required is not None else -1.0,
    )


def _compared(difference: float | None, text: Words) -> str:
    if difference is None:
        return ""
    if difference == 0:
        return text.say("results_same_view")
    return text.say("results_own_higher" if difference > 0 else "results_own_lower", gap=_number(abs(difference)))


def _number(value: float | None) -> str:
    """Return a level with two decimals at most and no zero at its end."""
    return "–" if value is None else f"{round(value + 1e-9, 2):g}"


def _place(level: float) -> float:
    return round(_MARGIN + level / FULL_LEVEL * (_WIDTH - 2 * _MARGIN), 1)
