"""R37, R38: the 90-day Performance Report of one class session, for HR and for heads of business.

Reads the newest release that is not withheld, draws what is not drawn yet, and commits in one transaction: the
reports' rows, the notices and the milestone. Running it again draws nothing and tells nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainloop import clock
from trainloop.config import get_site
from trainloop.domain.milestone import PERFORMANCE_STEP
from trainloop.faults import point
from trainloop.outbox.notices import Notice, RecipientKind, plan
from trainloop.reporting.document import Audience
from trainloop.reporting.errors import NothingToReportError, SessionLockedError, VerdictMissingError
from trainloop.reporting.evidence import CheckedFile, ClassSession, Figures, Release, Row
from trainloop.reporting.performance_view import Performance, build_view
from trainloop.reporting.production import Report, Subject, make, refuse_failures, register
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement

AUDIENCES: tuple[Audience, ...] = ("hr", "business")


def render_reports(session_code: str) -> dict[str, int | str]:
    """Make the reports of one class; return counts: rendered, unchanged, notices_planned, release_id, revision_number.

    Raises NothingToReportError without a release, VerdictMissingError without the gate's verdict on every file behind
    it, SessionLockedError (transient) when another run is at it, ReportsFailedError when some could not be made; what
    could be made is committed and told before that.
    """
    site = get_site()
    with connect("reporter") as connection:
        if not try_lock(connection, f"performance-report:{session_code}"):
            raise SessionLockedError(session_code=session_code)
        found = read_performance(connection, session_code)
        subject = Subject("class_session", session_code, found.release.release_id, found.release.revision_number)
        editions = [
            (subject, build_view(found, site, audience, locale))
            for audience in AUDIENCES
            for locale in site.company.report_locales
        ]
        reports = make(connection, editions)
        now = clock.now(connection)
        register(connection, reports, now)
        planned = plan(connection, _notices(connection, found, reports))
        if not any(report.failure for report in reports):
            keys = {"session_code": session_code, "step": PERFORMANCE_STEP, "now": now}
            connection.execute(statement("performance", "finish_step"), keys)
        point("performance.report.before_commit")
    point("performance.report.after_commit")
    refuse_failures(reports)
    return {
        "release_id": found.release.release_id,
        "revision_number": found.release.revision_number,
        "rendered": sum(not report.is_unchanged for report in reports),
        "unchanged": sum(report.is_unchanged for report in reports),
        "notices_planned": planned,
    }


def read_performance(connection: Connection, session_code: str) -> Performance:
    """Return what the newest release of a class says after 90 days, and what it rests on."""
    key = {"session_code": session_code}
    head = connection.execute(statement("performance", "newest_release"), key).fetchone()
    session = connection.execute(statement("reporting", "class_session"), key).fetchone()
    if head is None or session is None:
        raise NothingToReportError(session_code=session_code)
    release = Release(**head)
    rows = connection.execute(statement("reporting", "figures"), {"release_id": release.release_id}).fetchall()
    figures = Figures(release.release_id, tuple(Row(**row) for row in rows))
    codes = {"kpi_codes": list(figures.codes("effect"))}
    definitions = {
        row["kpi_code"]: row for row in connection.execute(statement("performance", "indicator_names"), codes)
    }
    files = tuple(CheckedFile(**row) for row in connection.execute(statement("performance", "checked_files"), key))
    without = sorted({file.dataset for file in files if file.gate_decision is None})
    if without:
        raise VerdictMissingError(datasets=", ".join(without), subject=f"class session {session_code}")
    return Performance(release, ClassSession(**session), figures, definitions, files)


def _notices(connection: Connection, found: Performance, reports: Sequence[Report]) -> list[Notice]:
    """Return a notice for everybody whose PDF exists: HR, and the heads of the departments the learners came from."""
    site = get_site()
    failed = {report.view.audience for report in reports if report.failure is not None}
    keys = {"session_code": found.session.session_code, "people_min": site.suppression.mean_min}
    heads = connection.execute(statement("performance", "business_heads"), keys).fetchall()
    people: list[tuple[RecipientKind, str, Audience]] = [("contact", one, "hr") for one in site.contacts_of("hr")]
    people += [("employee", row["employee_id"], "business") for row in heads]
    return [
        Notice(
            "performance_report",
            "class_session",
            found.session.session_code,
            kind,
            person,
            sequence_number=found.release.revision_number,
            facts={"audience": audience},
        )
        for kind, person, audience in people
        if audience not in failed
    ]
