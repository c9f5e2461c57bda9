"""《年度培训复盘报告》: HR's draft of every revision that waits for its decision, and what leaves HR after it (R39).

`render_drafts` draws HR's version; its mail waits for it. `send_approved` carries out decisions: the executives'
version and an extract for each department that may be shown are drawn and, in the same commit, executives, HR and these
departments' heads are told. Both may run at any time and again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from trainloop import clock
from trainloop.config import Site, get_site
from trainloop.faults import point
from trainloop.outbox.notices import Notice, plan
from trainloop.reporting.department_review import build_extract, departments
from trainloop.reporting.document import Audience, Document
from trainloop.reporting.errors import ReportBusyError, VerdictMissingError
from trainloop.reporting.evidence import CheckedFile, Figures, Row
from trainloop.reporting.production import Report, Subject, make, refuse_failures, register
from trainloop.reporting.review_desk import Review
from trainloop.reporting.review_view import build_view
from trainloop.requests import approvals
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement

KIND: Final = "training_review"
SUBJECT_KIND: Final = "training_year"
EXTRACT: Final = "department_review"


def render_drafts() -> dict[str, int]:
    """Draw HR's version of every revision that waits for a decision; return counts: drafts, rendered, unchanged.

    Raises VerdictMissingError when a file behind the figures did not pass the gate, ReportBusyError (transient) when
    another run is at it, ReportsFailedError when a draft could not be made.
    """
    site, reports = get_site(), list[Report]()
    with connect("reporter") as connection:
        rows = connection.execute(statement("review", "open_drafts")).fetchall()
        for row in rows:
            reports += make(connection, _editions(_asked_about(connection, row), site, "hr"))
        register(connection, reports, clock.now(connection))
        point("reporting.before_commit")
    point("reporting.after_commit")
    refuse_failures(reports)
    return {"drafts": len(rows), **_counts(reports)}


def send_approved() -> dict[str, int]:
    """Carry out decisions about the review; return counts: approved, rendered, unchanged, notices_planned.

    A rejection needs nothing but the note that it was seen. Raises like `render_drafts`.
    """
    site, reports, planned, approved = get_site(), list[Report](), 0, 0
    with connect("reporter") as connection:
        now = clock.now(connection)
        for row in approvals.undone(connection, KIND):
            made, notices = list[Report](), list[Notice]()
            if row["state"] == "approved":
                review = _asked_about(connection, row)
                made = make(connection, [*_editions(review, site, "business"), *_extracts(review, site)])
                notices = _notices(connection, review, site)
            register(connection, made, now)
            reports += made
            if not any(report.failure for report in made):
                approved += row["state"] == "approved"
                planned += plan(connection, notices)
                approvals.carried_out(connection, [row["approval_id"]], now)
        point("reporting.before_commit")
    point("reporting.after_commit")
    refuse_failures(reports)
    return {"approved": approved, "notices_planned": planned, **_counts(reports)}


def read_review(connection: Connection, year: str, revision_number: int) -> Review:
    """Return one release of a year's review; raises VerdictMissingError and ReportBusyError like `render_drafts`."""
    if not try_lock(connection, f"{KIND}-report:{year}"):
        raise ReportBusyError(kind="training review", subject=year)
    keys = {"year": year, "revision_number": revision_number}
    head = connection.execute(statement("review", "newest"), keys).fetchone()
    assert head is not None
    release_id = head.pop("release_id")
    behind = {"year": int(year), "zone": get_site().company.timezone}
    files = tuple(CheckedFile(**found) for found in connection.execute(statement("review", "checked_files"), behind))
    without = sorted({file.dataset for file in files if file.gate_decision is None})
    if without:
        raise VerdictMissingError(datasets=", ".join(without), subject=f"the training year {year}")
    figures = connection.execute(statement("reporting", "figures"), {"release_id": release_id})
    names = {(found["kind"], found["code"]): found for found in connection.execute(statement("review", "names"))}
    return Review(**head, figures=Figures(release_id, tuple(Row(**one) for one in figures)), names=names, files=files)


def _asked_about(connection: Connection, approval: Mapping[str, Any]) -> Review:
    return read_review(connection, approval["subject_id"], approval["revision_number"])


def _editions(review: Review, site: Site, audience: Audience) -> list[tuple[Subject, Document]]:
    subject = Subject(SUBJECT_KIND, review.year, review.figures.release_id, review.revision_number)
    return [(subject, build_view(review, site, audience, locale)) for locale in site.company.report_locales]


def _extracts(review: Review, site: Site) -> list[tuple[Subject, Document]]:
    return [
        (
            Subject(EXTRACT, f"{review.year}:{code}", review.figures.release_id, review.revision_number),
            build_extract(review, site, code, locale),
        )
        for code in departments(review)
        for locale in site.company.report_locales
    ]


def _notices(connection: Connection, review: Review, site: Site) -> list[Notice]:
    """Return one notice per executive and HR contact, and one per department for its head, once a revision."""
    heads = connection.execute(statement("plan_results", "department_heads"), {"codes": departments(review)}).fetchall()
    contacts = {**site.contacts_of("executive"), **site.contacts_of("hr")}
    number = review.revision_number
    told = [Notice(KIND, SUBJECT_KIND, review.year, "contact", one, sequence_number=number) for one in contacts]
    return told + [
        Notice(
            EXTRACT,
            EXTRACT,
            f"{review.year}:{row['department_code']}",
            "employee",
            row["employee_id"],
            sequence_number=number,
        )
        for row in heads
    ]


def _counts(reports: list[Report]) -> dict[str, int]:
    return {
        "rendered": sum(report.rendered is not None for report in reports),
        "unchanged": sum(report.is_unchanged for report in reports),
    }
