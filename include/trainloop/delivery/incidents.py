"""Incidents 突发事件 (R23) and what follows from them: files of the datasets `incidents` and `enrollments`.

An incident of the sheet becomes a row of `incidents` when it is reported and again when it is closed. Leave before the
class and an accepted seat become rows of `enrollments`, so that everything after the class counts the same people.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainloop.delivery.hand_in import hand_in_file
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

COLUMNS = (
    "session_code",
    "reported_at",
    "kind",
    "severity",
    "employee_id",
    "description",
    "action",
    "venue_code",
    "closed_at",
)
ENROLLMENT_COLUMNS = ("session_code", "employee_id", "status", "source")


def hand_in(connection: Connection, scan: Scan) -> int:
    """Write incidents and changed enrollments that no file says yet into the inbox; return the files written."""
    rows = connection.execute(statement("class_days", "incidents_to_hand_in")).fetchall()
    for row in rows:
        hand_in_file("incidents", f"incident-{row['incident_id']}", COLUMNS, [_stamped(row)])
    if rows:
        connection.execute(
            statement("class_days", "mark_incidents"),
            {name: [row[name] for row in rows] for name in ("incident_id", "version")},
        )
    seats = connection.execute(statement("class_days", "enrollments_to_hand_in"), {"now": scan.real_now}).fetchall()
    for seat in seats:
        stem = f"{seat['status']}-{seat['session_code']}-{seat['employee_id']}"
        hand_in_file("enrollments", stem, ENROLLMENT_COLUMNS, [seat])
    return len(rows) + len(seats)


def _stamped(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**row} | {
        name: row[name].isoformat(sep=" ") if row[name] is not None else "" for name in ("reported_at", "closed_at")
    }
