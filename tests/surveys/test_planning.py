"""What is asked without anybody's order: follow-ups after 90 days, the yearly pulse of trainers, the needs survey."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from trainloop.surveys import needs_launch, planning, rounds
from trainloop.surveys.milestones import plan_milestones
from trainloop.surveys.scan import DateAheadError

from .conftest import Company, local
from .waves_world import people, read_wave

type_of_clock = Callable[..., datetime]


def led(company: Company, person: str, manager: str, since: str, until: str | None = None) -> None:
    """History as intake writes it: who led a person in a time."""
    company.write(
        """insert into core.employee_history (employee_id, valid_from, valid_to, department_code, job_family, job_level,
               manager_id, file_id) values (%s, %s, %s, 'D1', 'F1', 'L1', %s, 1)""",
        (person, since, until, manager),
    )


@pytest.fixture
def taught(company: Company, set_clock: type_of_clock) -> Company:
    """Class 2026-C001 ended on Thursday 2026-03-05 with E1, E2 (led by M1) and E3 (led by E1); E4 was absent."""
    company.people("M1", "E1", "E2", "E3", "E4")
    for person, manager in (("E1", "M1"), ("E2", "M1"), ("E3", "E1"), ("E4", "M1")):
        led(company, person, manager, "2020-01-01", "2026-04-01")
    company.session("2026-C001", local(2026, 3, 5, 17))
    company.attend("2026-C001", ["E1", "E2", "E3"])
    company.attend("2026-C001", ["E4"], "absent")
    set_clock(2026, 3, 6, 6)
    return company


def test_learners_and_their_managers_are_asked_ninety_days_after_the_class(
    taught: Company, set_clock: type_of_clock
) -> None:
    """E + 90 d, for 14 days; attendees only; each manager once however many they lead; once planned, as plans are."""
    assert planning.plan_due() == {"waves_planned": 3, "classes_seen": 1}
    assert planning.plan_due() == {"waves_planned": 0, "classes_seen": 1}
    assert read_wave(taught, "FU90L-2026-C001")["state"] == "planned"
    assert taught.steps("FU90L-2026-C001")["wave_open"][1] == date(2026, 6, 3)
    set_clock(2026, 6, 2, 6)
    assert rounds.open_due()["waves_opened"] == 0
    set_clock(2026, 6, 3, 6)
    assert rounds.open_due()["waves_opened"] == 2
    assert set(people(taught, "FU90L-2026-C001")) == {"E1", "E2", "E3"}
    assert set(people(taught, "FU90M-2026-C001")) == {"M1", "E1"}
    assert planning.plan_due()["waves_planned"] == 0


def test_the_manager_is_who_led_the_learner_when_the_class_ended(taught: Company, set_clock: type_of_clock) -> None:
    """Whoever came later cannot say what changed; history tells who it was."""
    planning.plan_due()
    taught.people("M2")
    for person in ("E1", "E2", "E3"):
        led(taught, person, "M2", "2026-04-01")
    led(taught, "E4", "E4", "2026-04-01")
    set_clock(2026, 6, 3, 6)
    rounds.open_due()
    assert set(people(taught, "FU90M-2026-C001")) == {"M1", "E1"}


def test_a_moved_class_moves_its_follow_up_and_a_cancelled_one_has_none(
    taught: Company, set_clock: type_of_clock
) -> None:
    """Moved into the future: planned again after the real end; cancelled: nobody is asked."""
    planning.plan_due()
    taught.session("2026-C001", local(2026, 3, 19, 17))
    assert plan_milestones()["waves_withdrawn"] == 3
    wave = read_wave(taught, "FU90L-2026-C001")
    assert (wave["state"], wave["withdrawn_reason"]) == ("cancelled", "class_moved")
    assert set(taught.states("FU90L-2026-C001").values()) == {"skipped"}
    set_clock(2026, 3, 20, 6)
    assert planning.plan_due() == {"waves_planned": 3, "classes_seen": 1}
    assert taught.steps("FU90L-2026-C001")["wave_open"][:2] == ("pending", date(2026, 6, 17))
    set_clock(2026, 6, 17, 6)
    # The plan's own days are over by then.
    assert rounds.open_due() == {"waves_opened": 2, "waves_withdrawn": 1, "notices_planned": 5}
    taught.session("2026-C001", local(2026, 3, 19, 17), status="cancelled")
    assert rounds.open_due()["waves_withdrawn"] == 2
    assert taught.notices("survey_invitation") == []
    assert set(taught.notices("survey_invitation", state="dropped")) == {"E1", "E2", "E3", "M1"}


def test_a_class_of_long_ago_is_not_followed_up(taught: Company, set_clock: type_of_clock) -> None:
    """Not after E + 104 d: the first run of a new installation asks nobody about last year."""
    set_clock(2026, 6, 29, 6)
    assert planning.plan_due() == {"waves_planned": 0, "classes_seen": 0}


def test_trainers_of_the_company_are_asked_once_a_year(company: Company, set_clock: type_of_clock) -> None:
    """On the launch day of the site file; a trainer from outside has no answer that the cap could count."""
    company.people("E1")
    company.write("update core.trainers set employee_id = 'E1'")
    set_clock(2026, 11, 30, 6)
    assert planning.plan_due()["waves_planned"] == 0
    set_clock(2026, 12, 2, 6)
    assert planning.plan_due()["waves_planned"] == 1
    assert planning.plan_due()["waves_planned"] == 0
    rounds.open_due()
    assert set(people(company, "TPULSE-2026")) == {"E1"}
    set_clock(2027, 1, 11, 6)
    assert planning.plan_due()["waves_planned"] == 0


def test_the_needs_survey_of_next_year_is_launched_on_its_day_and_once(
    company: Company, set_clock: type_of_clock
) -> None:
    """2 November, asked for the year after; run earlier it is planned ahead, run again it changes nothing."""
    company.people("E1", "E2")
    set_clock(2026, 11, 2, 6)
    assert needs_launch.launch() == {"waves_planned": 1, "interviews_planned": 0, "year": 2027}
    assert rounds.open_due()["notices_planned"] == 2
    assert needs_launch.launch()["waves_planned"] == 0
    set_clock(2027, 1, 15, 6)
    assert needs_launch.launch() == {"waves_planned": 1, "interviews_planned": 0, "year": 2028}
    assert opening(company, "NEEDS-2028") == ("pending", date(2027, 11, 2))


def opening(company: Company, wave_code: str) -> tuple[str, date]:
    state, due_on, _ = company.steps(wave_code)["wave_open"]
    return state, due_on


def test_a_person_may_choose_another_launch_day_but_not_one_that_is_over(
    company: Company, set_clock: type_of_clock
) -> None:
    """The form of the DAG: a later day is planned, a past one and a business date ahead are refused in plain words."""
    set_clock(2026, 9, 1, 6)
    assert needs_launch.launch(opens_on=date(2026, 10, 12))["year"] == 2027
    assert opening(company, "NEEDS-2027") == ("pending", date(2026, 10, 12))
    with pytest.raises(needs_launch.LaunchInThePastError, match="2026-08-31"):
        needs_launch.launch(opens_on=date(2026, 8, 31))
    with pytest.raises(DateAheadError):
        needs_launch.launch(as_of=date(2026, 9, 2))


def test_missing_interviews_are_chased_until_they_are_in(company: Company, set_clock: type_of_clock) -> None:
    """Each planned interview is its interviewer's task; one that came in by a file, or before the launch, is none."""
    company.people("E1", "E2")
    company.write(
        """insert into core.interview_plan (department_code, year, interviewer_id, due_on, file_id, row_number) values
           ('D1', 2027, 'E1', '2026-11-20', 1, 1), ('D2', 2027, 'E1', '2026-10-20', 1, 2),
           ('D3', 2027, 'E2', '2026-11-20', 1, 3), ('D4', 2026, 'E2', '2026-11-20', 1, 4)"""
    )
    interview(company, "D3", "2026-10-15")
    set_clock(2026, 11, 2, 6)
    assert needs_launch.launch()["interviews_planned"] == 2
    assert read_wave(company, "TALK-2027-D1")["closes_at"] == local(2026, 11, 20, 23, 59, 59)
    assert read_wave(company, "TALK-2027-D2")["closes_at"] == local(2026, 11, 23, 23, 59, 59)
    rounds.open_due()
    assert company.notices("survey_invitation", "TALK-2027-D1") == ["E1"]
    interview(company, "D1", "2026-11-04")
    set_clock(2026, 11, 9, 6)
    rounds.remind_due()
    assert people(company, "TALK-2027-D1") == {"E1": ("excluded", "delivered")}
    assert company.notices("survey_reminder", "TALK-2027-D1") == []
    assert company.notices("survey_reminder", "TALK-2027-D2") == ["E1"]


def interview(company: Company, department_code: str, interviewed_on: str) -> None:
    company.write(
        """insert into core.business_interviews (interview_id, department_code, interviewed_on, pain_point, severity,
               file_id, row_number) values (%s, %s, %s, '让价过多', 4, 1, 1)""",
        (f"I-{department_code}", department_code, interviewed_on),
    )
