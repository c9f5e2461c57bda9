"""R48: the evidence for a clarification meeting, as the warehouse has it: nothing in it is written for the occasion.

Where people answered or were assessed, published figures only; interviews of the business head's own departments
without quotes and names, of all others as counts. What is missing is missing, and the pack says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from trainloop.domain.dispute import divergences
from trainloop.surveys.dispute_forms import STATEMENT_CHOICES, STATEMENT_SCALES
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def gather(connection: Connection, dispute: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of one dispute's clarification pack. Role: statistics."""
    keys = {name: dispute[name] for name in ("dispute_id", "course_code", "topic_code", "business_head_id")}
    course = connection.execute(statement("disputes", "course"), keys).fetchone()
    assert course is not None
    keys["topic_code"] = course["topic_code"]
    said = {row["party"]: row["answers"] for row in connection.execute(statement("disputes", "statements"), keys)}
    topics = divergences(said["trainer"], said["business"], STATEMENT_SCALES, STATEMENT_CHOICES)
    counts = connection.execute(statement("disputes", "interview_counts"), keys).fetchone()
    return {
        "reason_code": dispute["reason_code"],
        "opened_by": dispute["opened_by"],
        "meeting_on": dispute["meeting_on"],
        "course": course,
        "statements": said,
        "divergences": [asdict(topic) for topic in topics],
        "interviews": connection.execute(statement("disputes", "interviews"), keys).fetchall(),
        "interview_counts": counts,
        "need": connection.execute(statement("disputes", "need"), keys).fetchone(),
        "evaluations": connection.execute(statement("disputes", "evaluations"), keys).fetchall(),
        "files": files_behind(connection, keys, None, None, None),
    }


def files_behind(
    connection: Connection, keys: Mapping[str, Any], kpi_code: str | None, first_on: date | None, last_on: date | None
) -> list[dict[str, Any]]:
    """Return the files behind a paper with what the gate said of each."""
    wanted = {name: keys[name] for name in ("course_code", "topic_code")}
    wanted |= {"kpi_code": kpi_code, "first_on": first_on, "last_on": last_on}
    return connection.execute(statement("disputes", "files_behind"), wanted).fetchall()
