"""Reminders: only to those who owe an answer, at most two, 48 hours apart, none after the close, none in the dark."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from trainloop.surveys.evaluation import close_due, open_due_waves, remind_due, sessions_to_report
from trainloop.surveys.milestones import plan_milestones

from .conftest import Company, local

type_of_clock = Callable[..., datetime]


@pytest.fixture
def opened(company: Company, set_clock: type_of_clock) -> Company:
    """Class 2026-C001 ended on Monday 2026-03-02; its wave opened on Tuesday 06:00 for E1–E4, closes on 2026-03-10."""
    company.people("E1", "E2", "E3", "E4")
    company.session("2026-C001", local(2026, 3, 2, 17))
    company.attend("2026-C001", ["E1", "E2", "E3", "E4"])
    set_clock(2026, 3, 3, 6)
    plan_milestones()
    open_due_waves()
    return company


def test_only_those_who_have_not_answered_are_reminded_and_only_twice(
    opened: Company, set_clock: type_of_clock
) -> None:
    """Open +2 d and +5 d (a Sunday, so Monday); the same day again plans nothing."""
    opened.answered("2026-C001", ["E1"])
    set_clock(2026, 3, 4, 6)
    assert remind_due()["notices_planned"] == 0
    set_clock(2026, 3, 5, 6)
    assert remind_due() == {"waves_reminded": 1, "waves_without_completions": 0, "notices_planned": 3}
    assert opened.notices("survey_reminder") == ["E2", "E3", "E4"]
    assert remind_due()["notices_planned"] == 0
    opened.answered("2026-C001", ["E2", "E3"])
    set_clock(2026, 3, 9, 6)
    assert remind_due()["notices_planned"] == 1
    assert opened.notices("survey_reminder") == ["E2", "E3", "E4", "E4"]
    set_clock(2026, 3, 10, 6)
    assert remind_due()["notices_planned"] == 0
    reminders = opened.read("select step, not_before, not_after from ops.notices where recipient_id = 'E4' order by 1")
    assert [row["step"] for row in reminders] == ["", "evaluation_reminder_1", "evaluation_reminder_2"]
    assert {row["not_after"] for row in reminders} == {local(2026, 3, 10, 23, 59, 59)}


def test_without_completions_nobody_is_reminded_and_the_step_says_why(
    opened: Company, set_clock: type_of_clock
) -> None:
    """Nobody may be reminded who has answered: a wave in the dark waits, and at its close the step is skipped."""
    set_clock(2026, 3, 5, 6)
    assert remind_due() == {"waves_reminded": 0, "waves_without_completions": 1, "notices_planned": 0}
    assert opened.states("2026-C001")["evaluation_reminder_1"] == "pending"
    set_clock(2026, 3, 11, 6)
    close_due()
    steps = opened.steps("2026-C001")
    assert steps["evaluation_reminder_1"][0::2] == ("skipped", "completions_unknown")
    assert steps["evaluation_reminder_2"][0::2] == ("skipped", "completions_unknown")
    assert opened.read("select has_completions from ops.survey_waves") == [{"has_completions": False}]


def test_reminders_keep_48_hours_from_the_call_before(opened: Company, set_clock: type_of_clock) -> None:
    """A late scan moves the reminder, a mail that left later moves it further, and never beyond the close."""
    opened.answered("2026-C001", ["E1"])
    opened.people("E5")
    opened.attend("2026-C001", ["E5"])
    set_clock(2026, 3, 5, 6)
    open_due_waves()
    remind_due()
    moments = {
        row["recipient_id"]: row["not_before"]
        for row in opened.read("select recipient_id, not_before from ops.notices where kind = 'survey_reminder'")
    }
    assert moments["E2"] == local(2026, 3, 5, 6)
    assert moments["E5"] == local(2026, 3, 7, 6)
    set_clock(2026, 3, 9, 6)
    remind_due()
    second = opened.read(
        "select recipient_id, not_before from ops.notices where step = 'evaluation_reminder_2' order by 1"
    )
    assert {row["not_before"] for row in second} == {local(2026, 3, 9, 6)}
    assert all(row["not_before"] - moments[row["recipient_id"]] >= timedelta(hours=48) for row in second)


def test_a_scheduler_that_was_down_reminds_once_and_lets_the_second_expire(
    opened: Company, set_clock: type_of_clock
) -> None:
    """Both are due on one morning: the first leaves now, the second would fall after the close and expires."""
    opened.answered("2026-C001", ["E1"])
    set_clock(2026, 3, 9, 6)
    assert remind_due()["notices_planned"] == 3
    steps = opened.steps("2026-C001")
    assert steps["evaluation_reminder_1"][0] == "done"
    assert steps["evaluation_reminder_2"][0::2] == ("expired", "not_after_passed")


def test_when_everybody_answered_a_reminder_is_done_without_a_mail(opened: Company, set_clock: type_of_clock) -> None:
    """Nobody owes anything: the step is done, not expired."""
    opened.answered("2026-C001", ["E1", "E2", "E3", "E4"])
    set_clock(2026, 3, 5, 6)
    assert remind_due() == {"waves_reminded": 1, "waves_without_completions": 0, "notices_planned": 0}
    assert opened.states("2026-C001")["evaluation_reminder_1"] == "done"


def test_people_who_left_bounced_or_opted_out_are_not_reminded(opened: Company, set_clock: type_of_clock) -> None:
    """Whatever happened since the invitation counts, not what was true then."""
    opened.answered("2026-C001", ["E1"])
    opened.people("E2", left_on="2026-03-04")
    opened.write(
        """insert into ops.mail_stops (recipient_kind, recipient_id, kind, recorded_at)
           values ('employee', 'E3', 'bounced', '2026-03-04'), ('employee', 'E4', 'opted_out', '2026-03-04')"""
    )
    set_clock(2026, 3, 5, 6)
    assert remind_due()["notices_planned"] == 0
    invited = opened.invited("2026-C001")
    assert (invited["E2"], invited["E3"]) == (("excluded", "left"), ("excluded", "bounced"))
    assert invited["E4"] == ("invited", None)


def test_a_wave_closes_at_the_end_of_its_last_day_and_its_links_die(opened: Company, set_clock: type_of_clock) -> None:
    """Seven days, end of day in the site's time zone: one second before it is open, afterwards it is closed."""
    before = {row["token"] for row in opened.read("select token from ops.invitations")}
    set_clock(2026, 3, 10, 23, 59)
    assert close_due()["waves_closed"] == 0
    set_clock(2026, 3, 11, 0, 0)
    assert close_due() == {"waves_closed": 1, "responses_rewritten": 0, "notices_planned": 0}
    assert before.isdisjoint(row["token"] for row in opened.read("select token from ops.invitations"))
    assert opened.notices("survey_invitation") == []
    assert opened.steps("2026-C001")["evaluation_close"][0] == "done"
    assert close_due()["waves_closed"] == 0


