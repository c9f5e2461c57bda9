"""The three layers of a training need: gaps, causes, verdicts."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from trainloop.domain.need import (
    CAUSES,
    Cause,
    DepartmentEvidence,
    Direction,
    Goal,
    LayerResult,
    Override,
    agreed_override,
    assessed_level,
    business_layer,
    competency_gap,
    individual_layer,
    main_cause,
    performance_gap,
    strategy_layer,
    verdict_of,
)
from trainloop.domain.need_reasons import REASON_TEXTS, need_reason_text

GOALS = {"G1": Goal("G1", 40), "G0": Goal("G0", 0)}


def department(
    code: str = "D1",
    people: int = 20,
    gap: float | None = 15.0,
    *,
    confirmed: bool | None = True,
    cause: Cause | None = "skill",
) -> DepartmentEvidence:
    return DepartmentEvidence(code, people, gap, confirmed, cause)


@pytest.mark.parametrize(
    ("target", "actual", "direction", "gap"),
    [
        (100, 80, "higher", 0.2),
        (100, 120, "higher", -0.2),
        (2, 3, "lower", 0.5),
        (2, 1, "lower", -0.5),
        (-10, -15, "higher", 0.5),
        (0, 5, "higher", None),
    ],
)
def test_a_gap_is_positive_where_the_result_is_worse_than_the_target(
    target: float, actual: float, direction: Direction, gap: float | None
) -> None:
    """(target − actual)/|target|, flipped where lower is better; a target of zero defines no gap."""
    found = performance_gap(target, actual, direction)
    assert found is None if gap is None else found == pytest.approx(gap)


def test_the_managers_level_counts_first_then_the_test_then_the_self_rating() -> None:
    """100 % in the test is level 5; a manager's 0 is a level, not a missing one."""
    assert assessed_level(0, 90, 4) == 0
    assert assessed_level(None, 60, 5) == 3
    assert assessed_level(None, None, 2.5) == 2.5
    assert assessed_level(None, None, None) is None


def test_more_than_required_is_no_negative_gap() -> None:
    """A strong colleague makes up for nobody's lack."""
    assert competency_gap(4, 2.5, 2) == 3
    assert competency_gap(3, 5) == 0


@pytest.mark.parametrize(
    ("shortfall", "cause"),
    [
        ({"skill": 3.0, "process": 2.0}, "skill"),
        ({"process": 5.0, "skill": 4.0, "tool": 4.5}, "process"),
        ({"skill": 2.0, "tool": 2.0}, None),
        ({"skill": 0.0}, None),
        ({}, None),
    ],
)
def test_the_main_cause_stands_behind_the_largest_part_and_a_tie_is_none(
    shortfall: Mapping[Cause, float], cause: Cause | None
) -> None:
    """Two equal causes are no evidence for skill."""
    assert main_cause(shortfall) == cause


@pytest.mark.parametrize(
    ("goal_code", "is_passed", "reason", "is_missing"),
    [
        ("G1", True, "goal_has_weight", False),
        ("G0", False, "goal_without_weight", False),
        (None, False, "goal_missing", True),
        ("G9", False, "goal_not_of_the_year", True),
    ],
)
def test_strategy_needs_a_goal_of_the_year_with_weight(
    goal_code: str | None, is_passed: bool, reason: str, is_missing: bool
) -> None:
    """A topic without a goal, or with last year's, fails and says so."""
    found = strategy_layer(goal_code, GOALS)
    assert (found.is_passed, found.reason, found.is_evidence_missing) == (is_passed, reason, is_missing)


def test_a_confirmed_skill_gap_of_ten_percent_passes() -> None:
    """The threshold itself passes; the pooled gap is weighted by people."""
    found = business_layer([department(people=10, gap=6), department("D2", people=10, gap=14)], "performance", 10, 5)
    assert found == LayerResult("business", True, "gap_confirmed", 10, 10, 20)


@pytest.mark.parametrize("cause", [cause for cause in CAUSES if cause != "skill"])
def test_process_tool_and_motivation_never_become_a_training_need(cause: Cause) -> None:
    """However large the gap and however loud the head."""
    found = business_layer([department(gap=60, cause=cause)], "performance", 10, 5)
    assert (found.is_passed, found.reason, found.value) == (False, f"cause_{cause}", 60)


