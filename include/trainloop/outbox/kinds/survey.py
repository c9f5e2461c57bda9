"""Calls to a survey wave: the invitation and its reminders, with the person's own link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from trainloop.config import Locale, get_site
from trainloop.domain import calendar
from trainloop.domain.action_plan import asked_by
from trainloop.domain.survey import EVALUATION_INSTRUMENT, LIMESURVEY_LANGUAGES, anonymity_promise, limesurvey_address
from trainloop.forms import links
from trainloop.outbox.hours import zone_of
from trainloop.outbox.kinds.content import Content, Due, Unwritable, Written, class_context, until
from trainloop.outbox.kinds.pulse import quarter_text
from trainloop.settings import get_settings
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_ABOUT: Mapping[str, Mapping[Locale, str]] = {
    "class": {"zh-CN": "《{course}》（{held_on}，{trainer}）", "en": "{course}, {held_on}, {trainer}"},
    "year": {"zh-CN": "{id} 年度", "en": "year {id}"},
    "person": {"zh-CN": "{person}", "en": "{person}"},
    "department": {"zh-CN": "{department}", "en": "{department}"},
}


def survey_calls(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of invitations and reminders; context keys stand in the templates' headers."""
    wanted = {"notice_ids": [due.notice_id for due in notices]}
    rows = {row["notice_id"]: row for row in connection.execute(statement("outbox", "survey_calls"), wanted)}
    return {due.notice_id: _content(due, rows.get(due.notice_id)) for due in notices}


def _content(due: Due, row: dict[str, Any] | None) -> Written:
    from trainloop.surveys.instrument import load_instrument

    if row is None:
        return Unwritable("subject_unknown")
    link = _link(row, due.locale)
    if link is None:
        return Unwritable("survey_not_ready", is_for_good=False)
    instrument = load_instrument(row["instrument_code"])
    locale = due.locale
    last = get_site().surveys.max_reminders
    held = class_context(row, due) if row["session_code"] is not None else {}
    deadline = _deadline(row, due)
    return Content(
        context=held
        | {
            "is_evaluation": row["instrument_code"] == EVALUATION_INSTRUMENT,
            "title": instrument.title(locale),
            "about": _about(row, held, locale),
            "intro": instrument.intro.text(locale) if instrument.intro else "",
            "minutes": instrument.minutes,
            "deadline": until(deadline, due),
            "link": link,
            "anonymity": anonymity_promise(row["anonymity"], locale, row["minimum_count"]),
            "is_without_attendance": row["is_without_attendance"],
            "is_last": due.step.endswith(f"_{last}"),
        },
        deadline=deadline,
    )


def _deadline(row: Mapping[str, Any], due: Due) -> datetime:
    """Return until when an answer is asked for: an action plan's due day while it lasts, else the end of the wave."""
    rule = get_site().survey_waves.get(row["instrument_code"])
    closes_at: datetime = row["closes_at"]
    if rule is None or rule.due_working_days is None or row["session_code"] is None:
        return closes_at
    ended_on = calendar.local_date(row["ends_at"], zone_of(row["session_timezone"]))
    today = calendar.local_date(row["business_now"], due.zone)
    due_on = asked_by(ended_on, rule.due_working_days, due.recipient.calendar_code, today)
    return closes_at if due_on is None else calendar.end_of_day(due_on, due.zone)


def _link(row: Mapping[str, Any], locale: Locale) -> str | None:
    """Return the person's link: our own form, or the outside tool's address with the token.

    None while LimeSurvey does not know the token yet: the call waits, so that nobody meets a dead link.
    """
    if row["source"] == "forms":
        return links.address("f", row["token"])
    if row["source"] == "limesurvey":
        if row["limesurvey_id"] is None:
            return None
        said = {"sid": row["limesurvey_id"], "token": row["token"], "lang": LIMESURVEY_LANGUAGES[locale]}
        return limesurvey_address(get_settings().limesurvey_url, "survey/index", **said)
    return f"{get_settings().survey_base_url.rstrip('/')}/{row['token']}"


def _about(row: Mapping[str, Any], held: Mapping[str, Any], locale: Locale) -> str:
    """Return what the wave is about in a few words; empty when its title says it all."""
    if held:
        return _ABOUT["class"][locale].format_map(held)
    if row["person_name"]:
        return _ABOUT["person"][locale].format(person=row["person_name"])
    if row["department_zh"]:
        name = row["department_zh" if locale == "zh-CN" else "department_en"]
        return _ABOUT["department"][locale].format(department=name)
    match row["subject_kind"]:
        case "quarter":
            return quarter_text(row["subject_id"], locale)
        case "year":
            return _ABOUT["year"][locale].format(id=row["subject_id"])
    return ""
