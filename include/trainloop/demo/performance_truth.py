"""What is true 90 days after the classes, read from `performance_truth.yaml`."""

from __future__ import annotations

import functools
from datetime import date
from importlib import resources
from typing import Annotated

from pydantic import BeforeValidator

from trainloop.demo.truth import Planted
from trainloop.yaml_text import read_yaml

Month = Annotated[str, BeforeValidator(lambda value: value[:7] if isinstance(value, str) else f"{value:%Y-%m}")]


class Measured(Planted):
    """Who has figures of an indicator, and how they are spread; `orders`: exposure of a rate, from … to."""

    departments: tuple[str, ...]
    base: float
    spread: float
    noise: float = 0
    orders: tuple[int, int] | None = None


class Case(Planted):
    """One class and what became of its key indicator among those who came."""

    session: str
    kpi: str
    change: float = 0
    ratio: float = 1
    dip: float = 0
    dip_months: tuple[Month, ...] = ()
    sentences: tuple[str, ...]


class Waitlist(Planted):
    session: str
    department: str
    count: int
    arrives_on: date


class Design(Planted):
    session: str
    department: str
    registered_on: date
    arrives_on: date


class PerformanceTruth(Planted):
    """Indicators, files and promises of the 90-day reports."""

    first_month: Month
    measured: dict[str, Measured]
    files: dict[Month, date]
    waitlist: Waitlist
    design: Design
    cases: tuple[Case, ...]
    without_indicator: str

    def effect(self, case: Case) -> float:
        """Return the true change in the indicator's unit; of a rate, what the ratio makes of the mean."""
        measured = self.measured.get(case.kpi)
        return case.change if measured is None else case.change + measured.base * (case.ratio - 1)


@functools.cache
def performance() -> PerformanceTruth:
    """Return the truth about the 90-day reports."""
    text = resources.files(__package__).joinpath("performance_truth.yaml").read_text("utf-8")
    return PerformanceTruth.model_validate(read_yaml(text))
