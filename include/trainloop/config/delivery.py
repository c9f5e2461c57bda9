"""Rules about classes: when their steps are due, what each needs, what learners get before, the day itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from trainloop.config.base import Rules


class MilestoneRule(Rules):
    """When a step of a class session is due (calendar or working days from its anchor) and until when it helps."""

    anchor: Literal["start", "end", "open", "close"]
    days: int | None = None
    working_days: int | None = None
    not_after_days: int | None = None
    not_after_working_days: int | None = None
    not_after_anchor: Literal["start", "end", "open", "close"] | None = None
    is_sent_late: bool = Field(False, description="past not_after it is done and flagged late, not expired")
    is_rolled: bool = Field(
        True, description="a due day off work moves to the next (before a class: previous) working day"
    )
    is_per_day: bool = Field(False, description="owed once for each day of the class: step, step_2, step_3 …")
    modes: tuple[Literal["classroom", "online", "blended"], ...] = Field(
        (), description="only classes of these modes owe it; none = all"
    )


class ReadinessRules(Rules):
    """What every class needs by its mode, and how much history a headcount forecast needs."""

    required: dict[Literal["classroom", "online", "blended"], tuple[str, ...]]
    history_days: int = Field(gt=0)
    history_classes_min: int = Field(ge=2)
    history_people_min: int = Field(ge=1)
    forecast_interval: float = Field(gt=0, lt=1)


class PreClassRules(Rules):
    """What learners get and do before a class."""

    group_size: int = Field(ge=2)
    max_asset_mb: int = Field(gt=0)
    asset_checked_hours: int = Field(gt=0)
    link_days_after_class: int = Field(ge=0)
    max_questions_per_person: int = Field(gt=0)


class PlatformStep(Rules):
    """One look at an online class's platform."""

    hours_before: int = Field(gt=0)
    fresh_hours: int = Field(gt=0, description="results of earlier than so many hours before the class count as none")


class ClassDayRules(Rules):
    """The day of a class: whom changes reach at once, who holds the sheet, seats of the waitlist, platform checks."""

    urgent_hours: int = Field(ge=0)
    desk_hours_before: int = Field(gt=0)
    moved_within_days: int = Field(ge=0)
    offer_answer_hours: int = Field(gt=0)
    offer_latest_hours_before: int = Field(ge=0)
    log_waits_days: int = Field(ge=0)
    required_checks: tuple[str, ...]
    platform_steps: dict[str, PlatformStep]
    quiz_hard_below: float = Field(ge=0, le=1)
    quiz_easy_above: float = Field(ge=0, le=1)
