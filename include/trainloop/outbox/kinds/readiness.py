"""Mails about classes that are not ready (R16, R21): to the class manager one class, to HR one list of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from trainloop.config import Locale
from trainloop.domain.readiness import sentence
from trainloop.outbox.hours import zone_of
from trainloop.outbox.kinds.content import Content, Due, Unwritable, Written, at
from trainloop.outbox.wording import day_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_FORECAST = {
    "zh-CN": "确认 {confirmed} 人，预计到课 {low}–{high} 人",
    "en": "{confirmed} confirmed, {low}–{high} expected",
}
_NO_FORECAST = {
    "zh-CN": "确认 {confirmed} 人（往期可比班次太少，不作预测）",
    "en": "{confirmed} confirmed (too few comparable classes to forecast)",
}
_OLD = {"zh-CN": "（此前已告知）{text}", "en": "(told before) {text}"}
_LINE = {"zh-CN": "{day}《{course}》（{session_code}）：{text}", "en": "{day}, {course} ({session_code}): {text}"}


def readiness_problems(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return what is open about each class, to its class manager; nothing when it recovered or has another manager."""
    wanted = {"session_codes": [due.subject_id for due in notices]}
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in connection.execute(statement("outbox", "readiness_of_sessions"), wanted):
        rows.setdefault(row["session_code"], []).append(row)
    return {due.notice_id: _problems(due, rows.get(due.subject_id, [])) for due in notices}


def _problems(due: Due, rows: Sequence[Mapping[str, Any]]) -> Written:
    if not rows:
        return Unwritable("resolved")
    first = rows[0]
    if first["class_manager_id"] != due.recipient.id:
        return Unwritable("not_concerned")
    newest = max(row["manager_told_at"] for row in rows)
    return Content({
        "course": _course(first, due.locale),
        "session_code": first["session_code"],
        "starts": at(first["starts_at"], due),
        "count": len(rows),
        "headcount": headcount_text(first, due.locale),
        "lines": [_text(row, due.locale, is_new=row["manager_told_at"] == newest) for row in rows],
    })


def readiness_digest(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return HR's list of what is new: one line for each exception, by day and class."""
    moments = sorted({datetime.fromisoformat(due.subject_id) for due in notices})
    rows = connection.execute(statement("outbox", "readiness_told"), {"moments": moments}).fetchall()
    return {
        due.notice_id: _digest(
            due, [row for row in rows if row["hr_told_at"] == datetime.fromisoformat(due.subject_id)]
        )
        for due in notices
    }


def _digest(due: Due, rows: Sequence[Mapping[str, Any]]) -> Written:
    if not rows:
        return Unwritable("resolved")
    return Content({
        "day": day_text(datetime.fromisoformat(due.subject_id).astimezone(due.zone).date(), due.locale),
        "count": len(rows),
        "session_count": len({row["session_code"] for row in rows}),
        "lines": [
            _LINE[due.locale].format(
                day=day_text(row["starts_at"].astimezone(zone_of(row["session_timezone"])).date(), due.locale),
                course=_course(row, due.locale),
                session_code=row["session_code"],
                text=sentence(row["kind"], _with_days(row["detail"], due.locale), due.locale),
            )
            for row in rows
        ],
    })


def headcount_text(row: Mapping[str, Any], locale: Locale) -> str:
    """Return how many people are confirmed and how many are expected."""
    words = _NO_FORECAST if row["low_count"] is None else _FORECAST
    return words[locale].format(confirmed=row["confirmed_count"], low=row["low_count"], high=row["high_count"])


def _text(row: Mapping[str, Any], locale: Locale, *, is_new: bool) -> str:
    text = sentence(row["kind"], _with_days(row["detail"], locale), locale)
    return text if is_new else _OLD[locale].format(text=text)


def _with_days(detail: Mapping[str, Any], locale: Locale) -> dict[str, Any]:
    return {
        name: day_text(datetime.fromisoformat(value).date(), locale) if name.endswith("_on") else value
        for name, value in detail.items()
    }


def _course(row: Mapping[str, Any], locale: Locale) -> str:
    return str(row["course_zh"] if locale == "zh-CN" else row["course_en"])
