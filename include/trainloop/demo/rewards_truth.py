"""What is true about rewards and growth of trainers, read from `rewards_truth.yaml`."""

from __future__ import annotations

import functools
from datetime import date
from importlib import resources

from pydantic import Field

from trainloop.demo.truth import Planted
from trainloop.yaml_text import read_yaml


class Rate(Planted):
    """One row of the rate table as it stands in the file."""

    kind: str
    code: str
    valid_from: date = Field(alias="from")
    until: date | None = None
    value: str
    currency: str = ""


class Correction(Planted):
    """A class whose hours were corrected after it was paid."""

    session: str = Field(alias="class")
    hours: str
    arrives_on: date
    first: str
    difference: str


class Workshop(Planted):
    trainer: str
    code: str


class Event(Planted):
    """One event of the trainers' calendar."""

    event_id: str
    kind: str
    workshop: str = ""
    zh: str
    en: str
    day: date
    place: str
    host: str


class Award(Planted):
    ranked: tuple[str, ...]
    not_ranked: dict[str, str]


class Rewards(Planted):
    rates: tuple[Rate, ...]
    overlap: tuple[Rate, ...]
    worth: dict[str, str]
    corrected: Correction
    batches: dict[str, int]
    own_money_refused: int
    award: Award
    workshop: Workshop
    events: tuple[Event, ...]


@functools.cache
def rewards() -> Rewards:
    """Return the planted rates, corrections, ranks and events."""
    text = resources.files(__package__).joinpath("rewards_truth.yaml").read_text("utf-8")
    return Rewards.model_validate(read_yaml(text))
