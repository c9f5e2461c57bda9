"""A small company with one evaluated class, and a mail server that can be told to misbehave."""

from __future__ import annotations

import email
import email.policy
import hashlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from trainloop.outbox.leases import grant_lease
from trainloop.outbox.notices import Notice, plan
from trainloop.outbox.transport import SmtpTransport
from trainloop.warehouse import engine

SESSION = "2026-C001"
WAVE = f"EVAL-{SESSION}"


@dataclass
class Company:
    """Seeds rows as other packages would commit them; `noon` is a working Tuesday, 10:00 in Shanghai."""

    noon: datetime

    def run(self, query: str, *values: object) -> list[dict[str, Any]]:
        with engine.connect("owner") as connection:
            cursor = connection.execute(query, values)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def hire(self, *employee_ids: str, **columns: object) -> None:
        values = {"timezone": "Asia/Shanghai", "calendar_code": "CN", "locale": "zh-CN"} | columns
        with engine.connect("owner") as connection, connection.cursor() as cursor:
            cursor.executemany(
                """insert into core.employees (employee_id, name, email, department_code, job_family, job_level,
                       timezone, calendar_code, locale, left_on, file_id, row_number)
                   values (%(id)s, %(name)s, %(email)s, 'D1', 'sales', 'P5', %(timezone)s, %(calendar_code)s,
                       %(locale)s, %(left_on)s, 1, 1)""",
                [
                    {"id": key, "name": f"学员{key}", "email": f"{key.lower()}@example.com", "left_on": None} | values
                    for key in employee_ids
                ],
            )

    def invite(self, *employee_ids: str, wave: str = WAVE) -> None:
        with engine.connect("owner") as connection, connection.cursor() as cursor:
            cursor.executemany(
                """insert into ops.invitations (wave_code, employee_id, token, invited_on)
                   values (%s, %s, %s, '2026-03-03')""",
                [(wave, key, hashlib.sha256(f"{wave}{key}".encode()).hexdigest()[:32]) for key in employee_ids],
            )

    def open_wave(self, session_code: str = SESSION) -> None:
        ends_at = self.noon - timedelta(hours=16)
        self.run(
            """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode,
                   file_id, row_number) values (%s, 'C001', 'T1', %s, %s, 'classroom', 1, 1)""",
            session_code, ends_at - timedelta(hours=8), ends_at,
        )  # fmt: skip
        self.run(
            """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
                   anonymity, opened_at, closes_at, has_completions, minimum_count)
               values (%s, 'course_evaluation', '1', 'class_session', %s, 'anonymous', %s, %s, true, 5)""",
            f"EVAL-{session_code}", session_code, self.noon, self.noon + timedelta(days=7),
        )  # fmt: skip

    def report(self, folder: Path, audience: str, locale: str = "zh-CN", content: bytes = b"%PDF-1.7 one") -> Path:
        """A rendered and registered PDF with its published figures."""
        path = folder / f"{audience}-{locale}.pdf"
        path.write_bytes(content)
        self.run(
            """insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256,
                   site_version, released_at) values ('course_evaluation', 'class_session', %s, 1, 'x', '1', %s)
               on conflict do nothing""",
            SESSION, self.noon,
        )  # fmt: skip
        release = self.run("select max(release_id) as id from published.releases")[0]["id"]
        figures = [
            ("response", "wave", "complete_count", 17, None),
            ("response", "wave", "eligible_count", 20, None),
            ("response", "wave", "rr1_pct", "85.0", None),
            ("dimension", "content_practicality", "mean", "4.3", None),
            ("dimension", "content_practicality", "n", 17, None),
            ("dimension", "case_practice", "mean", None, "below_minimum_mean"),
            ("nps", "recommend", "nps", 41, None),
            ("nps", "recommend", "n", 17, None),
        ]
        for figure in figures:
            self.run(
                """insert into published.figures (release_id, family, code, statistic, value, reason, is_hidden)
                   values (%s, %s, %s, %s, %s, %s, %s) on conflict do nothing""",
                release, *figure, figure[4] is not None,
            )  # fmt: skip
        self.run(
            """insert into published.suggestions (release_id, rule_code, item_code, strength, suggestion_zh,
                   suggestion_en) values (%s, 'practice', 'practice_enough', 'finding', '增加工作坊时间',
                   'Give the workshop more time') on conflict do nothing""",
            release,
        )  # fmt: skip
        self.run(
            """insert into ops.reports (kind, subject_kind, subject_id, audience, locale, release_id, revision_number,
                   view_sha256, state, uri, pdf_sha256, rendered_at)
               values ('course_evaluation', 'class_session', %s, %s, %s, %s, 1, 'v', 'rendered', %s, %s, %s)""",
            SESSION, audience, locale, release, path.as_uri(), hashlib.sha256(content).hexdigest(), self.noon,
        )  # fmt: skip
        return path

    def plan(self, *notices: Notice) -> int:
        with engine.connect("planner") as connection:
            return plan(connection, notices)

    def call(self, *employee_ids: str, **columns: Any) -> None:
        """Plan an invitation (or reminder) for people of the first wave."""
        values: dict[str, Any] = {"kind": "survey_invitation", "subject_id": WAVE, "is_optional": True} | columns
        self.plan(
            *(
                Notice(subject_kind="survey_wave", recipient_kind="employee", recipient_id=key, **values)
                for key in employee_ids
            )
        )

    def outcomes(self) -> dict[str, int]:
        rows = self.run("select outcome, count(*)::int as n from ops.notice_outcomes group by outcome")
        return {row["outcome"]: row["n"] for row in rows}


