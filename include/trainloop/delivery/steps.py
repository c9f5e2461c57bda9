"""Due steps before a class: which are to be done now, and what becomes of those a later one stands in for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from trainloop.domain.milestone import MilestoneState, stand_in
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


@dataclass(frozen=True, slots=True)
class DueStep:
    """One step that is to be done now, and when its class begins."""

    step: str
    due_on: date
    starts_at: datetime


def due_steps(connection: Connection, scan: Scan, names: Sequence[str]) -> dict[str, DueStep]:
    """Return the step of each class session that is to be done now; earlier ones of the same kind are settled.

    `names` are the steps of one kind in their order. A class that became known late has several due at once: the last
    is done, the earlier ones expire and are reported; those rolled back to the same day are skipped.
    """
    due: dict[str, dict[str, date]] = {}
    starts: dict[str, datetime] = {}
    rows = connection.execute(
        statement("readiness", "due_steps"), {"steps": list(names), "today": scan.today, "now": scan.real_now}
    )
    for row in sorted(rows, key=lambda row: names.index(row["step"])):
        due.setdefault(row["session_code"], {})[row["step"]] = row["due_on"]
        starts[row["session_code"]] = row["starts_at"]
    earlier: dict[tuple[str, MilestoneState], list[str]] = {}
    chosen = {}
    for session_code, own in due.items():
        last, rest = stand_in(own)
        chosen[session_code] = DueStep(last, own[last], starts[session_code])
        for step, state in rest.items():
            earlier.setdefault((step, state), []).append(session_code)
    for (step, state), session_codes in earlier.items():
        finish(connection, scan, step, session_codes, state, "later_step_stands_in")
        if state is MilestoneState.EXPIRED:
            connection.execute(
                statement("milestones", "record_expired"),
                {"session_code": session_codes, "step": [step] * len(session_codes)},
            )
    return chosen


def settle_due(connection: Connection, scan: Scan, names: Sequence[str]) -> dict[str, DueStep]:
    """Return what `due_steps` does, marked as done."""
    due = due_steps(connection, scan, names)
    finish_all(connection, scan, due)
    return due


def finish_all(
    connection: Connection,
    scan: Scan,
    due: Mapping[str, DueStep],
    state: MilestoneState = MilestoneState.DONE,
    reason: str | None = None,
) -> None:
    """Settle these steps, one statement for each name."""
    for name in {one.step for one in due.values()}:
        codes = [code for code, one in due.items() if one.step == name]
        finish(connection, scan, name, codes, state, reason)


def finish(
    connection: Connection,
    scan: Scan,
    step: str,
    session_codes: Sequence[str],
    state: MilestoneState,
    reason: str | None,
) -> None:
    """Settle one pending step of many class sessions."""
    if not session_codes:
        return
    connection.execute(
        statement("milestones", "finish_steps"),
        {
            "subject_kind": "class_session",
            "subject_ids": list(session_codes),
            "steps": [step],
            "state": state.value,
            "reason": reason,
            "now": scan.real_now,
        },
    )
