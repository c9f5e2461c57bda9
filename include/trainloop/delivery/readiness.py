"""Readiness of class sessions (R16, R21): what is wrong with a class that is to come, and who reads of it when.

The daily scan looks at every class whose first readiness step is due: set-based, a fixed number of statements whatever
the number of classes. What it finds opens a row of `ops.readiness_exceptions`, what it finds no more closes it. On the
days of the steps (14, 7, 3 and 1 days before) the class manager and HR get one mail each if something is new to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from trainloop import faults
from trainloop.config import get_site
from trainloop.delivery import steps
from trainloop.domain.readiness import SCANNED
from trainloop.outbox.notices import Notice, plan
from trainloop.statistics.headcount import Headcount, History, PastClass, forecast
from trainloop.statistics.refusal import Refusal
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import query_file, statement

STEPS = ("readiness_14", "readiness_7", "readiness_3", "readiness_1")
_Row = Mapping[str, Any]
_NO_HISTORY = History.of(())


class Finding(NamedTuple):
    """One thing that is wrong with one class session; the columns of `ops.readiness_exceptions` a scan fills."""

    session_code: str
    kind: str
    item_code: str
    detail: Mapping[str, Any]


def check_readiness(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Look at every class that is to come, open and close exceptions, settle due steps and plan the mails.

    Exceptions are judged by the business clock alone. With a date in the past no step is settled and nobody mailed
    unless `allow_send`. Returns counts: sessions, opened, closed, steps_done, notices_planned.
    """
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        # Two scans at once would both tell the same.
        engine.lock(connection, "check_session_readiness")
        sessions = connection.execute(
            statement("readiness", "horizon"), {"now": scan.real_now, "today": scan.real_today, "steps": list(STEPS)}
        ).fetchall()
        counts = _update_exceptions(connection, scan, sessions)
        counts |= {"sessions": len(sessions), "steps_done": 0, "notices_planned": 0}
        if scan.may_mail:
            due = steps.settle_due(connection, scan, STEPS)
            counts["steps_done"] = len(due)
            counts["notices_planned"] = _tell(connection, scan, due)
        faults.point("readiness.before_commit")
    faults.point("readiness.after_commit")
    return counts


def _update_exceptions(connection: Connection, scan: Scan, sessions: Sequence[_Row]) -> dict[str, int]:
    codes = [row["session_code"] for row in sessions]
    found = _scanned(connection, scan, codes) + _headcounts(connection, scan, sessions)
    columns = _columns(found)
    opened = connection.execute(statement("readiness", "open_exceptions"), columns | {"now": scan.real_now}).rowcount
    closed = connection.execute(
        statement("readiness", "close_exceptions"),
        columns | {"now": scan.real_now, "looked_at": codes, "kinds": list(SCANNED)},
    ).rowcount
    return {"opened": opened, "closed": closed}


def _columns(found: Sequence[Finding]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [getattr(one, name) for one in found] for name in Finding._fields}
    columns["detail"] = [Jsonb(dict(detail)) for detail in columns["detail"]]
    return columns


def _scanned(connection: Connection, scan: Scan, codes: Sequence[str]) -> list[Finding]:
    pairs = [(mode, need) for mode, needs in get_site().readiness.required.items() for need in needs]
    rows = connection.execute(
        query_file("marts/readiness_findings.sql"),
        {
            "session_codes": list(codes),
            "today": scan.real_today,
            "modes": [mode for mode, _ in pairs],
            "resources": [need for _, need in pairs],
        },
    )
    return [Finding(**row) for row in rows]


