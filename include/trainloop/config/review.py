"""The annual training review's rules in the site file."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from trainloop.config.base import Rules


class ScorecardThreshold(Rules):
    good: float
    weak: float

    @model_validator(mode="after")
    def _weak_is_not_above_good(self) -> Self:
        if self.weak > self.good:
            raise ValueError("weak: what is weak cannot lie above what is good")
        return self


class ScorecardRule(Rules):
    """The standings of levels that lead to a suggestion; the first rule that holds counts."""

    suggestion: Literal["keep", "fix", "scale", "stop"]
    when: dict[
        Literal["reaction", "learning", "behaviour", "results", "returns"],
        tuple[Literal["good", "middle", "weak", "missing"], ...],
    ]
    min_classes: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _one_class_is_no_stop(self) -> Self:
        if self.suggestion == "stop" and self.min_classes < 2:
            raise ValueError("min_classes: nothing is stopped because of one class")
        return self


class ReviewRules(Rules):
    """The annual training review: when it is made, who approves it, how courses and barriers are judged."""

    made_on: str
    approved_by: str
    reaction: ScorecardThreshold
    learning: ScorecardThreshold
    behaviour: ScorecardThreshold
    follow_up: ScorecardThreshold
    returns: ScorecardThreshold
    rules: tuple[ScorecardRule, ...]
    barrier_share_pct: float = Field(gt=0, le=100)
