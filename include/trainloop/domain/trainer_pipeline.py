"""Internal trainers in the making 内部讲师培养 (R15): where a candidate stands, until when, and who can teach.

nominated → mentored → micro_course → trial → certified → lapsed. Which stage may follow which is the contract's rule
(`contracts/trainer_candidates.yaml`): what is in core has kept it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal, get_args

from trainloop.domain import calendar

Stage = Literal["nominated", "mentored", "micro_course", "trial", "certified", "lapsed"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Rubric = Literal["passed", "failed", "too_few_assessors"]


@dataclass(frozen=True, slots=True)
class Reached:
    """One stage that a candidate reached."""

    stage: Stage
    reached_on: date
    mentor_id: str | None = None
    certificate_expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a candidate stands. due_on: until when the next stage is to be reached; None where none is owed."""

    stage: Stage
    since: date
    due_on: date | None
    mentor_id: str | None
    certificate_expires_on: date | None

    def is_due(self, today: date, days_before: int) -> bool:
        return self.due_on is not None and self.due_on - timedelta(days=days_before) <= today <= self.due_on

    def is_overdue(self, today: date) -> bool:
        return self.due_on is not None and today > self.due_on


def standing(
    reached: Iterable[Reached], today: date, stage_days: Mapping[Stage, int], calendar_code: str
) -> Standing | None:
    """Return where a candidate stands on a day; None for one who has reached nothing by then.

    A certificate that ended makes its holder lapsed, whether a file says so or not.

    >>> way = [Reached("nominated", date(2026, 3, 2)), Reached("mentored", date(2026, 3, 9), "E2")]
    >>> standing(way, date(2026, 3, 10), {"mentored": 60}, "CN").due_on
    datetime.date(2026, 5, 8)
    """
    way = sorted(
        (one for one in reached if one.reached_on <= today), key=lambda one: (one.reached_on, STAGES.index(one.stage))
    )
    if not way:
        return None
    last = way[-1]
    mentor_id = next((one.mentor_id for one in reversed(way) if one.mentor_id), None)
    ends_on = last.certificate_expires_on if last.stage == "certified" else None
    if ends_on is not None and ends_on < today:
        return Standing("lapsed", ends_on + timedelta(days=1), None, mentor_id, ends_on)
    due_on = None
    if last.stage in stage_days:
        due_on = calendar.roll_forward(last.reached_on + timedelta(days=stage_days[last.stage]), calendar_code).day
    return Standing(last.stage, last.reached_on, due_on, mentor_id, ends_on)


def rubric(assessor_means: Sequence[Decimal], min_assessors: int, pass_score: Decimal) -> Rubric:
    """Return the verdict of a trial lesson: every assessor counts once, and fewer than `min_assessors` decide nothing.

    >>> rubric([Decimal(4), Decimal(3)], 2, Decimal("3.5"))
    'passed'
    """
    if len(assessor_means) < min_assessors:
        return "too_few_assessors"
    mean = sum(assessor_means, Decimal(0)) / len(assessor_means)
    return "passed" if mean >= pass_score else "failed"


def can_teach(where: Standing, verdict: Rubric) -> bool:
    """Return whether a candidate counts for the bench: certified today, by assessors enough who passed the trial."""
    return where.stage == "certified" and verdict == "passed"
