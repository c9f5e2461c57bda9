"""Killed at any commit before a class and run again: the warehouse and the mails are the same as without the kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from trainloop import faults
from trainloop.delivery import materials, prework, questions, readiness, run_sheets
from trainloop.surveys.milestones import plan_milestones

from .conftest import School, SetClock, local

pytestmark = pytest.mark.slow
SCANS = {
    "materials.send_materials": materials.send_materials,
    "prework.remind_of_prework": prework.remind_of_prework,
    "questions.digest_questions": questions.digest_questions,
    "run_sheets.make_run_sheets": run_sheets.make_run_sheets,
    "readiness.check_readiness": readiness.check_readiness,
}
POINTS = [(name, f"{name.partition('.')[0]}.{moment}_commit") for name in SCANS for moment in ("before", "after")]
SNAPSHOT = """
    select jsonb_agg(line order by line::text) as lines from (
        select to_jsonb(m) - 'milestone_id' - 'emitted_at' as line from ops.milestones m
        union all select to_jsonb(n) - 'notice_id' from ops.notices n
        union all select to_jsonb(e) - 'exception_id' from ops.readiness_exceptions e
        union all select to_jsonb(p) from ops.course_packs p
        union all select to_jsonb(l) - 'token' from ops.material_links l
        union all select to_jsonb(q) from ops.digested_questions q
        union all select to_jsonb(g) from ops.learner_groups g
        union all select to_jsonb(r) - 'report_id' - 'uri' from ops.reports r
    ) as everything"""
TABLES = """ops.milestones, ops.notices, ops.readiness_exceptions, ops.course_packs, ops.course_pack_assets,
    ops.material_links, ops.asset_checks, ops.digested_questions, ops.session_groupings, ops.learner_groups,
    ops.reports, ops.audit_entries, core.class_sessions, core.enrollments, core.learner_questions,
    core.knowledge_assets"""


def live(school: School, name: str = "", point: str = "") -> Any:
    """A class known on its eve, prepared in one morning; one scan is killed at the point and run again."""
    school.write(f"truncate {TABLES} restart identity cascade")
    school.plan_class("2026-C001", local(2026, 3, 12))
    school.enroll("2026-C001", ["E1", "E2"])
    school.asset("KA-1", b"reading", kind="prework")
    school.asset("KA-2", b"x", licence=None)
    school.write(
        """insert into core.learner_questions (question_id, session_code, question, file_id, row_number)
           values ('Q1', '2026-C001', '怎么开场', 1, 1)"""
    )
    plan_milestones()
    for scan, function in SCANS.items():
        if scan == name:
            module, _, entry = scan.partition(".")
            code = f"from trainloop.delivery import {module}; {module}.{entry}()"
            done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
            assert done.returncode == -signal.SIGKILL, point
        function()
    return school.read(SNAPSHOT)[0]["lines"]


def test_a_kill_at_any_commit_changes_nothing_in_the_end(school: School, set_clock: SetClock) -> None:
    """Packs, links, reminders, questions, groups, sheets, exceptions and notices: none lost, none twice."""
    set_clock(2026, 3, 11)
    undisturbed = live(school)
    kinds = {line["kind"] for line in undisturbed if "recipient_kind" in line}
    assert kinds >= {"course_materials", "question_digest", "run_sheet", "readiness_problems", "readiness_digest"}
    for name, point in POINTS:
        assert live(school, name, point) == undisturbed, point
