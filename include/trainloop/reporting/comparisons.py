"""This session against earlier ones: differences with intervals and the three words that may be said of them."""

from __future__ import annotations

import math
from collections.abc import Iterable

from trainloop.reporting.printing import Desk
from trainloop.reporting.view import Comparison, ComparisonRow, Scale


def comparisons(desk: Desk) -> tuple[Comparison, ...]:
    own = "comparison.trainer_own" if desk.audience == "trainer" else "comparison.trainer"
    return (
        _comparison(desk, "comparison", desk.words("comparison.course")),
        _comparison(desk, "comparison_trainer", desk.words(own)),
        _verification(desk),
    )


def _comparison(desk: Desk, family: str, title: str) -> Comparison:
    codes = list(desk.questions.dimensions)
    available = [code for code in codes if desk.figures.has(family, code, "difference")]
    if not available:
        refused = next(row for row in desk.figures.rows if row.family == family and row.statistic == "verdict")
        return Comparison(title=title, reason=desk.reason(refused))
    differences = [desk.figures.row(family, code, "difference") for code in available]
    if all(row.value is None for row in differences):
        return Comparison(title=title, reason=desk.reason(differences[0]))
    clear = [
        question.code
        for question in desk.questions.of_kind("scale")
        if desk.figures.has(family, question.code, "verdict")
        and desk.figures.row(family, question.code, "verdict").text_value in {"higher", "lower"}
    ]
    rows = tuple(_difference_row(desk, family, code) for code in [*available, *clear])
    first = next(row for row in differences if row.value is not None)
    sessions = desk.figures.value(family, first.code, "earlier_sessions_count")
    earlier = desk.figures.value(family, first.code, "earlier_n")
    basis = desk.words(
        "comparison.basis",
        sessions="–" if sessions is None else desk.words.number(int(sessions)),
        n=desk.n(None if earlier is None else int(earlier)),
    )
    return Comparison(title=title, basis=basis, scale=_difference_scale(rows), rows=rows)


def _difference_row(desk: Desk, family: str, code: str) -> ComparisonRow:
    verdict = desk.figures.row(family, code, "verdict").text_value
    return ComparisonRow(
        label=desk.questions.label(code),
        difference=desk.mean(family, code, "difference", is_signed=True),
        conclusion=desk.words(f"comparison.{verdict}") if verdict else "",
    )


def _verification(desk: Desk) -> Comparison:
    title = desk.words("comparison.verification")
    codes = list(desk.figures.codes("verification"))
    if not codes:
        return Comparison(title=title, reason=desk.words("comparison.none_to_verify"))
    rows = tuple(_difference_row(desk, "verification", code) for code in codes)
    session = desk.figures.row("verification", codes[0], "earlier_session_code").text_value or "–"
    return Comparison(
        title=title,
        basis=desk.words("comparison.verification_basis", session=session),
        scale=_difference_scale(rows),
        rows=rows,
    )


def _difference_scale(rows: Iterable[ComparisonRow]) -> Scale:
    """Return a symmetric axis in half points that holds every interval."""
    ends = [
        abs(end)
        for row in rows
        for end in (row.difference.low, row.difference.high, row.difference.value)
        if end is not None
    ]
    reach = max(1.0, math.ceil(max(ends, default=1.0) * 2) / 2)
    return Scale(low=-reach, high=reach, ticks=(-reach, -reach / 2, 0.0, reach / 2, reach))


def against_before(desk: Desk) -> str:
    """Return in a few words how the course did against its earlier sessions."""
    words = desk.words
    comparison = _comparison(desk, "comparison", "")
    if comparison.reason:
        return comparison.reason
    clear = [
        words("glance.comparison_text", label=row.label, conclusion=row.conclusion)
        for row in comparison.rows[: len(desk.questions.dimensions)]
        if row.conclusion and row.conclusion != words("comparison.no_clear_difference")
    ]
    return words("format.list_separator").join(clear) or words("glance.comparison_none")
