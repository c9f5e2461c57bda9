"""Waves of every instrument: opened on their day, kept in step, reminded, closed, withdrawn with their class."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from trainloop.outbox.composer import compose_due
from trainloop.surveys import rounds
from trainloop.surveys.evaluation import open_due_waves
from trainloop.surveys.milestones import plan_milestones
from trainloop.surveys.waves import Listed

from .conftest import Company, local
from .waves_world import people, plan, read_wave

type_of_clock = Callable[..., datetime]
SIX = ["E1", "E2", "E3", "E4", "E5", "E6"]


@pytest.fixture
def asked(company: Company, set_clock: type_of_clock) -> Company:
    """The needs survey of 2027 is open for E1–E6 since Tuesday 2026-03-03 06:00 and closes on 2026-03-24."""
    company.people(*SIX)
    plan("annual_needs", "2027", date(2026, 3, 3))
    set_clock(2026, 3, 3, 6)
    assert rounds.open_due() == {"waves_opened": 1, "waves_withdrawn": 0, "notices_planned": 6}
    return company


def used(company: Company, wave_code: str, *employee_ids: str) -> None:
    company.write(
        "update ops.invitations set is_used = true where wave_code = %s and employee_id = any(%s)",
        (wave_code, list(employee_ids)),
    )


def test_a_planned_wave_waits_for_its_day_and_opens_once(company: Company, set_clock: type_of_clock) -> None:
    """Planned for a Saturday: it opens on the Monday after, and its days are its steps."""
    company.people(*SIX)
    company.people("E7", left_on="2026-01-31")
    assert plan("annual_needs", "2027", date(2026, 3, 7))
    assert not plan("annual_needs", "2027", date(2026, 3, 7))
    set_clock(2026, 3, 7, 6)
    assert rounds.open_due()["waves_opened"] == 0
    set_clock(2026, 3, 9, 6)
    assert rounds.open_due() == {"waves_opened": 1, "waves_withdrawn": 0, "notices_planned": 6}
    assert rounds.open_due() == {"waves_opened": 0, "waves_withdrawn": 0, "notices_planned": 0}
    assert set(people(company, "NEEDS-2027")) == set(SIX)
    assert company.notices("survey_invitation") == SIX
    wave = read_wave(company, "NEEDS-2027")
    assert (wave["opened_at"], wave["closes_at"]) == (local(2026, 3, 9, 6), local(2026, 3, 30, 23, 59, 59))
    assert (wave["source"], wave["has_completions"]) == ("forms", True)
    assert {step: due_on for step, (_, due_on, _) in company.steps("NEEDS-2027").items()} == {
        "wave_open": date(2026, 3, 9),
        "wave_reminder_1": date(2026, 3, 16),
        "wave_reminder_2": date(2026, 3, 23),
        "wave_close": date(2026, 3, 30),
    }
    assert company.states("NEEDS-2027")["wave_open"] == "done"


def test_whoever_comes_is_asked_and_whoever_leaves_owes_nothing(asked: Company, set_clock: type_of_clock) -> None:
    """An open wave keeps in step with the staff; an answer is never taken back; a scan in the past mails nobody."""
    used(asked, "NEEDS-2027", "E1")
    asked.people("E1", "E2", left_on="2026-03-04")
    asked.people("E7")
    set_clock(2026, 3, 5, 6)
    assert rounds.open_due(as_of=date(2026, 3, 4))["notices_planned"] == 0
    assert rounds.open_due()["notices_planned"] == 1
    found = people(asked, "NEEDS-2027")
    assert (found["E1"], found["E2"], found["E7"]) == (("invited", None), ("excluded", "left"), ("invited", None))
    asked.people("E2")
    rounds.open_due()
    assert people(asked, "NEEDS-2027")["E2"] == ("invited", None)


def test_reminders_go_to_those_who_owe_an_answer_and_end_with_the_wave(
    asked: Company, set_clock: type_of_clock
) -> None:
    """Open +7 d and +14 d; a scan that was down for two weeks does both with 48 hours between; none after the close."""
    used(asked, "NEEDS-2027", "E1", "E2", "E3", "E4")
    set_clock(2026, 3, 9, 6)
    assert rounds.remind_due()["notices_planned"] == 0
    set_clock(2026, 3, 18, 6)
    assert rounds.remind_due() == {"waves_reminded": 2, "waves_without_completions": 0, "notices_planned": 4}
    assert rounds.remind_due() == {"waves_reminded": 0, "waves_without_completions": 0, "notices_planned": 0}
    rows = asked.read(
        """select step, not_before, not_after, is_optional from ops.notices
           where kind = 'survey_reminder' and recipient_id = 'E5' order by step"""
    )
    assert [(row["step"], row["not_before"]) for row in rows] == [
        ("wave_reminder_1", local(2026, 3, 18, 6)),
        ("wave_reminder_2", local(2026, 3, 20, 6)),
    ]
    assert {(row["not_after"], row["is_optional"]) for row in rows} == {(local(2026, 3, 24, 23, 59, 59), True)}
    assert asked.states("NEEDS-2027")["wave_reminder_2"] == "done"


def test_a_closed_wave_kills_its_links_and_drops_what_was_not_sent(asked: Company, set_clock: type_of_clock) -> None:
    """At the end of its last day and not before; missed reminders say that they came too late."""
    tokens = asked.read("select token from ops.invitations order by employee_id")
    asked.write(
        """insert into confidential.responses (wave_code, state, external_id_hash)
           select 'NEEDS-2027', 'complete', n from generate_series(1, 6) as n"""
    )
    old_ids = {row["response_id"] for row in asked.read("select response_id from confidential.responses")}
    set_clock(2026, 3, 24, 23, 59)
    assert rounds.close_due()["waves_closed"] == 0
    set_clock(2026, 3, 25, 6)
    assert rounds.close_due() == {"waves_closed": 1, "responses_rewritten": 6, "responses_coarsened": 0}
    assert rounds.close_due() == {"waves_closed": 0, "responses_rewritten": 0, "responses_coarsened": 0}
    assert read_wave(asked, "NEEDS-2027")["state"] == "closed"
    assert asked.notices("survey_invitation", state="dropped") == SIX
    assert asked.read("select token from ops.invitations order by employee_id") != tokens
    assert old_ids.isdisjoint(
        row["response_id"] for row in asked.read("select response_id from confidential.responses")
    )
    assert asked.steps("NEEDS-2027")["wave_reminder_1"][0::2] == ("expired", "not_after_passed")
    assert asked.states("NEEDS-2027")["wave_close"] == "done"
    assert not plan("annual_needs", "2027", date(2026, 3, 3))


def test_an_outside_tool_without_completions_reminds_nobody(
    company: Company, set_clock: type_of_clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may be reminded who has answered: the step waits, and is skipped with the reason at the close."""
    company.people(*SIX)
    plan("annual_needs", "2027", date(2026, 3, 3))
    company.write("update ops.survey_waves set source = 'exports'")
    set_clock(2026, 3, 3, 6)
    rounds.open_due()
    set_clock(2026, 3, 10, 6)
    assert rounds.remind_due() == {"waves_reminded": 0, "waves_without_completions": 1, "notices_planned": 0}
    set_clock(2026, 3, 25, 6)
    rounds.close_due()
    assert company.steps("NEEDS-2027")["wave_reminder_1"][0::2] == ("skipped", "completions_unknown")


