"""What is true about pulses and new managers, read from `surveys_truth.yaml`."""

from __future__ import annotations

import functools
from datetime import date
from importlib import resources

from trainloop.demo.truth import Planted
from trainloop.yaml_text import read_yaml


class Pulse(Planted):
    """One quarter's pulse: who answers and the true mean of each item."""

    answering_pct: float
    means: dict[str, float]


class NewManagers(Planted):
    """Team leads who were promoted on one day, and the true mean of each dimension of their 360."""

    promoted_on: date
    departments: tuple[str, ...]
    nominated: tuple[str, ...]
    weak: str
    means: dict[str, float]


class Surveys(Planted):
    pulses: dict[str, Pulse]
    dropped: tuple[str, ...]
    new_managers: NewManagers


@functools.cache
def surveys() -> Surveys:
    """Return the planted surveys."""
    text = resources.files(__package__).joinpath("surveys_truth.yaml").read_text("utf-8")
    return Surveys.model_validate(read_yaml(text))
