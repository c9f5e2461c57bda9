"""The audit finds what is missing, tells the right people once, and says so when it cannot look."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from trainloop.config import get_site
from trainloop.quality import audit, checks
from trainloop.quality.checks import SqlCheck
from trainloop.settings import get_settings
from trainloop.warehouse import engine

pytestmark = pytest.mark.slow


@pytest.fixture
def troubled(warehouse: str, set_clock: Callable[..., object]) -> None:
    """A warehouse with one gap for HR (a forgotten milestone) and two for engineers (a stuck file, a date in 1949)."""
    set_clock(2026, 3, 16)
    with engine.connect("owner") as connection:
        connection.execute(
            """insert into ops.inbox_files
                   (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, found_at)
               values ('employees', 'a.csv', '', '', 'a', 1, '2026-03-15 09:00+08')"""
        )
        connection.execute(
            """insert into core.departments (department_code, name_zh, name_en, file_id, row_number)
               values ('D1', '销售', 'Sales', 1, 2)"""
        )
        connection.execute(
            """insert into core.employees
                   (employee_id, name, email, department_code, job_family, job_level, hired_on, file_id, row_number)
               values ('E1', 'CANARY-NAME', 'canary@example.com', 'D1', '100% s:x', 'P5', '1949-01-01', 1, 2)"""
        )
        connection.execute(
            """insert into ops.milestones (subject_kind, subject_id, step, due_on, planned_at, state, done_at)
               values ('class_session', '2026-C001', 'evaluation_open', '2026-03-10', now(), 'pending', null),
                      ('class_session', '2026-C002', 'evaluation_open', '2026-03-10', now(), 'done', now())"""
        )


def rows(query: str) -> list[dict[str, Any]]:
    with engine.connect("owner") as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def test_gaps_are_found_counted_and_told_to_those_who_can_act(troubled: None) -> None:
    """HR hears of the lifecycle, engineers of data and machinery; facts are codes and counts in finished sentences."""
    counts = audit.audit_warehouse()
    failed = {row["check_code"]: row for row in rows("select * from ops.check_results where not is_passed")}
    assert failed.keys() == {"milestones_not_done", "files_unfinished", "employees.hired_on.out_of_range"}
    assert (counts["failed_count"], counts["gap_count"]) == (3, 3)
    notices = {row["recipient_id"]: row for row in rows("select * from ops.notices where kind = 'audit_gaps'")}
    assert notices.keys() == {*get_site().contacts_of("hr"), *get_site().contacts_of("engineer")}
    assert notices["hr_lead"]["subject_id"] == "2026-03-16"
    assert notices["hr_lead"]["facts"]["gap_count"] == 1
    assert notices["hr_lead"]["facts"]["gaps"] == [
        {
            "zh": "1 个节点已到期但未完成（2026-C001 evaluation_open）",
            "en": "Milestones due and not done: 1 (2026-C001 evaluation_open)",
        }
    ]
    assert notices["engineers"]["facts"]["gap_count"] == 2
    assert "CANARY" not in str(notices)


def test_due_and_done_are_set_beside_each_other(troubled: None) -> None:
    """Reconciliation per step: due = done + skipped + expired + gap."""
    audit.audit_warehouse()
    (step,) = rows("select * from ops.reconciliations")
    assert (step["step"], step["due_count"], step["done_count"], step["gap_count"]) == ("evaluation_open", 2, 1, 1)


def test_auditing_twice_a_day_keeps_one_run_and_one_mail(troubled: None) -> None:
    """A cleared or killed run repeats nothing; the later look replaces the earlier one."""
    first, second = audit.audit_warehouse(), audit.audit_warehouse()
    assert (first["check_run_id"], second["notices_planned"]) == (second["check_run_id"], 0)
    assert rows("select count(*) as n from ops.check_runs") == [{"n": 1}]
    assert rows("select count(*) as n from ops.check_gaps where check_code = 'files_unfinished'") == [{"n": 1}]


def test_a_mended_gap_disappears(troubled: None) -> None:
    """The audit looks at the warehouse, not at what it said before."""
    audit.audit_warehouse()
    with engine.connect("owner") as connection:
        connection.execute("update ops.milestones set state = 'done', done_at = now() where state = 'pending'")
        connection.execute("update ops.inbox_files set state = 'merged', finished_at = now()")
        connection.execute("update core.employees set hired_on = '2020-01-01'")
    assert audit.audit_warehouse()["gap_count"] == 0
    assert rows("select is_passed from ops.check_runs") == [{"is_passed": True}]


def test_an_audit_of_a_past_day_mails_nobody(troubled: None) -> None:
    """A backfill looks at that day with its own clock and tells no one."""
    counts = audit.audit_warehouse(date(2026, 3, 9))
    assert counts["notices_planned"] == 0
    assert rows("select count(*) as n from ops.notices") == [{"n": 0}]
    assert rows("select checked_on from ops.check_runs") == [{"checked_on": date(2026, 3, 9)}]
    assert "milestones_not_done" not in {row["check_code"] for row in rows("select check_code from ops.check_gaps")}


def test_a_check_that_cannot_run_is_a_gap_and_the_others_still_speak(
    troubled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fail closed: broken SQL is no passed check, and one broken check silences no other."""
    broken = SqlCheck("broken", "stop", "engineer", "坏", "broken", "{count}", "{count}")
    monkeypatch.setattr(SqlCheck, "query", _broken_query(SqlCheck.query))
    monkeypatch.setattr(audit, "sql_checks", lambda: [broken, *checks.sql_checks()])
    counts = audit.audit_warehouse()
    assert counts["failed_count"] == 4
    (result,) = rows("select rule, is_passed, failed_count from ops.check_results where check_code = 'broken'")
    assert result == {"rule": "not_run", "is_passed": False, "failed_count": 1}


def _broken_query(good: Callable[..., Any]) -> Callable[..., Any]:
    from psycopg import sql

    def query(self: SqlCheck, *arguments: Any) -> sql.Composed:
        return (
            sql.Composed([sql.SQL("select nothing from nowhere")]) if self.code == "broken" else good(self, *arguments)
        )

    return query


def test_the_pages_hold_no_personal_data_and_load_nothing(troubled: None, home: Path) -> None:
    """Data Docs: both languages, no script, no foreign host, no value of any row."""
    audit.audit_warehouse()
    folder = Path(get_settings().folder_uri("data_docs").removeprefix("file://"))
    pages = {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.html")}
    assert {"index.html", "zh-CN/index.html", "en/index.html", "en/audits.html", "zh-CN/runs/1.html"} <= pages.keys()
    text = "\n".join(pages.values())
    assert "CANARY" not in text
    assert "canary@" not in text
    assert "<script" not in text
    assert "://" not in text.replace("http-equiv", "")
    assert "2026-C001 evaluation_open" in pages["zh-CN/runs/1.html"]
    assert [path for path in folder.rglob("*") if path.name.startswith(".")] == []
