"""Milestones 节点: which steps a class session has, when each is due and until when it still helps.

Pure: the rules are data (the site file's `milestones`), the anchors are moments, the answer is rows. Class-level steps
live in the site's calendar and time zone. Steps before the class roll back to a working day, steps after it forward.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal, Protocol
from zoneinfo import ZoneInfo

from trainloop.domain import calendar
from trainloop.domain.calendar import WorkingDay

Anchor = Literal["start", "end", "open", "close"]
# The steps that open and close a wave: until they happened, their planned days stand in for the anchors open and close.
OPENING_STEP = "evaluation_open"
CLOSING_STEP = "evaluation_close"
REPORT_STEP = "evaluation_report"
LOG_STEP = "class_log"
PLAN_REPORT_STEP = "action_plan_report_30d"
PERFORMANCE_STEP = "performance_report_90d"
PER_DAY_STEPS = frozenset({LOG_STEP})


class MilestoneState(StrEnum):
    """pending: owed. done: happened. expired: too late to help, reported. skipped: not owed, with the reason."""

    PENDING = "pending"
    DONE = "done"
    EXPIRED = "expired"
    SKIPPED = "skipped"


# pending → done | expired | skipped as time passes. Back to pending: skipped when a cancelled class takes place after
# all; expired when the class moved into the future; done when the wave of a moved class was withdrawn, when the numbers
# of a report changed after it was made, or when a class moved and what was done before it has to be done again.
TRANSITIONS: Mapping[MilestoneState, frozenset[MilestoneState]] = {
    MilestoneState.PENDING: frozenset({MilestoneState.DONE, MilestoneState.EXPIRED, MilestoneState.SKIPPED}),
    MilestoneState.SKIPPED: frozenset({MilestoneState.PENDING, MilestoneState.EXPIRED}),
    MilestoneState.EXPIRED: frozenset({MilestoneState.PENDING}),
    MilestoneState.DONE: frozenset({MilestoneState.PENDING}),
}

# What stands in `ops.milestones.reason`, and what a person reads.
REASON_TEXTS: Mapping[str, Mapping[str, str]] = {
    "class_cancelled": {"zh-CN": "班次已取消", "en": "The class was cancelled"},
    "class_moved": {"zh-CN": "班次改期，节点重新规划", "en": "The class moved; the step was planned again"},
    "not_after_passed": {"zh-CN": "已超过最晚时间，未执行", "en": "Its latest time has passed; it was not done"},
    "never_opened": {"zh-CN": "问卷从未开启", "en": "The survey was never opened"},
    "not_this_mode": {"zh-CN": "该授课形式不需要此节点", "en": "A class of this mode does not owe it"},
    "day_dropped": {"zh-CN": "班次缩短，这一天不再上课", "en": "The class became shorter; there is no such day"},
    "platform_ok": {"zh-CN": "平台检查全部通过", "en": "Every platform check passed"},
    "platform_not_ok": {"zh-CN": "平台检查缺失或未通过", "en": "Platform checks were missing or had failed"},
    "nobody_to_ask": {"zh-CN": "没有可调查的对象", "en": "There was nobody to ask"},
    "completions_unknown": {
        "zh-CN": "没有作答名单，无法只提醒未作答者",
        "en": "Nobody told us who has answered, so nobody was reminded",
    },
    "later_step_stands_in": {
        "zh-CN": "班次公布较晚，由后一节点代替",
        "en": "The class became known too late for it; a later step stands in",
    },
    "nothing_to_send": {"zh-CN": "该课程没有课前资料", "en": "The course has no material to send"},
    "nobody_unfinished": {"zh-CN": "没有未完成预习的学员", "en": "Nobody had pre-work left to do"},
    "nothing_asked": {"zh-CN": "没有学员提问", "en": "No learner had asked anything"},
    "too_soon_after_last_mail": {
        "zh-CN": "距上一封邮件太近，未再提醒",
        "en": "Too soon after the mail before; nobody was reminded again",
    },
    "no_indicator": {"zh-CN": "课程没有关联的绩效指标", "en": "The course is linked to no indicator"},
    "nobody_attended": {"zh-CN": "没有学员参加", "en": "Nobody attended"},
    "data_changed": {"zh-CN": "数据有更新，报告需重新生成", "en": "The data changed; the report is owed again"},
}
# Only what the plan itself skipped does the plan take back.
_PLANNED_SKIPS = frozenset({"class_cancelled", "never_opened", "not_this_mode", "day_dropped"})


class StepRule(Protocol):
    """One step's rule, as the site file declares it."""

    @property
    def anchor(self) -> Anchor: ...
    @property
    def days(self) -> int | None: ...
    @property
    def working_days(self) -> int | None: ...
    @property
    def not_after_days(self) -> int | None: ...
    @property
    def not_after_working_days(self) -> int | None: ...
    @property
    def not_after_anchor(self) -> Anchor | None: ...
    @property
    def is_sent_late(self) -> bool: ...
    @property
    def is_rolled(self) -> bool: ...
    @property
    def is_per_day(self) -> bool: ...
    @property
    def modes(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Anchors:
    """The moments of one class session that its steps hang on; open and close are None until the wave opened."""

    starts_at: datetime
    ends_at: datetime
    opened_at: datetime | None = None
    closes_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """When a step is due and until when it helps (None: always)."""

    due_on: date
    not_after: datetime | None
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """State and reason of a step, as it stands in the warehouse or as it should."""

    state: MilestoneState
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the steps of class sessions by one site's rules."""

    rules: Mapping[str, StepRule]
    zone: ZoneInfo
    calendar_code: str

    def plan(self, anchors: Anchors) -> dict[str, PlannedStep]:
        """Return every step of one class session; a step per day is named after its day from the second one on."""
        plan: dict[str, PlannedStep] = {}
        for step, rule in self.rules.items():
            if not rule.is_per_day:
                plan[step] = self._plan_step(rule, anchors)
                continue
            for number, day in enumerate(
                class_days(anchors.starts_at, anchors.ends_at, self.zone, self.calendar_code), 1
            ):
                first = calendar.start_of_day(day, self.zone)
                plan[day_step(step, number)] = self._plan_step(rule, Anchors(first, anchors.ends_at))
        return plan

    def rule_of(self, step: str) -> StepRule:
        """Return the rule of a planned step."""
        return self.rules[base_step(step)]

    def closes_at(self, anchors: Anchors) -> datetime:
        """Return until when a wave opened at `anchors.opened_at` takes answers: the end of its last day."""
        return self._moment("close", anchors)

    def _plan_step(self, rule: StepRule, anchors: Anchors) -> PlannedStep:
        anchor = self._day(rule.anchor, anchors)
        due = self._count(anchor, rule.days, rule.working_days)
        roll = calendar.roll_back if rule.anchor == "start" else calendar.roll_forward
        rolled = roll(due.day, self.calendar_code) if rule.is_rolled else due
        last = self._not_after(rule, anchors, rolled.day)
        is_provisional = due.is_provisional or rolled.is_provisional or last[1]
        return PlannedStep(rolled.day, last[0], is_provisional)

    def _not_after(self, rule: StepRule, anchors: Anchors, due_on: date) -> tuple[datetime | None, bool]:
        base = rule.not_after_anchor or rule.anchor
        if rule.not_after_days is None and rule.not_after_working_days is None:
            return (self._moment(base, anchors) if rule.not_after_anchor else None), False
        last = self._count(self._day(base, anchors), rule.not_after_days, rule.not_after_working_days)
        if rule.anchor == "start":
            return calendar.end_of_day(last.day, self.zone), last.is_provisional
        # A week that is all holidays would end before its first working day: one working day after the due day remains.
        least = calendar.add_working_days(due_on, 1, self.calendar_code)
        is_provisional = last.is_provisional or (least.day > last.day and least.is_provisional)
        return calendar.end_of_day(max(last.day, least.day), self.zone), is_provisional

    def _count(self, anchor: WorkingDay, days: int | None, working_days: int | None) -> WorkingDay:
        day = anchor.day + timedelta(days=days or 0)
        counted = calendar.add_working_days(day, working_days or 0, self.calendar_code)
        return WorkingDay(counted.day, anchor.is_provisional or counted.is_provisional)

    def _day(self, anchor: Anchor, anchors: Anchors) -> WorkingDay:
        moments = {
            "start": anchors.starts_at,
            "end": anchors.ends_at,
            "open": anchors.opened_at,
            "close": anchors.closes_at,
        }
        moment = moments[anchor]
        if moment is not None:
            return WorkingDay(calendar.local_date(moment, self.zone))
        step = self._plan_step(self.rules[OPENING_STEP if anchor == "open" else CLOSING_STEP], anchors)
        return WorkingDay(step.due_on, step.is_provisional)

    def _moment(self, anchor: Anchor, anchors: Anchors) -> datetime:
        exact = {"start": anchors.starts_at, "end": anchors.ends_at, "close": anchors.closes_at}.get(anchor)
        return exact or calendar.end_of_day(self._day(anchor, anchors).day, self.zone)


def class_days(starts_at: datetime, ends_at: datetime, zone: ZoneInfo, calendar_code: str) -> list[date]:
    """Return the days of a class: the first, the last, and the working days between them."""
    first = calendar.local_date(starts_at, zone)
    # A class that ends at midnight has no further day.
    last = max(first, calendar.local_date(ends_at - timedelta(seconds=1), zone))
    days = (first + timedelta(days=count) for count in range((last - first).days + 1))
    return [day for day in days if day in {first, last} or calendar.is_working_day(day, calendar_code)]


def day_step(step: str, number: int) -> str:
    """Return the name of a step on the class's day of that number, from 1."""
    return step if number == 1 else f"{step}_{number}"


def base_step(step: str) -> str:
    """Return the rule's name of a step that may be one of a later day."""
    base, _, number = step.rpartition("_")
    return base if base and number.isdecimal() and base in PER_DAY_STEPS else step


def day_number(step: str) -> int:
    """Return which day of its class a step per day belongs to, from 1."""
    return 1 if base_step(step) == step else int(step.rpartition("_")[2])


def is_after_opening(rule: StepRule) -> bool:
    """Return whether a step hangs on a wave: without its opening it can never come."""
    return rule.anchor in {"open", "close"}


def wanted(
    rule: StepRule, planned: PlannedStep, *, now: datetime, is_cancelled: bool, is_opening_lost: bool, mode: str = ""
) -> Standing:
    """Return how an undone step should stand at `now`; `is_opening_lost`: its wave can never open any more.

    A step that is sent late stays owed past its not_after: a class without its report is worse than a late one.
    """
    if is_cancelled:
        return Standing(MilestoneState.SKIPPED, "class_cancelled")
    if rule.modes and mode not in rule.modes:
        return Standing(MilestoneState.SKIPPED, "not_this_mode")
    if is_opening_lost and rule.anchor in {"open", "close"}:
        return Standing(MilestoneState.SKIPPED, "never_opened")
    if planned.not_after is not None and planned.not_after < now and not rule.is_sent_late:
        return Standing(MilestoneState.EXPIRED, "not_after_passed")
    return Standing(MilestoneState.PENDING)


def settle(
    current: Standing | None, wish: Standing, planned: PlannedStep, today: date, *, is_before_class: bool = False
) -> Standing | None:
    """Return the standing that replaces `current` (None: no row yet), or None when the row stays as it is.

    Pending rows follow the plan. What is done stays done. A step the plan skipped comes back when its reason is gone;
    an expired one only when its class moved so far that the step lies ahead again. So does whatever was settled before
    a class that moved: nobody has checked the new day.
    """
    if current is None:
        # A row says why a class has no such step; a class that never was has no rows at all.
        return None if wish.state is MilestoneState.SKIPPED and wish.reason != "not_this_mode" else wish
    lies_ahead = wish.state is MilestoneState.PENDING and planned.due_on > today
    if is_before_class and lies_ahead and current.state in {MilestoneState.DONE, MilestoneState.SKIPPED}:
        is_uncancelled = current.reason in _PLANNED_SKIPS
        return wish if is_uncancelled else Standing(MilestoneState.PENDING, "class_moved")
    match current.state:
        case MilestoneState.PENDING:
            return wish
        case MilestoneState.SKIPPED if current.reason in _PLANNED_SKIPS and wish.state is not MilestoneState.SKIPPED:
            return wish
        case MilestoneState.EXPIRED if lies_ahead:
            return Standing(MilestoneState.PENDING, "class_moved")
        case _:
            return None


def waited_from(today: date, working_days: int, calendar_code: str) -> date:
    """Return the day D such that classes which ended before D have been waited for `working_days` working days.

    Zero days: everything that ended before tomorrow.
    """
    if working_days == 0:
        return today + timedelta(days=1)
    last = calendar.roll_back(today, calendar_code).day
    return calendar.add_working_days(last, -(working_days - 1), calendar_code).day


def is_before_class(rule: StepRule) -> bool:
    """Return whether a step prepares a class: it is done again when the class moves."""
    return rule.anchor == "start"


def stand_in(due: Mapping[str, date]) -> tuple[str, dict[str, MilestoneState]]:
    """Of due steps of one kind, in their order, return the one that is done, the last, and how earlier ones end.

    Rolled back to the same day it was never missed: skipped. Else it came too late, which is reported: expired.
    """
    last = max(enumerate(due), key=lambda place: (due[place[1]], place[0]))[1]
    return last, {
        step: MilestoneState.SKIPPED if day == due[last] else MilestoneState.EXPIRED
        for step, day in due.items()
        if step != last
    }
