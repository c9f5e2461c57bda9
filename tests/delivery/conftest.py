"""Classes ahead with people in them, written directly as intake would have left them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from tests.surveys.conftest import Company, local

from trainloop.delivery import class_watch
from trainloop.outbox.composer import compose_due
from trainloop.surveys.milestones import plan_milestones

# A Monday, 09:00 in Shanghai; classes stand on the following days.
MONDAY = (2026, 3, 2)


class School(Company):
    """A company with classes, each with its class manager, room and seats."""

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


@pytest.fixture
def school(warehouse: str, set_clock: Callable[..., datetime]) -> School:
    """A school on a Monday morning: trainer T1, class manager M1, learners E1–E6, no class yet."""
    set_clock(*MONDAY)
    found = School()
    found.people("M1", "E1", "E2", "E3", "E4", "E5", "E6")
    return found


__all__ = ["School", "local", "school", "words_of"]
