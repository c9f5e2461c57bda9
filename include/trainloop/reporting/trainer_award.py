"""R43: the committee's pack. One transaction draws what is new and asks the committee; again it does nothing."""

from __future__ import annotations

from trainloop import clock
from trainloop.config import get_site
from trainloop.faults import point
from trainloop.reporting.award_view import Ranking, build_view
from trainloop.reporting.errors import ReportBusyError, VerdictMissingError
from trainloop.reporting.evidence import CheckedFile, Figures, Row
from trainloop.reporting.production import Subject, make, refuse_failures, register
from trainloop.requests import approvals
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement

SUBJECT_KIND = "year"
KIND = "trainer_award"


def render_pack() -> dict[str, int]:
    """Draw the newest ranking in every language of the site and ask the committee once a revision.

    After a decision nothing is drawn any more. Returns counts: rendered, unchanged, asked, notices_planned. Raises
    VerdictMissingError when a file behind it did not pass the gate, ReportBusyError (transient) when another run is at
    it, ReportsFailedError when a PDF failed.
    """
    site = get_site()
    counts = {"rendered": 0, "unchanged": 0, "asked": 0, "notices_planned": 0}
    with connect("reporter") as connection:
        found = _read(connection)
        if found is None:
            return counts
        if not try_lock(connection, f"trainer-award-report:{found.year}"):
            raise ReportBusyError(kind="trainer award", subject=found.year)
        subject = Subject(SUBJECT_KIND, found.year, found.figures.release_id, found.revision_number)
        views = [build_view(found, site, locale) for locale in site.company.report_locales]
        reports = make(connection, [(subject, view) for view in views])
        register(connection, reports, clock.now(connection))
        if not any(report.failure for report in reports):
            asked = _ask(connection, found)
            counts |= {"asked": asked.approvals, "notices_planned": asked.notices}
        point("reporting.before_commit")
    point("reporting.after_commit")
    refuse_failures(reports)
    counts["rendered"] = sum(report.rendered is not None for report in reports)
    counts["unchanged"] = sum(report.is_unchanged for report in reports)
    return counts


def _ask(connection: Connection, found: Ranking) -> approvals.Asked:
    ranks = [row for row in found.figures.rows if (row.family, row.statistic) == ("trainer", "rank")]
    facts = {
        "ranked_count": sum(row.value is not None for row in ranks),
        "proposed_ids": ", ".join(sorted(row.code for row in ranks if row.value == 1)),
    }
    contact = get_site().award.decided_by
    return approvals.ask_approval(
        connection, Scan.start(connection), KIND, SUBJECT_KIND, found.year, found.revision_number, contact, facts
    )


def _read(connection: Connection) -> Ranking | None:
    row = connection.execute(statement("award", "newest")).fetchone()
    if row is None or row.pop("state") in {"approved", "rejected"}:
        return None
    release_id = row.pop("release_id")
    files = tuple(CheckedFile(**found) for found in connection.execute(statement("award", "checked_files")))
    without = sorted({file.dataset for file in files if file.gate_decision is None})
    if without:
        raise VerdictMissingError(datasets=", ".join(without), subject=f"the trainers of {row['year']}")
    figures = connection.execute(statement("vendors", "figures"), {"release_id": release_id})
    names = {(found["kind"], found["code"]): found for found in connection.execute(statement("award", "names"))}
    return Ranking(**row, figures=Figures(release_id, tuple(Row(**one) for one in figures)), names=names, files=files)
