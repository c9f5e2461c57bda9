"""What is true about resources and delivery, read from `delivery_truth.yaml`."""

from __future__ import annotations

import functools
from datetime import date
from importlib import resources

from pydantic import Field

from trainloop.demo.truth import Planted
from trainloop.yaml_text import read_yaml


class Vendor(Planted):
    """One vendor and what each rater gives it on the whole, 0–100."""

    code: str
    name_zh: str
    name_en: str
    kind: str
    industries: str
    licence_no: str
    licence_expires_on: date
    scores: tuple[int, ...]


class Renewal(Planted):
    asset: str
    version: str
    arrives_on: date


class Knowledge(Planted):
    """Codes of the assets something is wrong with, and the one that gets a new version."""

    expired_course: str
    expired: str
    stale: str
    duplicate: str
    ownerless: str
    renewed: Renewal


class Budget(Planted):
    code: str
    name: str
    planned: str
    committed: str
    actual: str


class DoubleBooking(Planted):
    room: str
    classes: tuple[str, str]
    corrected_on: date
    room_instead: str


class Unconfirmed(Planted):
    session: str = Field(alias="class")
    kind: str


class FailedCheck(Planted):
    session: str = Field(alias="class")
    check: str


class Delivery(Planted):
    vendors: tuple[Vendor, ...]
    unlicensed: str
    given_by_unlicensed: tuple[str, ...]
    unrated: Vendor
    criteria: dict[str, float]
    knowledge: Knowledge
    budgets: tuple[Budget, ...]
    over_budget: str
    costs: dict[str, dict[str, str]]
    double_booked: DoubleBooking
    unconfirmed: Unconfirmed
    moved: str
    failed_check: FailedCheck
    finished_prework: int
    questions: tuple[str, ...]
    quiz: dict[str, float]
    speaking: float


@functools.cache
def delivery() -> Delivery:
    """Return the planted resources and troubles."""
    text = resources.files(__package__).joinpath("delivery_truth.yaml").read_text("utf-8")
    return Delivery.model_validate(read_yaml(text))
