"""Survey waves 问卷批次 and invitations 邀请: their states, who may be called when, and what people are promised."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from trainloop.domain import calendar
from trainloop.domain.milestone import PlannedStep

Anonymity = Literal["anonymous", "confidential", "named"]
RaterGroup = Literal["self", "manager", "peer", "report", "other"]
EVALUATION_INSTRUMENT = "course_evaluation"
FEEDBACK_360_INSTRUMENT = "feedback_360"
# The outside tool's answer "does not apply": a choice a person made, never a missing value.
NOT_APPLICABLE = "not_applicable"
# So many scale items with one and the same answer are straight-lining: kept, flagged, counted. Fewer come by chance.
STRAIGHT_LINE_ITEMS = 6


class WaveState(StrEnum):
    """planned: opens on its day. open: takes answers. closed: its days are over. cancelled: withdrawn, with the reason:
    its class moved or was cancelled, nobody was there to ask, or its days passed before it could open.
    """

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


# A withdrawn wave opens again, as its next opening, when the moved class has really ended, or is planned again.
WAVE_TRANSITIONS: Mapping[WaveState, frozenset[WaveState]] = {
    WaveState.PLANNED: frozenset({WaveState.OPEN, WaveState.CANCELLED}),
    WaveState.OPEN: frozenset({WaveState.CLOSED, WaveState.CANCELLED}),
    WaveState.CANCELLED: frozenset({WaveState.PLANNED, WaveState.OPEN}),
    WaveState.CLOSED: frozenset(),
}


class InvitationState(StrEnum):
    """invited: eligible. held_by_cap, excluded: not asked and not in the denominator, with the reason."""

    INVITED = "invited"
    HELD_BY_CAP = "held_by_cap"
    EXCLUDED = "excluded"


# Reasons in `ops.invitations.reason`. `opted_out` stands beside state invited: the person is not mailed and may still
# answer, so AAPOR counts a refusal and not an ineligible person.
INVITATION_REASON_TEXTS: Mapping[str, Mapping[str, str]] = {
    "invitation_cap": {"zh-CN": "30 天内邀请已达上限", "en": "Invited as often as allowed in 30 days"},
    "left": {"zh-CN": "已离职", "en": "Has left the company"},
    "bounced": {"zh-CN": "邮件无法送达", "en": "Mail cannot be delivered"},
    "absent": {"zh-CN": "缺勤、请假或已取消报名", "en": "Was absent, excused or no longer enrolled"},
    "not_concerned": {"zh-CN": "不再属于调查对象", "en": "No longer among those who are asked"},
    "delivered": {"zh-CN": "已通过其他方式提交", "en": "Delivered another way"},
    "opted_out": {"zh-CN": "已退订可选邮件", "en": "Opted out of optional mail"},
}

# What people are promised, in the form and in the mail; {minimum_count} is the wave's own.
ANONYMITY_TEXTS: Mapping[Anonymity, Mapping[str, str]] = {
    "anonymous": {
        "zh-CN": "本问卷匿名：答卷不含姓名、工号和提交时间，少于 {minimum_count} 人的结果不予显示。",
        "en": "This survey is anonymous: answers carry no name, number or time, and results of fewer than "
        "{minimum_count} people are not shown.",
    },
    "confidential": {
        "zh-CN": "本问卷保密但不匿名：答卷以化名关联，仅用于汇总分析，不向任何人展示个人结果。",
        "en": "This survey is confidential, not anonymous: answers are linked by a pseudonym, used in sums only and "
        "shown to nobody one by one.",
    },
    "named": {
        "zh-CN": "本表为实名：您本人、直属上级和人力资源培训团队可以看到。",
        "en": "This form is named: you, your line manager and HR L&D can see it.",
    },
}


def anonymity_promise(anonymity: Anonymity, locale: str, minimum_count: int) -> str:
    """Return what an invitation and its form say about who will see the answer."""
    return ANONYMITY_TEXTS[anonymity][locale].format(minimum_count=minimum_count)


# What a wave's code begins with; its subject follows. A 360 wave's code names nobody: `feedback_360_wave_code`.
WAVE_PREFIXES: Mapping[str, str] = {
    EVALUATION_INSTRUMENT: "EVAL",
    "annual_needs": "NEEDS",
    "quarterly_pulse": "PULSE",
    FEEDBACK_360_INSTRUMENT: "F360",
    "follow_up_90d_learner": "FU90L",
    "follow_up_90d_manager": "FU90M",
    "pilot_feedback": "PILOT",
    "trainer_pulse": "TPULSE",
    "business_interview": "TALK",
    "post_class_interview": "CLASSTALK",
    "incident_report": "INCIDENT",
    "action_plan": "PLAN",
    "action_update": "UPDATE",
    "check_in_30d": "CHECK30",
    "manager_confirmation": "CONFIRM",
}
# LimeSurvey's names of our languages.
LIMESURVEY_LANGUAGES: Mapping[str, str] = {"zh-CN": "zh-Hans", "en": "en"}


def limesurvey_address(base: str, page: str, **query: object) -> str:
    """Return the address of a page of LimeSurvey; `base` ends in index.php, or index.php?r= where it has no paths."""
    is_path = "?" not in base
    said = urlencode(query)
    return f"{base.rstrip('/')}{'/' if is_path else ''}{page}{('?' if is_path else '&') + said if said else ''}"


OPEN_STEP = "wave_open"
CLOSE_STEP = "wave_close"


def wave_code(instrument_code: str, subject_id: str) -> str:
    """Return the code of the wave that asks about one subject: NEEDS-2026, PULSE-2026Q1, FU90L-<session> …

    KeyError for an instrument without a prefix, ValueError for 360, whose subject is a person.
    """
    if instrument_code == FEEDBACK_360_INSTRUMENT:
        raise ValueError("the code of a 360 wave must not name its subject: use feedback_360_wave_code")
    return f"{WAVE_PREFIXES[instrument_code]}-{subject_id}"


def evaluation_wave_code(session_code: str) -> str:
    """Return the code of a class session's evaluation wave."""
    return wave_code(EVALUATION_INSTRUMENT, session_code)


