"""A small warehouse in a database of its own, an empty one beside it, and a place for backups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest

from trainloop.outbox.leases import grant_first_lease
from trainloop.recovery.backup import Taken, backup
from trainloop.recovery.restore import Restored, Wishes, restore
from trainloop.settings import get_settings
from trainloop.warehouse import engine
from trainloop.warehouse.embedded import EmbeddedServer

TEMPLATE = "template_migrated"
# Thirty people, a file that brought them, a mail that is due and a decision that is not written yet.
COMPANY = """
insert into core.employees (employee_id, name, email, department_code, job_family, job_level, timezone, calendar_code,
    locale, file_id, row_number)
select 'E' || n, '学员' || n, 'e' || n || '@example.com', 'D1', 'sales', 'P5', 'Asia/Shanghai', 'CN', 'zh-CN', 1, n
from generate_series(1, 30) as n;
insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state, found_at,
    finished_at, row_count, accepted_count, unchanged_count, quarantined_count, parked_count, refused_count)
values ('employees', 'employees.csv', 'x', %(archive)s, 'abc', 1, 'merged', now(), now(), 30, 30, 0, 0, 0, 0);
insert into ops.messages (environment, recipient_kind, recipient_id, recipient_address, template, locale, timezone,
    calendar_code, is_urgent, subject, mime_message_id, mime_bytes, mime_sha256, composed_at, next_attempt_at)
values ('development', 'employee', 'E1', 'e1@example.com', 'survey_invitation', 'zh-CN', 'Asia/Shanghai', 'CN', true,
    'Hello', '<one@example.com>', decode('5375626a6563743a20480d0a0d0a78', 'hex'), 'x', now(), now());
insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id)
values ('evaluation_report', 'class_session', 'C1', 'employee', 'E2');
create table raw.employees_7 (x text);
insert into raw.employees_7 values ('under way');
"""


@dataclass
class World:
    """Two databases on one server; `lead(name)` says to which of them this process and its children are led."""

    server: EmbeddedServer
    backups: Path
    archive: Path
    lead: Callable[[str], None]

    def query(self, text: str, **values: object) -> list[dict[str, Any]]:
        with engine.connect("owner") as connection:
            cursor = connection.execute(text, values or None)
            return cursor.fetchall() if cursor.description else []

    def count(self, table: str) -> int:
        rows = self.query(f"select count(*) as rows from {table}")
        return int(rows[0]["rows"])

    def backup(self, **options: Any) -> Taken:
        return backup(get_settings(), str(self.backups), "a person", None, **options)

    def restore(self, uri: str, **wishes: Any) -> Restored:
        return restore(get_settings(), uri, None, Wishes("a person", **wishes))


@pytest.fixture
def world(server: EmbeddedServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """`source` holds the company and may send; `target` is empty. Led to `source`."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for name in ("source", "target"):
            connection.execute(f"drop database if exists {name} with (force)")
        connection.execute(f"create database source template {TEMPLATE}")
        connection.execute("create database target")

    def lead(name: str) -> None:
        monkeypatch.setenv("TRAINLOOP_WAREHOUSE_URL", server.url(name))
        get_settings.cache_clear()

    lead("source")
    archive = home / "archive"
    archive.mkdir()
    (archive / "abc.csv").write_text("x")
    # The server takes no parameters for several statements: the client quotes the URI.
    with engine.connect("owner") as connection, psycopg.ClientCursor(connection) as cursor:
        cursor.execute(COMPANY, {"archive": (archive / "abc.csv").as_uri()})
    grant_first_lease("development", "trainloop up")
    yield World(server, home / "backups", archive, lead)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for name in ("source", "target"):
            connection.execute(f"drop database if exists {name} with (force)")
