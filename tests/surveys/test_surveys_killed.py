"""Killed at any commit and run again: the warehouse is the same as without the kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from trainloop import faults
from trainloop.surveys.evaluation import close_due, open_due_waves, remind_due, sessions_to_report
from trainloop.surveys.milestones import plan_milestones

from .conftest import Company, local

pytestmark = pytest.mark.slow
type_of_clock = Callable[..., datetime]
TABLES = """ops.milestones, ops.survey_waves, ops.invitations, ops.notices, ops.audit_entries, confidential.responses,
    core.class_sessions, core.attendance"""
SNAPSHOT = """
    select jsonb_agg(line order by line::text) as lines from (
        select to_jsonb(m) - 'milestone_id' - 'emitted_at' as line from ops.milestones m
        union all select to_jsonb(w) from ops.survey_waves w
        union all select to_jsonb(i) - 'invitation_id' - 'token' from ops.invitations i
        union all select to_jsonb(n) - 'notice_id' from ops.notices n
        union all select to_jsonb(r) - 'response_id' from confidential.responses r
        union all select to_jsonb(a) - 'audit_entry_id' from ops.audit_entries a
    ) as everything"""
# Entry point → its fault points. `sessions_to_report` marks what it announced in its own commit.
POINTS = [
    ("milestones.plan_milestones", "surveys.plan.before_withdraw"),
    ("milestones.plan_milestones", "surveys.plan.before_commit"),
    ("milestones.plan_milestones", "surveys.plan.after_commit"),
    ("evaluation.open_due_waves", "surveys.sync.before_commit"),
    ("evaluation.open_due_waves", "surveys.sync.after_commit"),
    ("evaluation.open_due_waves", "surveys.open.before_commit"),
    ("evaluation.open_due_waves", "surveys.open.after_commit"),
    ("evaluation.remind_due", "surveys.remind.before_commit"),
    ("evaluation.remind_due", "surveys.remind.after_commit"),
    ("evaluation.close_due", "surveys.close.before_commit"),
    ("evaluation.close_due", "surveys.close.after_commit"),
    ("evaluation.sessions_to_report", "surveys.report.before_commit"),
]


def kill(entry_point: str, point: str) -> None:
    """Run one entry point in a process of its own that dies at the point."""
    module, _, name = entry_point.partition(".")
    code = f"from trainloop.surveys import {module}; {module}.{name}()"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
    assert done.returncode == -signal.SIGKILL, point


def live(company: Company, set_clock: type_of_clock, entry_point: str = "", point: str = "") -> Any:
    """Three classes from plan to report, one entry point killed on its way; return the warehouse without random ids."""

    def run(scan: Callable[[], Any], name: str) -> None:
        if name == entry_point and not killed:
            kill(entry_point, point)
            killed.append(name)
        scan()

    killed: list[str] = []
    company.write(f"truncate {TABLES} restart identity cascade")
    company.people("E1", "E2", "E3", "E4")
    for code in ("2026-C001", "2026-C002", "2026-C003"):
        company.session(code, local(2026, 3, 2, 17))
        company.attend(code, ["E1", "E2", "E3", "E4"])
    set_clock(2026, 3, 3, 6)
    run(plan_milestones, "milestones.plan_milestones")
    run(open_due_waves, "evaluation.open_due_waves")
    company.answered("2026-C001", ["E1"])
    company.write(
        """insert into confidential.responses (wave_code, state, external_id_hash)
           select 'EVAL-2026-C001', 'complete', n from generate_series(1, 9) as n"""
    )
    set_clock(2026, 3, 5, 6)
    run(remind_due, "evaluation.remind_due")
    set_clock(2026, 3, 11, 6)
    run(close_due, "evaluation.close_due")
    run(sessions_to_report, "evaluation.sessions_to_report")
    assert company.read("select count(*) as n from ops.milestones where emitted_at is not null") == [{"n": 3}]
    return company.read(SNAPSHOT)


def test_a_kill_at_every_commit_of_waves_leaves_the_same_warehouse(company: Company, set_clock: type_of_clock) -> None:
    """Differential: every fault point of planning, opening, reminding and closing, against the undisturbed run."""
    undisturbed = live(company, set_clock)
    assert "survey_reminder" in str(undisturbed)
    for entry_point, point in POINTS:
        assert live(company, set_clock, entry_point, point) == undisturbed, point
