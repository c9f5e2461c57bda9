"""What is true about the classes, counted from the tables and not by the board's own statements."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from trainloop import clock
from trainloop.board.words import stages, step_of
from trainloop.config import get_site
from trainloop.warehouse import engine

STAGES = list(stages())


def rows(query: str, *values: object) -> list[dict[str, Any]]:
    """Return what the owner of the warehouse sees."""
    with engine.connect("owner") as connection:
        return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]


def number(query: str, *values: object) -> int:
    """Return the one number of a query."""
    [row] = rows(query, *values)
    return int(next(iter(row.values())))


@dataclass(frozen=True)
class ClassTruth:
    """One class: where it stands, what of it is late, and by what it is found."""

    code: str
    course_en: str
    course_zh: str
    trainer_id: str
    trainer_name: str
    starts_on: date
    departments: frozenset[str]
    stage: str
    late_count: int


def classes() -> list[ClassTruth]:
    """Return all classes, newest first: each stands at the earliest stage with a step that is not done."""
    zone = get_site().company.zone
    with engine.connect("owner") as connection:
        now = clock.now(connection)
    today = now.astimezone(zone).date()
    pending: dict[str, list[tuple[str, date]]] = {}
    for row in rows(
        "select subject_id, step, due_on from ops.milestones where subject_kind = 'class_session' and state = 'pending'"
    ):
        pending.setdefault(row["subject_id"], []).append((row["step"], row["due_on"]))
    seats: dict[str, set[str]] = {}
    for row in rows(
        """select distinct session_code, department_code from core.enrollments join core.employees using (employee_id)
           where core.enrollments.status in ('invited', 'confirmed', 'waitlisted')"""
    ):
        seats.setdefault(row["session_code"], set()).add(row["department_code"])
    found = []
    for row in rows(
        """select session_code, courses.name_en, courses.name_zh, trainer_id, trainers.name, starts_at, ends_at,
               sessions.status
           from core.class_sessions as sessions join core.courses as courses using (course_code)
               join core.trainers as trainers using (trainer_id)
           order by starts_at desc, session_code"""
    ):
        steps = pending.get(row["session_code"], [])
        stage = min((_stage(step) for step, _ in steps), key=STAGES.index, default=None)
        idle = "preparation" if row["ends_at"] > now else "finished"
        found.append(
            ClassTruth(
                row["session_code"], row["name_en"], row["name_zh"], row["trainer_id"], row["name"],
                row["starts_at"].astimezone(zone).date(), frozenset(seats.get(row["session_code"], ())),
                "cancelled" if row["status"] == "cancelled" else stage or idle, sum(due < today for _, due in steps),
            )
        )  # fmt: skip
    return found


def funnel() -> Counter[str]:
    """Return how many classes stand at each stage; a cancelled one stands nowhere."""
    return Counter(one.stage for one in classes() if one.stage != "cancelled")


def _stage(step: str) -> str:
    known = step_of(step)
    return known[1].stage if known else "transfer"
