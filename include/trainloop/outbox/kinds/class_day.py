"""Mails about the day of a class: what changed, the sign-in sheet, platform checks, the login guide, an offered seat.

Times are those of the place where the class is held. Whether a mail is still true is asked when it is composed: an
older change gives way to a newer one, a platform that was mended alarms nobody, a learner who left the class hears no
more of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from trainloop import clock
from trainloop.config import Locale, get_site
from trainloop.domain.platform_check import judge
from trainloop.forms import links
from trainloop.outbox.hours import zone_of
from trainloop.outbox.kinds.content import Content, Due, Unwritable, Written, class_context, until
from trainloop.outbox.kinds.files import report_file
from trainloop.outbox.wording import day_text, moment_text, zone_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

_Rows = dict[str, dict[str, Any]]
_NO_VENUE = {"zh-CN": "待定", "en": "to be announced"}
_BRACKETS = {"zh-CN": "（{}）", "en": " ({})"}
_MODES = {
    "zh-CN": {"classroom": "面授", "online": "线上", "blended": "线上与面授结合"},
    "en": {"classroom": "classroom", "online": "online", "blended": "online and classroom"},
}
# Where its words for known checks stand; a check the site invents is shown by its code.
_CHECKS = {
    "zh-CN": {"network": "网络", "audio": "声音", "video": "画面", "accounts": "账号", "recording": "录制"},
    "en": {
        "network": "network",
        "audio": "sound",
        "video": "picture",
        "accounts": "accounts",
        "recording": "recording",
    },
}


def class_changed(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of corrections: what was, what is now."""
    classes = _classes(connection, notices)
    seats = _seats(connection, notices)
    return {due.notice_id: _changed(due, classes.get(due.subject_id), seats) for due in notices}


def _changed(due: Due, row: dict[str, Any] | None, seats: set[tuple[str, str]]) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    what = set(due.facts["what"])
    is_own_class = "own_class" in what
    if not is_own_class and row["change_number"] > due.sequence_number:
        return Unwritable("superseded")
    is_learner = due.recipient.kind == "employee" and (due.subject_id, due.recipient.id) in seats
    if is_own_class and not is_learner:
        return Unwritable("not_concerned")
    locale = due.locale
    return Content(
        _class_words(row, due)
        | {
            "is_cancelled": "cancelled" in what,
            "is_reinstated": "reinstated" in what,
            "is_moved": "moved" in what,
            "is_venue": "venue" in what,
            "is_mode": "mode" in what,
            "is_own_class": is_own_class,
            "moved_from": due.facts.get("moved_from", ""),
            "is_learner": is_learner,
            "when_before": _when(due.facts, row, locale) if "moved" in what else "",
            "venue_before": due.facts.get("venue_before") or _NO_VENUE[locale],
        }
    )


def _when(facts: Mapping[str, Any], row: Mapping[str, Any], locale: Locale) -> str:
    before = (datetime.fromisoformat(facts["starts_before"]), datetime.fromisoformat(facts["ends_before"]))
    return _span(*before, row["session_timezone"], locale)


