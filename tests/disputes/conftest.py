"""A course two sides see differently: trainer T1, business head B1, two teams, monthly sales."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from tests.forms.conftest import full_answers
from tests.outbox.conftest import Company, found_company

from trainloop.disputes import opening, papers, scan
from trainloop.forms.app import create_app
from trainloop.forms.store import Store
from trainloop.reporting import dispute_papers
from trainloop.surveys import rounds
from trainloop.surveys.sources import forms as forms_source
from trainloop.warehouse import engine

SetClock = Callable[..., datetime]
OPENING = {"course_code": "C-BLEND", "trainer_id": "T1", "business_head_id": "B1", "reason_code": "practice"}
STATEMENT = {
    "q_content_fits": "4", "q_level_fits": "4", "q_theory_weight": "4", "q_tools_weight": "3",
    "q_simulation_weight": "3", "q_main_goal": "knowledge", "q_measure": "test",
    "q_pain_point": "学员没有时间练习", "q_core_target": "学员会用方法处理异议",
}  # fmt: skip
OTHER_SIDE = STATEMENT | {
    "q_content_fits": "2", "q_theory_weight": "1", "q_simulation_weight": "5", "q_main_goal": "result",
    "q_measure": "kpi", "q_level_fits": "3",
}  # fmt: skip
DESIGN = {
    "q_core_target": "三个月内客户异议处理得更好", "q_framework_pct": "20", "q_tools_pct": "30",
    "q_simulation_pct": "50", "q_comment": "",
}  # fmt: skip
PILOT = {
    "session_code": "2026-P1", "kpi_code": "sales", "pilot_department_code": "D-PILOT",
    "comparison_department_code": "D-OTHER", "q_threshold": "5", "q_window_days": "30",
}  # fmt: skip


@dataclass
class Court:
    """The outbox's company with the two teams, and a browser without a script."""

    company: Company
    client: TestClient

    def run(self, query: str, *values: object) -> list[dict[str, Any]]:
        return self.company.run(query, *values)

    def open(self, **changes: Any) -> dict[str, int]:
        return opening.act_on_form(OPENING | changes)

    def day(self) -> dict[str, int]:
        """One run of the DAG without its form."""
        counts = scan.advance()
        counts["papers"] = papers.make_papers()["papers_made"]
        scan.advance()
        dispute_papers.render_papers()
        return counts

    def state(self, dispute_id: str = "D-2026-001") -> str:
        rows = self.run("select state::text as state from ops.disputes where dispute_id = %s", dispute_id)
        return str(rows[0]["state"])

    def link(self, kind: str, person_id: str) -> str:
        """Return the newest link of a person to a step."""
        rows = self.run(
            "select token from ops.commitments where kind = %s and person_id = %s order by commitment_id desc limit 1",
            kind, person_id,
        )  # fmt: skip
        return f"/d/{rows[0]['token']}"

    def fill(self, path: str, answers: dict[str, str]) -> httpx.Response:
        """Open a page and press its button."""
        page = self.client.get(path)
        found = re.search(r'name="form_token" value="([^"]+)"', page.text)
        assert found is not None, page.text
        return self.client.post(path, data=answers | {"form_token": found[1]}, follow_redirects=True)

    def audits(self, action: str) -> list[dict[str, Any]]:
        return self.run("select actor, detail from ops.audit_entries where action = %s", action)

    def until_design(self) -> None:
        """Opened, both statements in, the pack made."""
        self.open()
        self.day()
        assert self.fill(self.link("dispute_statement", "T1"), STATEMENT).status_code == 200
        assert self.fill(self.link("dispute_statement", "B1"), OTHER_SIDE).status_code == 200
        self.day()

    def until_pilot(self) -> None:
        """The design is agreed by the three and HR is asked to register the pilot."""
        self.until_design()
        assert self.fill(self.link("dispute_design", "hr_lead"), DESIGN).status_code == 200
        self.day()
        for person in ("hr_lead", "T1", "B1"):
            assert self.fill(self.link("dispute_design_ack", person), {"q_choice": "agree"}).status_code == 200
        self.day()

    def facts(self, month: str, pilot: float, comparison: float) -> None:
        """One month's sales of both teams; people differ a little."""
        with engine.connect("owner") as connection, connection.cursor() as cursor:
            cursor.executemany(
                """insert into core.kpi_facts (unit_kind, unit_id, kpi_code, period, value, file_id, row_number)
                   values ('employee', %s, 'sales', %s, %s, 1, 1)""",
                [(f"P{n}", month, pilot + n) for n in range(1, 13)]
                + [(f"O{n}", month, comparison + n) for n in range(1, 13)],
            )

    def hold_pilot(self, set_clock: SetClock, effect: float = 9) -> None:
        """The pilot class is held on 2026-05-20, both teams answer, and the month after it is known."""
        assert self.fill(self.link("dispute_pilot", "hr_lead"), PILOT).status_code == 200
        for month in range(1, 5):
            self.facts(f"2026-0{month}", 100, 100)
        self.day()
        set_clock(2026, 5, 21, 9)
        self.run(
            """insert into core.attendance (session_code, employee_id, slot, status, file_id, row_number)
               select '2026-P1', employee_id, 1, 'present', 1, 1 from core.employees where department_code = 'D-PILOT'
                   and employee_id like 'P%%'"""
        )
        self.day()
        rounds.open_due()
        for row in self.run("select employee_id, token from ops.invitations where wave_code like 'PILOT-%%'"):
            answers = full_answers("pilot_feedback") | {"action": "submit"}
            assert self.fill(f"/f/{row['token']}", answers).status_code == 200
        set_clock(2026, 6, 2, 9)
        forms_source.collect()
        rounds.close_due()
        self.facts("2026-06", 100 + effect, 100)
        set_clock(2026, 7, 2, 9)
        self.day()

    def until_signature(self, set_clock: SetClock) -> None:
        """The pilot is reported and the decision recorded: the three are asked to sign."""
        self.until_pilot()
        self.hold_pilot(set_clock)
        said = {"q_choice": "adopt", "q_comment": "达到标准，下季度推广"}
        assert self.fill(self.link("dispute_decision", "hr_lead"), said).status_code == 200
        self.day()