@pytest.mark.parametrize(
    ("departments", "reason", "is_missing"),
    [
        ([], "results_missing", True),
        ([department(people=0, gap=None)], "results_missing", True),
        ([department(confirmed=None)], "confirmation_missing", True),
        ([department(confirmed=False)], "not_confirmed", False),
        ([department(cause=None)], "cause_missing", True),
        ([department(people=4)], "too_few_people", True),
        ([department(gap=9.9)], "gap_below_threshold", False),
    ],
)
def test_what_the_business_layer_lacks_is_named(
    departments: list[DepartmentEvidence], reason: str, is_missing: bool
) -> None:
    """Missing evidence fails the layer; it is never a pass."""
    found = business_layer(departments, "performance", 10, 5)
    assert (found.is_passed, found.reason, found.is_evidence_missing) == (False, reason, is_missing)


def test_a_topic_that_nothing_measures_has_no_business_case() -> None:
    """Neither indicator nor competency: somebody has to say what would get better."""
    assert business_layer([department()], None, 10, 5).reason == "measure_missing"


def test_only_departments_whose_head_confirmed_a_skill_gap_count() -> None:
    """A large process gap next door does not lift a small skill gap over the line, nor the other way round."""
    others = [department("D2", gap=80, cause="process"), department("D3", gap=80, confirmed=False)]
    assert not business_layer([department(gap=5), *others], "performance", 10, 5).is_passed
    found = business_layer([department(gap=12), department("D2", gap=-50, confirmed=None)], "performance", 10, 5)
    assert (found.is_passed, found.value, found.people_count) == (True, 12, 20)


def test_a_gap_of_too_few_people_is_not_even_a_value() -> None:
    """Four people's results are nobody else's business."""
    assert business_layer([department(people=4, confirmed=None)], "performance", 10, 5).value is None


@pytest.mark.parametrize(
    ("asking", "answered", "is_passed", "reason"),
    [
        (3, 10, True, "share_reached"),
        (29, 100, False, "share_below_threshold"),
        (4, 4, False, "too_few_answers"),
        (0, None, False, "survey_missing"),
    ],
)
def test_three_in_ten_of_the_answering_target_group_have_to_ask(
    asking: int, answered: int | None, is_passed: bool, reason: str
) -> None:
    """Of those who answered; too few answers, or none asked for, is missing evidence."""
    found = individual_layer(asking, answered, 30, 5)
    assert (found.is_passed, found.reason) == (is_passed, reason)


def test_answers_that_name_no_family_are_missing_evidence_and_no_votes() -> None:
    """An outside tool that knows nothing of families cannot speak for one."""
    found = individual_layer(0, 0, 30, 5, unplaced_count=40)
    assert (found.is_passed, found.reason, found.is_evidence_missing) == (False, "groups_missing", True)
    assert individual_layer(0, 0, 30, 5, unplaced_count=4).reason == "too_few_answers"
    assert individual_layer(5, 10, 30, 5, unplaced_count=40).is_passed


@pytest.mark.parametrize(("passed", "verdict"), [(3, "valid"), (2, "to_clarify"), (1, "rejected"), (0, "rejected")])
def test_three_layers_make_a_valid_need_two_one_to_clarify(passed: int, verdict: str) -> None:
    """A popular topic without strategy and gap has one layer: rejected."""
    layers = [
        LayerResult(layer, number < passed, "share_reached")
        for number, layer in enumerate(("individual", "strategy", "business"))
    ]
    assert verdict_of(layers) == verdict


def test_an_override_holds_only_where_all_who_wrote_one_agree() -> None:
    """Two people who contradict each other decide nothing."""
    yes, no = Override("valid", "law", "赵敏"), Override("rejected", "money", "李雷")
    assert agreed_override([yes, yes]) == yes
    assert agreed_override([yes, no]) is None
    assert agreed_override([]) is None


def test_every_reason_has_words_in_both_languages() -> None:
    """A report prints words and no codes."""
    for code in REASON_TEXTS:
        assert need_reason_text(code, "zh-CN")
        assert need_reason_text(code, "en") != code
    assert {f"cause_{cause}" for cause in CAUSES if cause != "skill"} <= REASON_TEXTS.keys()
