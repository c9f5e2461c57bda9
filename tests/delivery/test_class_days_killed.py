"""Killed at any commit and run again: the warehouse and the inbox are the same as without the kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from trainloop import faults
from trainloop.delivery import class_watch
from trainloop.reporting.class_log import write_logs
from trainloop.surveys.milestones import plan_milestones

from .conftest import School, local

pytestmark = pytest.mark.slow
type_of_clock = Callable[..., datetime]
STEPS = ("hand_in", "changes", "seats", "desks", "platforms")
SNAPSHOT = """
    select jsonb_agg(line order by line::text) as lines from (
        select to_jsonb(n) - 'notice_id' - case n.kind when 'seat_offer' then 'subject_id' else '' end as line
        from ops.notices n
        union all select to_jsonb(a) from ops.class_announcements a
        union all select to_jsonb(s) from ops.told_seats s
        union all select to_jsonb(o) - 'token' - 'offer_id' from ops.seat_offers o
        union all select to_jsonb(d) - 'token' from ops.class_desks d
        union all select to_jsonb(m) - 'milestone_id' from ops.milestones m
        union all select to_jsonb(e) from forms.sign_in_entries e
    ) as everything"""
EVERYTHING = """truncate ops.notices, ops.class_announcements, ops.told_seats, ops.seat_offers, ops.class_desks,
    ops.milestones, forms.sign_in_entries, core.class_sessions, core.enrollments, core.incidents, core.attendance,
    ops.audit_entries restart identity cascade"""


def kill(code: str, point: str) -> None:
    """Run one entry point in a process of its own that dies at the point."""
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
    assert done.returncode == -signal.SIGKILL, point


def live(school: School, home: Path, before: Callable[[], object] = dict) -> Any:
    """A class that moves, leave with a waitlist, an online class without checks, a sheet that is whole.

    `before`: what goes wrong before a watch goes well.
    """
    school.write(EVERYTHING)
    for path in home.glob("inbox/*/*"):
        path.unlink()
    school.class_of("A", local(2026, 3, 3, 8), ["E1", "E2"], capacity=2)
    school.wait("A", "E3", "E4")
    school.class_of("B", local(2026, 3, 3, 7), ["E5"], mode="online")
    school.watch()
    school.class_of("A", local(2026, 3, 3, 14), capacity=2)
    school.incident("A", local(2026, 3, 2, 8), "leave", employee_id="E2")
    school.write(
        "insert into forms.sign_in_entries (session_code, employee_id, slot, status) values ('B', 'E5', 1, 'late')"
    )
    plan_milestones()
    before()
    class_watch.watch()
    files = {path.name: path.read_bytes() for path in home.glob("inbox/*/*.csv")}
    return school.read(SNAPSHOT), files


def test_killed_at_any_commit_the_watch_leaves_the_same(school: School, home: Path) -> None:
    """Each fault point once; every mail is planned once, every file written once."""
    expected = live(school, home)
    assert expected[1].keys()
    assert any("E2" in name for name in expected[1])
    points = [f"delivery.{name}.{when}" for name in STEPS for when in ("before_commit", "after_commit")]
    for point in (*points, "storage.before_rename"):
        died = partial(kill, "from trainloop.delivery import class_watch; class_watch.watch()", point)
        assert live(school, home, died) == expected, point


def test_a_step_that_fails_leaves_what_was_done_before_it_and_the_next_watch_goes_on(
    school: School, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One task for five steps: each has its commit, so a retry tells nothing twice and leaves nothing out."""
    expected = live(school, home)

    def broken(*_: object) -> dict[str, int]:
        raise LookupError("a step")

    def fail() -> None:
        with monkeypatch.context() as patch:
            patch.setitem(class_watch._STEPS, "seats", broken)
            with pytest.raises(LookupError):
                class_watch.watch()
        assert school.told("class_changed"), "the step before it has its commit"
        assert school.read("select from ops.seat_offers") == []

    assert live(school, home, fail) == expected
    counts = class_watch.watch()
    assert {step: found["notices_planned"] for step, found in counts.items() if step in class_watch._STEPS} == {
        "changes": 0, "seats": 0, "desks": 0, "platforms": 0}  # fmt: skip
    assert counts["notices_planned"] == 0


@pytest.mark.parametrize("when", ["before_commit", "after_commit"])
def test_a_killed_evening_logs_and_mails_each_day_once(school: School, set_clock: type_of_clock, when: str) -> None:
    """The PDF, its row, the mails and the step are one commit."""
    school.class_of("A", local(2026, 3, 2), ["E1"])
    school.attend("A", ["E1"])
    plan_milestones()
    set_clock(2026, 3, 2, 20, 30)
    kill("from trainloop.reporting import class_log; class_log.write_logs()", f"class_log.{when}")
    write_logs()
    assert school.told("class_log") == ["T1", "hr_lead"]
    assert school.read("select count(*) as n from ops.reports where kind = 'class_log'") == [{"n": 4}]
    assert school.steps("A")["class_log"][0] == "done"


def test_two_watches_at_once_tell_a_change_once(school: School) -> None:
    """The advisory lock lets the second wait; then it finds nothing."""
    school.class_of("A", local(2026, 3, 12), ["E1", "E2"])
    school.watch()
    school.class_of("A", local(2026, 3, 13))
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(class_watch.tell_changes()["notices_planned"])) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [0, 0, 4]
    assert school.read("select change_number from ops.class_announcements") == [{"change_number": 1}]