def test_a_closed_class_is_reported_once_per_lease_and_flagged_when_late(
    opened: Company, set_clock: type_of_clock
) -> None:
    """Announced again only after the lease; past close + 10 working days the report is late, never dropped."""
    set_clock(2026, 3, 11, 6)
    assert sessions_to_report() == []
    close_due()
    assert sessions_to_report() == ["2026-C001"]
    assert sessions_to_report() == []
    opened.write("update ops.milestones set emitted_at = emitted_at - interval '3 hours'")
    set_clock(2026, 3, 25, 6)
    plan_milestones()
    assert sessions_to_report() == ["2026-C001"]
    assert opened.read("select is_late from ops.milestones where step = 'evaluation_report'") == [{"is_late": True}]


def test_a_made_report_is_owed_again_when_attendance_comes_late(opened: Company, set_clock: type_of_clock) -> None:
    """Numbers that changed after the report make it due once more; without a change it stays done."""
    set_clock(2026, 3, 11, 6)
    close_due()
    sessions_to_report()
    opened.write("update ops.milestones set state = 'done', done_at = ops.business_now() where step like '%report'")
    assert sessions_to_report() == []
    opened.write("update ops.inbox_files set finished_at = '2026-03-12', state = 'merged'")
    set_clock(2026, 3, 12, 18)
    assert sessions_to_report() == ["2026-C001"]
