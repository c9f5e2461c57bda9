"""Killed at any commit of the rounds and run again: the warehouse is the same as without the kill."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from trainloop.surveys import needs_launch, planning, rounds

from .conftest import Company, local
from .test_surveys_killed import SNAPSHOT, TABLES, kill

pytestmark = pytest.mark.slow
type_of_clock = Callable[..., datetime]
POINTS = [
    ("needs_launch.launch", "needs_launch.before_commit"),
    ("needs_launch.launch", "needs_launch.after_commit"),
    ("planning.plan_due", "planning.follow_ups.before_commit"),
    ("planning.plan_due", "planning.follow_ups.after_commit"),
    ("rounds.open_due", "rounds.sync.before_commit"),
    ("rounds.open_due", "rounds.sync.after_commit"),
    ("rounds.open_due", "rounds.open.before_commit"),
    ("rounds.open_due", "rounds.open.after_commit"),
    ("rounds.remind_due", "rounds.remind.before_commit"),
    ("rounds.remind_due", "rounds.remind.after_commit"),
    ("rounds.close_due", "rounds.close.before_commit"),
    ("rounds.close_due", "rounds.close.after_commit"),
]


def live(company: Company, set_clock: type_of_clock, entry_point: str = "", point: str = "") -> Any:
    """A needs survey with an interview and a follow-up, one entry point killed; the warehouse without random ids."""

    def run(scan: Callable[[], Any], name: str) -> None:
        if name == entry_point and not killed:
            kill(entry_point, point)
            killed.append(name)
        scan()

    killed: list[str] = []
    company.write(f"truncate {TABLES}, core.interview_plan restart identity cascade")
    company.people("E1", "E2", "E3", "E4", "E5", "E6")
    company.session("2026-C001", local(2026, 8, 3, 17))
    company.attend("2026-C001", ["E1", "E2"])
    company.write("insert into core.interview_plan values ('D1', 2027, null, 'E1', '2026-11-20', 1, 1)")
    set_clock(2026, 11, 2, 6)
    run(needs_launch.launch, "needs_launch.launch")
    run(planning.plan_due, "planning.plan_due")
    run(rounds.open_due, "rounds.open_due")
    company.write("update ops.invitations set is_used = true where employee_id = 'E2'")
    company.write(
        """insert into confidential.responses (wave_code, state, external_id_hash, coarse_groups)
           select 'NEEDS-2027', 'complete', n, '{"job_level": "L1"}' from generate_series(1, 4) as n"""
    )
    set_clock(2026, 11, 9, 6)
    run(rounds.remind_due, "rounds.remind_due")
    set_clock(2026, 11, 24, 6)
    run(rounds.close_due, "rounds.close_due")
    return company.read(SNAPSHOT)


def test_a_kill_at_every_commit_of_the_rounds_leaves_the_same_warehouse(
    company: Company, set_clock: type_of_clock
) -> None:
    """Differential: every fault point of launching, planning, opening, reminding and closing."""
    undisturbed = live(company, set_clock)
    told = str(undisturbed)
    assert all(word in told for word in ("NEEDS-2027", "TALK-2027-D1", "FU90L-2026-C001", "wave_reminder_1", "closed"))
    for entry_point, point in POINTS:
        assert live(company, set_clock, entry_point, point) == undisturbed, point
