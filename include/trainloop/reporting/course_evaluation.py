"""R28: the 《培训效果分析报告》 of one class session, for HR and for the trainer, in every language of the site.

Reads the newest release that is not withheld, draws what is not drawn yet, and commits in one transaction: the
reports' rows, the notices to HR and the trainer, and the milestone. Running it again draws nothing and tells nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainloop import clock
from trainloop.config import Site, get_site
from trainloop.faults import point
from trainloop.outbox.notices import Notice, RecipientKind, plan
from trainloop.reporting import sandbox
from trainloop.reporting.course_view import build_view
from trainloop.reporting.document import Audience
from trainloop.reporting.errors import SessionLockedError
from trainloop.reporting.evidence import PRODUCT, Evidence, read_evidence
from trainloop.reporting.production import Report, Subject, make, refuse_failures, register
from trainloop.reporting.view import ReportView
from trainloop.surveys.instrument import load_instrument
from trainloop.warehouse.engine import connect, try_lock
from trainloop.warehouse.statements import statement

AUDIENCES: tuple[Audience, ...] = ("hr", "trainer")
TASK_LIMITS = sandbox.DEFAULT_LIMITS


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
        release = evidence.release
        subject = Subject("class_session", session_code, release.release_id, release.revision_number)
        reports = make(connection, [(subject, view) for view in _views(evidence, site)], TASK_LIMITS)
        now = clock.now(connection)
        register(connection, reports, now)
        failures = [report for report in reports if report.failure is not None]
        planned = plan(connection, _notices(evidence, site, reports))
        if not failures:
            connection.execute(statement("reporting", "finish_milestone"), {"session_code": session_code, "now": now})
        point("reporting.before_commit")
    point("reporting.after_commit")
    refuse_failures(reports)
    return {
        "release_id": release.release_id,
        "revision_number": release.revision_number,
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


def _notices(evidence: Evidence, site: Site, reports: Sequence[Report]) -> list[Notice]:
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
