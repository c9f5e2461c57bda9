"""R32: the 30-day Action Plan Report of one class session, for HR, the trainer and the heads of business.

Reads the newest release that is not withheld, draws what is not drawn yet, and commits in one transaction: the
reports' rows, the notices and the milestone. Running it again draws nothing and tells nobody.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainloop import clock
from trainloop.config import get_site
from trainloop.domain.milestone import PLAN_REPORT_STEP
from trainloop.faults import point
from trainloop.outbox.notices import Notice, RecipientKind, plan
from trainloop.plans.published import CLASS_PRODUCT, CLASS_SUBJECT, CLASS_UNIT
from trainloop.reporting.action_plans_view import ClassResults, build_view
from trainloop.reporting.document import Audience
from trainloop.reporting.errors import NothingToReportError, SessionLockedError, VerdictMissingError
from trainloop.reporting.evidence import CheckedFile, ClassSession, Figures, Row
from trainloop.reporting.plan_parts import Results
from trainloop.reporting.production import Report, Subject, make, refuse_failures, register
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement

AUDIENCES: tuple[Audience, ...] = ("hr", "trainer", "business")


def render_reports(session_code: str) -> dict[str, int]:
    """Make the reports of one class; return counts: rendered, unchanged, notices_planned, release_id, revision_number.

    Raises NothingToReportError without a release, VerdictMissingError without the gate's verdict on every file behind
    it, SessionLockedError (transient) when another run is at it, ReportsFailedError when some could not be made; what
    could be made is committed and told before that.
    """
    site = get_site()
    with connect("reporter") as connection:
        if not try_lock(connection, f"{CLASS_PRODUCT}-report:{session_code}"):
            raise SessionLockedError(session_code=session_code)
        found = _read(connection, session_code)
        results = found.results
        subject = Subject(CLASS_SUBJECT, session_code, results.figures.release_id, results.revision_number)
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
            keys = {"session_code": session_code, "step": PLAN_REPORT_STEP, "now": now}
            connection.execute(statement("plan_results", "finish_step"), keys)
        point("plans.report.before_commit")
    point("plans.report.after_commit")
    refuse_failures(reports)
    return {
        "release_id": results.figures.release_id,
        "revision_number": results.revision_number,
        "rendered": sum(not report.is_unchanged for report in reports),
        "unchanged": sum(report.is_unchanged for report in reports),
        "notices_planned": planned,
    }


def _read(connection: Connection, session_code: str) -> ClassResults:
    keys = {"session_code": session_code}
    session = connection.execute(statement("reporting", "class_session"), keys).fetchone()
    # An empty wave code: what people sent by our own forms is in no file.
    files = connection.execute(statement("reporting", "checked_files"), keys | {"wave_code": ""}).fetchall()
    results = read_results(
        connection, CLASS_PRODUCT, CLASS_SUBJECT, session_code, tuple(CheckedFile(**row) for row in files)
    )
    if session is None or results is None:
        raise NothingToReportError(session_code=session_code)
    return ClassResults(ClassSession(**session), results)


def read_results(
    connection: Connection, product: str, subject_kind: str, subject_id: str, files: tuple[CheckedFile, ...]
) -> Results | None:
    """Return the newest release about a subject that may be seen, with the files it rests on; None without one.

    Raises VerdictMissingError when a file did not pass the gate.
    """
    keys = {"product": product, "subject_kind": subject_kind, "subject_id": subject_id}
    head = connection.execute(statement("plan_results", "newest_release"), keys).fetchone()
    if head is None:
        return None
    without = sorted({file.dataset for file in files if file.gate_decision is None})
    if without:
        raise VerdictMissingError(datasets=", ".join(without), subject=f"{subject_kind} {subject_id}")
    release_id = head.pop("release_id")
    here = {"release_id": release_id}
    rows = connection.execute(statement("reporting", "figures"), here)
    figures = Figures(release_id, tuple(Row(**row) for row in rows))
    stories = tuple(row["masked_text"] for row in connection.execute(statement("reporting", "verbatims"), here))
    return Results(**head, figures=figures, stories=stories, files=files)


def _notices(connection: Connection, found: ClassResults, reports: Sequence[Report]) -> list[Notice]:
    """Return a notice for everybody whose PDF exists: HR, the trainer, heads of enough of the learners."""
    site = get_site()
    failed = {report.view.audience for report in reports if report.failure is not None}
    session, results = found.session, found.results
    people: list[tuple[RecipientKind, str, Audience]] = [("contact", key, "hr") for key in site.contacts_of("hr")]
    people.append(("trainer", session.trainer_id, "trainer"))
    keys = {"session_code": session.session_code, "people_min": site.suppression.mean_min}
    heads = connection.execute(statement("plan_results", "business_heads"), keys).fetchall()
    people += [("employee", row["employee_id"], "business") for row in heads]
    facts = {"plan_count": results.figures.count("response", CLASS_UNIT, "plan_count")}
    return [
        Notice(
            "action_plan_report",
            CLASS_SUBJECT,
            session.session_code,
            kind,
            person,
            sequence_number=results.revision_number,
            facts=facts | {"audience": audience},
        )
        for kind, person, audience in people
        if audience not in failed
    ]
