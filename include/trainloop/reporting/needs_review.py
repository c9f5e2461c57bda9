"""What last year's training review left for this year's needs (R39): evidence of its own beside the three layers."""

from __future__ import annotations

from trainloop.needs.published import ShownNeed, TraceLine
from trainloop.reporting.needs_desk import NeedsDesk
from trainloop.reporting.needs_model import TableRow
from trainloop.reporting.questionnaire import questionnaire
from trainloop.surveys.instrument import load_instrument

_KINDS = ("course", "item", "barrier")


def sentence(desk: NeedsDesk) -> str:
    """Return whether the year was reviewed and what of it stands; a missing review is said, not left out."""
    counts = {name: desk.count("review", "year", f"{name}_count") for name in ("seeds", "topics", "dropped_seeds")}
    if not is_reviewed(desk):
        return desk.words("needs.review.missing", year=desk.needs.year - 1)
    found = desk.words("needs.review.sentence", year=desk.needs.year - 1, **counts)
    if dropped := counts["dropped_seeds"]:
        found += desk.words("needs.review.dropped", count=dropped)
    return found


def is_reviewed(desk: NeedsDesk) -> bool:
    return desk.figure("review", "year", "state").text_value == "found"


def rows(desk: NeedsDesk) -> tuple[TableRow, ...]:
    """Return each finding on its path: goal, topic, course, what was found, and which release of the review says so."""
    return tuple(
        TableRow(
            cells=(
                desk.name("goal", line.goal_code) if line.goal_code else "–",
                _topic(desk, line),
                desk.name("course", line.course_code or ""),
                _finding(desk, line),
                f"#{line.seed_release_id}",
            )
        )
        for line in _in_order(desk.needs.seeds())
    )


def of_need(desk: NeedsDesk, need: ShownNeed) -> tuple[str, ...]:
    """Return the findings about one topic as short lines; what is suggested for a course is HR's, not the trainer's."""
    if desk.audience == "trainer":
        return ()
    lines = _in_order(desk.needs.seeds(need.topic_code))
    named = [(desk.name("course", line.course_code or ""), _finding(desk, line)) for line in lines]
    return tuple(desk.words("needs.review.line", course=course, finding=finding) for course, finding in named)


def _in_order(lines: tuple[TraceLine, ...]) -> list[TraceLine]:
    """Return the lines by topic and course, the suggestion before the items and barriers behind it."""
    return sorted(lines, key=lambda line: (line.topic_code, line.course_code, _KINDS.index(line.seed_kind or "")))


def _topic(desk: NeedsDesk, line: TraceLine) -> str:
    name = desk.name("topic", line.topic_code or "")
    return desk.words("needs.review.unplaced", name=name) if line.finding == "seed_without_topic" else name


def _finding(desk: NeedsDesk, line: TraceLine) -> str:
    words, code = desk.words, (line.seed_code or "").partition(":")[2]
    if line.seed_kind == "item":
        asked = questionnaire(load_instrument("course_evaluation"), words.locale)
        return words("needs.review.item", item=asked.label(code))
    if line.seed_kind == "barrier":
        return words("needs.review.barrier", barrier=words(f"review.barrier.{code}"))
    return words("needs.review.suggestion", suggestion=words(f"review.suggestion.{line.seed_finding}"))
