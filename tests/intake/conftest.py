"""Fixtures of the intake tests: real files in a real inbox, a real warehouse behind it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import psycopg
import pytest
from psycopg.rows import dict_row

from trainloop.intake import pipeline
from trainloop.settings import get_settings
from trainloop.warehouse import engine
from trainloop.warehouse.embedded import EmbeddedServer

DEPARTMENTS = "部门编码,部门名称,英文名称\nD010,华东销售部,Sales East\nD020,研发部,R&D\n"
EMPLOYEES_HEAD = "工号,姓名,部门编码,序列,层级"


@pytest.fixture(scope="session")
def shared_warehouse(server: EmbeddedServer) -> Iterator[engine.Connection]:
    """One connection to a migrated database: for tests that only call functions."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database value_tests template template_migrated")
    with psycopg.connect(server.url("value_tests"), row_factory=dict_row) as connection:
        connection.execute("set datestyle to 'ISO, YMD'; set timezone to 'UTC'")
        yield cast("engine.Connection", connection)


class Inbox:
    """Drops files the way people do and looks at what became of them."""

    def drop(self, dataset: str, name: str, content: str | bytes, *, age: float = 60) -> Path:
        """Write a file that has lain in the inbox for `age` seconds."""
        path = get_settings().home / "inbox" / dataset / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        moment = time.time() - age
        os.utime(path, (moment, moment))
        return path

    def take(self, dataset: str, name: str, content: str | bytes) -> dict[str, Any]:
        """Drop a file, take it in, return its registry row (with the law of conservation checked)."""
        self.drop(dataset, name, content)
        pipeline.ingest_dataset(dataset)
        return self.last_file(dataset)

    def last_file(self, dataset: str) -> dict[str, Any]:
        file = self.rows("select * from ops.inbox_files where dataset = %s order by file_id desc limit 1", dataset)[0]
        counts = ("accepted_count", "unchanged_count", "quarantined_count", "parked_count", "refused_count")
        assert file["row_count"] == sum(file[count] for count in counts)
        return file

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with engine.connect("owner") as connection:
            return connection.execute(cast("Any", query), values).fetchall()

    def reasons(self, file_id: int) -> Sequence[Mapping[str, Any]]:
        """Every reason of a file's quarantined rows, with the row's number in the file."""
        return self.rows(
            """select row_number, column_name, rule, message_zh, message_en from ops.quarantine_reasons
            join ops.quarantined_rows using (quarantined_row_id) where file_id = %s order by row_number, column_name""",
            file_id,
        )


@pytest.fixture
def inbox(warehouse: str, set_clock: Callable[..., object]) -> Inbox:
    """An empty inbox and warehouse on 2 March 2026."""
    set_clock(2026, 3, 2)
    return Inbox()


@pytest.fixture
def people(inbox: Inbox) -> Inbox:
    """Two departments and 120 employees (E0001 … E0120) known already."""
    inbox.take("departments", "departments.csv", DEPARTMENTS)
    rows = [f"E{number:04},员工{number},D010,sales,P5" for number in range(1, 121)]
    inbox.take("employees", "employees.csv", "\n".join([EMPLOYEES_HEAD, *rows]) + "\n")
    return inbox


@pytest.fixture
def classes(people: Inbox) -> Inbox:
    """A course, a trainer and two class sessions known besides the people."""
    people.take("courses", "courses.csv", "课程编码,课程名称,英文名称,授课形式,课时\nC1,谈判,Negotiation,面授,6\n")
    people.take("trainers", "trainers.csv", "讲师编号,姓名,邮箱,讲师类型\nT1,韩梅梅,han@example.com,外部\n")
    people.take(
        "class_sessions",
        "sessions.csv",
        "班次编码,课程编码,讲师编号,开始时间,结束时间,授课形式,状态\n"
        "2026-C001,C1,T1,2026/3/5 9:00,2026年3月5日 17:00,线下,已确认\n"
        "2026-C002,C1,T1,2026-04-05 09:00,2026-04-05 17:00,在线,计划\n",
    )
    return people
