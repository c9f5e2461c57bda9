"""What learners and managers hear about plans: Monday's digest, the check-in on its day, what a manager owes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from trainloop import faults
from trainloop.config import get_site
from trainloop.domain import calendar
from trainloop.domain.action_plan import CHECK_IN_INSTRUMENT, PLAN_SUBJECT
from trainloop.domain.survey import may_call_from
from trainloop.outbox.notices import Notice, plan
from trainloop.requests import commitments
from trainloop.requests.commitments import Commitment
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

BATCH_SIZE = 2_000


def ask_managers(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Follow who leads whom, and ask managers to acknowledge new plans and to confirm what is done.

    Where nobody leads a learner, HR is asked. Returns counts: plans_followed, requests_withdrawn, asked,
    notices_planned.
    """
    counts = dict.fromkeys(("plans_followed", "requests_withdrawn", "asked", "notices_planned"), 0)
    hr = next(iter(get_site().contacts_of("hr")))
    with engine.connect("planner", autocommit=True) as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        with connection.transaction():
            followed = connection.execute(statement("plans", "follow_people"), {"today": scan.real_today})
            counts["plans_followed"] = followed.rowcount
            withdrawn = connection.execute(statement("plans", "withdraw_requests"), {"hr_contact": hr})
            counts["requests_withdrawn"] = withdrawn.rowcount
        found = BATCH_SIZE
        while found == BATCH_SIZE:
            with connection.transaction():
                rows = connection.execute(
                    statement("plans", "plans_to_put_to_managers"), {"batch_size": BATCH_SIZE}
                ).fetchall()
                asked = commitments.ask(connection, scan, [_owed(row, hr) for row in rows])
                faults.point("plans.ask_managers.before_commit")
            counts["asked"] += asked.commitments
            counts["notices_planned"] += asked.notices
            # Whoever was asked before by the same name is not asked again, so a batch that asks nobody is the last.
            found = len(rows) if asked.commitments else 0
    return counts


def _owed(row: dict[str, Any], hr: str) -> Commitment:
    kind, person = ("employee", row["manager_id"]) if row["manager_id"] else ("contact", hr)
    return Commitment(row["kind"], PLAN_SUBJECT, row["plan_id"], kind, person)  # type: ignore[arg-type]


def plan_digests(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Plan this week's digests: one per learner over all plans, one per manager; nobody with nothing due gets one.

    Judged by this week's Monday whatever day the scan runs on, so a Monday without a run is made up for. Returns
    counts: learners, managers, notices_planned.
    """
    counts = {"learners": 0, "managers": 0, "notices_planned": 0}
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        if not scan.may_mail:
            return counts
        site, rules = get_site(), get_site().action_plans
        monday = scan.today - timedelta(days=scan.today.weekday())
        year, week, _ = monday.isocalendar()
        values = {
            "week": f"{year}-W{week:02}",
            "monday": monday,
            "now": scan.real_now,
            "week_ends_at": calendar.start_of_day(monday + timedelta(days=7), site.company.zone),
            "zone": site.company.timezone,
            "min_age_days": rules.digest_min_age_days,
            "amber_days": rules.amber_days,
        }
        counts["learners"] = connection.execute(statement("plans", "plan_digests"), values).rowcount
        counts["managers"] = connection.execute(statement("plans", "plan_team_digests"), values).rowcount
        counts["notices_planned"] = counts["learners"] + counts["managers"]
        faults.point("plans.digests.before_commit")
    faults.point("plans.digests.after_commit")
    return counts


def call_check_ins(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Call for the check-ins that are due; remind at most twice, 48 hours apart. Returns counts: notices_planned."""
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        if not scan.may_mail:
            return {"notices_planned": 0}
        engine.lock(connection, "call_check_ins")
        rows = connection.execute(statement("plans", "check_ins_due"), {"today": scan.today}).fetchall()
        planned = plan(connection, [notice for row in rows if (notice := _call(row, scan)) is not None])
        faults.point("plans.check_ins.before_commit")
    faults.point("plans.check_ins.after_commit")
    return {"notices_planned": planned}


def _call(row: dict[str, Any], scan: Scan) -> Notice | None:
    """Return the call or the reminder that is due now; after days without a scan only the last of them."""
    rule = get_site().survey_waves[CHECK_IN_INSTRUMENT]
    if row["is_waiting"]:
        return None
    age = (scan.today - row["check_in_due_on"]).days
    number = sum(days <= age for days in rule.reminder_days) if row["call_count"] else 0
    if row["call_count"] and number == 0:
        return None
    least_hours = get_site().surveys.min_hours_between_reminders
    return Notice(
        "plan_check_in",
        PLAN_SUBJECT,
        row["plan_id"],
        "employee",
        row["employee_id"],
        step=f"reminder_{number}" if number else "",
        not_before=may_call_from(scan.real_now, row["last_called_at"], least_hours),
        not_after=calendar.end_of_day(row["check_in_due_on"] + timedelta(days=rule.days_open), get_site().company.zone),
    )
