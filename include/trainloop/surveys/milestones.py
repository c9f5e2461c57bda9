"""The milestone planner: every step of every class session has its row, and the rows follow the classes.

Set-based: class sessions are read and written in batches of `BATCH_SIZE`, a few statements each, whatever their number.
Which steps there are is data (the site file); a step that a later release adds is planned for every class that has not
settled yet. A second run changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from trainloop import faults
from trainloop.config import get_site
from trainloop.domain import milestone
from trainloop.domain.milestone import Anchors, MilestoneState, PlannedStep, Planner, Standing
from trainloop.surveys import waves
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

BATCH_SIZE = 5_000
_Row = dict[str, Any]
_COLUMNS = ("session_code", "step", "due_on", "not_after", "is_provisional", "state", "reason", "old_state")


def site_planner() -> Planner:
    """Return the planner of this site's rules."""
    site = get_site()
    return Planner(site.milestones, site.company.zone, site.company.calendar_code)


def plan_milestones(as_of: date | None = None) -> dict[str, int]:
    """Plan and replan every step of every class session; withdraw the waves of classes that moved or were cancelled.

    A date in the past judges by the end of that day which steps are too late; it revives and withdraws nothing.
    Returns counts: sessions, inserted, moved, skipped, expired, revived, provisional, waves_withdrawn, notices_planned.
    """
    counts: Counter[str] = Counter(
        dict.fromkeys(
            ("sessions", "inserted", "moved", "skipped", "expired", "revived", "provisional", "waves_withdrawn"), 0
        )
    )
    with engine.connect("planner", autocommit=True) as connection:
        scan = Scan.start(connection, as_of)
        faults.point("surveys.plan.before_withdraw")
        with connection.transaction():
            counts["waves_withdrawn"] = waves.withdraw_waves(connection, scan) + waves.withdraw_with_class(
                connection, scan
            )
        after = ""
        while True:
            faults.point("surveys.plan.before_commit")
            with connection.transaction():
                found, last = _plan_batch(connection, scan, after=after)
            faults.point("surveys.plan.after_commit")
            counts.update(found)
            if last is None:
                # Planning mails nobody; the key tells the DAG that there is nothing to deliver.
                return dict(counts) | {"notices_planned": 0}
            after = last


def replan(connection: Connection, scan: Scan, session_codes: Sequence[str]) -> None:
    """Plan the steps of these class sessions anew, in the caller's transaction: their wave just opened or closed."""
    for start in range(0, len(session_codes), BATCH_SIZE):
        _plan_batch(connection, scan, session_codes=list(session_codes[start : start + BATCH_SIZE]))


def _plan_batch(
    connection: Connection, scan: Scan, *, after: str = "", session_codes: list[str] | None = None
) -> tuple[Counter[str], str | None]:
    # Two planners at once would both insert and then count each other's rows; the second waits and finds nothing.
    engine.lock(connection, "plan_milestones")
    planner = site_planner()
    steps = list(planner.rules)
    sessions = connection.execute(
        statement("milestones", "sessions_to_plan"),
        {
            "after": after,
            "session_codes": session_codes,
            "steps": steps,
            "now": scan.real_now,
            "batch_size": BATCH_SIZE,
        },
    ).fetchall()
    known: dict[str, dict[str, _Row]] = {session["session_code"]: {} for session in sessions}
    for row in connection.execute(
        statement("milestones", "planned_steps"),
        {
            "session_codes": list(known),
            "steps": steps,
            "per_day_steps": [f"{step}_%" for step, rule in planner.rules.items() if rule.is_per_day],
        },
    ):
        known[row["session_code"]][row["step"]] = row
    changes = [
        row for session in sessions for row in _session_changes(planner, scan, session, known[session["session_code"]])
    ]
    counts = _write(connection, scan, changes)
    counts["sessions"] = len(sessions)
    is_last = session_codes is not None or len(sessions) < BATCH_SIZE
    return counts, None if is_last else sessions[-1]["session_code"]


