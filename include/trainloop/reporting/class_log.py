"""R22–R23: the log of each class day, for its trainer and HR: who came, what happened, how the platform was.

One transaction draws what is new, plans the mails and finishes the steps. Until the attendance is in, a day waits (the
site's `log_waits_days`); then the log says that there is none. Names of absentees are work data: the trainer and HR run
the class by them, nobody else gets the log.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from trainloop.config import Site, get_site
from trainloop.faults import point
from trainloop.outbox.notices import Notice, RecipientKind, plan
from trainloop.reporting.class_log_view import build_view
from trainloop.reporting.document import Audience
from trainloop.reporting.production import Report, Subject, make, refuse_failures, register
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, connect, lock
from trainloop.warehouse.statements import statement

SUBJECT_KIND = "class_day"
AUDIENCES: tuple[Audience, ...] = ("hr", "trainer")


def write_logs(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Write the log of every class day that is due; return counts: days, rendered, unchanged, notices_planned.

    A date in the past writes what was due then and mails nobody unless `allow_send`; such a day stays owed. Raises
    ReportsFailedError after everything that could be made was committed.
    """
    site = get_site()
    with connect("reporter") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        # Two evenings at once would both draw; the second waits and finds the steps done.
        lock(connection, "capture_class_day")
        keys = {"now": scan.now, "zone": site.company.timezone, "wait_days": site.class_days.log_waits_days}
        rows = connection.execute(statement("class_log", "days"), keys).fetchall()
        editions = [
            (_subject(row), build_view(row, site, audience, locale))
            for row in rows
            for audience in AUDIENCES
            for locale in site.company.report_locales
        ]
        reports = make(connection, editions)
        register(connection, reports, scan.real_now)
        failed = {report.subject.subject_id for report in reports if report.failure is not None}
        done = [row for row in rows if _subject(row).subject_id not in failed]
        planned = 0
        if scan.may_mail:
            planned = plan(connection, [notice for row in done for notice in _notices(row, site)])
            _finish(connection, scan, done)
        point("class_log.before_commit")
    point("class_log.after_commit")
    refuse_failures(reports)
    return _counts(rows, reports, planned)


def _counts(rows: Sequence[Mapping[str, Any]], reports: Sequence[Report], planned: int) -> dict[str, int]:
    return {
        "days": len(rows),
        "rendered": sum(report.rendered is not None for report in reports),
        "unchanged": sum(report.is_unchanged for report in reports),
        "notices_planned": planned,
    }


def _subject(row: Mapping[str, Any]) -> Subject:
    return Subject(SUBJECT_KIND, f"{row['session_code']}.{row['day_number']}", None, 1)


def _notices(row: Mapping[str, Any], site: Site) -> list[Notice]:
    people: list[tuple[RecipientKind, str, Audience]] = [("contact", key, "hr") for key in site.contacts_of("hr")]
    people.append(("trainer", row["trainer_id"], "trainer"))
    attended = sum(learner["status"] in {"present", "late", "early"} for learner in row["learners"])
    return [
        Notice(
            "class_log",
            SUBJECT_KIND,
            _subject(row).subject_id,
            kind,
            person,
            facts={
                "session_code": row["session_code"],
                "audience": audience,
                "held_on": row["held_on"].isoformat(),
                "attended_count": attended,
                "learner_count": len(row["learners"]),
                "incident_count": len(row["incidents"]),
                "has_attendance": row["has_attendance"],
            },
        )
        for kind, person, audience in people
    ]


def _finish(connection: Connection, scan: Scan, rows: Sequence[Mapping[str, Any]]) -> None:
    by_step: dict[str, list[str]] = {}
    for row in rows:
        by_step.setdefault(row["step"], []).append(row["session_code"])
    for step, codes in by_step.items():
        keys = {"subject_kind": "class_session", "subject_ids": codes, "steps": [step], "state": "done"}
        connection.execute(statement("milestones", "finish_steps"), keys | {"reason": None, "now": scan.real_now})
