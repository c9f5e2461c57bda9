"""R12–R13: the vendors' scorecard. One transaction draws what is new and plans HR's mails; again it does nothing."""

from __future__ import annotations

from trainloop import clock
from trainloop.config import get_site
from trainloop.faults import point
from trainloop.outbox.notices import Notice, plan
from trainloop.reporting.errors import ReportBusyError, VerdictMissingError
from trainloop.reporting.evidence import CheckedFile, Figures, Row
from trainloop.reporting.production import Subject, make, refuse_failures, register
from trainloop.reporting.vendor_view import Scoring, build_view
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement

SUBJECT_KIND = "quarter"


def render_scorecard() -> dict[str, int]:
    """Draw the newest scores in every language of the site and tell HR once a revision.

    Returns counts: rendered, unchanged, notices_planned. Raises VerdictMissingError when a file behind the scores did
    not pass the gate, ReportBusyError (transient) when another run is at it, ReportsFailedError when a PDF failed.
    """
    site = get_site()
    with connect("reporter") as connection:
        scoring = _read(connection)
        if scoring is None:
            return {"rendered": 0, "unchanged": 0, "notices_planned": 0}
        if not try_lock(connection, f"vendor-scores-report:{scoring.quarter}"):
            raise ReportBusyError(kind="vendor scores", subject=scoring.quarter)
        subject = Subject(SUBJECT_KIND, scoring.quarter, scoring.figures.release_id, scoring.revision_number)
        views = [build_view(scoring, site, locale) for locale in site.company.report_locales]
        reports = make(connection, [(subject, view) for view in views])
        register(connection, reports, clock.now(connection))
        planned = 0
        if not any(report.failure for report in reports):
            planned = plan(connection, [_notice(subject, contact) for contact in site.contacts_of("hr")])
        point("reporting.before_commit")
    point("reporting.after_commit")
    refuse_failures(reports)
    return {
        "rendered": sum(report.rendered is not None for report in reports),
        "unchanged": sum(report.is_unchanged for report in reports),
        "notices_planned": planned,
    }


def _read(connection: Connection) -> Scoring | None:
    row = connection.execute(statement("vendors", "newest")).fetchone()
    if row is None:
        return None
    release_id = row.pop("release_id")
    files = tuple(CheckedFile(**found) for found in connection.execute(statement("vendors", "checked_files")))
    without = sorted({file.dataset for file in files if file.gate_decision is None})
    if without:
        raise VerdictMissingError(datasets=", ".join(without), subject=f"the vendors of {row['quarter']}")
    figures = connection.execute(statement("vendors", "figures"), {"release_id": release_id})
    names = {(found["kind"], found["code"]): found for found in connection.execute(statement("vendors", "names"))}
    return Scoring(**row, figures=Figures(release_id, tuple(Row(**one) for one in figures)), names=names, files=files)


def _notice(subject: Subject, contact: str) -> Notice:
    return Notice(
        "vendor_scores",
        subject.subject_kind,
        subject.subject_id,
        "contact",
        contact,
        sequence_number=subject.revision_number,
    )
