"""A small company in core: courses, classes, people, attendance, written directly as intake would have left them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from trainloop.config import get_site
from trainloop.warehouse import engine


def local(year: int, month: int, day: int, *clock: int) -> datetime:
    """A moment in the site's time zone, 09:00 unless said."""
    return datetime(year, month, day, *(clock or (9,)), tzinfo=get_site().company.zone).astimezone(UTC)


class Company:
    """Writes rows of core and reads what surveys made of them."""

    def __init__(self) -> None:
        with engine.connect("owner") as connection:
            connection.execute(
                """insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes,
                       found_at)
                   values ('test', 'test.csv', 'x', 'x', 'x', 1, '2025-01-01')"""
            )
            connection.execute(
                """insert into core.courses (course_code, name_zh, name_en, mode, hours, file_id, row_number)
                   values ('C-NEG', '谈判', 'Negotiation', 'classroom', 6, 1, 1)"""
            )
            connection.execute(
                """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
                   values ('T1', '林老师', 't1@example.com', 'internal', 1, 1)"""
            )

    def people(self, *employee_ids: str, left_on: str | None = None) -> None:
        self.write(
            """insert into core.employees (employee_id, name, email, department_code, job_family, job_level, left_on,
                   file_id, row_number)
               select id, '某人', id || '@example.com', 'D1', 'F1', 'L1', %s, 1, 1 from unnest(%s::text[]) as id
               on conflict (employee_id) do update set left_on = excluded.left_on""",
            (left_on, list(employee_ids)),
        )

    def session(self, code: str, ends_at: datetime, status: str = "confirmed") -> None:
        """A class of one day; the same code again moves it or changes its status."""
        self.write(
            """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, status,
                   file_id, row_number)
               values (%s, 'C-NEG', 'T1', %s, %s, 'classroom', %s, 1, 1)
               on conflict (session_code) do update set starts_at = excluded.starts_at, ends_at = excluded.ends_at,
                   status = excluded.status""",
            (code, ends_at - timedelta(hours=8), ends_at, status),
        )

    def enroll(self, code: str, people: Iterable[str], status: str = "confirmed") -> None:
        self.write(
            """insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
               select %s, id, %s, 1, 1 from unnest(%s::text[]) as id
               on conflict (session_code, employee_id) do update set status = excluded.status""",
            (code, status, list(people)),
        )

    def attend(self, code: str, people: Iterable[str], status: str = "present", slot: int = 1) -> None:
        self.write(
            """insert into core.attendance (session_code, employee_id, slot, status, file_id, row_number)
               select %s, id, %s, %s, 1, 1 from unnest(%s::text[]) as id
               on conflict (session_code, employee_id, slot) do update set status = excluded.status""",
            (code, slot, status, list(people)),
        )

    def answered(self, code: str, people: Iterable[str]) -> None:
        """What intake of completions leaves: the wave has them, these people's invitations are used."""
        wave_code = f"EVAL-{code}"
        self.write("update ops.survey_waves set has_completions = true where wave_code = %s", (wave_code,))
        self.write(
            "update ops.invitations set is_used = true where wave_code = %s and employee_id = any(%s)",
            (wave_code, list(people)),
        )

    def write(self, query: str, values: Any = None) -> None:
        with engine.connect("owner") as connection:
            connection.execute(query, values)

    def read(self, query: str, values: Any = None) -> list[dict[str, Any]]:
        with engine.connect("owner") as connection:
            return connection.execute(query, values).fetchall()

    def steps(self, code: str) -> dict[str, tuple[str, Any, str | None]]:
        """Step → (state, due_on, reason) of one class session."""
        rows = self.read(
            "select step, state::text, due_on, reason from ops.milestones where subject_id = %s order by step", (code,)
        )
        return {row["step"]: (row["state"], row["due_on"], row["reason"]) for row in rows}

    def states(self, code: str) -> dict[str, str]:
        return {step: state for step, (state, _, _) in self.steps(code).items()}

    def evaluation(self, code: str) -> dict[str, str]:
        """Step → state of what comes after the class."""
        return {step: state for step, state in self.states(code).items() if step.startswith("evaluation_")}

    def invited(self, code: str) -> dict[str, tuple[str, str | None]]:
        rows = self.read(
            "select employee_id, state::text, reason from ops.invitations where wave_code = %s", (f"EVAL-{code}",)
        )
        return {row["employee_id"]: (row["state"], row["reason"]) for row in rows}

    def notices(self, kind: str, code: str | None = None, state: str = "planned") -> list[str]:
        """Recipients of the planned notices of one kind (about one class)."""
        subjects = None if code is None else [code, f"EVAL-{code}"]
        rows = self.read(
            """select recipient_id from ops.notices where kind = %s and state = %s::ops.notice_state
                   and (%s::text[] is null or subject_id = any(%s)) order by recipient_id, step, sequence_number""",
            (kind, state, subjects, subjects),
        )
        return [row["recipient_id"] for row in rows]


@pytest.fixture
def company(warehouse: str, set_clock: Callable[..., datetime]) -> Company:
    """An empty company with one course and one trainer; the clock stands at 2026-03-02 09:00."""
    set_clock(2026, 3, 2)
    return Company()
