"""Any order of moves, cancellations, attendance, answers and scans: the warehouse agrees with a small model."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from trainloop import clock
from trainloop.config import get_site
from trainloop.domain import calendar, milestone
from trainloop.domain.milestone import Anchors
from trainloop.surveys.evaluation import close_due, open_due_waves, remind_due
from trainloop.surveys.milestones import plan_milestones, site_planner
from trainloop.warehouse import engine

from .conftest import Company, local

pytestmark = pytest.mark.slow
CODE = "2026-C001"
PEOPLE = ["E1", "E2", "E3"]
TABLES = """ops.milestones, ops.survey_waves, ops.invitations, ops.notices, core.class_sessions, core.enrollments,
    core.attendance"""


class Lifecycle(RuleBasedStateMachine):
    """One class session; the model knows its opening step and its wave."""

    company: Company
    # What the examples came through: a machine that never opens a wave would prove nothing.
    seen: ClassVar[set[str]] = set()

    @initialize()
    def begin(self) -> None:
        self.company.write(f"truncate {TABLES} restart identity cascade")
        self.company.people(*PEOPLE)
        self.now = local(2026, 3, 2)
        self.ends_at = local(2026, 3, 4, 17)
        self.is_cancelled = self.has_attendance = False
        self.answered: set[str] = set()
        self.opening, self.wave, self.closes_at = "pending", None, self.now
        self._put_class()
        self.company.enroll(CODE, PEOPLE)
        self._set_clock()
        plan_milestones()

    def _put_class(self) -> None:
        self.company.session(CODE, self.ends_at, "cancelled" if self.is_cancelled else "confirmed")

    def _set_clock(self) -> None:
        with engine.connect("owner") as connection:
            clock.freeze(connection, self.now)

    @rule(days=st.sampled_from([-2, 7, 14]))
    def class_moves(self, days: int) -> None:
        self.ends_at = max(self.ends_at + timedelta(days=days), datetime(2026, 3, 1, 9, tzinfo=UTC))
        self._put_class()

    @rule(is_cancelled=st.sampled_from([False, False, True]))
    def class_is_cancelled_or_not(self, is_cancelled: bool) -> None:
        self.is_cancelled = is_cancelled
        self._put_class()

    @rule(person=st.sampled_from(PEOPLE), status=st.sampled_from(["present", "late", "absent"]))
    def attendance_comes(self, person: str, status: str) -> None:
        self.has_attendance = True
        self.company.attend(CODE, [person], status)

    @rule(person=st.sampled_from(PEOPLE))
    def somebody_answers(self, person: str) -> None:
        asked = self.company.invited(CODE).get(person, ("", None))[0] == "invited"
        if self.wave == "open" and asked and self.now < self.closes_at:
            self.company.answered(CODE, [person])
            self.answered.add(person)

    @rule(hours=st.sampled_from([6, 24, 30, 72, 240]))
    def time_passes_and_the_scans_run(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self._set_clock()
        for scan in (plan_milestones, open_due_waves, remind_due, close_due):
            scan()
        self._model_plan()
        self._model_open()
        if self.wave == "open" and self.closes_at <= self.now:
            self.wave = "closed"
        before = self.company.read("select * from ops.milestones order by 1")
        for scan in (plan_milestones, open_due_waves, remind_due, close_due):
            counts = scan()
            assert not {key for key, n in counts.items() if n} - {"sessions", "waves_without_completions"}, scan
        assert self.company.read("select * from ops.milestones order by 1") == before

    def _model_plan(self) -> None:
        if self.wave == "open" and (self.is_cancelled or self.ends_at > self.now):
            self.wave, self.opening = "withdrawn", "pending"
        plan = site_planner().plan(Anchors(self.ends_at - timedelta(hours=8), self.ends_at))["evaluation_open"]
        assert plan.not_after is not None
        self.due_on, self.is_late = plan.due_on, plan.not_after < self.now
        if self.opening in {"pending", "skipped"}:
            self.opening = "skipped" if self.is_cancelled else "expired" if self.is_late else "pending"
        elif self.opening == "expired" and not self.is_cancelled and not self.is_late and plan.due_on > self._today:
            self.opening = "pending"

    def _model_open(self) -> None:
        population = self.company.read("select from ops.evaluation_population(array[%s])", (CODE,))
        waited = calendar.local_date(self.ends_at, get_site().company.zone) < milestone.waited_from(
            self._today, 1, "CN"
        )
        is_ready = self.opening == "pending" and self.due_on <= self._today and self.ends_at <= self.now
        if is_ready and (self.has_attendance or waited) and population:
            self.opening, self.wave = "done", "open"
            self.closes_at = site_planner().closes_at(Anchors(self.now, self.now, self.now))

    @property
    def _today(self) -> date:
        return calendar.local_date(self.now, get_site().company.zone)

    @invariant()
    def warehouse_agrees_with_the_model(self) -> None:
        if not hasattr(self, "wave"):
            return
        found = self.company.read("select state::text from ops.survey_waves")
        self.seen.update({f"opening {self.opening}", f"wave {self.wave}"})
        names = {"open": "open", "closed": "closed", "withdrawn": "cancelled"}
        assert [row["state"] for row in found] == ([names[self.wave]] if self.wave else [])
        assert self.company.states(CODE)["evaluation_open"] == self.opening

    @invariant()
    def nobody_is_called_too_often_or_too_soon(self) -> None:
        if not hasattr(self, "wave"):
            return
        calls = self.company.read(
            """select recipient_id, sequence_number, count(*) filter (where kind = 'survey_invitation') as invitations,
                   count(*) filter (where kind = 'survey_reminder') as reminders,
                   array_agg(not_before order by not_before) as moments
               from ops.notices where kind like 'survey_%%er' or kind = 'survey_invitation' group by 1, 2"""
        )
        for call in calls:
            assert call["invitations"] <= 1
            assert call["reminders"] <= 2
            moments = call["moments"]
            pairs = zip(moments[1:], moments[:-1], strict=True)
            assert all(later - earlier >= timedelta(hours=48) for later, earlier in pairs)

    @invariant()
    def who_answered_stays_invited(self) -> None:
        if not hasattr(self, "wave"):
            return
        invited = self.company.invited(CODE)
        assert all(invited[person][0] == "invited" for person in self.answered)


def test_milestones_and_waves_follow_a_small_model(company: Company) -> None:
    """Stateful: hypothesis looks for an order of events in which product and model differ."""
    Lifecycle.company = company
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(
            max_examples=8,
            stateful_step_count=14,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
    assert Lifecycle.seen >= {"opening done", "wave open", "wave closed"}


def test_the_model_holds_on_the_long_way_round(company: Company) -> None:
    """Expired, moved ahead, opened, withdrawn, cancelled, uncancelled, opened again, closed: one scripted run."""
    Lifecycle.company = company
    Lifecycle.seen.clear()
    machine = Lifecycle()
    machine.begin()

    def scan(hours: int) -> None:
        machine.time_passes_and_the_scans_run(hours=hours)
        machine.warehouse_agrees_with_the_model()
        machine.nobody_is_called_too_often_or_too_soon()
        machine.who_answered_stays_invited()

    scan(24 * 12)
    machine.class_moves(days=14)
    scan(6)
    scan(24 * 6)
    machine.attendance_comes(person="E1", status="present")
    machine.attendance_comes(person="E2", status="absent")
    scan(24)
    machine.somebody_answers(person="E1")
    machine.class_moves(days=7)
    scan(24)
    machine.class_is_cancelled_or_not(is_cancelled=True)
    scan(24)
    machine.class_is_cancelled_or_not(is_cancelled=False)
    machine.attendance_comes(person="E3", status="late")
    scan(24 * 6)
    scan(72)
    scan(24 * 10)
    assert Lifecycle.seen == {
        "opening pending", "opening expired", "opening skipped", "opening done",
        "wave None", "wave open", "wave withdrawn", "wave closed",
    }  # fmt: skip
