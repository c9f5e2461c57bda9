"""What is true about next year's needs, read from `needs_truth.yaml`."""

from __future__ import annotations

import functools
from datetime import date
from importlib import resources
from typing import Literal

from trainloop.demo.people import Employee
from trainloop.demo.truth import Planted
from trainloop.domain.need import Cause, Verdict
from trainloop.domain.need_priority import Funding
from trainloop.yaml_text import read_yaml


class Goal(Planted):
    """One strategy goal of the plan year; weight in percent."""

    code: str
    name_zh: str
    name_en: str
    kpi_code: str
    target: str
    weight: int


class Indicator(Planted):
    """One indicator, the target everybody is measured against, and what a unit of it is worth in a month."""

    code: str
    name_zh: str
    name_en: str
    direction: Literal["higher", "lower"]
    unit: str
    basis: str = ""
    rate_per: int | None = None
    value: str = ""
    margin_pct: str = ""
    value_owner: str = ""
    value_source: str = ""
    target: float


class Topic(Planted):
    """One topic with its truth; `needs_truth.yaml` explains the fields."""

    code: str
    name_zh: str
    name_en: str
    goal: str = ""
    kpi: str = ""
    competency: str = ""
    families: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    deadline: date
    cost: int
    gap_pct: float | None = None
    cause: Cause | None = None
    heads: tuple[str, ...] = ()
    asking_pct: float
    verdict: Verdict
    reason: str
    override: Verdict | None = None
    override_reason: str = ""
    rank: int | None = None
    funding: Funding = "not_valid"

    def is_for(self, person: Employee) -> bool:
        """Whether a person belongs to the target group."""
        return (not self.families or person.family in self.families) and (
            not self.levels or person.level in self.levels
        )


class Needs(Planted):
    """The needs of one plan year."""

    plan_year: int
    answering_pct: float
    stray_pct: float
    goals: tuple[Goal, ...]
    indicators: tuple[Indicator, ...]
    topics: tuple[Topic, ...]
    interviews_missing: tuple[str, ...]
    quotes: dict[str, tuple[str, ...]]


@functools.cache
def needs() -> Needs:
    """Return the planted needs."""
    return Needs.model_validate(read_yaml(resources.files(__package__).joinpath("needs_truth.yaml").read_text("utf-8")))