def _session_changes(planner: Planner, scan: Scan, session: _Row, known: dict[str, _Row]) -> Iterator[_Row]:
    """Yield the rows of one class session that must be written; `old_state` is None for a new one."""
    code = session["session_code"]
    anchors = Anchors(session["starts_at"], session["ends_at"], session["opened_at"], session["closes_at"])
    plan = planner.plan(anchors)
    is_opening_lost = False
    # The opening first: whether it can still come decides about the steps that hang on it.
    for step in sorted(plan, key=lambda name: name != milestone.OPENING_STEP):
        row = known.get(step)
        wish = milestone.wanted(
            planner.rule_of(step),
            plan[step],
            now=scan.now,
            is_cancelled=session["is_cancelled"],
            is_opening_lost=is_opening_lost,
            mode=session["mode"],
        )
        current = Standing(MilestoneState(row["state"]), row["reason"]) if row else None
        settled = milestone.settle(
            current,
            wish,
            plan[step],
            scan.real_today,
            is_before_class=milestone.is_before_class(planner.rule_of(step)),
        )
        if step == milestone.OPENING_STEP and session["opened_at"] is None:
            final = settled or current or wish
            is_opening_lost = final.state in {MilestoneState.EXPIRED, MilestoneState.SKIPPED}
        if settled is not None and not _is_same(row, plan[step], settled):
            yield _change(code, step, plan[step], settled, row)
    dropped = Standing(MilestoneState.SKIPPED, "day_dropped")
    for step, row in known.items():
        if step not in plan and row["state"] == MilestoneState.PENDING:
            was = PlannedStep(row["due_on"], row["not_after"], row["is_provisional"])
            yield _change(code, step, was, dropped, row)


def _is_same(row: _Row | None, plan: PlannedStep, settled: Standing) -> bool:
    if row is None:
        return False
    if settled.state is MilestoneState.PENDING and row["state"] == MilestoneState.PENDING:
        # Why a pending row came back is history worth keeping; only its dates can differ.
        return (row["due_on"], row["not_after"], row["is_provisional"]) == (
            plan.due_on,
            plan.not_after,
            plan.is_provisional,
        )
    return (row["state"], row["reason"]) == (settled.state, settled.reason)


def _change(code: str, step: str, plan: PlannedStep, settled: Standing, row: _Row | None) -> _Row:
    keeps_reason = row is not None and row["state"] == settled.state == MilestoneState.PENDING
    return {
        "session_code": code,
        "step": step,
        "due_on": plan.due_on,
        "not_after": plan.not_after,
        "is_provisional": plan.is_provisional,
        "state": settled.state.value,
        "reason": row["reason"] if row is not None and keeps_reason else settled.reason,
        "old_state": row["state"] if row else None,
    }


def _write(connection: Connection, scan: Scan, changes: list[_Row]) -> Counter[str]:
    counts: Counter[str] = Counter()
    new = [row for row in changes if row["old_state"] is None]
    old = [row for row in changes if row["old_state"] is not None]
    for name, rows in (("insert_steps", new), ("update_steps", old)):
        if rows:
            columns = {column: [row[column] for row in rows] for column in _COLUMNS}
            connection.execute(statement("milestones", name), columns | {"now": scan.real_now})
    for row in changes:
        counts[_kind_of_change(row)] += 1
        counts["provisional"] += row["is_provisional"]
    expired = [row for row in changes if row["state"] == MilestoneState.EXPIRED]
    if expired:
        columns = {column: [row[column] for row in expired] for column in ("session_code", "step")}
        connection.execute(statement("milestones", "record_expired"), columns)
    return counts


def _kind_of_change(row: _Row) -> str:
    if row["state"] != MilestoneState.PENDING:
        return str(row["state"])
    if row["old_state"] is None:
        return "inserted"
    return "moved" if row["old_state"] == MilestoneState.PENDING else "revived"
