"""A company with five vendors, its files judged by the gate: as intake leaves it in core."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, cast

import pytest

from trainloop.warehouse import engine

VENDORS = (
    ("V1", "远见咨询", "Foresight", "consultancy", "L1", "2027-12-31"),
    ("V2", "明德学院", "Mingde", "practitioner", "L2", "2026-03-31"),
    ("V3", "云帆在线", "Yunfan", "platform", "L3", "2028-06-30"),
    ("V4", "知行", "Zhixing", "practitioner", "L4", "2027-01-31"),
    ("V5", "无证", "Unlicensed", "practitioner", None, None),
)
CRITERIA = ("课程版权", "instructor_qualification", "Industry fit")
# vendor → marks of the raters E0001, E0002 …: the same by every criterion
MARKS = {"V1": (84, 88), "V2": (92, 96), "V3": (70, 80), "V4": (90,), "V5": (99, 99)}
TOPICS = (("T-LEAD", "领导力", "leadership"), ("T-DATA", "数据分析", "technical"), ("T-MISC", "其他", None))
SESSIONS = (("2026-C001", "2026-03-05"), ("2026-C002", "2026-04-05"))


class Company:
    """Writes rows as intake would and reads what became of them."""

    def __init__(self, connection: engine.Connection) -> None:
        self.connection = connection

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with self.connection.transaction():
            return self.connection.execute(cast("Any", query), values).fetchall()

    def do(self, query: str, *values: object) -> None:
        self.connection.execute(cast("Any", query), values)

    def file(self, dataset: str) -> int:
        """Register a file that passed the gate; return its id."""
        row = self.rows(
            """insert into ops.inbox_files
            (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, found_at)
            values (%s, %s, '', '', %s, 0, now()) returning file_id""",
            *(dataset, f"{dataset}.csv", dataset),
        )[0]
        self.do(
            """insert into ops.check_runs (suite, file_id, checked_at, row_count, is_passed, gate_decision)
            values (%s, %s, now(), 0, true, 'pass')""",
            dataset,
            row["file_id"],
        )
        file_id: int = row["file_id"]
        return file_id

    def mark(self, vendor: str, criterion: str, rater: str, score: int, file_id: int) -> None:
        self.do(
            """insert into core.vendor_ratings (vendor_code, criterion_code, rater_id, score, file_id, row_number)
            values (%s, %s, %s, %s, %s, 1)
            on conflict (vendor_code, criterion_code, rater_id) do update set score = excluded.score""",
            *(vendor, criterion, rater, score, file_id),
        )


@pytest.fixture
def company(warehouse: str, set_clock: Callable[..., datetime]) -> Iterator[Company]:
    """One course given by V2 in two classes, on 2 March 2026; no vendors known yet."""
    set_clock(2026, 3, 2)
    with engine.connect("owner", autocommit=True) as connection:
        one = Company(connection)
        one.do(
            """insert into core.courses (course_code, name_zh, name_en, mode, hours, vendor_code, file_id, row_number)
            values ('C1', '谈判', 'Negotiation', 'classroom', 6, 'V2', 1, 1)"""
        )
        for trainer, vendor in (("T1", None), ("T9", "V3")):
            one.do(
                """insert into core.trainers (trainer_id, name, email, kind, vendor_code, file_id, row_number)
                values (%s, '韩梅梅', 'han@example.com', 'external', %s, 1, 1)""",
                *(trainer, vendor),
            )
        for code, day in SESSIONS:
            one.do(
                """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, timezone,
                mode, status, file_id, row_number) values (%s, 'C1', 'T1', (%s || ' 09:00+08')::timestamptz,
                (%s || ' 17:00+08')::timestamptz, 'Asia/Shanghai', 'classroom', 'confirmed', 1, 1)""",
                *(code, day, day),
            )
        yield one


@pytest.fixture
def vendors(company: Company) -> Company:
    """Five vendors, their ratings, three topics."""
    file_id = company.file("vendors")
    for row in VENDORS:
        company.do(
            """insert into core.vendors (vendor_code, name_zh, name_en, kind, licence_no, licence_expires_on, file_id,
            row_number) values (%s, %s, %s, %s, %s, %s, %s, 1)""",
            *(*row, file_id),
        )
    file_id = company.file("vendor_ratings")
    for vendor, marks in MARKS.items():
        for number, score in enumerate(marks, start=1):
            for criterion in CRITERIA:
                company.mark(vendor, criterion, f"E{number:04}", score, file_id)
    for code, name, need_type in TOPICS:
        company.do(
            """insert into core.training_topics (topic_code, name_zh, name_en, need_type, file_id, row_number)
            values (%s, %s, %s, %s, 1, 1)""",
            *(code, name, code, need_type),
        )
    return company
