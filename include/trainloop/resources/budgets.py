"""Budgets (R17): what is over its plan needs a decision, and HR reads once a month how the year stands.

An overspent budget opens an approval (kind `over_budget`); a larger overspend than the one that was decided on opens
the next. Until one of at least that size is approved, `marts/readiness_findings.sql` names the classes that use it.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from trainloop.config import get_site
from trainloop.domain.budget import Budget
from trainloop.faults import point
from trainloop.outbox.notices import Notice, plan
from trainloop.requests import approvals
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, connect, lock
from trainloop.warehouse.statements import statement

APPROVAL_KIND: Final = "over_budget"


def check_due(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Ask HR about budgets that are newly over, note decisions as seen, plan the month's mail.

    Returns counts: budgets, over, asked, notices_planned. With a date in the past nobody is asked or mailed unless
    `allow_send`.
    """
    with connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        # Two scans at once would both find the last question answered.
        lock(connection, "check_budgets")
        rows = connection.execute(statement("budgets", "with_questions"), {"kind": APPROVAL_KIND}).fetchall()
        counts = {"budgets": len(rows), "over": 0, "asked": 0, "notices_planned": 0}
        for row in rows:
            budget = budget_of(row)
            counts["over"] += budget.over > 0
            if scan.may_mail and budget.over > (row["asked_amount"] or 0):
                asked = _ask(connection, scan, budget, (row["asked_revision"] or 0) + 1)
                counts["asked"] += asked.approvals
                counts["notices_planned"] += asked.notices
        # A decision about money changes nothing here by itself: the finding of the classes looks at the row.
        seen = [row["approval_id"] for row in approvals.undone(connection, APPROVAL_KIND)]
        approvals.carried_out(connection, seen, scan.real_now)
        if scan.may_mail and rows:
            counts["notices_planned"] += _plan_month(connection, scan.real_today)
        point("budgets.before_commit")
    point("budgets.after_commit")
    return counts


def budget_of(row: dict[str, Any]) -> Budget:
    """Return the budget of a row of `core.budgets`."""
    return Budget(
        row["budget_code"],
        row["name"],
        row["planned_amount"],
        row["committed_amount"],
        row["actual_amount"],
        row["currency"],
    )


def _ask(connection: Connection, scan: Scan, budget: Budget, revision_number: int) -> approvals.Asked:
    facts = {
        "planned_amount": f"{budget.planned}",
        "forecast_amount": f"{budget.forecast}",
        "over_amount": f"{budget.over}",
        "currency": budget.currency,
    }
    contact = get_site().resources.budgets_approved_by
    return approvals.ask_approval(
        connection, scan, APPROVAL_KIND, "budget", budget.budget_code, revision_number, contact, facts
    )


def _plan_month(connection: Connection, today: date) -> int:
    """Plan the mail of this month about this year's budgets, once for each contact of HR."""
    year, month = str(today.year), today.month
    return plan(
        connection,
        [
            Notice("budget_status", "year", year, "contact", contact, sequence_number=month)
            for contact in get_site().contacts_of("hr")
        ],
    )
