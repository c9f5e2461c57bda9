"""Which classes' 30-day Action Plan Reports are due: planned, announced, expired; set-based, idempotent by key (R32).

The report is owed some days after the last learner's check-in, so that managers have had time to confirm; what comes
later than the site's limit helps nobody and is expired, which is reported.
"""

from __future__ import annotations

from datetime import date, timedelta

from trainloop import faults
from trainloop.config import get_site
from trainloop.domain import calendar
from trainloop.domain.action_plan import PLAN_DAYS
from trainloop.domain.milestone import PLAN_REPORT_STEP, MilestoneState
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def sessions_to_report(as_of: date | None = None) -> list[str]:
    """Return the codes of class sessions whose 30-day report is due and owed, and mark them announced.

    A code comes again when its report is still owed after the emit lease (real time).
    """
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of)
        _plan(connection, scan)
        keys = {"step": PLAN_REPORT_STEP, "now": scan.now}
        for name, state, reason in (
            ("cancelled_steps", MilestoneState.SKIPPED, "class_cancelled"),
            ("late_steps", MilestoneState.EXPIRED, "not_after_passed"),
        ):
            codes = [row["session_code"] for row in connection.execute(statement("plan_results", name), keys)]
            _settle(connection, scan, codes, state, reason)
        rows = connection.execute(
            statement("plan_results", "emit"),
            keys | {"today": scan.today, "lease": timedelta(minutes=get_site().emit_lease_minutes)},
        ).fetchall()
        faults.point("plans.emit.before_commit")
    faults.point("plans.emit.after_commit")
    return sorted(row["session_code"] for row in rows)


def _plan(connection: Connection, scan: Scan) -> None:
    site = get_site()
    rules, code = site.plan_results, site.company.calendar_code
    rows = connection.execute(
        statement("plan_results", "asked_classes"), {"step": PLAN_REPORT_STEP, "now": scan.now, "plan_days": PLAN_DAYS}
    ).fetchall()
    due = [calendar.roll_forward(row["last_check_in_on"] + timedelta(days=rules.report_days), code) for row in rows]
    latest = [
        calendar.end_of_day(row["last_check_in_on"] + timedelta(days=rules.not_after_days), site.company.zone)
        for row in rows
    ]
    connection.execute(
        statement("plan_results", "plan_steps"),
        {
            "step": PLAN_REPORT_STEP,
            "now": scan.real_now,
            "session_codes": [row["session_code"] for row in rows],
            "due_on": [one.day for one in due],
            "not_after": latest,
            "is_provisional": [one.is_provisional for one in due],
        },
    )


def _settle(connection: Connection, scan: Scan, codes: list[str], state: MilestoneState, reason: str) -> None:
    if not codes:
        return
    connection.execute(
        statement("milestones", "finish_steps"),
        {
            "subject_kind": "class_session",
            "subject_ids": codes,
            "steps": [PLAN_REPORT_STEP],
            "state": state.value,
            "reason": reason,
            "now": scan.real_now,
        },
    )
    if state is MilestoneState.EXPIRED:
        columns = {"session_code": codes, "step": [PLAN_REPORT_STEP for _ in codes]}
        connection.execute(statement("milestones", "record_expired"), columns)
