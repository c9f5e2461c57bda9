"""Survey waves 问卷批次 and invitations 邀请: their states, who may be called when, and what people are promised."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

Anonymity = Literal["anonymous", "confidential", "named"]
EVALUATION_INSTRUMENT = "course_evaluation"
# The outside tool's answer "does not apply": a choice a person made, never a missing value.
NOT_APPLICABLE = "not_applicable"
# So many scale items with one and the same answer are straight-lining: kept, flagged, counted. Fewer come by chance.
STRAIGHT_LINE_ITEMS = 6


class WaveState(StrEnum):
    """open: takes answers. closed: its days are over. cancelled: withdrawn because its class moved or was cancelled."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"


# A withdrawn wave opens again, as its next opening, when the moved class has really ended.
WAVE_TRANSITIONS: Mapping[WaveState, frozenset[WaveState]] = {
    WaveState.OPEN: frozenset({WaveState.CLOSED, WaveState.CANCELLED}),
    WaveState.CANCELLED: frozenset({WaveState.OPEN}),
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


def evaluation_wave_code(session_code: str) -> str:
    """Return the code of a class session's evaluation wave."""
    return f"EVAL-{session_code}"


def reminder_step(number: int) -> str:
    """Return the milestone of the first, second … reminder of a course evaluation."""
    return f"evaluation_reminder_{number}"


def may_call_from(now: datetime, last_called_at: datetime | None, min_hours: int) -> datetime:
    """Return from when a person may be called again: now, but never within `min_hours` of the last call."""
    if last_called_at is None:
        return now
    return max(now, last_called_at + timedelta(hours=min_hours))
