"""A day of a large company before its classes: 5,000 classes a year, 100 a day begin, 20 learners each.

The yardstick of readiness is its own questions as plain SQL (findings, attendance of the past; nothing kept); that of
materials is the bare rows of links and notices.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.benchmarks.harness import Journal
from tests.delivery.conftest import School, school  # noqa: F401 - school is a fixture

from trainloop.delivery.materials import send_materials
from trainloop.delivery.readiness import check_readiness
from trainloop.surveys.milestones import plan_milestones
from trainloop.warehouse import engine
from trainloop.warehouse.statements import query_file, statement

CLASSES, A_DAY, LEARNERS = 5_000, 100, 20
IMPORTS_SECONDS = 2.0  # paid once by a task
PASS: dict[str, Any] = {"today": "2026-03-02", "modes": ["classroom"], "resources": ["room"], "currency": "CNY"}
BARE = (
    """insert into ops.material_links (session_code, person_kind, person_id, made_at)
       select session_code, 'employee', employee_id, now() from core.enrollments
       where session_code in (select subject_id from ops.milestones where step = 'materials_sent'
           and due_on <= '2026-03-02')""",
    """insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id)
       select 'course_materials', 'class_session', session_code, 'employee', employee_id from core.enrollments
       where session_code in (select subject_id from ops.milestones where step = 'materials_sent'
           and due_on <= '2026-03-02')""",
)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def fill(school: School) -> None:  # noqa: F811
    school.write(
        """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
           select 'T' || n, '某老师', 't' || n || '@example.com', 'internal', 1, n from generate_series(2, 400) as n"""
    )
    school.write(
        """insert into core.employees (employee_id, name, email, department_code, job_family, job_level, file_id,
               row_number)
           select 'L' || n, '某人', 'l' || n || '@example.com', 'D' || n %% 40, 'F', 'P' || n %% 5, 1, n
           from generate_series(1, 20000) as n""".replace("%%", "%")
    )
    # Half of the year lies behind, half is to come; 100 begin on every day.
    school.write(
        f"""insert into core.class_sessions (session_code, course_code, trainer_id, class_manager_id, starts_at,
               ends_at, mode, venue_code, file_id, row_number)
           select 'S' || n, 'C-NEG', 'T' || n % 400 + 1, 'M1', day, day + interval '6 hours', 'classroom',
               'R' || n % 120, 1, n
           from generate_series(1, {CLASSES}) as n,
               lateral (select timestamptz '2026-03-02 01:00+00'
                   + (n / {A_DAY} - {CLASSES // A_DAY // 2}) * interval '1 day') as starts (day)"""
    )
    school.write(
        f"""insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
           select 'S' || n, 'L' || (n * 7 + k * 13) % 20000 + 1, 'confirmed', 1, 1
           from generate_series(1, {CLASSES}) as n, generate_series(1, {LEARNERS}) as k on conflict do nothing"""
    )
    school.write(
        """insert into core.attendance (session_code, employee_id, slot, status, file_id, row_number)
           select session_code, employee_id, 1, case when length(employee_id) = 3 then 'absent' else 'present' end, 1, 1
           from core.enrollments join core.class_sessions using (session_code) where ends_at < '2026-03-02'"""
    )
    school.write(
        f"""insert into core.resource_bookings (session_code, kind, item_code, due_on, confirmed_on, file_id,
               row_number)
           select 'S' || n, kind, 'P' || n % 90, '2026-02-20', case when n % 9 > 0 then date '2026-02-18' end, 1, n
           from generate_series(1, {CLASSES}) as n, unnest(array['equipment', 'tea_break', 'trainer']) as kind"""
    )
    for number in range(5):
        school.asset(f"KA-{number}", bytes(200_000))
    school.write("analyze")


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_a_day_before_five_thousand_classes(
    school: School,  # noqa: F811
    journal: Journal,
) -> None:
    """Two seconds for imports and files, else within four times the plain SQL and five times the bare rows."""
    fill(school)
    planning = seconds(plan_milestones)
    horizon = [
        row["subject_id"]
        for row in school.read(
            """select subject_id from ops.milestones join core.class_sessions on session_code = subject_id
               where step = 'readiness_14' and due_on <= '2026-03-02' and starts_at > '2026-03-02 01:00+00'"""
        )
    ]
    with engine.connect("planner") as connection:
        found: list[Any] = []
        plain = seconds(
            lambda: found.extend(
                connection.execute(query_file("marts/readiness_findings.sql"), PASS | {"session_codes": horizon})
            )
        )
        past = {"now": "2026-03-02", "since": "2024-03-02", "course_codes": ["C-NEG"], "modes": ["classroom"]}
        plain += seconds(lambda: connection.execute(statement("readiness", "history"), past).fetchall())
    readiness = seconds(check_readiness)
    bare = 0.0
    for query in BARE:
        with engine.connect("owner") as connection:
            bare += seconds(lambda query=query, connection=connection: connection.execute(query))
            connection.rollback()
    materials = seconds(send_materials)
    again = seconds(check_readiness) + seconds(send_materials)
    told = school.read("select count(*)::int as n from ops.notices where kind = 'course_materials'")[0]["n"]
    for code, ours, theirs, counts in (
        ("readiness", readiness, plain, {"classes_ahead": len(horizon), "findings": len(found)}),
        ("materials", materials, bare, {"packs_told": told, "planned_seconds": planning, "again_seconds": again}),
    ):
        journal.note(code, [ours / theirs], seconds=round(ours, 2), plain_sql_seconds=round(theirs, 2), **counts)
    assert readiness < 4 * plain + IMPORTS_SECONDS
    assert materials < 5 * bare + IMPORTS_SECONDS
