"""Training needs 培训需求: gaps, the three layers of evidence, verdicts (methods §1; R03, R04, R10).

A need is a topic that a group of people lacks, with evidence. Three layers have to agree: the company's strategy, a
quantified business gap that is a matter of skill and confirmed by the head, and the people themselves. Missing
evidence fails its layer and is named; it is never a pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Direction = Literal["higher", "lower"]
Cause = Literal["skill", "tool", "process", "motivation"]
Layer = Literal["strategy", "business", "individual"]
Verdict = Literal["valid", "to_clarify", "rejected"]
Measure = Literal["performance", "competency"]

CAUSES: tuple[Cause, ...] = get_args(Cause)
LAYERS: tuple[Layer, ...] = get_args(Layer)
TRAINABLE: Cause = "skill"
FULL_TEST_SCORE, FULL_LEVEL = 100.0, 5.0


def performance_gap(target: float, actual: float, direction: Direction) -> float | None:
    """Return (target − actual)/|target|, sign-flipped where lower is better: positive is short of the target.

    None with a target of zero: the gap is not defined, and a number would be invented.
    """
    if target == 0:
        return None
    gap = (target - actual) / abs(target)
    return gap if direction == "higher" else -gap


def assessed_level(manager: float | None, test_pct: float | None, self_rated: float | None) -> float | None:
    """Return a person's level 0–5: the manager's, else the test's (100 % is level 5), else the self rating."""
    if manager is not None:
        return manager
    if test_pct is not None:
        return test_pct / FULL_TEST_SCORE * FULL_LEVEL
    return self_rated


def competency_gap(required: float, assessed: float, weight: float = 1.0) -> float:
    """Return max(0, required − assessed) × weight, in levels: more than required makes up for nobody else's lack."""
    return max(0.0, required - assessed) * weight


def main_cause(shortfall_by_cause: Mapping[Cause, float]) -> Cause | None:
    """Return the cause behind the largest part of a shortfall; None without one, or when two causes are equal.

    A tie is no evidence for skill: somebody has to say which it is.
    """
    ranked = sorted(((part, cause) for cause, part in shortfall_by_cause.items() if part > 0), reverse=True)
    if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
        return None
    return ranked[0][1]


@dataclass(frozen=True, slots=True)
class LayerResult:
    """Whether one layer supports the need, why (`need_reasons`), and what was measured against what (percent)."""

    layer: Layer
    is_passed: bool
    reason: str
    value: float | None = None
    threshold: float | None = None
    people_count: int | None = None
    is_evidence_missing: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """A strategy goal of the plan's year; weight in percent."""

    goal_code: str
    weight_pct: float


@dataclass(frozen=True, slots=True)
class DepartmentEvidence:
    """What one department says about one topic: people measured, their mean gap (percent of the target or the required
    level), the head's word (None: none given), and the cause: the head's, else the one behind most of the shortfall.
    """

    department_code: str
    people_count: int
    gap_pct: float | None
    is_confirmed: bool | None
    cause: Cause | None

    @property
    def is_trainable(self) -> bool:
        """Whether the head confirmed a gap that training can close."""
        return self.is_confirmed is True and self.cause == TRAINABLE


def strategy_layer(goal_code: str | None, goals: Mapping[str, Goal]) -> LayerResult:
    """Judge whether a topic traces to a goal of the year with weight; `value` is the goal's weight."""
    if goal_code is None:
        return LayerResult("strategy", False, "goal_missing", threshold=0, is_evidence_missing=True)
    goal = goals.get(goal_code)
    if goal is None:
        return LayerResult("strategy", False, "goal_not_of_the_year", threshold=0, is_evidence_missing=True)
    is_passed = goal.weight_pct > 0
    reason = "goal_has_weight" if is_passed else "goal_without_weight"
    return LayerResult("strategy", is_passed, reason, goal.weight_pct, 0)


def business_layer(
    departments: Sequence[DepartmentEvidence], measure: Measure | None, min_gap_pct: float, min_people: int
) -> LayerResult:
    """Judge the business gap over the departments whose head confirmed it and where its cause is skill.

    `value` is their pooled gap, people weighted; where no department counts, the gap of everybody measured, so that a
    reader sees what was refused. A group smaller than `min_people` is no quantified gap: it could not be shown.
    """
    counted = [department for department in departments if department.is_trainable]
    confirmed = [department for department in departments if department.is_confirmed]
    causes = [department.cause for department in confirmed if department.cause is not None]
    people_count, gap_pct = pooled_gap(counted or departments)
    # In the order in which somebody would mend it; the last one is the threshold itself.
    objections = (
        (measure is None, "measure_missing", True),
        (pooled_gap(departments)[0] == 0, "results_missing", True),
        (all(department.is_confirmed is None for department in departments), "confirmation_missing", True),
        (not confirmed, "not_confirmed", False),
        (not causes, "cause_missing", True),
        (not counted, f"cause_{causes[0] if causes else None}", False),
        (gap_pct is None or people_count < min_people, "too_few_people", True),
        (gap_pct is not None and gap_pct < min_gap_pct, "gap_below_threshold", False),
    )
    reason, is_missing = next(
        ((reason, is_missing) for applies, reason, is_missing in objections if applies), ("gap_confirmed", False)
    )
    return LayerResult(
        "business",
        reason == "gap_confirmed",
        reason,
        gap_pct if people_count >= min_people else None,
        min_gap_pct,
        people_count,
        is_missing,
    )


def pooled_gap(departments: Sequence[DepartmentEvidence]) -> tuple[int, float | None]:
    """Return the people measured in these departments and their mean gap in percent, None when nobody was."""
    measured = [(each.people_count, each.gap_pct) for each in departments if each.gap_pct is not None]
    people_count = sum(count for count, _ in measured)
    if people_count == 0:
        return 0, None
    return people_count, sum(count * gap for count, gap in measured) / people_count


def individual_layer(
    asking_count: int,
    answered_count: int | None,
    min_share_pct: float,
    min_people: int,
    unplaced_count: int = 0,
) -> LayerResult:
    """Judge the share of answering members of the target group who name the topic; None: there was no survey.

    `unplaced_count` are answers that do not say whether their author belongs to the group: named when they are what is
    missing, never counted in.
    """
    if answered_count is None or answered_count < min_people:
        reason = (
            "survey_missing"
            if answered_count is None
            else "groups_missing"
            if unplaced_count >= min_people
            else "too_few_answers"
        )
        return LayerResult("individual", False, reason, None, min_share_pct, answered_count, is_evidence_missing=True)
    share_pct = 100 * asking_count / answered_count
    is_passed = share_pct >= min_share_pct
    reason = "share_reached" if is_passed else "share_below_threshold"
    return LayerResult("individual", is_passed, reason, share_pct, min_share_pct, answered_count)


def verdict_of(layers: Sequence[LayerResult]) -> Verdict:
    """Return valid with all three layers, to_clarify with two, else rejected."""
    passed = sum(layer.is_passed for layer in layers)
    return "valid" if passed == len(LAYERS) else "to_clarify" if passed == len(LAYERS) - 1 else "rejected"


@dataclass(frozen=True, slots=True)
class Override:
    """HR's own verdict on a topic, with the reason and the name of who decided."""

    verdict: Verdict
    reason: str
    decided_by: str


def agreed_override(overrides: Sequence[Override]) -> Override | None:
    """Return a topic's override when all that were written give one verdict; None without one or with a dispute."""
    if not overrides or len({override.verdict for override in overrides}) > 1:
        return None
    return overrides[0]
