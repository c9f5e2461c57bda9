"""Classes to come: bookings, class managers, materials; written directly as intake would have left them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.surveys.conftest import Company, local

from trainloop.delivery import class_watch
from trainloop.outbox.composer import compose_due
from trainloop.settings import get_settings
from trainloop.surveys.milestones import plan_milestones

SetClock = Callable[..., datetime]


class School(Company):
    """The surveys' company with what happens before a class."""

    def plan_class(
        self, code: str, starts_at: datetime, *, hours: float = 8, manager: str | None = "M1", **columns: Any
    ) -> None:
        """A class of the course C-NEG; the same code again moves or changes it."""
        values = {
            "course_code": "C-NEG", "trainer_id": "T1", "status": "confirmed", "mode": "classroom", "capacity": None,
            "venue_code": f"R-{code}", "timezone": "Asia/Shanghai", "budget_code": None,
        } | columns  # fmt: skip
        self.write(
            """insert into core.class_sessions (session_code, course_code, trainer_id, class_manager_id, starts_at,
                   ends_at, mode, status, capacity, venue_code, timezone, budget_code, file_id, row_number)
               values (%(code)s, %(course_code)s, %(trainer_id)s, %(manager)s, %(starts_at)s, %(ends_at)s, %(mode)s,
                   %(status)s, %(capacity)s, %(venue_code)s, %(timezone)s, %(budget_code)s, 1, 1)
               on conflict (session_code) do update set starts_at = excluded.starts_at, ends_at = excluded.ends_at,
                   status = excluded.status, class_manager_id = excluded.class_manager_id,
                   trainer_id = excluded.trainer_id, venue_code = excluded.venue_code, capacity = excluded.capacity""",
            values | {"code": code, "manager": manager, "starts_at": starts_at,
                      "ends_at": starts_at + timedelta(hours=hours)},
        )  # fmt: skip

    def trainer(self, trainer_id: str) -> None:
        self.write(
            """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
               values (%s, '另一位老师', %s, 'internal', 1, 1)""",
            (trainer_id, f"{trainer_id.lower()}@example.com"),
        )

    def book(
        self, code: str, kind: str, item: str = "-", *, due: str = "2026-02-20", confirmed: str | None = None
    ) -> None:
        self.write(
            """insert into core.resource_bookings (session_code, kind, item_code, due_on, confirmed_on, file_id,
                   row_number) values (%s, %s, %s, %s, %s, 1, 1)
               on conflict (session_code, kind, item_code) do update set confirmed_on = excluded.confirmed_on,
                   due_on = excluded.due_on""",
            (code, kind, item, due, confirmed),
        )

    def asset(self, code: str, content: bytes | None = b"slides", kind: str = "courseware", **columns: Any) -> None:
        """An asset of C-NEG with its file in the material store; the same code again is its next version."""
        values = {
            "version": "1", "licence": "自有版权", "licence_expires_on": None, "uri": f"C-NEG/{code}.pdf",
            "checksum": hashlib.sha256(content or b"").hexdigest(), "course_code": "C-NEG",
        } | columns  # fmt: skip
        if content is not None:
            path = Path(get_settings().folder_uri("materials").removeprefix("file://")) / "C-NEG" / f"{code}.pdf"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self.write(
            """insert into core.knowledge_assets (asset_code, kind, title_zh, title_en, course_code, version, licence,
                   licence_expires_on, uri, checksum, file_id, row_number)
               values (%(code)s, %(kind)s, %(title)s, %(code)s, %(course_code)s, %(version)s, %(licence)s,
                   %(licence_expires_on)s, %(uri)s, %(checksum)s, 1, 1)
               on conflict (asset_code) do update set version = excluded.version, licence = excluded.licence,
                   licence_expires_on = excluded.licence_expires_on, uri = excluded.uri,
                   checksum = excluded.checksum""",
            values | {"code": code, "kind": kind, "title": f"资料{code}"},
        )

    def exceptions(self, code: str | None = None) -> dict[tuple[str, str], str]:
        """(kind, item) → state of one class's exceptions; '2026-C001 kind' keys are not needed: one class a call."""
        rows = self.read(
            """select kind, item_code, case when state = 'open' then 'open' else closed_reason end as standing
               from ops.readiness_exceptions where %s::text is null or session_code = %s order by exception_id""",
            (code, code),
        )
        return {(row["kind"], row["item_code"]): row["standing"] for row in rows}

    def class_of(self, code: str, starts_at: datetime, people: Iterable[str] = (), **columns: Any) -> None:
        """A class of eight hours; the same code again changes it. `people` are confirmed."""
        values: dict[str, Any] = {
            "class_manager_id": "M1", "venue_code": "SH-201", "mode": "classroom", "status": "confirmed",
            "capacity": 20, "ends_at": starts_at + timedelta(hours=8), "course_code": "C-NEG",
            "timezone": "Asia/Shanghai",
        } | columns  # fmt: skip
        self.write(
            """insert into core.class_sessions (session_code, course_code, trainer_id, class_manager_id, starts_at,
                   ends_at, timezone, mode, venue_code, capacity, status, file_id, row_number)
               values (%(code)s, %(course_code)s, 'T1', %(class_manager_id)s, %(starts_at)s, %(ends_at)s, %(timezone)s,
                   %(mode)s, %(venue_code)s, %(capacity)s, %(status)s, 1, 1)
               on conflict (session_code) do update set starts_at = excluded.starts_at, ends_at = excluded.ends_at,
                   status = excluded.status, venue_code = excluded.venue_code, mode = excluded.mode,
                   class_manager_id = excluded.class_manager_id, capacity = excluded.capacity""",
            values | {"code": code, "starts_at": starts_at},
        )
        self.enroll(code, people)

    def wait(self, code: str, *people: str) -> None:
        """People on a class's waitlist, in this order."""
        for place, person in enumerate(people, start=1):
            self.write(
                """insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
                   values (%s, %s, 'waitlisted', 1, %s)""",
                (code, person, place),
            )

    def incident(self, code: str, reported_at: datetime, kind: str, **columns: Any) -> None:
        values = {"employee_id": None, "venue_code": None, "closed_at": None} | columns
        self.write(
            """insert into core.incidents (session_code, reported_at, kind, severity, employee_id, venue_code,
                   closed_at, file_id, row_number)
               values (%(code)s, %(at)s, %(kind)s, 'major', %(employee_id)s, %(venue_code)s, %(closed_at)s, 1, 1)""",
            values | {"code": code, "at": reported_at, "kind": kind},
        )

    def check(self, code: str, checked_at: datetime, **results: bool) -> None:
        for name, is_ok in results.items():
            self.write(
                """insert into core.platform_checks (session_code, checked_at, check_code, is_ok, file_id, row_number)
                   values (%s, %s, %s, %s, 1, 1)""",
                (code, checked_at, name, is_ok),
            )

    def watch(self) -> dict[str, int]:
        """One round of the watch and of the planner; return the notices of each step."""
        plan_milestones()
        steps = ("tell_changes", "offer_seats", "open_desks", "look_at_platforms")
        return {step: getattr(class_watch, step)()["notices_planned"] for step in steps}

    def mails(self) -> list[EmailMessage]:
        """Compose what is due and return every mail that was ever composed, oldest first."""
        compose_due()
        rows = self.read("select mime_bytes from ops.messages order by message_id")
        return [message_from_bytes(bytes(row["mime_bytes"]), policy=default) for row in rows]

    def told(self, kind: str = "class_changed", **where: Any) -> list[str]:
        """Recipients of notices of one kind, sorted."""
        rows = self.read(
            """select recipient_id from ops.notices where kind = %(kind)s
                   and (%(subject)s::text is null or subject_id = %(subject)s)
               order by recipient_id, step, sequence_number""",
            {"kind": kind, "subject": where.get("subject")},
        )
        return [row["recipient_id"] for row in rows]


def words_of(mail: EmailMessage) -> str:
    """What a reader sees: the plain text of a mail without line breaks."""
    body = mail.get_body(("plain",))
    assert body is not None
    return re.sub(r"\s+", " ", body.get_content())


@contextmanager
def counting() -> Iterator[list[str]]:
    """Every statement that goes to the server meanwhile."""
    statements: list[str] = []
    execute = psycopg.Connection.execute

    def counted(connection: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        statements.append(str(query)[:60])
        return execute(connection, query, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Connection, "execute", counted)
        yield statements


@pytest.fixture
def school(warehouse: str, set_clock: SetClock) -> School:
    """One course, one trainer, class managers M1 and M2, learners E1 to E6; Monday 2026-03-02, 09:00."""
    set_clock(2026, 3, 2)
    school = School()
    school.people("M1", "M2", "E1", "E2", "E3", "E4", "E5", "E6")
    return school


__all__ = ["School", "SetClock", "counting", "local", "words_of"]
