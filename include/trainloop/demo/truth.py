"""What is true about the sample year, read from `truth.yaml`: its courses, its class sessions, how good each is."""

from __future__ import annotations

import functools
from datetime import date
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from trainloop.config import Locale
from trainloop.yaml_text import read_yaml

Mode = Literal["classroom", "online", "blended"]
PRACTICE = "practice_enough"


class Planted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Course(Planted):
    """One course of the catalogue."""

    code: str
    name_zh: str
    name_en: str
    topic_code: str
    mode: Mode
    hours: str
    vendor_code: str = ""
    key_kpi_code: str
    audience: str


class Gain(Planted):
    """A planted test: mean before and gain, in points of 100."""

    pre: float
    gain: float


class ClassSession(Planted):
    """One class session with its truth; `truth.yaml` explains the fields."""

    code: str
    course_code: str
    trainer_id: str
    held_on: date
    announced_for: date | None = None
    zone: Literal["Asia/Shanghai", "Asia/Singapore"] = "Asia/Shanghai"
    mode: Mode = "classroom"
    venue: str = ""
    pool: tuple[str, ...]
    enrolled: int
    absent: int = 1
    excused: int = 1
    late: int = 1
    rounds: tuple[int, ...] = ()
    quality: dict[str, float]
    items: dict[str, float] = {}
    test: Gain | None = None
    straight_lined: int = 0
    partial: int = 0
    leavers: int = 0
    is_cancelled: bool = False

    @property
    def budget_code(self) -> str:
        return f"B2026-{self.course_code[2:]}"

    @property
    def wave_code(self) -> str:
        return f"EVAL-{self.code}"

    @property
    def locale(self) -> Locale:
        return "en" if self.zone == "Asia/Singapore" else "zh-CN"

    @property
    def attendee_count(self) -> int:
        return self.enrolled - self.absent - self.excused

    @property
    def invited_count(self) -> int:
        """People who owe an answer: attendees who did not leave the company before the close."""
        return self.attendee_count - self.leavers

    @property
    def complete_count(self) -> int:
        return sum(self.rounds)

    @property
    def response_pct(self) -> float:
        return 100 * self.complete_count / self.invited_count

    def item_mean(self, item_code: str) -> float:
        """The true mean of one scale item (before straight-liners)."""
        return self.items.get(item_code, self.quality[item_code.partition("_")[0]])


@functools.cache
def _planted() -> dict[str, Any]:
    read: dict[str, Any] = read_yaml(resources.files(__package__).joinpath("truth.yaml").read_text("utf-8"))
    return read


def courses() -> tuple[Course, ...]:
    """Return the catalogue."""
    return tuple(Course.model_validate(row) for row in _planted()["courses"])


def class_sessions() -> tuple[ClassSession, ...]:
    """Return the year's class sessions in order of their codes."""
    planted = _planted()
    return tuple(
        ClassSession.model_validate(row | {"quality": planted["quality"][row.get("quality", "good")]})
        for row in planted["class_sessions"]
    )
