"""R07: the private 360 feedback of one newly promoted manager, for that person and nobody else.

Made from `confidential.assessment_*` by the role `feedback`, which alone reads them; nothing of it is published. One
transaction registers the PDFs and plans the mail to the person. Running it again draws nothing and tells nobody.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from trainloop import clock
from trainloop.config import get_site
from trainloop.errors import PermanentError
from trainloop.faults import point
from trainloop.outbox.notices import Notice, plan
from trainloop.reporting.assessment_page import Feedback, build_view
from trainloop.reporting.errors import SessionLockedError
from trainloop.reporting.production import Report, Subject, make, register
from trainloop.surveys.instrument import load_instrument
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement

# How long a result is looked after: a PDF whose file is gone is drawn again, a mail that was not planned is planned.
WATCHED = timedelta(days=90)


class FeedbacksFailedError(PermanentError):
    """{failed_count} private 360 PDFs could not be made; each wave's own row in ops.reports says why.

    Mend the cause and clear the task: what was made is neither drawn nor mailed again.
    """


def render_feedback(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Make the PDF of every private result and plan its mail. Returns counts: rendered, unchanged, notices_planned.

    A result that shows nothing but the own view makes no PDF. With a date in the past nobody is mailed unless
    `allow_send`; the next ordinary run tells them. Raises FeedbacksFailedError after everybody else's was made.
    """
    with connect("feedback") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        wanted = {"now": scan.now, "computed_since": scan.now - WATCHED}
        rows = connection.execute(statement("assessments", "to_render"), wanted).fetchall()
    counts = {"rendered": 0, "unchanged": 0, "notices_planned": 0}
    failed = [row["wave_code"] for row in rows if not _render(row, scan, counts)]
    if failed:
        raise FeedbacksFailedError(failed_count=len(failed))
    return counts


def _render(row: dict[str, Any], scan: Scan, counts: dict[str, int]) -> bool:
    """Make one person's PDFs; return whether all were made."""
    site = get_site()
    subject = Subject("assessment", row["wave_code"], None, 1)
    with connect("feedback") as connection:
        if not try_lock(connection, f"assessment-report:{row['wave_code']}"):
            raise SessionLockedError(session_code=row["wave_code"])
        feedback = _read(connection, row)
        instrument = load_instrument(row["instrument_code"])
        views = [build_view(feedback, instrument, site, locale) for locale in site.company.report_locales]
        reports = make(connection, [(subject, view) for view in views])
        register(connection, reports, clock.now(connection))
        is_whole = all(report.failure is None for report in reports)
        if is_whole and scan.may_mail:
            counts["notices_planned"] += plan(connection, [_notice(row)])
        point("reporting.before_commit")
    point("reporting.after_commit")
    _count(reports, counts)
    return is_whole


def _count(reports: list[Report], counts: dict[str, int]) -> None:
    counts["rendered"] += sum(report.rendered is not None for report in reports)
    counts["unchanged"] += sum(report.is_unchanged for report in reports)


def _read(connection: Connection, row: dict[str, Any]) -> Feedback:
    keys = {"wave_code": row["wave_code"]}
    figures = {
        (found["group_code"], found["family"], found["code"], found["statistic"]): found
        for found in connection.execute(statement("assessments", "figures"), keys)
    }
    comments: dict[str, list[str]] = {}
    for found in connection.execute(statement("assessments", "comments"), keys):
        comments.setdefault(found["item_code"], []).append(found["masked_text"])
    return Feedback(
        wave_code=row["wave_code"],
        promoted_on=row["promoted_on"],
        computed_at=row["computed_at"],
        site_version=row["site_version"],
        rater_count=row["rater_count"],
        figures=figures,
        comments=comments,
    )


def _notice(row: dict[str, Any]) -> Notice:
    return Notice("assessment_feedback", "assessment", row["wave_code"], "employee", row["employee_id"])