def test_a_pulse_asks_who_attended_in_its_quarter_once(company: Company, set_clock: type_of_clock) -> None:
    """Present, late or early in a class that ended in the quarter; two classes are one call."""
    company.people(*SIX)
    for code, ends_at, attendee, status in (
        ("2026-C001", local(2026, 1, 5, 17), "E1", "present"),
        ("2026-C002", local(2026, 3, 31, 17), "E1", "present"),
        ("2026-C003", local(2026, 3, 31, 23), "E2", "late"),
        ("2026-C004", local(2026, 4, 1, 17), "E3", "present"),
        ("2026-C005", local(2026, 2, 2, 17), "E4", "absent"),
        ("2025-C009", local(2025, 12, 31, 17), "E5", "present"),
    ):
        company.session(code, ends_at)
        company.attend(code, [attendee], status)
    company.session("2026-C006", local(2026, 2, 2, 17), status="cancelled")
    company.attend("2026-C006", ["E6"])
    plan("quarterly_pulse", "2026Q1", date(2026, 4, 8))
    set_clock(2026, 4, 8, 6)
    assert rounds.open_due()["notices_planned"] == 2
    assert set(people(company, "PULSE-2026Q1")) == {"E1", "E2"}


def test_nobody_is_called_more_often_than_the_cap_and_the_more_important_survey_wins(
    company: Company, set_clock: type_of_clock
) -> None:
    """Three calls in 30 days over all surveys; held people leave the denominator, with the reason."""
    company.people(*SIX)
    for number in (1, 2):
        company.session(f"2026-C00{number}", local(2026, 3, 5, 17))
        company.attend(f"2026-C00{number}", ["E1"])
    company.attend("2026-C001", ["E2"])
    set_clock(2026, 3, 5, 20)
    plan_milestones()
    open_due_waves()
    for code in ("quarterly_pulse", "trainer_pulse", "pilot_feedback", "annual_needs"):
        subject = "2026Q1" if code == "quarterly_pulse" else "2027"
        listed = [Listed("E1"), Listed("E2")] if code == "pilot_feedback" else []
        plan(code, subject, date(2026, 3, 6), people=listed)
    set_clock(2026, 3, 6, 6)
    assert rounds.open_due()["waves_opened"] == 3
    assert people(company, "NEEDS-2027")["E1"] == ("invited", None)
    assert people(company, "PULSE-2026Q1") == {"E1": ("held_by_cap", "invitation_cap"), "E2": ("invited", None)}
    assert people(company, "PILOT-2027")["E2"] == ("held_by_cap", "invitation_cap")
    assert company.notices("survey_invitation", "PULSE-2026Q1") == ["E2"]


