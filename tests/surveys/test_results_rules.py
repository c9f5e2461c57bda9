"""Improvement rules (R30) at their thresholds, and what reverse-coded items mean for them and for dimensions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from trainloop.config import get_site
from trainloop.domain.evaluation import ImprovementRule, ItemEvidence, Thresholds, read_rules, suggest
from trainloop.statistics.items import wilson
from trainloop.statistics.moments import t_interval
from trainloop.surveys.results_digest import Answers
from trainloop.surveys.results_figures import CodeAmbiguousError, compute
from trainloop.surveys.results_inputs import Inputs, Question, Scores, evaluation_of

RULE = ImprovementRule("low", "item", "多练", "more practice")
FIVE = (1, 2, 3, 4, 5)


def evidence(scores: list[int], code: str = "item") -> ItemEvidence:
    import numpy as np

    high = t_interval(np.array(scores, dtype=float), 0.95)[1]
    bottom = sum(score <= 2 for score in scores)
    mean = sum(scores) / len(scores)
    return ItemEvidence(code, len(scores), mean, 5, float(high), bottom, wilson(bottom, len(scores), 0.9).low)  # type: ignore[arg-type]


def strength(scores: list[int]) -> str | None:
    found = suggest([evidence(scores)], [RULE], len(scores), Thresholds())
    return found[0].strength if found else None


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([2, 2, 2, *[5] * 7], "finding"),  # 3 of 10: Wilson 90 % from 12.7 %
        ([2, 2, *[5] * 8], None),  # two people are no pattern
        ([2, 2, 2, *[5] * 12], None),  # 3 of 15: from 8.0 %, not surely above a tenth
        ([3] * 9 + [4], "finding"),  # nobody in the bottom boxes, mean 3.1 surely below 3.5
        ([3, 4] * 5, None),  # mean 3.5
        ([2, 2, 2, *[5] * 6], "worth_talking_about"),  # nine people: a topic
        ([5] * 9, None),  # at the ceiling there is nothing to talk about
        ([1, 1, 1, 1], None),  # four people
    ],
)
def test_a_finding_needs_ten_people_and_evidence_beyond_chance(scores: list[int], expected: str | None) -> None:
    """≥ 3 people in the bottom two boxes with the 90 % Wilson bound above 10 %, or the mean's interval below 3.5."""
    assert strength(scores) == expected


def test_from_five_to_nine_the_two_lowest_items_are_named() -> None:
    """Lowest first; a third is not."""
    items = [evidence([4] * 6, "a"), evidence([2] * 6, "b"), evidence([3] * 6, "c")]
    rules = [replace(RULE, code=code, item_code=code) for code in "abc"]
    assert [found.item_code for found in suggest(items, rules, 6, Thresholds())] == ["b", "c"]


def test_a_rule_may_have_thresholds_of_its_own() -> None:
    """HR sets them in the file; a misspelt key is an error that names it."""
    strict = replace(RULE, bottom_count=2, bottom_share_pct=5)
    scores = [2, 2, *[5] * 8]
    assert suggest([evidence(scores)], [strict], 10, Thresholds())[0].strength == "finding"
    with pytest.raises(TypeError, match="treshold"):
        read_rules([{"code": "a", "item_code": "b", "suggestion_zh": "", "suggestion_en": "", "treshold": 1}])


def inputs(questions: tuple[Question, ...], rows: list[dict[str, int]]) -> Inputs:
    people = [f"r{number:02}" for number in range(len(rows))]
    said = [
        (person, code, float(score), None, None)
        for person, row in zip(people, rows, strict=True)
        for code, score in row.items()
    ]
    return Inputs(
        subject=evaluation_of("S1"),
        wave_code="EVAL-S1",
        course_code="C",
        trainer_id="T",
        starts_at=datetime(2026, 3, 1, tzinfo=UTC),
        instrument_code="x",
        instrument_version="1",
        questions=questions,
        invited_count=len(rows),
        eligible_count=len(rows),
        responses=tuple((person, "complete", False) for person in people),
        answers=Answers(*zip(*said, strict=True)),
        tests=Scores(),
        attendance={"enrolled_count": 0, "attended_count": 0},
        is_attendance_recorded=False,
    )


def test_reverse_coded_items_are_turned_for_dimensions_and_rules_and_shown_as_answered() -> None:
    """ "Too long" answered with 5 is bad: the item shows 5, the dimension counts it as 1, the rule sees a low item."""
    questions = (
        Question("good", "scale", FIVE, "d"),
        Question("too_long", "scale", FIVE, "d", is_reverse_coded=True),
    )
    found = compute([inputs(questions, [{"good": 3, "too_long": 5}] * 12)], get_site().statistics)[0]
    values = {(item.family, item.code, item.statistic): item.value for item in found.figures}
    assert values["item", "too_long", "mean"] == 5
    assert values["dimension", "d", "mean"] == 2
    assert next(item for item in found.evidence if item.item_code == "too_long").bottom_count == 12


def test_scales_with_different_anchors_are_never_averaged() -> None:
    """A dimension over a 1–5 and a 1–7 item has no mean, and says why."""
    questions = (Question("a", "scale", FIVE, "d"), Question("b", "scale", tuple(range(1, 8)), "d"))
    found = compute([inputs(questions, [{"a": 3, "b": 6}] * 12)], get_site().statistics)[0]
    reasons = {item.statistic: item.refusal for item in found.figures if item.family == "dimension"}
    assert reasons["mean"] == reasons["alpha"] == "different_scales"
    assert reasons["n"] is None


def test_a_code_names_one_thing() -> None:
    """An item and a dimension of one name would be compared with each other: refused with both named."""
    with pytest.raises(CodeAmbiguousError, match="pace"):
        compute([inputs((Question("pace", "scale", FIVE, "pace"),), [{"pace": 3}])], get_site().statistics)