@pytest.fixture
def company(warehouse: str, set_clock: Callable[..., datetime]) -> Company:
    """The company in this test's own database."""
    return found_company()


def found_company() -> Company:
    """Employees E1–E3, trainer T1, course C001, class 2026-C001 with an open wave, a lease to send."""
    noon = datetime(2026, 3, 3, 2, tzinfo=UTC)
    seeded = Company(noon)
    seeded.run("update ops.clock set frozen_at = %s", noon)
    seeded.run(
        """insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, found_at)
           values ('employees', 'x.csv', 'x', 'x', 'x', 1, %s)""",
        noon,
    )
    seeded.run(
        """insert into core.courses (course_code, name_zh, name_en, mode, hours, file_id, row_number)
           values ('C001', '高效沟通', 'Working Talk', 'classroom', 8, 1, 1)"""
    )
    seeded.run(
        """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
           values ('T1', '林老师', 't1@example.com', 'external', 1, 1)"""
    )
    seeded.hire("E1", "E2", "E3")
    seeded.open_wave()
    seeded.invite("E1", "E2", "E3")
    grant_lease("development", "test")
    return seeded


@dataclass
class MailServer:
    """A real SMTP server; the switches say how it treats the next messages."""

    port: int = 0
    received: list[tuple[list[str], bytes]] = field(default_factory=list)
    drop_after_data: int = 0
    drop_and_keep: bool = True
    refuse: dict[str, str] = field(default_factory=dict)
    greylist: dict[str, int] = field(default_factory=dict)
    connections: int = 0

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.greylist.get(address, 0) > 0:
            self.greylist[address] -= 1
            return "451 4.7.1 Greylisted, please come back"
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        is_dropped = self.drop_after_data > 0
        if not is_dropped or self.drop_and_keep:
            self.received.append((envelope.rcpt_tos, envelope.content))
        if is_dropped:
            self.drop_after_data -= 1
            assert server.transport is not None
            server.transport.abort()
        return "250 OK"

    def transport(self) -> SmtpTransport:
        return SmtpTransport("127.0.0.1", self.port, timeout_seconds=5)

    @property
    def mails(self) -> list[EmailMessage]:
        return [email.message_from_bytes(content, policy=email.policy.default) for _, content in self.received]

    def to(self, address: str) -> list[bytes]:
        return [content for addresses, content in self.received if address in addresses]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    server = MailServer(port=free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port, timeout=30)
    controller.start()
    yield server
    controller.stop()
