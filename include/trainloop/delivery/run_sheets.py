"""Run sheets (R21): one PDF for each class one working day before, to the class manager and the trainer.

A class without a class manager gets one as well: HR receives it, since somebody has to run the class. The sheet is
registered in the commit that plans its mails and settles the step; one that cannot be made stops no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from trainloop import faults
from trainloop.config import Locale, get_site
from trainloop.delivery import groups, steps
from trainloop.outbox.notices import Notice, plan
from trainloop.reporting.production import Report, Subject, make, refuse_failures, register
from trainloop.reporting.run_sheet import Sheet, build_run_sheet
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

STEP = "run_sheet"
# Sheets drawn and committed together: a day of a hundred classes is four commits and a bounded memory.
BATCH_SIZE = 25
_Row = Mapping[str, Any]


def make_run_sheets(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Group the learners of the classes that are due, draw their run sheets and plan the mails.

    With a date in the past nothing is settled and nobody mailed unless `allow_send`. Returns counts: grouped, rendered,
    steps_done, notices_planned. Raises ReportsFailedError after everybody else's was made.
    """
    counts = {"grouped": 0, "rendered": 0, "steps_done": 0, "notices_planned": 0}
    failed: list[Report] = []
    with engine.connect("planner", autocommit=True) as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        if not scan.may_mail:
            return counts
        if not engine.try_lock(connection, "make_run_sheets"):
            return counts
        due = steps.due_steps(connection, scan, (STEP,))
        codes = list(due)
        for start in range(0, len(codes), BATCH_SIZE):
            batch = {code: due[code] for code in codes[start : start + BATCH_SIZE]}
            with connection.transaction():
                failed += _make(connection, scan, batch, counts)
                faults.point("run_sheets.before_commit")
            faults.point("run_sheets.after_commit")
    refuse_failures(failed)
    return counts


def _make(connection: Connection, scan: Scan, due: Mapping[str, steps.DueStep], counts: dict[str, int]) -> list[Report]:
    counts["grouped"] += groups.make_groups(connection, scan, list(due))
    sheets = _read(connection, scan, list(due))
    editions = [
        (
            Subject("class_session", sheet.session["session_code"], None, sheet.session["revision_number"] + 1),
            build_run_sheet(sheet, locale, sheet.session["revision_number"] + 1),
        )
        for sheet in sheets
        for locale in _locales(sheet.session)
    ]
    reports = make(connection, editions)
    register(connection, reports, scan.real_now)
    failed = [report for report in reports if report.failure is not None]
    broken = {report.subject.subject_id for report in failed}
    done = {code: step for code, step in due.items() if code not in broken}
    steps.finish_all(connection, scan, done)
    notices = [
        notice for sheet in sheets if sheet.session["session_code"] in done for notice in _notices(sheet.session)
    ]
    counts["rendered"] += sum(report.rendered is not None for report in reports)
    counts["steps_done"] += len(done)
    counts["notices_planned"] += plan(connection, notices)
    return failed


def _read(connection: Connection, scan: Scan, codes: Sequence[str]) -> list[Sheet]:
    wanted = {"session_codes": list(codes)}
    rows = {
        name: connection.execute(statement("run_sheets", name), wanted).fetchall()
        for name in ("classes", "learners", "groupings", "bookings", "problems")
    }
    by_class: dict[str, dict[str, list[_Row]]] = {name: {} for name in rows}
    for name, found in rows.items():
        for row in found:
            by_class[name].setdefault(row["session_code"], []).append(row)
    return [
        Sheet(
            session=session,
            learners=by_class["learners"].get(session["session_code"], ()),
            grouping=next(iter(by_class["groupings"].get(session["session_code"], ())), None),
            bookings=by_class["bookings"].get(session["session_code"], ()),
            problems=by_class["problems"].get(session["session_code"], ()),
            made_at=scan.real_now,
        )
        for session in rows["classes"]
    ]


def _locales(session: _Row) -> list[Locale]:
    """The languages its readers read, where the site prints them."""
    company = get_site().company
    asked = {session["trainer_locale"], session["manager_locale"] or company.locale}
    printed = [locale for locale in company.report_locales if locale in asked]
    return printed or [company.locale if company.locale in company.report_locales else company.report_locales[0]]


def _notices(session: _Row) -> list[Notice]:
    readers: list[tuple[Any, str]] = [("trainer", session["trainer_id"])]
    if session["manager_id"] is not None:
        readers.append(("employee", session["manager_id"]))
    else:
        readers += [("contact", code) for code in get_site().contacts_of("hr")]
    return [
        Notice(
            "run_sheet",
            "class_session",
            session["session_code"],
            kind,
            reader,
            sequence_number=session["revision_number"] + 1,
            not_after=session["starts_at"],
        )
        for kind, reader in readers
    ]
