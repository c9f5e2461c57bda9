"""Action learning plans 行动学习计划 (R31–R33): what a plan must say, how it stands, when it is looked at.

Pure: days and numbers in, states and reasons out. Rules (days of amber and red) come from the site file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal

from trainloop.domain import calendar

Confirmation = Literal["confirmed", "confirmed_partly", "not_confirmed"]
# The subject of everything about one plan, and the instrument of its last form.
PLAN_SUBJECT = "action_plan"
CHECK_IN_INSTRUMENT = "check_in_30d"
PLAN_DAYS = 30
GOAL_LETTERS_MIN = 8


class PlanState(StrEnum):
    """on_track, at_risk, late: open. done: so the learner. verified: evidenced and confirmed. withdrawn: given up."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    LATE = "late"
    DONE = "done"
    VERIFIED = "verified"
    WITHDRAWN = "withdrawn"


_OPEN = frozenset({PlanState.ON_TRACK, PlanState.AT_RISK, PlanState.LATE})
# done → late when the manager does not confirm; verified and withdrawn are ends.
TRANSITIONS: Mapping[PlanState, frozenset[PlanState]] = {
    **{state: (_OPEN - {state}) | {PlanState.DONE, PlanState.WITHDRAWN} for state in _OPEN},
    PlanState.DONE: frozenset({PlanState.VERIFIED, PlanState.LATE, PlanState.WITHDRAWN}),
    PlanState.VERIFIED: frozenset(),
    PlanState.WITHDRAWN: frozenset(),
}


class Light(StrEnum):
    """Red, amber, green by the age of a plan's last update."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


def after_word(state: PlanState, said: PlanState) -> PlanState:
    """Return how a plan stands after its learner's word; an end stays one, an update does not undo a done plan."""
    if state in {PlanState.VERIFIED, PlanState.WITHDRAWN} or said is state:
        return state
    if state is PlanState.DONE and said is not PlanState.WITHDRAWN:
        return state
    return said


def after_confirmation(state: PlanState, word: Confirmation, *, has_evidence: bool) -> PlanState:
    """Return how a plan stands after its manager's word: verified needs evidence and a confirmation."""
    if state is not PlanState.DONE:
        return state
    if word == "not_confirmed":
        return PlanState.LATE
    return PlanState.VERIFIED if has_evidence else PlanState.DONE


def light(updated_on: date, today: date, *, amber_days: int = 8, red_days: int = 15) -> Light:
    """Return red, amber or green: green up to 7 days since the last update, amber 8–14, red from 15 on."""
    age = (today - updated_on).days
    if age >= red_days:
        return Light.RED
    return Light.AMBER if age >= amber_days else Light.GREEN


def check_in_on(ended_on: date, calendar_code: str) -> date:
    """Return the day of the check-in: 30 calendar days after the class, rolled forward in the person's calendar."""
    return calendar.roll_forward(ended_on + timedelta(days=PLAN_DAYS), calendar_code).day


def asked_by(ended_on: date, working_days: int, calendar_code: str, today: date) -> date | None:
    """Return the day until which a plan is asked for, in the person's working days after the class.

    None once it is over: then only the form's own end counts.
    """
    due_on = calendar.add_working_days(ended_on, working_days, calendar_code).day
    return due_on if today <= due_on else None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a learner typed, as far as it could be read; None where it could not."""

    goal: str | None
    baseline: Decimal | None
    target: Decimal | None
    due_on: date | None


def problems_of(draft: Draft, ended_on: date, today: date) -> dict[str, str]:
    """Return what keeps a plan from being concrete, by field: too_vague, target_is_baseline, too_late, past."""
    found = {}
    if draft.goal is not None and len(draft.goal.replace(" ", "")) < GOAL_LETTERS_MIN:
        found["goal"] = "too_vague"
    if draft.target is not None and draft.target == draft.baseline:
        found["target"] = "target_is_baseline"
    if draft.due_on is not None:
        if draft.due_on > ended_on + timedelta(days=PLAN_DAYS):
            found["due_on"] = "too_late"
        elif draft.due_on < today:
            found["due_on"] = "past"
    return found
