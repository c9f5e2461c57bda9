"""Pulse and 360 killed with -9 at every commit and run again: the warehouse is the same as without the kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from tests.surveys import assessment_world as people
from tests.surveys import results_world as world
from tests.surveys.test_pulse import BAD, GOOD, answered, taught

from trainloop import faults
from trainloop.reporting.assessment_feedback import render_feedback
from trainloop.surveys.assessment_cohort import publish_cohort
from trainloop.surveys.assessment_results import evaluate_assessments
from trainloop.surveys.assessments import plan_assessments
from trainloop.surveys.pulse import plan_pulse, publish_pulses

pytestmark = pytest.mark.slow
SetClock = Callable[..., datetime]
POINTS = [
    ("surveys.pulse.plan_pulse", "pulse.plan.before_commit"),
    ("surveys.pulse.publish_pulses", "pulse.publish.before_commit"),
    ("surveys.pulse.publish_pulses", "pulse.publish.after_commit"),
    ("surveys.assessments.plan_assessments", "assessments.plan.before_commit"),
    ("surveys.assessment_results.evaluate_assessments", "assessments.evaluate.before_commit"),
    ("surveys.assessment_cohort.publish_cohort", "assessments.cohort.before_commit"),
]
RENDERING = "reporting.assessment_feedback.render_feedback"
RENDER_POINTS = [(RENDERING, "reporting.after_rename"), (RENDERING, "reporting.before_commit")]
# Drawing ten PDFs takes as long as all the rest: only the runs that are about it draw.
CASES = [(False, "", ""), *((False, *one) for one in POINTS), (True, "", ""), *((True, *one) for one in RENDER_POINTS)]
# Everything the scans write, without numbers of sequences, random links and the store's folder of this test.
SNAPSHOT = """
    select jsonb_agg(line order by line::text) as lines from (
        select to_jsonb(w) as line from ops.survey_waves w
        union all select to_jsonb(p) from ops.wave_people p
        union all select to_jsonb(m) - 'milestone_id' from ops.milestones m
        union all select to_jsonb(n) - 'notice_id' - 'facts' - 'subject_id' from ops.notices n
        union all select to_jsonb(c) - 'commitment_id' - 'token' - 'facts' from ops.commitments c
        union all select to_jsonb(a) - 'audit_entry_id' - 'detail' from ops.audit_entries a
        union all select to_jsonb(r) - 'release_id' from published.releases r
        union all select to_jsonb(f) - 'release_id' from published.figures f
        union all select to_jsonb(l) - 'release_id' from confidential.release_respondents l
        union all select to_jsonb(a) from ops.assessments a
        union all select to_jsonb(f) from confidential.assessment_figures f
        union all select to_jsonb(s) from marts.assessment_scores s
        union all select to_jsonb(r) - 'report_id' - 'uri' from ops.reports r
    ) as everything"""
undisturbed: dict[bool, Any] = {}


def kill(entry_point: str, point: str) -> None:
    """Run one entry point in a process of its own that dies at the point."""
    module, _, name = f"trainloop.{entry_point}".rpartition(".")
    code = f"from {module} import {name}; {name}()"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
    assert done.returncode == -signal.SIGKILL, point


def live(set_clock: SetClock, is_rendering: bool, entry_point: str, point: str) -> Any:
    """A pulse with a drop and a cohort of five assessed managers, one entry point killed on its way."""
    killed: list[str] = []

    def run(scan: Callable[[], Any]) -> None:
        if f"{scan.__module__}.{scan.__name__}".removeprefix("trainloop.") == entry_point and not killed:
            kill(entry_point, point)
            killed.append(entry_point)
        scan()

    world.make_company(20)
    taught("A", "2026-02-10 17:00+08", 12)
    taught("B", "2026-05-12 17:00+08", 12)
    for name in "CDEFG":
        people.make_manager(f"M{name}", "2026-06-01", reports=3, peers=3)
    set_clock(2026, 7, 1)
    run(plan_pulse)
    run(plan_assessments)
    sheets = {"self": [5], "manager": [4], "peer": [4, 3, 4], "report": [3, 3, 2]}
    for wave_code in people.waves().values():
        people.close_with(wave_code, sheets, "2026-07-19 23:59+08")
    world.execute("delete from ops.survey_waves where wave_code = 'PULSE-2026Q2'")
    answered("2026Q1", GOOD, "2026-04-20 23:59+08")
    answered("2026Q2", BAD, "2026-07-19 23:59+08")
    set_clock(2026, 7, 20)
    for scan in (publish_pulses, evaluate_assessments, publish_cohort, *([render_feedback] if is_rendering else [])):
        run(scan)
    assert len(killed) == bool(entry_point)
    return world.execute(SNAPSHOT)


@pytest.mark.parametrize(("is_rendering", "entry_point", "point"), CASES)
def test_a_kill_at_any_commit_leaves_the_same_warehouse(
    warehouse: str, set_clock: SetClock, is_rendering: bool, entry_point: str, point: str
) -> None:
    """Differential: the undisturbed run comes first, every fault point is compared with it."""
    found = live(set_clock, is_rendering, entry_point, point)
    if not entry_point:
        assert "cohort_brief" in str(found)
        assert "commitment_request" in str(found)
        assert ("assessment_feedback" in str(found)) == is_rendering
        undisturbed[is_rendering] = found
    assert found == undisturbed[is_rendering]
