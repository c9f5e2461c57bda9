"""R34, R40: the monthly results for HR, and their own figures for the heads of departments.

One transaction draws what is new and plans the mails; again it does nothing. A head reads of a department whose figures
may be shown, and of its obstacles by cause; nobody reads another department's.
"""

from __future__ import annotations

from trainloop import clock
from trainloop.config import get_site
from trainloop.domain.milestone import PLAN_REPORT_STEP
from trainloop.domain.plan_result import month_days
from trainloop.faults import point
from trainloop.outbox.notices import Notice, plan
from trainloop.plans.published import DEPARTMENT, MONTH_PRODUCT, MONTH_SUBJECT
from trainloop.reporting.action_plans import read_results
from trainloop.reporting.errors import ReportBusyError
from trainloop.reporting.evidence import CheckedFile
from trainloop.reporting.monthly_view import MonthResults, build_view
from trainloop.reporting.production import Subject, make, refuse_failures, register
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement


def render_month() -> dict[str, int]:
    """Draw the newest month's results in every language of the site; tell HR and heads once a revision.

    Returns counts: rendered, unchanged, notices_planned. Raises VerdictMissingError when a file behind the classes did
    not pass the gate, ReportBusyError (transient) when another run is at it, ReportsFailedError when a PDF failed.
    """
    site = get_site()
    with connect("reporter") as connection:
        found = _read(connection)
        if found is None:
            return {"rendered": 0, "unchanged": 0, "notices_planned": 0}
        if not try_lock(connection, f"{MONTH_PRODUCT}-report:{found.month}"):
            raise ReportBusyError(kind="monthly results", subject=found.month)
        results = found.results
        subject = Subject(MONTH_SUBJECT, found.month, results.figures.release_id, results.revision_number)
        reports = make(
            connection, [(subject, build_view(found, site, locale)) for locale in site.company.report_locales]
        )
        register(connection, reports, clock.now(connection))
        planned = 0
        if not any(report.failure for report in reports):
            planned = plan(connection, _notices(connection, found))
        point("plans.report.before_commit")
    point("plans.report.after_commit")
    refuse_failures(reports)
    return {
        "rendered": sum(report.rendered is not None for report in reports),
        "unchanged": sum(report.is_unchanged for report in reports),
        "notices_planned": planned,
    }


def _read(connection: Connection) -> MonthResults | None:
    newest = connection.execute(statement("plan_results", "newest_month")).fetchone()
    if newest is None:
        return None
    month = newest["month"]
    first_day, day_after = month_days(month)
    span = {"step": PLAN_REPORT_STEP, "first_day": first_day, "day_after": day_after}
    files = tuple(CheckedFile(**row) for row in connection.execute(statement("plan_results", "month_files"), span))
    results = read_results(connection, MONTH_PRODUCT, MONTH_SUBJECT, month, files)
    if results is None:
        return None
    names = {
        row["unit"]: (row["name_zh"], row["name_en"])
        for row in connection.execute(statement("plan_results", "unit_names"))
    }
    shown = set(results.figures.codes("plan"))
    return MonthResults(month, results, {unit: pair for unit, pair in names.items() if unit in shown})


def _notices(connection: Connection, found: MonthResults) -> list[Notice]:
    results = found.results
    notices = [
        Notice(
            "monthly_results",
            MONTH_SUBJECT,
            found.month,
            "contact",
            contact,
            sequence_number=results.revision_number,
        )
        for contact in get_site().contacts_of("hr")
    ]
    codes = [
        unit.removeprefix(DEPARTMENT)
        for unit in results.figures.codes("plan")
        if unit.startswith(DEPARTMENT) and results.figures.value("plan", unit, "done_pct") is not None
    ]
    heads = connection.execute(statement("plan_results", "department_heads"), {"codes": codes}).fetchall()
    return notices + [
        Notice(
            "monthly_results",
            MONTH_SUBJECT,
            found.month,
            "employee",
            row["employee_id"],
            step=row["department_code"],
            sequence_number=results.revision_number,
        )
        for row in heads
    ]
