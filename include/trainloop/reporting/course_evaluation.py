"""R28: the 《培训效果分析报告》 of one class session, for HR and for the trainer, in every language of the site.

Reads the newest release that is not withheld, draws what is not drawn yet, and commits in one transaction: the
reports' rows, the notices to HR and the trainer, and the milestone. Running it again draws nothing and tells nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from trainloop import clock
from trainloop.config import Site, get_site
from trainloop.errors import TrainLoopError
from trainloop.faults import point
from trainloop.outbox.notices import Notice, RecipientKind, plan
from trainloop.reporting import sandbox, storage
from trainloop.reporting.course_view import build_view
from trainloop.reporting.errors import ReportsFailedError, SessionLockedError
from trainloop.reporting.evidence import PRODUCT, Evidence, read_evidence
from trainloop.reporting.view import Audience, ReportView
from trainloop.settings import get_settings
from trainloop.surveys.instrument import load_instrument
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement

AUDIENCES: tuple[Audience, ...] = ("hr", "trainer")
TASK_LIMITS = sandbox.DEFAULT_LIMITS


@dataclass(frozen=True)
class _Report:
    """One view and what became of it: already there, drawn now, or failed with its reason."""

    view: ReportView
    sha256: str
    is_unchanged: bool = False
    uri: str = ""
    rendered: sandbox.RenderedPdf | None = None
    failure: TrainLoopError | None = None


def render_reports(session_code: str) -> dict[str, int | str]:
    """Make the reports of one class session; return counts: rendered, unchanged, notices_planned, release_id.

    Raises NothingToReportError without a release, DataQualityMissingError without the gate's verdict on every file
    behind it, SessionLockedError (transient) when another run is at it, ReportsFailedError when some could not be made;
    what could be made is committed and told before that.
    """
    site = get_site()
    with connect("reporter") as connection:
        if not try_lock(connection, f"{PRODUCT}-report:{session_code}"):
            raise SessionLockedError(session_code=session_code)
        evidence = read_evidence(connection, session_code)
        views = _views(evidence, site)
        reports = _make(connection, evidence, views)
        now = clock.now(connection)
        for report in reports:
            if not report.is_unchanged:
                _register(connection, evidence, report, now)
        failures = [report for report in reports if report.failure is not None]
        planned = plan(connection, _notices(evidence, site, reports))
        if not failures:
            connection.execute(statement("reporting", "finish_milestone"), {"session_code": session_code, "now": now})
        point("reporting.before_commit")
    point("reporting.after_commit")
    if failures:
        reasons = dict.fromkeys(f"{one.view.audience}/{one.view.locale}: {one.failure}" for one in failures)
        raise ReportsFailedError(
            session_code=session_code, failed_count=len(failures), report_count=len(reports), reasons="; ".join(reasons)
        )
    return {
        "release_id": evidence.release.release_id,
        "revision_number": evidence.release.revision_number,
        "rendered": sum(not report.is_unchanged for report in reports),
        "unchanged": sum(report.is_unchanged for report in reports),
        "notices_planned": planned,
    }


def _views(evidence: Evidence, site: Site) -> list[ReportView]:
    instrument = load_instrument(evidence.wave.instrument_code)
    return [
        build_view(evidence, instrument, site, audience, locale)
        for audience in AUDIENCES
        for locale in site.company.report_locales
    ]


def _make(connection: Connection, evidence: Evidence, views: Sequence[ReportView]) -> list[_Report]:
    """Draw the views that are not drawn yet, all in one child process, and keep their files."""
    reports = [_earlier(connection, evidence, view) for view in views]
    waiting = [report for report in reports if not report.is_unchanged]
    point("reporting.before_render")
    results = sandbox.render_all([report.view for report in waiting], TASK_LIMITS) if waiting else []
    point("reporting.after_render")
    finished = {report.sha256: _kept(evidence, report, result) for report, result in zip(waiting, results, strict=True)}
    return [finished.get(report.sha256, report) for report in reports]


def _earlier(connection: Connection, evidence: Evidence, view: ReportView) -> _Report:
    sha256 = view.sha256()
    row = connection.execute(
        statement("reporting", "earlier_report"),
        {
            "kind": PRODUCT,
            "session_code": evidence.session.session_code,
            "audience": view.audience,
            "locale": view.locale,
            "view_sha256": sha256,
        },
    ).fetchone()
    is_there = row is not None and row["state"] == "rendered" and storage.has_content(row["uri"], row["pdf_sha256"])
    return _Report(view=view, sha256=sha256, is_unchanged=is_there)


def _kept(evidence: Evidence, report: _Report, result: sandbox.RenderedPdf | TrainLoopError) -> _Report:
    if isinstance(result, TrainLoopError):
        return _Report(view=report.view, sha256=report.sha256, failure=result)
    view = report.view
    # The content's hash is in the name: a mail that was planned with the earlier file still finds exactly that one.
    name = f"{view.audience}-{view.locale}-r{evidence.release.revision_number}-{result.sha256[:12]}.pdf"
    folder = f"{PRODUCT}/{storage.safe_name(view.session_code)}"
    uri = f"{get_settings().folder_uri('reports')}/{folder}/{name}"
    try:
        storage.keep(result.pdf, uri)
    except TrainLoopError as error:
        return _Report(view=view, sha256=report.sha256, failure=error)
    point("reporting.after_rename")
    return _Report(view=view, sha256=report.sha256, uri=uri, rendered=result)


def _register(connection: Connection, evidence: Evidence, report: _Report, now: datetime) -> None:
    rendered = report.rendered
    connection.execute(
        statement("reporting", "register_report"),
        {
            "kind": PRODUCT,
            "session_code": evidence.session.session_code,
            "audience": report.view.audience,
            "locale": report.view.locale,
            "release_id": evidence.release.release_id,
            "revision_number": evidence.release.revision_number,
            "view_sha256": report.sha256,
            "state": "rendered" if rendered else "failed",
            "uri": report.uri or None,
            "pdf_sha256": rendered.sha256 if rendered else None,
            "size_bytes": len(rendered.pdf) if rendered else None,
            "page_count": rendered.page_count if rendered else None,
            "failure_reason": str(report.failure) if report.failure else None,
            "rendered_at": now,
        },
    )


def _notices(evidence: Evidence, site: Site, reports: Sequence[_Report]) -> list[Notice]:
    """Return a notice for everybody whose PDF exists: HR contacts and the trainer, once a revision."""
    made = {report.view.audience for report in reports}
    made -= {report.view.audience for report in reports if report.failure is not None}
    recipients: list[tuple[RecipientKind, str, Audience]] = [("contact", key, "hr") for key in site.contacts_of("hr")]
    recipients.append(("trainer", evidence.session.trainer_id, "trainer"))
    return [
        Notice(
            kind="evaluation_report",
            subject_kind="class_session",
            subject_id=evidence.session.session_code,
            recipient_kind=recipient_kind,
            recipient_id=recipient_id,
            sequence_number=evidence.release.revision_number,
            facts={"audience": audience},
        )
        for recipient_kind, recipient_id, audience in recipients
        if audience in made
    ]
