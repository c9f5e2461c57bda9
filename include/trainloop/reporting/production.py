"""From views to kept and registered PDFs, whatever kind of report they are.

`make` draws what is not drawn yet, all in one child process, and keeps the files; `register` writes their rows in the
caller's transaction, together with whatever tells people of them; `refuse_failures` raises after that commit, so that
what could be made is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from trainloop import storage
from trainloop.errors import TrainLoopError
from trainloop.faults import point
from trainloop.reporting import sandbox
from trainloop.reporting.document import Document
from trainloop.reporting.errors import ReportsFailedError
from trainloop.settings import get_settings
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


@dataclass(frozen=True)
class Subject:
    """What reports are about, and the release they print: None for a private report, of which nothing is published."""

    subject_kind: str
    subject_id: str
    release_id: int | None
    revision_number: int


@dataclass(frozen=True)
class Report:
    """One view and what became of it: already there, drawn now, or failed with its reason."""

    subject: Subject
    view: Document
    sha256: str
    is_unchanged: bool = False
    uri: str = ""
    rendered: sandbox.RenderedPdf | None = None
    failure: TrainLoopError | None = None


def make(
    connection: Connection,
    editions: Sequence[tuple[Subject, Document]],
    limits: sandbox.Limits = sandbox.DEFAULT_LIMITS,
) -> list[Report]:
    """Draw the editions that are not drawn yet, all in one child process, and keep their files."""
    reports = [_earlier(connection, subject, view) for subject, view in editions]
    waiting = [place for place, report in enumerate(reports) if not report.is_unchanged]
    point("reporting.before_render")
    results = sandbox.render_all([reports[place].view for place in waiting], limits) if waiting else []
    point("reporting.after_render")
    for place, result in zip(waiting, results, strict=True):
        reports[place] = _kept(reports[place], result)
    return reports


def register(connection: Connection, reports: Sequence[Report], now: datetime) -> None:
    """Write what was made or failed into `ops.reports`; what was there before stays as it is."""
    for report in reports:
        if not report.is_unchanged:
            connection.execute(statement("reporting", "register_report"), _row(report, now))


def refuse_failures(reports: Sequence[Report]) -> None:
    """Raise ReportsFailedError naming the editions that were not made and why."""
    failures = [report for report in reports if report.failure is not None]
    if failures:
        reasons = dict.fromkeys(f"{one.view.audience}/{one.view.locale}: {one.failure}" for one in failures)
        subjects = dict.fromkeys(f"{one.subject.subject_kind} {one.subject.subject_id}" for one in failures)
        raise ReportsFailedError(
            subject=", ".join(subjects),
            failed_count=len(failures),
            report_count=len(reports),
            reasons="; ".join(reasons),
        )


def _key(subject: Subject, view: Document, sha256: str) -> dict[str, str]:
    return {
        "kind": view.kind,
        "subject_kind": subject.subject_kind,
        "subject_id": subject.subject_id,
        "audience": view.audience,
        "locale": view.locale,
        "view_sha256": sha256,
    }


def _earlier(connection: Connection, subject: Subject, view: Document) -> Report:
    sha256 = view.sha256()
    row = connection.execute(statement("reporting", "earlier_report"), _key(subject, view, sha256)).fetchone()
    is_there = row is not None and row["state"] == "rendered" and storage.has_content(row["uri"], row["pdf_sha256"])
    return Report(subject=subject, view=view, sha256=sha256, is_unchanged=is_there)


def _kept(report: Report, result: sandbox.RenderedPdf | TrainLoopError) -> Report:
    if isinstance(result, TrainLoopError):
        return replace(report, failure=result)
    view, subject = report.view, report.subject
    # The content's hash is in the name: a mail that was planned with the earlier file still finds exactly that one.
    name = f"{view.audience}-{view.locale}-r{subject.revision_number}-{result.sha256[:12]}.pdf"
    uri = f"{get_settings().folder_uri('reports')}/{view.kind}/{storage.safe_name(subject.subject_id)}/{name}"
    try:
        storage.keep(uri, result.pdf)
    except TrainLoopError as error:
        return replace(report, failure=error)
    point("reporting.after_rename")
    return replace(report, uri=uri, rendered=result)


def _row(report: Report, now: datetime) -> dict[str, object]:
    rendered, subject = report.rendered, report.subject
    return _key(subject, report.view, report.sha256) | {
        "release_id": subject.release_id,
        "revision_number": subject.revision_number,
        "state": "rendered" if rendered else "failed",
        "uri": report.uri or None,
        "pdf_sha256": rendered.sha256 if rendered else None,
        "size_bytes": len(rendered.pdf) if rendered else None,
        "page_count": rendered.page_count if rendered else None,
        "failure_reason": str(report.failure) if report.failure else None,
        "rendered_at": now,
    }
