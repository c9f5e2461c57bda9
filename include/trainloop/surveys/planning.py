"""Which waves are to come by themselves: follow-ups of classes and the yearly ones; `rounds` sends them.

Idempotent: a planned wave follows its class, an open or closed one is history. What is no longer of use is not planned.
"""

from __future__ import annotations

from datetime import date, timedelta

from trainloop import faults
from trainloop.config import get_site
from trainloop.config.surveys import WaveRule
from trainloop.surveys.scan import Scan
from trainloop.surveys.waves import WavePlan, plan_waves
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

BATCH_SIZE = 2_000
YEARLY_SUBJECT = "year"
NEEDS = "annual_needs"


def plan_due(as_of: date | None = None) -> dict[str, int]:
    """Plan the follow-ups of every class that has ended and the yearly waves whose day is near.

    The needs survey is launched by `needs_launch`, the pulse is planned by its own DAG: HR sees and can stop both.
    Returns counts: waves_planned, classes_seen.
    """
    counts = {"waves_planned": 0, "classes_seen": 0}
    with engine.connect("planner", autocommit=True) as connection:
        scan = Scan.start(connection, as_of)
        after = ""
        while True:
            with connection.transaction():
                found, last = _plan_follow_ups(connection, scan, after, counts)
                faults.point("planning.follow_ups.before_commit")
            faults.point("planning.follow_ups.after_commit")
            if found < BATCH_SIZE:
                break
            after = last
        with connection.transaction():
            counts["waves_planned"] += len(_plan_yearly(connection, scan))
    return counts


def _plan_follow_ups(connection: Connection, scan: Scan, after: str, counts: dict[str, int]) -> tuple[int, str]:
    rules = {code: rule for code, rule in get_site().survey_waves.items() if rule.after_class_days is not None}
    days = [(rule.after_class_days or 0) + rule.days_open for rule in rules.values()]
    rows = connection.execute(
        statement("rounds", "classes_to_follow_up"),
        {
            "after": after,
            "now": scan.now,
            "ended_since": scan.today - timedelta(days=max(days, default=0)),
            "instrument_codes": list(rules),
            "batch_size": BATCH_SIZE,
        },
    ).fetchall()
    plans = [
        WavePlan(
            code, "class_session", row["session_code"], row["ended_on"] + timedelta(days=rule.after_class_days or 0)
        )
        for row in rows
        for code, rule in rules.items()
        if (rule.courses is None or row["course_code"] in rule.courses)
        and row["ended_on"] + timedelta(days=(rule.after_class_days or 0) + rule.days_open) >= scan.today
    ]
    counts["waves_planned"] += len(plan_waves(connection, scan, plans))
    counts["classes_seen"] += len(rows)
    return len(rows), rows[-1]["session_code"] if rows else after


def _plan_yearly(connection: Connection, scan: Scan) -> list[str]:
    rules = {code: rule for code, rule in get_site().survey_waves.items() if rule.launch_on and code != NEEDS}
    plans = []
    for code, rule in rules.items():
        launched_on = launch_day(rule, scan.today)
        if launched_on <= scan.today:
            plans.append(
                WavePlan(code, YEARLY_SUBJECT, str(launched_on.year + rule.launched_for_years_ahead), launched_on)
            )
    return plan_waves(connection, scan, plans)


def launch_day(rule: WaveRule, today: date) -> date:
    """Return the yearly launch day a day belongs to: this year's until the wave would be over, then next year's."""
    month, day = map(int, (rule.launch_on or "01-01").split("-"))
    this_year = date(today.year, month, day)
    return this_year if today <= this_year + timedelta(days=rule.days_open) else date(today.year + 1, month, day)
