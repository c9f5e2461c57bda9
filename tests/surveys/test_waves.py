"""Evaluation waves: attendees only, opened once, kept in step with attendance, withdrawn when the class moves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from trainloop.surveys.evaluation import close_due, open_due_waves, remind_due, sessions_to_report
from trainloop.surveys.milestones import plan_milestones

from .conftest import Company, local

type_of_clock = Callable[..., datetime]


@pytest.fixture
def ended(company: Company, set_clock: type_of_clock) -> Company:
    """Class 2026-C001 of Thursday 2026-03-05, six people confirmed; it is Friday morning."""
    company.people("E1", "E2", "E3", "E4", "E5", "E6")
    company.session("2026-C001", local(2026, 3, 5, 17))
    company.enroll("2026-C001", ["E1", "E2", "E3", "E4", "E5", "E6"])
    set_clock(2026, 3, 6, 6)
    plan_milestones()
    return company


def test_only_attendees_are_invited_once_attendance_is_in(ended: Company) -> None:
    """Present, late or early in any slot; absent and excused people are not asked. One commit, one call each."""
    ended.attend("2026-C001", ["E1", "E2", "E3"], "absent")
    ended.attend("2026-C001", ["E2"], "late", slot=2)
    ended.attend("2026-C001", ["E4"], "early")
    ended.attend("2026-C001", ["E5"], "excused")
    assert open_due_waves() == {"waves_opened": 1, "waves_without_attendance": 0, "notices_planned": 2}
    assert ended.invited("2026-C001") == {"E2": ("invited", None), "E4": ("invited", None)}
    assert ended.notices("survey_invitation") == ["E2", "E4"]
    (wave,) = ended.read("select * from ops.survey_waves")
    assert wave["closes_at"] == local(2026, 3, 13, 23, 59, 59)
    assert (wave["anonymity"], wave["minimum_count"], wave["is_without_attendance"]) == ("anonymous", 5, False)
    assert ended.steps("2026-C001")["evaluation_open"][0] == "done"
    assert ended.steps("2026-C001")["evaluation_close"][1] == date(2026, 3, 13)
    assert open_due_waves() == {"waves_opened": 0, "waves_without_attendance": 0, "notices_planned": 0}


def test_tokens_are_random_and_the_notice_ends_with_the_wave(ended: Company) -> None:
    """A link cannot be guessed from another one; an invitation after the close is no use."""
    ended.attend("2026-C001", ["E1", "E2"])
    open_due_waves()
    tokens = [row["token"] for row in ended.read("select token from ops.invitations")]
    assert len(set(tokens)) == 2
    assert all(len(token) == 32 for token in tokens)
    notices = ended.read("select not_after, is_optional, facts from ops.notices")
    assert {row["not_after"] for row in notices} == {local(2026, 3, 13, 23, 59, 59)}
    assert all(row["is_optional"] and row["facts"] == {} for row in notices)


def test_without_attendance_everybody_confirmed_is_asked_a_working_day_later_and_hr_is_told(
    ended: Company, set_clock: type_of_clock
) -> None:
    """E + 1 working day: a Thursday class waits until Friday, a Friday class until Monday."""
    ended.enroll("2026-C001", ["E6"], "cancelled")
    ended.session("2026-C002", local(2026, 3, 6, 17))
    ended.enroll("2026-C002", ["E1"])
    assert open_due_waves() == {"waves_opened": 1, "waves_without_attendance": 1, "notices_planned": 6}
    assert set(ended.invited("2026-C001")) == {"E1", "E2", "E3", "E4", "E5"}
    assert ended.notices("survey_without_attendance") == ["hr_lead"]
    set_clock(2026, 3, 7, 6)
    plan_milestones()
    assert open_due_waves()["waves_opened"] == 0
    set_clock(2026, 3, 9, 6)
    assert open_due_waves()["waves_opened"] == 1


def test_late_attendance_adds_attendees_and_never_removes_an_answer(ended: Company) -> None:
    """Who was absent owes nothing any more; who answered stays; who comes back is called again, by the same notice."""
    open_due_waves()
    ended.answered("2026-C001", ["E1"])
    ended.people("E7")
    ended.attend("2026-C001", ["E2", "E7"])
    ended.attend("2026-C001", ["E1", "E3"], "absent")
    ended.write("update ops.notices set state = 'dropped', reason = 'absent' where recipient_id = 'E3'")
    assert open_due_waves()["notices_planned"] == 1
    invited = ended.invited("2026-C001")
    assert [person for person, (state, _) in sorted(invited.items()) if state == "invited"] == ["E1", "E2", "E7"]
    assert invited["E3"] == ("excluded", "absent")
    ended.attend("2026-C001", ["E3"])
    open_due_waves()
    assert ended.invited("2026-C001")["E3"] == ("invited", None)
    assert ended.notices("survey_invitation").count("E3") == 1


def test_leavers_and_bounced_people_are_not_eligible_and_opted_out_people_are_not_mailed(ended: Company) -> None:
    """AAPOR: leavers and bounces leave the denominator, a refusal of mail does not; nobody of them gets a mail."""
    ended.attend("2026-C001", ["E1", "E2", "E3", "E4"])
    ended.people("E1", left_on="2026-03-06")
    ended.write(
        """insert into ops.mail_stops (recipient_kind, recipient_id, kind, recorded_at)
           values ('employee', 'E2', 'bounced', '2026-01-01'), ('employee', 'E3', 'opted_out', '2026-01-01')"""
    )
    assert open_due_waves()["notices_planned"] == 1
    assert ended.invited("2026-C001") == {
        "E1": ("excluded", "left"),
        "E2": ("excluded", "bounced"),
        "E3": ("invited", "opted_out"),
        "E4": ("invited", None),
    }
    assert ended.notices("survey_invitation") == ["E4"]


def test_a_person_is_invited_three_times_in_thirty_days_and_then_held_back(
    company: Company, set_clock: type_of_clock
) -> None:
    """The rest is dropped from that wave and its denominator, with the reason; later the cap is free again."""
    company.people("E1", "E2")
    for number in range(1, 6):
        company.session(f"2026-C00{number}", local(2026, 3, 5, 17))
        company.attend(f"2026-C00{number}", ["E1"])
    company.attend("2026-C005", ["E2"])
    set_clock(2026, 3, 5, 20)
    plan_milestones()
    assert open_due_waves() == {"waves_opened": 5, "waves_without_attendance": 0, "notices_planned": 4}
    held = [row["wave_code"] for row in company.read("select * from ops.invitations where state = 'held_by_cap'")]
    assert held == ["EVAL-2026-C004", "EVAL-2026-C005"]
    assert company.invited("2026-C005") == {"E1": ("held_by_cap", "invitation_cap"), "E2": ("invited", None)}
    for number, day in ((6, 2), (7, 3)):
        company.session(f"2026-C00{number}", local(2026, 4, day, 17))
        company.attend(f"2026-C00{number}", ["E1"])
        set_clock(2026, 4, day, 20)
        plan_milestones()
        open_due_waves()
    assert company.invited("2026-C006")["E1"][0] == "held_by_cap"
    assert company.invited("2026-C007")["E1"][0] == "held_by_cap"
    company.session("2026-C008", local(2026, 4, 7, 17))
    company.attend("2026-C008", ["E1"])
    set_clock(2026, 4, 7, 20)
    plan_milestones()
    open_due_waves()
    assert company.invited("2026-C008")["E1"][0] == "invited"


def test_a_class_with_nobody_there_opens_no_wave_and_expires(ended: Company, set_clock: type_of_clock) -> None:
    """All absent: nobody to ask. A corrected list in time still opens it."""
    ended.attend("2026-C001", ["E1", "E2"], "absent")
    assert open_due_waves()["waves_opened"] == 0
    ended.attend("2026-C001", ["E2"])
    assert open_due_waves()["waves_opened"] == 1


def test_a_class_that_moves_after_its_invitations_withdraws_them_and_opens_again(
    ended: Company, set_clock: type_of_clock
) -> None:
    """Unsent mails are dropped, old links die; after the real class the wave opens as number 2 with new calls."""
    ended.attend("2026-C001", ["E1", "E2"])
    open_due_waves()
    ended.answered("2026-C001", ["E2"])
    old = ended.read("select token from ops.invitations where employee_id = 'E1'")
    ended.session("2026-C001", local(2026, 3, 12, 17))
    assert plan_milestones()["waves_withdrawn"] == 1
    assert ended.notices("survey_invitation") == []
    assert ended.notices("survey_invitation", state="dropped") == ["E1", "E2"]
    assert ended.read("select token from ops.invitations where employee_id = 'E1'") != old
    assert ended.steps("2026-C001")["evaluation_open"] == ("pending", date(2026, 3, 12), "class_moved")
    assert open_due_waves()["waves_opened"] == 0
    set_clock(2026, 3, 12, 20)
    assert open_due_waves()["waves_opened"] == 1
    (wave,) = ended.read("select state::text, opening_number, opened_at from ops.survey_waves")
    assert wave == {"state": "open", "opening_number": 2, "opened_at": local(2026, 3, 12, 20)}
    assert ended.notices("survey_invitation") == ["E1"]


def test_a_class_cancelled_after_its_invitations_asks_nobody(ended: Company) -> None:
    """The wave is withdrawn, its steps are skipped, nothing is reported."""
    ended.attend("2026-C001", ["E1", "E2"])
    open_due_waves()
    ended.session("2026-C001", local(2026, 3, 5, 17), status="cancelled")
    counts = plan_milestones()
    # The five steps of the evaluation, the log of the class day and the 90-day report.
    assert (counts["waves_withdrawn"], counts["skipped"]) == (1, 7)
    assert set(ended.evaluation("2026-C001").values()) == {"skipped"}
    assert ended.read("select withdrawn_reason from ops.survey_waves") == [{"withdrawn_reason": "class_cancelled"}]
    assert ended.notices("survey_invitation") == []


def test_a_date_in_the_past_mails_no_employee_and_the_next_run_heals(ended: Company, set_clock: type_of_clock) -> None:
    """A backfill opens and closes, and tells nobody; a wave that still takes answers is told by the ordinary run."""
    ended.attend("2026-C001", ["E1"])
    set_clock(2026, 3, 9, 6)
    assert open_due_waves(as_of=date(2026, 3, 6)) == {
        "waves_opened": 1, "waves_without_attendance": 0, "notices_planned": 0,
    }  # fmt: skip
    assert remind_due(as_of=date(2026, 3, 8))["notices_planned"] == 0
    assert ended.read("select from ops.notices") == []
    assert open_due_waves()["notices_planned"] == 1
    assert ended.read("select closes_at from ops.survey_waves") == [{"closes_at": local(2026, 3, 13, 23, 59, 59)}]


def test_a_past_date_mails_when_the_run_says_so(ended: Company, set_clock: type_of_clock) -> None:
    """allow_send is the exception that a person orders."""
    ended.attend("2026-C001", ["E1"])
    set_clock(2026, 3, 9, 6)
    assert open_due_waves(as_of=date(2026, 3, 6), allow_send=True)["notices_planned"] == 1


def test_a_scheduler_that_was_down_for_three_days_does_each_step_once(ended: Company, set_clock: type_of_clock) -> None:
    """What can still help is done once, what came too late expires."""
    ended.attend("2026-C001", ["E1", "E2"])
    set_clock(2026, 3, 9, 6)
    plan_milestones()
    assert open_due_waves()["notices_planned"] == 2
    ended.answered("2026-C001", ["E1"])
    set_clock(2026, 3, 20, 6)
    plan_milestones()
    open_due_waves()
    assert remind_due()["notices_planned"] == 0
    assert close_due()["waves_closed"] == 1
    assert ended.evaluation("2026-C001") == {
        "evaluation_open": "done",
        "evaluation_reminder_1": "expired",
        "evaluation_reminder_2": "expired",
        "evaluation_close": "done",
        "evaluation_report": "pending",
    }
    assert sessions_to_report() == ["2026-C001"]


def test_the_window_between_two_calls_is_counted_in_hours(ended: Company) -> None:
    """48 hours is a distance in time, whatever the summer time of the reader does."""
    from trainloop.domain.survey import may_call_from

    now = local(2026, 3, 9)
    assert may_call_from(now, None, 48) == now
    assert may_call_from(now, now - timedelta(hours=47), 48) == now + timedelta(hours=1)
    assert may_call_from(now, now - timedelta(hours=49), 48) == now
