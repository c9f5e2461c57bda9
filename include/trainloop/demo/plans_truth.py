"""What learners plan and what comes of it, read from `plans_truth.yaml`."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Literal

from trainloop.demo.truth import Planted
from trainloop.yaml_text import read_yaml


class Goal(Planted):
    """One plan's words and numbers."""

    zh: str
    en: str
    metric_zh: str
    metric_en: str
    baseline: int
    target: int


class ClassPlans(Planted):
    """The plans of one class; counts are people."""

    plans: int
    done: int
    words: tuple[Literal["confirmed", "confirmed_partly", "not_confirmed"], ...]
    late: int
    withdrawn: int
    obstacles: dict[str, int]

    @property
    def verified(self) -> int:
        return sum(word != "not_confirmed" for word in self.words)

    @property
    def ends_late(self) -> int:
        """Said to be late, not confirmed, or silent."""
        return self.plans - self.verified - self.withdrawn

    def said(self) -> list[str]:
        """What the check-ins say, person by person in the order of planning; the silent are left out."""
        return ["done"] * self.done + ["late"] * self.late + ["withdrawn"] * self.withdrawn

    def named_obstacles(self) -> list[str]:
        """The obstacle of each check-in, in the same order."""
        return [code for code, count in self.obstacles.items() for _ in range(count)]


class PlansTruth(Planted):
    classes: dict[str, ClassPlans]
    goals: tuple[Goal, ...]
    story: dict[str, str]


@functools.cache
def plans() -> PlansTruth:
    """Return the planted plans."""
    text = resources.files("trainloop.demo").joinpath("plans_truth.yaml").read_text("utf-8")
    return PlansTruth.model_validate(read_yaml(text))