def class_desk(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of the mail that brings the link of the sign-in sheet to whoever holds it now."""
    classes = _classes(connection, notices)
    codes = {"session_codes": list(classes)}
    desks: _Rows = {row["session_code"]: row for row in connection.execute(statement("class_mails", "desks"), codes)}
    counts = {
        row["session_code"]: row["learner_count"]
        for row in connection.execute(statement("class_mails", "seat_counts"), codes)
    }
    return {
        due.notice_id: _desk(due, classes.get(due.subject_id), desks.get(due.subject_id), counts) for due in notices
    }


def _desk(due: Due, row: dict[str, Any] | None, desk: dict[str, Any] | None, counts: Mapping[str, int]) -> Written:
    if row is None or desk is None:
        return Unwritable("subject_unknown")
    if desk["link_number"] != due.sequence_number:
        return Unwritable("superseded")
    return Content(
        _class_words(row, due)
        | {
            "link": links.address("c", desk["token"]),
            "learner_count": counts.get(due.subject_id, 0),
            "is_class_manager": desk["holder_kind"] == "employee",
        }
    )


def platform_alert(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of alarms about an online class's platform, by the results of this moment."""
    classes = _classes(connection, notices)
    found: dict[str, dict[str, dict[str, Any]]] = {}
    wanted = {"session_codes": list(classes), "now": clock.now(connection)}
    for row in connection.execute(statement("class_mails", "platform_results"), wanted):
        found.setdefault(row["session_code"], {})[row["check_code"]] = row
    return {due.notice_id: _alert(due, classes.get(due.subject_id), found.get(due.subject_id, {})) for due in notices}


def _alert(due: Due, row: dict[str, Any] | None, results: _Rows) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    rules = get_site().class_days
    fresh_from = row["starts_at"] - timedelta(hours=rules.platform_steps[due.step].fresh_hours)
    fresh = {code: result["is_ok"] for code, result in results.items() if result["checked_at"] > fresh_from}
    verdict = judge(rules.required_checks, fresh)
    if verdict.is_ok:
        return Unwritable("resolved")
    return Content(
        _class_words(row, due)
        | {
            "hours_before": rules.platform_steps[due.step].hours_before,
            "missing": _named(verdict.missing, due.locale),
            "failed": _named(verdict.failed, due.locale),
            "count": len(verdict.missing) + len(verdict.failed),
        }
    )


def login_guide(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of the guide that learners of an online class get the day before."""
    classes = _classes(connection, notices)
    seats = _seats(connection, notices)
    return {due.notice_id: _guide(due, classes.get(due.subject_id), seats) for due in notices}


def _guide(due: Due, row: dict[str, Any] | None, seats: set[tuple[str, str]]) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    if (due.subject_id, due.recipient.id) not in seats:
        return Unwritable("not_concerned")
    early = row["starts_at"] - timedelta(minutes=10)
    return Content(_class_words(row, due) | {"early": moment_text(early, zone_of(row["session_timezone"]), due.locale)})


def class_log(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of class logs to the trainer and HR; each waits for the PDF made for its reader."""
    classes = _read_classes(connection, {str(due.facts["session_code"]) for due in notices})
    return {due.notice_id: _log(connection, due, classes.get(str(due.facts["session_code"]))) for due in notices}


def _log(connection: Connection, due: Due, row: dict[str, Any] | None) -> Written:
    audience = due.facts.get("audience")
    is_hr = due.recipient.contact_kind == "hr"
    if audience != ("trainer" if due.recipient.kind == "trainer" else "hr") or (audience == "hr" and not is_hr):
        return Unwritable("wrong_audience")
    if row is None:
        return Unwritable("subject_unknown")
    subject = {"subject_kind": due.subject_kind, "subject_id": due.subject_id, "revision_number": due.sequence_number}
    file = report_file(connection, "class_log", subject, str(audience), due.locale)
    if file is None:
        return Unwritable("report_not_ready", is_for_good=False)
    counts = ("attended_count", "learner_count", "incident_count", "has_attendance")
    day = day_text(date.fromisoformat(due.facts["held_on"]), due.locale)
    return Content(class_context(row, due) | {"day": day} | {name: due.facts[name] for name in counts}, (file,))


def seat_offer(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of the mail that offers a seat to the next of the waitlist."""
    wanted = {"offer_ids": [int(due.subject_id) for due in notices if due.subject_id.isdecimal()]}
    offers: _Rows = {
        str(row["offer_id"]): row for row in connection.execute(statement("class_mails", "offers"), wanted)
    }
    codes = {row["session_code"] for row in offers.values()}
    classes = _read_classes(connection, codes)
    return {due.notice_id: _offer(due, offers.get(due.subject_id), classes) for due in notices}


def _offer(due: Due, offer: dict[str, Any] | None, classes: _Rows) -> Written:
    if offer is None or offer["session_code"] not in classes:
        return Unwritable("subject_unknown")
    if offer["state"] != "open":
        return Unwritable("answered" if offer["state"] in {"accepted", "declined"} else "resolved")
    row = classes[offer["session_code"]]
    if row["is_cancelled"]:
        return Unwritable("class_cancelled")
    return Content(
        _class_words(row, due)
        | {"link": links.address("w", offer["token"]), "deadline": until(offer["expires_at"], due)},
        deadline=offer["expires_at"],
    )


def _classes(connection: Connection, notices: Sequence[Due]) -> _Rows:
    return _read_classes(connection, {due.subject_id for due in notices})


def _read_classes(connection: Connection, codes: Iterable[str]) -> _Rows:
    rows = connection.execute(statement("class_mails", "classes"), {"session_codes": sorted(codes)})
    return {row["session_code"]: row for row in rows}


def _seats(connection: Connection, notices: Sequence[Due]) -> set[tuple[str, str]]:
    wanted = {
        "session_codes": sorted({due.subject_id for due in notices}),
        "employee_ids": sorted({due.recipient.id for due in notices if due.recipient.kind == "employee"}),
    }
    rows = connection.execute(statement("class_mails", "seats"), wanted)
    return {(row["session_code"], row["employee_id"]) for row in rows}


def _class_words(row: Mapping[str, Any], due: Due) -> dict[str, Any]:
    locale = due.locale
    return class_context(row, due) | {
        "when": _span(row["starts_at"], row["ends_at"], row["session_timezone"], locale),
        "venue": row["venue_code"] or _NO_VENUE[locale],
        # A blended class has a room of its own: that is no way in for who joins from elsewhere.
        "entry": (row["venue_code"] if row["mode"] == "online" else None) or _NO_VENUE[locale],
        "has_entry": row["mode"] == "online" and bool(row["venue_code"]),
        "mode": _MODES[locale][row["mode"]],
        "is_online": row["mode"] != "classroom",
        "manager": row["manager_name"] or "",
    }


def _span(starts_at: datetime, ends_at: datetime, timezone: str, locale: Locale) -> str:
    """Return from when to when on the wall clock of the class, with the zone where it is not the company's."""
    zone = zone_of(timezone)
    begin, end = starts_at.astimezone(zone), ends_at.astimezone(zone)
    dash = "–" if begin.date() == end.date() else " – "
    last = f"{end:%H:%M}" if begin.date() == end.date() else moment_text(ends_at, zone, locale)
    place = "" if timezone == get_site().company.timezone else _BRACKETS[locale].format(zone_text(zone, locale))
    return f"{moment_text(starts_at, zone, locale)}{dash}{last}{place}"


def _named(checks: Sequence[str], locale: Locale) -> list[str]:
    return [_CHECKS[locale].get(check, check) for check in checks]
