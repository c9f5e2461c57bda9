"""The best trainer of the year 年度优秀培训师 (R43): who is eligible, four components of 0 to 100, one composite.

Pure. A component that nobody could be measured by is left out and its weight shared by the others; where only somebody
lacks it, that one has nothing there. The figures propose, a committee decides.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Component = Literal["evaluation", "transfer", "hours", "knowledge"]
COMPONENTS: Final[tuple[Component, ...]] = ("evaluation", "transfer", "hours", "knowledge")
NotEligible = Literal["too_few_sessions", "too_few_answers", "no_comparator"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trainer's year: evaluated classes, answers to them, and whether any course had another trainer."""

    trainer_id: str
    sessions: int
    answers: int
    has_comparator: bool


def objection(candidate: Candidate, min_sessions: int, min_answers: int) -> NotEligible | None:
    """Return why a trainer is not ranked; None for one who is."""
    if candidate.sessions < min_sessions:
        return "too_few_sessions"
    if candidate.answers < min_answers:
        return "too_few_answers"
    return None if candidate.has_comparator else "no_comparator"


def share_of_full(amount: float, full: float) -> float:
    """Return an amount as points of 0 to 100, where `full` and more earn 100."""
    return 100.0 * min(1.0, max(0.0, amount) / full)


def scale_points(value: float, lowest: float = 1, highest: float = 5) -> float:
    """Return a mean on the scale as points of 0 to 100."""
    return 100.0 * (min(highest, max(lowest, value)) - lowest) / (highest - lowest)


def shared_weights(weights: Mapping[Component, float], measured: Collection[Component]) -> dict[Component, float]:
    """Return the weights of the measured components, scaled to 100.

    >>> shared_weights({"evaluation": 40, "transfer": 30, "hours": 15, "knowledge": 15}, ["evaluation", "hours"])
    {'evaluation': 72.72727272727273, 'hours': 27.272727272727273}
    """
    kept = {name: weights[name] for name in COMPONENTS if name in measured}
    return {name: 100 * weight / sum(kept.values()) for name, weight in kept.items()}


def composite(points: Mapping[Component, float], weights: Mapping[Component, float]) -> float:
    """Return the weighted mean of a trainer's components, 0 to 100."""
    return sum(weight * points.get(name, 0.0) for name, weight in weights.items()) / sum(weights.values())
