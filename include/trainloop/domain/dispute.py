"""A dispute about a course 三方沟通: states, what divides the parties, blended design, pilot, suggestion.

The three parties are HR, the trainer and the business head. A dispute moves by the table `TRANSITIONS` and by nothing
else; every rule here is a pure function of what people wrote and what was measured (R47–R52).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final, Literal, get_args

from trainloop.errors import PermanentError

Party = Literal["hr", "trainer", "business"]
PARTIES: Final[tuple[Party, ...]] = get_args(Party)
State = Literal[
    "opened",
    "statements",
    "clarification",
    "design_agreed",
    "pilot_registered",
    "pilot_running",
    "pilot_reported",
    "decided",
    "signed",
    "withdrawn",
]
Decision = Literal["adopt", "adjust", "drop"]
Direction = Literal["higher", "lower"]
Grain = Literal["day", "week", "month"]

# A refusal to sign brings the decision back; a dispute can be withdrawn until it is signed.
TRANSITIONS: Final[Mapping[State, frozenset[State]]] = {
    "opened": frozenset({"statements", "withdrawn"}),
    "statements": frozenset({"clarification", "withdrawn"}),
    "clarification": frozenset({"design_agreed", "withdrawn"}),
    "design_agreed": frozenset({"pilot_registered", "withdrawn"}),
    "pilot_registered": frozenset({"pilot_running", "withdrawn"}),
    "pilot_running": frozenset({"pilot_reported", "withdrawn"}),
    "pilot_reported": frozenset({"decided", "withdrawn"}),
    "decided": frozenset({"signed", "pilot_reported", "withdrawn"}),
    "signed": frozenset(),
    "withdrawn": frozenset(),
}
# Two points apart on a scale of five is a difference of opinion; one point is a difference of taste.
DIVERGENT_POINTS: Final = 2
WHOLE: Final = Decimal(100)
MEAN_CALLED_GOOD: Final = Decimal("3.5")


class DisputeMoveError(PermanentError):
    """A dispute that is {state} cannot become {wanted}. Next may be: {allowed}. Look where it stands first."""


def moved(state: State, wanted: State) -> State:
    """Return the state a dispute moves to; raise DisputeMoveError where the table has no such step."""
    if wanted not in TRANSITIONS[state]:
        raise DisputeMoveError(state=state, wanted=wanted, allowed=", ".join(sorted(TRANSITIONS[state])) or "nothing")
    return wanted


@dataclass(frozen=True, slots=True)
class Topic:
    """One question both sides answered; answers are points of a scale or the code of a choice."""

    code: str
    trainer: str
    business: str
    gap: int
    is_divergent: bool


def divergences(
    trainer: Mapping[str, object], business: Mapping[str, object], scales: tuple[str, ...], choices: tuple[str, ...]
) -> tuple[Topic, ...]:
    """Return every topic both answered, the widest divergence first; a choice that differs is as wide as can be."""
    topics = []
    for place, code in enumerate((*scales, *choices)):
        said, wanted = trainer.get(code), business.get(code)
        if said is None or wanted is None:
            continue
        if code in scales:
            gap = abs(int(str(said)) - int(str(wanted)))
            is_divergent = gap >= DIVERGENT_POINTS
        else:
            gap = 0 if said == wanted else 5
            is_divergent = gap > 0
        topics.append((-gap, place, Topic(code, str(said), str(wanted), gap, is_divergent)))
    return tuple(topic for _, _, topic in sorted(topics, key=lambda one: one[:2]))


def shares_problem(framework: Decimal, tools: Decimal, simulation: Decimal) -> str | None:
    """Return what is wrong with the shares of a blended design, in percent; None when they are its whole."""
    shares = (framework, tools, simulation)
    if any(share < 0 or share > WHOLE for share in shares):
        return "shares_range"
    return None if sum(shares) == WHOLE else "shares_sum"


@dataclass(frozen=True, slots=True)
class Registration:
    """What is fixed about a pilot before anybody sees its data. Windows are dates, both ends included."""

    dispute_id: str
    version: int
    session_code: str
    kpi_code: str
    direction: Direction
    threshold: str
    unit: str | None
    pilot_department_code: str
    comparison_department_code: str
    class_ends_on: date
    window_days: int
    pre_starts_on: date
    pre_ends_on: date
    post_starts_on: date
    post_ends_on: date

    def canonical_json(self) -> str:
        """Return the registration as JSON with sorted keys and no spaces: the text that is hashed."""
        facts = {name: value.isoformat() if isinstance(value, date) else value for name, value in asdict(self).items()}
        return json.dumps(facts, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    def sha256(self) -> str:
        """Return the hash by which the registration is known and which its report prints."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()


def window_months(window_days: int) -> int:
    """Return how many whole months a window of so many days stands for, where figures come by month."""
    return max(1, round(window_days / 30))


def pilot_windows(class_ends_on: date, window_days: int, grain: Grain) -> tuple[date, date, date, date]:
    """Return first and last day before, first and last day after: as the 90-day analysis counts (methods.md §4)."""
    if grain != "month":
        span, day = timedelta(days=window_days), timedelta(days=1)
        return class_ends_on - span, class_ends_on - day, class_ends_on + day, class_ends_on + span
    months = window_months(window_days)
    first, after = _month(class_ends_on, -months), _month(class_ends_on, 1)
    day = timedelta(days=1)
    return first, _month(class_ends_on, 0) - day, after, _month(class_ends_on, months + 1) - day


def _month(day: date, months: int) -> date:
    number = day.year * 12 + day.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def registration_problem(registration: Registration) -> str | None:
    """Return why a registration cannot be made, whatever the data: None when it can."""
    if registration.pilot_department_code == registration.comparison_department_code:
        return "same_team"
    if Decimal(registration.threshold) <= 0:
        return "threshold_not_positive"
    return None


@dataclass(frozen=True, slots=True)
class PilotResult:
    """What a pilot showed: the effect in the indicator's unit (pilot minus comparison), grade, and how it was taken."""

    grade: str
    effect: Decimal | None
    direction: Direction
    threshold: Decimal
    roll_out_mean: Decimal | None

    @property
    def gain(self) -> Decimal | None:
        """The effect towards better."""
        if self.effect is None:
            return None
        return self.effect if self.direction == "higher" else -self.effect

    @property
    def is_met(self) -> bool | None:
        """Whether the criterion was reached; None where nothing was measured."""
        return None if self.gain is None else self.gain >= self.threshold


def suggestion(result: PilotResult) -> tuple[Decision, str]:
    """Return what the pilot suggests and the reason's code; three people decide.

    Below grade C nothing is known about the effect, so nothing is adopted or dropped for it.
    """
    if result.grade not in {"A", "B", "C"} or result.gain is None:
        return "adjust", "evidence_too_weak"
    if result.gain <= 0:
        return "drop", "not_better"
    if not result.is_met:
        return "adjust", "below_threshold"
    if result.roll_out_mean is None:
        return "adjust", "reaction_unknown"
    if result.roll_out_mean < MEAN_CALLED_GOOD:
        return "adjust", "team_against"
    return "adopt", "criterion_met"