def _headcounts(connection: Connection, scan: Scan, sessions: Sequence[_Row]) -> list[Finding]:
    """Keep the forecast of every class and return those that will not fit."""
    rules = get_site().readiness
    history = connection.execute(
        statement("readiness", "history"),
        {
            "now": scan.real_now,
            "since": scan.real_now - timedelta(days=rules.history_days),
            "course_codes": sorted({row["course_code"] for row in sessions}),
            "modes": sorted({row["mode"] for row in sessions}),
        },
    ).fetchall()
    by_course: dict[str, list[PastClass]] = {}
    by_mode: dict[str, list[PastClass]] = {}
    for row in history:
        past = PastClass(row["confirmed_count"], row["present_count"])
        by_course.setdefault(row["course_code"], []).append(past)
        by_mode.setdefault(row["mode"], []).append(past)
    courses = {code: History.of(past) for code, past in by_course.items()}
    modes = {code: History.of(past) for code, past in by_mode.items()}
    rows = [_forecast(row, courses, modes) for row in sessions]
    names = ("session_code", "confirmed_count", "expected_count", "low_count", "high_count", "history_kind",
             "history_class_count", "history_people_count", "reason")  # fmt: skip
    connection.execute(
        statement("readiness", "keep_forecasts"),
        {name: [row[name] for row in rows] for name in names} | {"now": scan.real_now},
    )
    return [
        Finding(
            row["session_code"],
            "headcount_over_capacity",
            "-",
            {"low": row["low_count"], "high": row["high_count"], "capacity": row["capacity"]},
        )
        for row in rows
        if row["capacity"] is not None and row["low_count"] is not None and row["low_count"] > row["capacity"]
    ]


def _forecast(session: _Row, courses: Mapping[str, History], modes: Mapping[str, History]) -> dict[str, Any]:
    """Classes of the same course; where they are too few, of the same mode."""
    kind, history = "course", courses.get(session["course_code"], _NO_HISTORY)
    found = _ask(session, history)
    if isinstance(found, Refusal):
        wider = modes.get(session["mode"], _NO_HISTORY)
        if isinstance(found_wider := _ask(session, wider), Headcount):
            kind, history, found = "mode", wider, found_wider
    row = dict.fromkeys(("expected_count", "low_count", "high_count", "history_kind", "reason")) | {
        "session_code": session["session_code"],
        "capacity": session["capacity"],
        "confirmed_count": session["confirmed_count"],
        "history_class_count": history.class_count,
        "history_people_count": history.people_count,
    }
    if isinstance(found, Refusal):
        return row | {"reason": found.reason_code}
    return row | {
        "expected_count": round(found.expected, 1),
        "low_count": found.low,
        "high_count": found.high,
        "history_kind": kind,
    }


def _ask(session: _Row, history: History) -> Headcount | Refusal:
    rules = get_site().readiness
    return forecast(
        session["confirmed_count"],
        history,
        rules.forecast_interval,
        classes_min=rules.history_classes_min,
        people_min=rules.history_people_min,
    )


def _tell(connection: Connection, scan: Scan, due: Mapping[str, steps.DueStep]) -> int:
    """Plan the class managers' mails and HR's one list, for those to whom something is new."""
    if not due:
        return 0
    wanted = {"session_codes": list(due), "now": scan.real_now}
    told = connection.execute(statement("readiness", "tell_managers"), wanted).fetchall()
    notices = [_to_manager(row, due[row["session_code"]], row["starts_at"]) for row in told]
    if connection.execute(statement("readiness", "tell_hr"), wanted).rowcount:
        # The moment is what the list is found by: everything HR was told in this scan.
        last = max(step.starts_at for step in due.values())
        notices += [
            Notice("readiness_digest", "readiness_scan", scan.real_now.isoformat(), "contact", code, not_after=last)
            for code in get_site().contacts_of("hr")
        ]
    return plan(connection, notices)


def _to_manager(row: _Row, step: steps.DueStep, starts_at: datetime) -> Notice:
    # A class that moved is checked again at the same steps, on other days: these are other mails.
    return Notice(
        "readiness_problems",
        "class_session",
        row["session_code"],
        "employee",
        row["employee_id"],
        step=f"{step.step}/{step.due_on}",
        not_after=starts_at,
        facts={"new_count": row["new_count"]},
    )
