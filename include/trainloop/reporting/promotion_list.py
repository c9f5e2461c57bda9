"""R35: the HRBP's advisory list as PDF. One transaction draws what is new and plans the mail; again it does nothing."""

from __future__ import annotations

from datetime import date

from trainloop.config import get_site
from trainloop.faults import point
from trainloop.outbox.notices import Notice, plan
from trainloop.reporting.errors import VerdictMissingError
from trainloop.reporting.evidence import CheckedFile
from trainloop.reporting.production import Subject, make, refuse_failures, register
from trainloop.reporting.promotion_view import Listed, build_view
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, connect, lock
from trainloop.warehouse.statements import statement

SUBJECT_KIND = "promotion_list"


def render_list(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Draw the newest list in every language of the site and tell the HRBP once a revision.

    With a date in the past nobody is mailed unless `allow_send`. Returns counts: rendered, unchanged, notices_planned.
    Raises VerdictMissingError when a file behind the list did not pass the gate, ReportsFailedError when a PDF failed.
    """
    site = get_site()
    with connect("reporter") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        # Two runs at once would both draw; the second waits and finds the files.
        lock(connection, "promotion_list_report")
        listed = _read(connection)
        if listed is None:
            return {"rendered": 0, "unchanged": 0, "notices_planned": 0}
        subject = Subject(SUBJECT_KIND, listed.list_month, None, listed.revision_number)
        views = [build_view(listed, site, locale) for locale in site.company.report_locales]
        reports = make(connection, [(subject, view) for view in views])
        register(connection, reports, scan.real_now)
        planned = 0
        if scan.may_mail and not any(report.failure for report in reports):
            planned = plan(connection, [_notice(listed)])
        point("promotion_list.before_commit")
    point("promotion_list.after_commit")
    refuse_failures(reports)
    return {
        "rendered": sum(report.rendered is not None for report in reports),
        "unchanged": sum(report.is_unchanged for report in reports),
        "notices_planned": planned,
    }


def _read(connection: Connection) -> Listed | None:
    row = connection.execute(statement("talent", "newest_list")).fetchone()
    if row is None:
        return None
    files = tuple(CheckedFile(**found) for found in connection.execute(statement("talent", "checked_files")))
    if without := sorted({file.dataset for file in files if file.gate_decision is None}):
        raise VerdictMissingError(datasets=", ".join(without), subject=f"the promotion list of {row['list_month']}")
    people = connection.execute(statement("talent", "listed"), {"month": row["list_month"]}).fetchall()
    return Listed(**row, people=people, files=files)


def _notice(listed: Listed) -> Notice:
    return Notice(
        "promotion_list",
        SUBJECT_KIND,
        listed.list_month,
        "contact",
        get_site().talent.hrbp,
        sequence_number=listed.revision_number,
        facts={
            "met_count": listed.met_count,
            "one_open_count": listed.one_open_count,
            "judged_count": listed.judged_count,
        },
    )
