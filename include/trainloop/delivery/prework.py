"""Pre-work reminders (R19): three days and one day before a class, only to learners who have not finished.

Nobody is reminded on the day they got the materials, nor within 48 hours of another reminder. Whether somebody has
finished is asked again when the mail is composed.
"""

from __future__ import annotations

from datetime import date, timedelta

from trainloop import faults
from trainloop.config import get_site
from trainloop.delivery import steps
from trainloop.domain import calendar
from trainloop.domain.milestone import MilestoneState
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

STEPS = ("prework_reminder_1", "prework_reminder_2")


def remind_of_prework(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Plan the reminders that are due and settle their steps. Returns counts: steps_done, notices_planned.

    With a date in the past nothing is settled and nobody mailed unless `allow_send`.
    """
    counts = {"steps_done": 0, "notices_planned": 0}
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        if not scan.may_mail:
            return counts
        engine.lock(connection, "remind_of_prework")
        due = steps.due_steps(connection, scan, STEPS)
        site = get_site()
        rows = connection.execute(
            statement("materials", "remind_of_prework"),
            {
                "session_codes": list(due),
                "step_keys": [f"{one.step}/{one.due_on}" for one in due.values()],
                "now": scan.real_now,
                "day_starts_at": calendar.start_of_day(scan.real_today, site.company.zone),
                "reminded_before": scan.real_now - timedelta(hours=site.surveys.min_hours_between_reminders),
            },
        ).fetchall()
        ends: dict[tuple[MilestoneState, str | None], dict[str, steps.DueStep]] = {}
        for row in rows:
            ends.setdefault(_end(row["unfinished_count"], row["planned_count"]), {})[row["session_code"]] = due[
                row["session_code"]
            ]
        for (state, reason), settled in ends.items():
            steps.finish_all(connection, scan, settled, state, reason)
        counts["steps_done"] = len(due)
        counts["notices_planned"] = sum(row["planned_count"] for row in rows)
        faults.point("prework.before_commit")
    faults.point("prework.after_commit")
    return counts


def _end(unfinished_count: int, planned_count: int) -> tuple[MilestoneState, str | None]:
    if planned_count:
        return MilestoneState.DONE, None
    if unfinished_count:
        return MilestoneState.SKIPPED, "too_soon_after_last_mail"
    return MilestoneState.DONE, "nobody_unfinished"
