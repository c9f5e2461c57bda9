"""A company that pays teaching-hour allowances: three internal trainers, rates of 2026, classes of January."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from trainloop.config import get_site
from trainloop.settings import get_settings
from trainloop.warehouse import engine

# Airflow user → employee who may approve. E2 teaches, E9 does not; two logins belong to E8.
APPROVERS = {"7": "E8", "8": "E9", "9": "E2", "10": "E8"}
RATES: tuple[tuple[str, str, str, str | None, str, str | None], ...] = (
    ("base", "internal", "2026-01-01", None, "100", "CNY"),
    ("level", "高级", "2026-01-01", None, "1.2", None),
    ("level", "中级", "2026-01-01", None, "1", None),
    ("difficulty", "*", "2026-01-01", None, "1", None),
    ("difficulty", "C-NEG", "2026-01-01", None, "1.5", None),
    ("class_size", "0", "2026-01-01", None, "1", None),
    ("class_size", "20", "2026-01-01", None, "1.25", None),
    ("quality", "0", "2026-01-01", None, "1", None),
    ("quality", "4.5", "2026-01-01", None, "1.1", None),
)


@dataclass
class Trainers:
    """Writes rows as intake would and reads what became of them."""

    connection: engine.Connection

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return self.connection.execute(cast("Any", query), values).fetchall()

    def do(self, query: str, *values: object) -> None:
        self.connection.execute(cast("Any", query), values)

    def rate(self, *values: object, file_id: int = 1) -> None:
        self.do(
            """insert into core.allowance_rates
               (kind, code, valid_from, valid_until, rate_value, currency, file_id, row_number)
               values (%s, %s, %s, %s, %s, %s, %s, 7)""",
            *values, file_id,
        )  # fmt: skip

    def trainer(self, code: str, employee_id: str, level: str = "高级", kind: str = "internal") -> None:
        self.do(
            """insert into core.employees (employee_id, name, email, department_code, job_family, job_level, file_id,
                   row_number) values (%s, %s, %s, 'D1', 'S', 'P6', 1, 1) on conflict do nothing""",
            employee_id, f"=培训师 {code}", f"{employee_id.lower()}@example.com",
        )  # fmt: skip
        self.do(
            """insert into core.trainers (trainer_id, name, email, kind, employee_id, trainer_level, file_id,
                   row_number) values (%s, %s, %s, %s, %s, %s, 1, 1)""",
            code, f"=培训师 {code}", f"{code.lower()}@example.com", kind, employee_id, level,
        )  # fmt: skip

    def course(self, code: str, hours: str = "3") -> None:
        self.do(
            """insert into core.courses (course_code, name_zh, name_en, mode, hours, file_id, row_number)
               values (%s, %s, %s, 'classroom', %s, 1, 1)""",
            code, f"课程 {code}", f"Course {code}", hours,
        )  # fmt: skip

    def session(self, code: str, trainer: str, day: str, course: str = "C-NEG", heads: int = 12) -> None:
        self.do(
            """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, status,
                   file_id, row_number)
               values (%s, %s, %s, %s::timestamp at time zone 'Asia/Shanghai',
                   %s::timestamp at time zone 'Asia/Shanghai', 'classroom', 'confirmed', 1, 1)""",
            code, course, trainer, f"{day} 09:00", f"{day} 17:00",
        )  # fmt: skip
        self.do(
            """insert into core.attendance (session_code, employee_id, slot, status, file_id, row_number)
               select %s, 'L' || n, '1', 'present', 1, n from generate_series(1, %s) as n""",
            code, heads,
        )  # fmt: skip

    def release(
        self, code: str, figures: dict[str, tuple[float, int]], family: str = "item", revision: int = 1
    ) -> None:
        """A published evaluation: code → (mean, answers)."""
        (row,) = self.rows(
            """insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256,
                   site_version, released_at)
               values ('course_evaluation', 'class_session', %s, %s, 'x', '1', ops.business_now())
               returning release_id""",
            code, revision,
        )  # fmt: skip
        for name, (mean, count) in figures.items():
            self.do(
                """insert into published.figures (release_id, family, code, statistic, value, respondent_count,
                       is_hidden) values (%s, %s, %s, 'mean', %s, %s, false)""",
                row["release_id"], family, name, mean, count,
            )  # fmt: skip

    def rated(self, code: str, mean: float, count: int = 12, revision: int = 1) -> None:
        self.release(code, {"instructor_professionalism": (mean, count)}, "dimension", revision)

    def lines(self) -> list[tuple[Any, ...]]:
        """(month, batch, class, trainer, kind, amount), as they stand."""
        rows = self.rows(
            """select month, revision_number, session_code, trainer_id, kind, amount from ops.allowance_lines
               order by month, revision_number, session_code, trainer_id"""
        )
        return [tuple(str(value) for value in row.values()) for row in rows]

    def paid(self) -> dict[str, str]:
        """Trainer → everything that approved batches pay."""
        rows = self.rows("select trainer_id, sum(amount) as paid from ops.paid_allowances group by trainer_id")
        return {row["trainer_id"]: str(row["paid"]) for row in rows}

    def open_approval(self) -> int:
        (row,) = self.rows("select approval_id from ops.approvals where kind = 'allowance' and state = 'open'")
        approval_id: int = row["approval_id"]
        return approval_id

    def audit(self) -> list[tuple[str, str, str]]:
        rows = self.rows(
            """select actor, action, coalesce(detail ->> 'reason', '') as reason from ops.audit_entries
               where action like 'approval%%' order by audit_entry_id"""
        )
        return [(row["actor"], row["action"], row["reason"]) for row in rows]


@pytest.fixture
def approvers(warehouse: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The site file says whose login is whose."""
    path = home / "site.yaml"
    path.write_text(yaml.safe_dump({"allowances": {"approvers": APPROVERS}}), "utf-8")
    monkeypatch.setenv("TRAINLOOP_SITE_FILE", str(path))
    get_settings.cache_clear()
    get_site.cache_clear()


@pytest.fixture
def trainers(approvers: None, warehouse: str, set_clock: Callable[..., datetime]) -> Iterator[Trainers]:
    """On 10 February 2026: T1 gave the textbook class (594.00), T2 a large one; T3 is paid by invoice."""
    set_clock(2026, 2, 10)
    with engine.connect("owner", autocommit=True) as connection:
        world = Trainers(connection)
        for rate in RATES:
            world.rate(*rate)
        world.trainer("T1", "E1")
        world.trainer("T2", "E2", "中级")
        world.trainer("T3", "E3", kind="external")
        world.course("C-NEG")
        world.course("C-EXC", "6")
        world.session("2026-C001", "T1", "2026-01-15")
        world.rated("2026-C001", 4.6)
        world.session("2026-C002", "T2", "2026-01-20", "C-EXC", heads=20)
        world.session("2026-C003", "T3", "2026-01-21")
        world.session("2026-C009", "T1", "2026-02-05")
        yield world
