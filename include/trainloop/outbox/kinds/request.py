"""Mails about what a person owes: the request, its reminders, and HR's daily list of what is late or answered."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import resources
from typing import Any

from trainloop.config import Locale, get_site
from trainloop.domain.calendar import count_working_days, end_of_day
from trainloop.domain.counted import filled
from trainloop.forms import links
from trainloop.outbox.kinds.content import Content, Due, Unwritable, Written
from trainloop.outbox.kinds.plans import plan_lines
from trainloop.outbox.kinds.pulse import Figures, pulse_changes, pulse_figures, pulse_tiles, quarter_text
from trainloop.outbox.wording import day_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement
from trainloop.yaml_text import read_yaml

_ABOUT_CLASS = {"zh-CN": "《{course}》（{session_code}）", "en": "{course} ({session_code})"}
_ABOUT_DISPUTE = {"zh-CN": "《{course}》", "en": "{course}"}
_LINES = {
    "open": {
        "zh-CN": "逾期 {days} 个工作日：{person}，{title}（{about}），应于{due}完成",
        "en": "{days:working day|working days} late: {person}, {title} ({about}), due {due}",
    },
    "done": {
        "zh-CN": "已答复：{person}，{title}（{about}）：{answer}",
        "en": "Answered: {person}, {title} ({about}): {answer}",
    },
    "expired": {
        "zh-CN": "未答复，已失效：{person}，{title}（{about}）",
        "en": "Expired without an answer: {person}, {title} ({about})",
    },
}
_COMMENT = {"zh-CN": "{choice}。“{comment}”", "en": "{choice}. “{comment}”"}


def commitment_calls(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of requests and reminders; context keys stand in the templates' headers."""
    wanted = {"commitment_ids": [int(due.subject_id) for due in notices if due.subject_id.isdecimal()]}
    rows = {str(row["commitment_id"]): row for row in connection.execute(statement("outbox", "commitments"), wanted)}
    known = [int(row["facts"]["release_id"]) for row in rows.values() if row["facts"].get("release_id")]
    released = pulse_figures(connection, known)
    return {due.notice_id: _call(due, rows.get(due.subject_id), released) for due in notices}


def _call(due: Due, row: dict[str, Any] | None, released: Mapping[int, Figures]) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    figures = released.get(row["facts"].get("release_id", 0), {})
    words = _words(row["kind"])
    last = len(get_site().commitments[row["kind"]].reminder_working_days)
    return Content(
        context={key: words[due.locale][key] for key in ("title", "why", "button", "reason")}
        | {
            "about": _about(row, due.locale),
            "due": day_text(row["due_on"], due.locale),
            "minutes": words["minutes"],
            "link": links.address(words.get("page", "a"), row["token"]),
            "figures": pulse_tiles(figures, due.locale) if figures else (),
            "findings": pulse_changes(figures, due.locale) if figures else plan_lines(row, due.locale),
            "is_last": due.step == f"reminder_{last}",
            "readers": _readers(words),
        },
        deadline=end_of_day(row["due_on"], due.zone),
    )


def _readers(words: Mapping[str, Any]) -> str:
    """Return who reads the answer: the pages of a dispute are the three's, a private answer is the person's."""
    if words.get("is_private"):
        return "none"
    return str(words.get("readers", "three" if words.get("page") == "d" else "hr"))


def commitment_digest(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return HR's list of one day; a day on which nothing is left to tell makes no mail."""
    days = sorted({date.fromisoformat(due.subject_id) for due in notices})
    wanted = {"days": days, "calendar_code": get_site().company.calendar_code}
    rows = connection.execute(statement("outbox", "commitments_to_tell"), wanted).fetchall()
    return {
        due.notice_id: _digest(due, [row for row in rows if f"{row['told_on']}" == due.subject_id]) for due in notices
    }


def _digest(due: Due, rows: Sequence[dict[str, Any]]) -> Written:
    if not rows:
        return Unwritable("resolved")
    count = {state: sum(row["state"] == state for row in rows) for state in _LINES}
    return Content({
        "day": day_text(date.fromisoformat(due.subject_id), due.locale),
        "overdue_count": count["open"],
        "done_count": count["done"],
        "expired_count": count["expired"],
        "lines": [_line(row, due.locale) for state in _LINES for row in rows if row["state"] == state],
    })


def _line(row: Mapping[str, Any], locale: Locale) -> str:
    words = _words(row["kind"])[locale]
    contact = get_site().contacts.get(row["person"])
    choice = words["choices"].get(row["choice"], row["choice"] or "")
    is_quoted = row["comment"] and not _words(row["kind"]).get("is_private")
    facts = {
        "person": contact.name if contact else row["person"],
        "title": words["title"],
        "about": _about(row, locale),
        "due": day_text(row["due_on"], locale),
        "days": count_working_days(row["due_on"], row["told_on"], row["calendar_code"]),
        "answer": _COMMENT[locale].format(choice=choice, comment=row["comment"]) if is_quoted else choice,
    }
    return filled(_LINES[row["state"]][locale], facts)


def _about(row: Mapping[str, Any], locale: Locale) -> str:
    if row["subject_kind"] == "action_plan":
        return str(row["learner"])
    if row["session_code"] is not None:
        course = row["course_zh"] if locale == "zh-CN" else row["course_en"]
        return _ABOUT_CLASS[locale].format(course=course, session_code=row["session_code"])
    if row["dispute_zh"] is not None:
        return _ABOUT_DISPUTE[locale].format(course=row["dispute_zh" if locale == "zh-CN" else "dispute_en"])
    if rule := get_site().talent.points.get(row["facts"].get("rule_code", "")):
        return rule.text(locale)
    if row["subject_kind"] == "quarter":
        return quarter_text(row["subject_id"], locale)
    return str(row["subject_id"])


@functools.cache
def commitment_words() -> dict[str, Any]:
    """Return, by kind of commitment, its minutes and per locale title, why, button and choices."""
    path = resources.files("trainloop.outbox").joinpath("templates", "commitment_kinds.yaml")
    words: dict[str, Any] = read_yaml(path.read_text("utf-8"))
    return words


def _words(kind: str) -> dict[str, Any]:
    return dict(commitment_words()[kind])
