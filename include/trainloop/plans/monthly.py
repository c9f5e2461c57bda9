"""What the plans of a month came to, by department and course (R34, R40).

A month speaks of the classes whose 30-day reports fell due in it, so every plan is in one month, and the classes'
reports came first. Stories are those that these reports have shown, masked as they were.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from trainloop.config import get_site
from trainloop.domain.action_plan import PlanState
from trainloop.domain.milestone import PLAN_REPORT_STEP
from trainloop.domain.plan_result import Outcome, is_month_due, month_days, previous_month
from trainloop.faults import point
from trainloop.plans.class_results import response_counts
from trainloop.plans.published import COURSE, DEPARTMENT, MONTH_PRODUCT, MONTH_SUBJECT, MONTH_UNIT
from trainloop.plans.results import Content, Desk, PlansBusyError, minimums_of, write
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement


def evaluate_month(as_of: date | None = None) -> dict[str, int | str]:
    """Release the results of the month before the business date's, once its first working day has come.

    Returns month (empty when nothing is due), classes, is_new. A month that was released stays as it was released, so
    that what was mailed stays true; a month without classes makes no release. Raises PlansBusyError (transient).
    """
    site = get_site()
    with connect("statistics") as connection:
        scan = Scan.start(connection, as_of)
        month = previous_month(scan.today)
        if not is_month_due(scan.today, site.company.calendar_code):
            return {"month": "", "classes": 0, "is_new": 0}
        if not try_lock(connection, f"{MONTH_PRODUCT}:{month}"):
            raise PlansBusyError(subject=f"month {month}")
        keys = {"product": MONTH_PRODUCT, "subject_kind": MONTH_SUBJECT, "subject_id": month}
        first_day, day_after = month_days(month)
        span = {"step": PLAN_REPORT_STEP, "first_day": first_day, "day_after": day_after}
        counts = connection.execute(statement("plan_results", "month_counts"), span).fetchall()
        is_known = connection.execute(statement("plan_results", "newest_release"), keys).fetchone() is not None
        if is_known or not counts:
            return {"month": month, "classes": len(counts), "is_new": 0}
        write(connection, MONTH_PRODUCT, MONTH_SUBJECT, month, _content(connection, span, counts))
        point("plans.results.before_commit")
    point("plans.results.after_commit")
    return {"month": month, "classes": len(counts), "is_new": 1}


def _content(connection: Connection, span: Mapping[str, Any], counts: Sequence[dict[str, Any]]) -> Content:
    site = get_site()
    rows = connection.execute(statement("plan_results", "month_plans"), span).fetchall()
    desk = Desk(connection, [row["key"] for row in rows], minimums_of(site))
    desk.say(MONTH_UNIT, {"class_count": len(counts)} | response_counts(counts))
    # The company first, then departments (their heads are to act), then courses.
    desk.tell({MONTH_UNIT: [_outcome(row) for row in rows]})
    desk.tell(_units(rows, DEPARTMENT, "department_code"))
    desk.tell(_units(rows, COURSE, "course_code"))
    content = desk.close()
    stories = connection.execute(statement("plan_results", "told_stories"), span).fetchall()
    content.stories = tuple(row["masked_text"] for row in stories[: site.plan_results.stories_shown])
    return content


def _units(rows: Sequence[dict[str, Any]], prefix: str, column: str) -> dict[str, list[Outcome]]:
    """Return the plans by unit; whoever has no known department is in none."""
    units: dict[str, list[Outcome]] = defaultdict(list)
    for row in rows:
        if row[column] is not None:
            units[f"{prefix}{row[column]}"].append(_outcome(row))
    return dict(sorted(units.items()))


def _outcome(row: dict[str, Any]) -> Outcome:
    return Outcome(row["key"], PlanState(row["state"]), row["cause"], row["settled_reason"])
