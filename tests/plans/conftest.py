"""A company whose classes ended in January 2026 and whose learners made action plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, cast

import pytest

from trainloop.warehouse import engine

SESSION = "2026-C001"
# The class ended on 16 January; 30 days later, rolled over the holidays of the Spring Festival.
ENDED, CHECK_IN, REPORT = "2026-01-16", "2026-02-24", "2026-03-03"


class Company:
    """Writes rows as intake, forms and scans would, and reads what became of them."""

    def __init__(self, connection: engine.Connection) -> None:
        self.connection = connection

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with self.connection.transaction():
            return self.connection.execute(cast("Any", query), values).fetchall()

    def do(self, query: str, *values: object) -> None:
        self.connection.execute(cast("Any", query), values)

    def session(self, code: str, course: str = "C1", ended: str = ENDED) -> None:
        """A class of one day whose file passed the gate."""
        file_id = self.rows(
            """insert into ops.inbox_files
            (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, found_at)
            values ('class_sessions', %s, '', '', %s, 0, now()) returning file_id""",
            *(f"class_sessions_{code}.csv", code),
        )[0]["file_id"]
        self.do(
            """insert into ops.check_runs (suite, file_id, checked_at, row_count, is_passed, gate_decision)
            values ('class_sessions', %s, now(), 0, true, 'pass')""",
            file_id,
        )
        self.do(
            """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, timezone,
            mode, status, file_id, row_number) values (%s, %s, 'T1', (%s || ' 09:00+08')::timestamptz,
            (%s || ' 17:00+08')::timestamptz, 'Asia/Shanghai', 'classroom', 'confirmed', %s, 1)""",
            *(code, course, ended, ended, file_id),
        )

    def learners(self, code: str, numbers: Sequence[int], department: str = "D110") -> None:
        """People who attended and were asked for a plan."""
        self.do(
            """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
            anonymity, opened_at, closes_at, minimum_count, source, population)
            values (%s, 'action_plan', '1', 'class_session', %s, 'named', now(), now(), 1, 'forms', 'attendees')
            on conflict do nothing""",
            *(f"action_plan-{code}", code),
        )
        for number in numbers:
            who = person(number)
            self.do(
                """insert into core.employees (employee_id, name, email, department_code, job_family, job_level,
                file_id, row_number) values (%s, %s, %s, %s, 'sales', 'P5', 1, 1) on conflict do nothing""",
                *(who, name(number), f"{who.lower()}@example.com", department),
            )
            self.do(
                """insert into core.employee_history (employee_id, valid_from, department_code, job_family, job_level,
                file_id) values (%s, '2020-01-01', %s, 'sales', 'P5', 1) on conflict do nothing""",
                *(who, department),
            )
            self.do(
                """insert into core.attendance (session_code, employee_id, status, file_id, row_number)
                select %s, %s, 'present', file_id, 1 from core.class_sessions where session_code = %s""",
                *(code, who, code),
            )
            self.do(
                "insert into ops.invitations (wave_code, employee_id, token, invited_on) values (%s, %s, %s, %s)",
                *(f"action_plan-{code}", who, f"{code}{who}", ENDED),
            )

    def plan(self, code: str, number: int, state: str, cause: str | None = None, **more: object) -> None:
        """One plan as it stands; verified ones have evidence and the manager's word."""
        values: dict[str, object] = {
            "plan_id": f"P-{code}-{number:02}",
            "session_code": code,
            "employee_id": person(number),
            "goal": "每周用新方法拜访两位客户",
            "metric": "拜访数",
            "target_value": 8,
            "due_on": CHECK_IN,
            "first_step": "列名单",
            "state": state,
            "made_at": f"{ENDED} 18:00+08",
            "updated_at": f"{CHECK_IN} 10:00+08",
            "blocker": cause,
            "check_in_due_on": CHECK_IN,
            "checked_in_at": f"{CHECK_IN} 10:00+08" if cause else None,
            "evidence": "报表" if state in {"done", "verified"} else None,
            "confirmation": "confirmed" if state == "verified" else None,
        } | more
        columns = ", ".join(values)
        self.do(
            f"insert into ops.action_plans ({columns}) values ({', '.join(['%s'] * len(values))})",
            *values.values(),
        )

    def figures(self, product: str = "action_plans_30d") -> dict[tuple[str, str, str], Any]:
        """What the newest release says: its value, else its reason."""
        rows = self.rows(
            """select family, code, statistic, value, reason from published.figures
            where release_id = (select max(release_id) from published.releases where product = %s)""",
            product,
        )
        return {
            (row["family"], row["code"], row["statistic"]): row["reason"] if row["value"] is None else row["value"]
            for row in rows
        }


def name(number: int) -> str:
    return f"欧阳{'一二三四五六七八九十甲乙丙丁'[number % 14]}"


def person(number: int) -> str:
    return f"E{number:04}"


@pytest.fixture
def company(warehouse: str, set_clock: Callable[..., datetime]) -> Iterator[Company]:
    """Two departments with heads, two courses, one class; the morning of the day its report is due."""
    set_clock(2026, 3, 3)
    with engine.connect("owner", autocommit=True) as connection:
        one = Company(connection)
        for code, parent, head in (("D100", None, "E9001"), ("D110", "D100", "E9002"), ("D120", "D100", None)):
            one.do(
                """insert into core.departments (department_code, name_zh, name_en, parent_code, head_employee_id,
                file_id, row_number) values (%s, %s, %s, %s, %s, 1, 1)""",
                *(code, f"部门{code}", f"Department {code}", parent, head),
            )
        for who in ("E9001", "E9002"):
            one.do(
                """insert into core.employees (employee_id, name, email, department_code, job_family, job_level,
                file_id, row_number) values (%s, '李四', %s, 'D100', 'sales', 'M1', 1, 1)""",
                *(who, f"{who.lower()}@example.com"),
            )
        for code, name in (("C1", "谈判"), ("C2", "数据分析")):
            one.do(
                """insert into core.courses (course_code, name_zh, name_en, mode, hours, file_id, row_number)
                values (%s, %s, %s, 'classroom', 6, 1, 1)""",
                *(code, name, f"Course {code}"),
            )
        one.do(
            """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
            values ('T1', '韩梅梅', 'han@example.com', 'external', 1, 1)"""
        )
        one.session(SESSION)
        yield one


@pytest.fixture
def twelve(company: Company) -> Company:
    """Fourteen asked, thirteen planned, one of them left: 6 verified, 2 done, 1 on track, 2 late, 1 withdrawn count."""
    company.learners(SESSION, range(1, 15))
    states = ["verified"] * 6 + ["done"] * 2 + ["on_track"] + ["late"] * 2 + ["withdrawn"]
    causes = ["none"] * 4 + ["time"] * 5 + ["unclear"] * 3
    for number, (state, cause) in enumerate(zip(states, causes, strict=True), start=1):
        story = f"{name(number)}和我每天先列三件事" if number <= 3 else None
        company.plan(SESSION, number, state, cause, story=story)
    company.plan(SESSION, 13, "withdrawn", settled_at="2026-02-01 10:00+08", settled_reason="left")
    return company