def test_a_less_important_call_of_the_same_day_gives_way_until_its_mail_is_written(
    company: Company, set_clock: type_of_clock
) -> None:
    """Whichever scan runs first in the morning, the needs survey wins; what was mailed is not taken back."""
    company.people("E1", "E2")
    for number in (1, 2, 3):
        company.session(f"2026-C00{number}", local(2026, 3, 5, 17))
        company.attend(f"2026-C00{number}", ["E1", "E2"])
    set_clock(2026, 3, 6, 6)
    plan_milestones()
    open_due_waves()
    company.write("update ops.notices set not_before = '2026-03-07' where recipient_id = 'E1'")
    set_clock(2026, 3, 6, 10)
    assert compose_due()["composed_notices"] == 3
    plan("annual_needs", "2027", date(2026, 3, 6))
    assert rounds.open_due()["notices_planned"] == 1
    assert people(company, "NEEDS-2027") == {"E1": ("invited", None), "E2": ("held_by_cap", "invitation_cap")}
    assert company.invited("2026-C003") == {"E1": ("held_by_cap", "invitation_cap"), "E2": ("invited", None)}
    assert company.invited("2026-C002")["E1"] == ("invited", None)
    assert open_due_waves()["notices_planned"] == 0
    assert people(company, "NEEDS-2027")["E1"] == ("invited", None)
    objections = company.read("select objection from ops.notice_objections where objection is not null")
    assert objections == [{"objection": "not_invited"}]


def test_named_tasks_stand_outside_the_cap_and_reach_people_who_opted_out(
    company: Company, set_clock: type_of_clock
) -> None:
    """A task is no survey: neither held back nor counted; only optional mail can be declined."""
    company.people("E1", "E2")
    company.write(
        """insert into ops.mail_stops (recipient_kind, recipient_id, kind, recorded_at)
           values ('employee', 'E1', 'opted_out', '2026-01-01')"""
    )
    for number in range(5):
        plan("business_interview", f"2027-D{number}", date(2026, 3, 3), people=[Listed("E1"), Listed("E2")])
    plan("annual_needs", "2027", date(2026, 3, 3))
    set_clock(2026, 3, 3, 6)
    assert rounds.open_due() == {"waves_opened": 6, "waves_withdrawn": 0, "notices_planned": 11}
    assert people(company, "NEEDS-2027") == {"E1": ("invited", "opted_out"), "E2": ("invited", None)}
    assert people(company, "TALK-2027-D4") == {"E1": ("invited", None), "E2": ("invited", None)}
    notices = company.read("select is_optional, count(*) as n from ops.notices group by 1 order by 1")
    assert [(row["is_optional"], row["n"]) for row in notices] == [(False, 10), (True, 1)]
    assert company.read("select * from ops.notice_objections where objection is not null") == []
    set_clock(2026, 3, 10, 6)
    assert rounds.remind_due()["notices_planned"] == 11


def test_a_wave_with_nobody_to_ask_waits_and_is_withdrawn_when_its_days_are_over(
    company: Company, set_clock: type_of_clock
) -> None:
    """People may still be listed while it could be open; a plan with people later is its next opening."""
    company.people("E1")
    plan("pilot_feedback", "P1", date(2026, 3, 3))
    plan("pilot_feedback", "P2", date(2026, 3, 3))
    set_clock(2026, 3, 5, 6)
    assert rounds.open_due()["waves_opened"] == 0
    plan("pilot_feedback", "P2", date(2026, 3, 3), people=[Listed("E1")])
    assert rounds.open_due()["waves_opened"] == 1
    set_clock(2026, 3, 12, 6)
    assert rounds.open_due()["waves_withdrawn"] == 1
    assert read_wave(company, "PILOT-P1")["withdrawn_reason"] == "nobody_to_ask"
    assert set(company.states("PILOT-P1").values()) == {"skipped"}
    assert plan("pilot_feedback", "P1", date(2026, 3, 16), people=[Listed("E1")])
    set_clock(2026, 3, 16, 6)
    assert rounds.open_due()["waves_opened"] == 1
    assert read_wave(company, "PILOT-P1")["opening_number"] == 2


def test_a_wave_whose_days_passed_while_nothing_ran_expires_and_mails_nobody(
    company: Company, set_clock: type_of_clock
) -> None:
    """Never sent late in silence: the steps are expired, the audit trail says that it never opened."""
    company.people("E1")
    plan("annual_needs", "2027", date(2026, 3, 3))
    set_clock(2026, 3, 25, 6)
    assert rounds.open_due() == {"waves_opened": 0, "waves_withdrawn": 1, "notices_planned": 0}
    assert read_wave(company, "NEEDS-2027")["withdrawn_reason"] == "not_after_passed"
    assert set(company.states("NEEDS-2027").values()) == {"expired"}
    assert company.read("select action, subject_id from ops.audit_entries") == [
        {"action": "wave_never_opened", "subject_id": "NEEDS-2027"}
    ]