@pytest.fixture
def court(warehouse: str, set_clock: SetClock) -> Iterator[Court]:
    company = found_company()
    run = company.run
    run("update core.trainers set employee_id = 'E1' where trainer_id = 'T1'")
    run(
        """insert into core.courses (course_code, name_zh, name_en, topic_code, mode, hours, key_kpi_code, file_id,
               row_number)
           values ('C-BLEND', '异议处理', 'Handling objections', 'T-OBJ', 'classroom', 8, 'sales', 1, 1)"""
    )
    run(
        """insert into core.kpi_definitions (kpi_code, name_zh, name_en, direction, unit, file_id, row_number)
           values ('sales', '月销售额', 'Monthly sales', 'higher', '万元', 1, 1)"""
    )
    for code, name in (("D1", "总部"), ("D-PILOT", "华东一组"), ("D-OTHER", "华东二组")):
        run(
            """insert into core.departments (department_code, name_zh, name_en, head_employee_id, file_id, row_number)
               values (%s, %s, %s, 'B1', 1, 1)""",
            code, name, f"Team {code}",
        )  # fmt: skip
    company.hire("B1", *(f"P{n}" for n in range(1, 13)), *(f"O{n}" for n in range(1, 13)))
    run("update core.employees set department_code = 'D-PILOT' where employee_id ~ '^P|B1'")
    run("update core.employees set department_code = 'D-OTHER' where employee_id ~ '^O'")
    run(
        """insert into core.employee_history (employee_id, valid_from, department_code, job_family, job_level, file_id)
           select employee_id, '2020-01-01', department_code, job_family, job_level, 1 from core.employees"""
    )
    starts_at = datetime(2026, 5, 20, 1, tzinfo=UTC)
    run(
        """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, status,
               is_pilot, file_id, row_number)
           values ('2026-P1', 'C-BLEND', 'T1', %s, %s, 'classroom', 'confirmed', true, 1, 1)""",
        starts_at, starts_at.replace(hour=9),
    )  # fmt: skip
    run(
        """insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
           select '2026-P1', employee_id, 'confirmed', 1, 1 from core.employees where employee_id like 'P%%'"""
    )
    with TestClient(create_app(Store()), base_url="http://127.0.0.1:8030") as client:
        yield Court(company, client)
