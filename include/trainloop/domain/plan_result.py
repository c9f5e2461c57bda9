"""What a group of action plans came to (R32, R34, R40): which plans count, how many were done, what was in the way.

Pure. A plan whose learner left, or whose class was cancelled, is nobody's failure: it is no part of the rates. A plan
that its learner gave up is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from trainloop.domain import calendar
from trainloop.domain.action_plan import PlanState

# In the order in which readers meet them: the best first.
STATES = (
    PlanState.VERIFIED,
    PlanState.DONE,
    PlanState.ON_TRACK,
    PlanState.AT_RISK,
    PlanState.LATE,
    PlanState.WITHDRAWN,
)
NO_CAUSE = "none"
CAUSES = ("time", "manager_support", "tool", "unclear", "not_relevant")
_NOT_COUNTED = frozenset({"left", "class_cancelled"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one plan stands; `key` stands for the plan and names nobody, `cause` is the obstacle its learner named."""

    key: str
    state: PlanState
    cause: str | None = None
    settled_reason: str | None = None

    @property
    def counts(self) -> bool:
        """Whether the plan is part of the rates."""
        return self.settled_reason not in _NOT_COUNTED


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts over the plans that count."""

    plan_count: int
    by_state: Counter[PlanState]
    told_count: int
    by_cause: Counter[str]

    @property
    def done_count(self) -> int:
        """Done, confirmed or not."""
        return self.by_state[PlanState.DONE] + self.by_state[PlanState.VERIFIED]


def tally(outcomes: Iterable[Outcome]) -> Tally:
    """Count the plans that count."""
    counted = [one for one in outcomes if one.counts]
    told = [one.cause for one in counted if one.cause is not None]
    return Tally(len(counted), Counter(one.state for one in counted), len(told), Counter(told))


def share_pct(part: int, whole: int) -> float | None:
    """Return a share in percent; None of nothing."""
    return 100 * part / whole if whole else None


def leading_cause(shares: Sequence[tuple[str, float]], least_pct: float) -> str | None:
    """Return the obstacle that most people named, from `least_pct` on; of equals the first."""
    named = [(share, cause) for cause, share in shares if cause != NO_CAUSE and share >= least_pct]
    return max(named, key=lambda one: one[0])[1] if named else None


def previous_month(today: date) -> str:
    """Return the month before a day's, as 2026-02."""
    year, month = (today.year, today.month - 1) if today.month > 1 else (today.year - 1, 12)
    return f"{year}-{month:02d}"


def month_days(month: str) -> tuple[date, date]:
    """Return the first day of a month (2026-02) and the first day after it."""
    first = date.fromisoformat(f"{month}-01")
    return first, date(first.year + first.month // 12, first.month % 12 + 1, 1)


def is_month_due(today: date, calendar_code: str) -> bool:
    """Return whether the first working day of this month has come: last month's results are due."""
    return today >= calendar.roll_forward(today.replace(day=1), calendar_code).day
