"""`trainloop approvals` and `trainloop needs`: the console's door to a decision, and a year's needs in the terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from tests.needs import world
from tests.needs.test_analysis import analyzed
from tests.outbox.conftest import Company, found_company
from tests.requests.test_approvals import ask, rows
from typer.testing import CliRunner, Result

from trainloop.cli import app
from trainloop.requests import approvals


@pytest.fixture
def company(warehouse: str, set_clock: Callable[..., datetime]) -> Company:
    """HR is asked about the report of 2027 on Tuesday 2026-03-03."""
    found = found_company()
    ask()
    return found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "200"})


def test_what_waits_is_listed_with_whom_it_waits_for(company: Company) -> None:
    """Ids, kinds and contacts; no link and no person."""
    shown = run("approvals", "list").output
    for words in ("annual_needs_report", "2027", "hr_lead", "2026-05-02", "open"):
        assert words in shown
    assert rows(company)[0]["token"] not in shown
    approvals.decide(1, is_approved=True, decided_by="lin", via="airflow")
    assert "Nothing waits" in run("approvals", "list").output
    assert "approved" in run("approvals", "list", "--all").output


def test_the_console_decides_in_a_name_and_the_trail_keeps_it(company: Company) -> None:
    """Who, by which door, and an audit entry without the words."""
    told = run("approvals", "decide", "1", "--send-back", "--by", "王芳", "--comment", "预算不对")
    assert told.exit_code == 0, told.output
    (row,) = rows(company)
    assert (row["state"], row["decided_by"], row["decided_via"]) == ("rejected", "王芳", "console")
    assert row["comment"] == "预算不对"
    (entry,) = company.run("select actor, action, subject_id, detail from ops.audit_entries")
    assert (entry["actor"], entry["action"], entry["subject_id"]) == ("王芳", "approval_decided", "2027")
    assert entry["detail"] == {"approval_id": 1, "state": "rejected", "via": "console"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--approve",),
        ("--by", "王芳"),
        ("--approve", "--by", "  "),
        ("--send-back", "--by", "王芳"),
        ("--send-back", "--by", "王芳", "--comment", " "),
    ],
)
def test_a_decision_without_a_name_a_choice_or_a_reason_is_none(company: Company, arguments: tuple[str, ...]) -> None:
    """Nothing is guessed: not who, not what, not why something goes back."""
    assert run("approvals", "decide", "1", *arguments).exit_code != 0
    assert rows(company)[0]["state"] == "open"
    assert company.run("select * from ops.audit_entries") == []


def test_the_door_that_comes_second_is_told_so(company: Company) -> None:
    """Airflow was first: nothing changes, and the exit code says it."""
    approvals.decide(1, is_approved=True, decided_by="lin", via="airflow")
    told = run("approvals", "decide", "1", "--send-back", "--by", "王芳", "--comment", "预算不对")
    assert told.exit_code == 1
    assert "approved by lin (airflow)" in told.output
    assert rows(company)[0]["decided_via"] == "airflow"
    assert run("approvals", "decide", "7", "--approve", "--by", "王芳").exit_code == 1


def test_the_needs_of_a_year_stand_ranked_in_the_terminal(
    warehouse: str, set_clock: Callable[..., datetime], capsys: Any
) -> None:
    """What was published: the quiet need first with its three layers, the popular one rejected."""
    set_clock(2026, 11, 25)
    world.make_company()
    assert "no needs analysis of 2027" in run("needs", "2027").output
    analyzed()
    shown = run("needs", "2027").output
    lines = [line for line in shown.splitlines() if "T-" in line]
    assert "T-QUIET" in lines[0]
    assert lines[0].count("✓") == 3
    assert "valid 有效" in lines[0]
    assert "funded" in lines[0]
    (popular,) = [line for line in lines if "T-POP" in line]
    assert "rejected" in popular