def annual_needs_wave_code(year: int) -> str:
    """Return the code of the needs survey for a year's plan."""
    return wave_code("annual_needs", str(year))


def quarter_code(day: date) -> str:
    """Return the calendar quarter of a day, as `2026Q1`: the subject of a quarterly pulse."""
    return f"{day.year}Q{(day.month + 2) // 3}"


def quarter_start(day: date) -> date:
    """Return the first day of the calendar quarter of a day."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def previous_quarter_code(day: date) -> str:
    """Return the quarter before the one of `day`: whom a pulse sent on that day asks about."""
    return quarter_code(quarter_start(day) - timedelta(days=1))


def quarter_days(quarter: str) -> tuple[date, date]:
    """Return the first and the last day of a quarter (`2026Q1`)."""
    year, _, number = quarter.partition("Q")
    first = date(int(year), int(number) * 3 - 2, 1)
    return first, date(first.year + (first.month == 10), (first.month + 2) % 12 + 1, 1) - timedelta(days=1)


def quarters_before(day: date, count: int) -> tuple[str, ...]:
    """Return the last `count` quarters that had ended on `day`, oldest first."""
    codes: list[str] = []
    start = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    for _ in range(count):
        codes.append(previous_quarter_code(start))
        start = date(int(codes[-1][:4]), int(codes[-1][-1]) * 3 - 2, 1)
    return tuple(reversed(codes))


def pulse_wave_code(quarter: str) -> str:
    """Return the code of the pulse about one quarter (`2026Q1`)."""
    return wave_code("quarterly_pulse", quarter)


def feedback_360_wave_code(employee_id: str, promoted_on: date, key: bytes) -> str:
    """Return the code of one person's 360: keyed, since raters' tools and lists of waves show it."""
    subject = f"{employee_id}\x1f{promoted_on:%Y%m%d}".encode()
    return f"{WAVE_PREFIXES[FEEDBACK_360_INSTRUMENT]}-{hmac.new(key, subject, hashlib.sha256).hexdigest()[:16]}"


def pseudonym(employee_id: str, key: bytes) -> str:
    """Return the name under which a person's answers to confidential waves are linked, the same in every wave."""
    return hmac.new(key, employee_id.encode(), hashlib.sha256).hexdigest()[:32]


def reminder_step(number: int, instrument_code: str = EVALUATION_INSTRUMENT) -> str:
    """Return the milestone of the first, second … reminder; a course evaluation's is a step of its class."""
    return f"{'evaluation' if instrument_code == EVALUATION_INSTRUMENT else 'wave'}_reminder_{number}"


@dataclass(frozen=True, slots=True)
class WaveSchedule:
    """When a wave opens and closes (moments in UTC), and its milestones by step."""

    opens_at: datetime
    closes_at: datetime
    steps: Mapping[str, PlannedStep]


def schedule_wave(
    opens_on: date,
    days_open: int,
    reminder_days: Sequence[int],
    zone: ZoneInfo,
    calendar_code: str,
    closes_on: date | None = None,
) -> WaveSchedule:
    """Return the days of a wave that is to open on `opens_on`, each rolled forward to a working day.

    It takes answers until the end of its last day: `days_open` after the opening, or `closes_on`. A reminder that would
    fall on or after the last day is none. Opening and reminders are no use after the close.
    """
    opening = calendar.roll_forward(opens_on, calendar_code)
    closing = calendar.roll_forward(closes_on or opening.day + timedelta(days=days_open), calendar_code)
    closes_at = calendar.end_of_day(closing.day, zone)
    steps = {OPEN_STEP: PlannedStep(opening.day, closes_at, opening.is_provisional)}
    for number, days in enumerate(reminder_days, start=1):
        due = calendar.roll_forward(opening.day + timedelta(days=days), calendar_code)
        if due.day < closing.day:
            steps[reminder_step(number, "")] = PlannedStep(due.day, closes_at, due.is_provisional)
    steps[CLOSE_STEP] = PlannedStep(closing.day, None, closing.is_provisional)
    return WaveSchedule(calendar.start_of_day(opening.day, zone), closes_at, steps)


def may_call_from(now: datetime, last_called_at: datetime | None, min_hours: int) -> datetime:
    """Return from when a person may be called again: now, but never within `min_hours` of the last call."""
    if last_called_at is None:
        return now
    return max(now, last_called_at + timedelta(hours=min_hours))
