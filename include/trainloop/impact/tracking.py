"""Which classes' 90-day reports can be made: a daily scan over all of them, set-based, idempotent by key (R37).

A report is first tried 90 days after the class; it waits until the figures of enough learners cover the time after the
class, at the latest until `impact.wait_days`: then it is made with what is there, which may be too little data.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from trainloop import faults
from trainloop.config import get_site
from trainloop.domain.milestone import PERFORMANCE_STEP, MilestoneState
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

BATCH_SIZE = 500


def sessions_to_report(as_of: date | None = None) -> list[str]:
    """Return the codes of class sessions whose 90-day report is made now, and mark them announced.

    A code comes again when its report is still owed after the emit lease (real time), and when figures of its windows,
    its attendance, its costs or its design changed after the report was made. A class without an indicator, or one that
    nobody attended, owes no report; its step is skipped with that reason.
    """
    site = get_site()
    rules = site.impact
    codes: list[str] = []
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of)
        connection.execute(
            statement("performance", "owe_changed"),
            {
                "step": PERFORMANCE_STEP,
                "watched_since": scan.real_now - timedelta(days=rules.watched_days),
                "window_days": rules.window_days,
                "window_months": rules.window_months,
            },
        )
        keys = {
            "step": PERFORMANCE_STEP,
            "today": scan.today,
            "lease": timedelta(minutes=site.emit_lease_minutes),
            "window_days": rules.window_days,
            "window_months": rules.window_months,
            "min_coverage": rules.min_coverage,
            "wait_days": rules.wait_days,
        }
        after = ""
        while True:
            rows = connection.execute(
                statement("performance", "due"), keys | {"after": after, "batch_size": BATCH_SIZE}
            ).fetchall()
            codes += _settle(connection, scan, rows)
            if len(rows) < BATCH_SIZE:
                break
            after = rows[-1]["session_code"]
        faults.point("performance.emit.before_commit")
    faults.point("performance.emit.after_commit")
    return sorted(codes)


def _settle(connection: Connection, scan: Scan, rows: list[dict[str, Any]]) -> list[str]:
    """Mark those that can be reported as announced, skip those that owe nothing; the others wait."""
    ready = [row["session_code"] for row in rows if row["standing"] in {"ready", "waited"}]
    connection.execute(statement("performance", "emit"), {"step": PERFORMANCE_STEP, "session_codes": ready})
    for reason in ("no_indicator", "nobody_attended"):
        codes = [row["session_code"] for row in rows if row["standing"] == reason]
        if codes:
            connection.execute(
                statement("milestones", "finish_steps"),
                {
                    "subject_kind": "class_session",
                    "subject_ids": codes,
                    "steps": [PERFORMANCE_STEP],
                    "state": MilestoneState.SKIPPED.value,
                    "reason": reason,
                    "now": scan.real_now,
                },
            )
    return ready
