"""The planner: rows follow the classes, set-based, the same again on every run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
import yaml

from trainloop.config import get_site
from trainloop.surveys.milestones import plan_milestones
from trainloop.surveys.scan import DateAheadError

from .conftest import Company, local

type_of_clock = Callable[..., datetime]


def step_count() -> int:
    """How many steps the site file gives a class in a room."""
    return sum(not rule.modes or "classroom" in rule.modes for rule in get_site().milestones.values())


def owed(company: Company, code: str) -> dict[str, tuple[str, date, str | None]]:
    """The steps of a class but those that a class in a room never owes."""
    return {step: row for step, row in company.steps(code).items() if row[2] != "not_this_mode"}


def test_a_new_class_gets_every_step_and_a_second_run_changes_nothing(company: Company) -> None:
    """Idempotent by class session and step."""
    company.session("2026-C001", local(2026, 3, 5, 17))
    assert plan_milestones()["inserted"] == step_count()
    before = company.read("select * from ops.milestones order by milestone_id")
    again = plan_milestones()
    assert {key for key, count in again.items() if count} == {"sessions"}
    assert company.read("select * from ops.milestones order by milestone_id") == before
    assert company.steps("2026-C001")["evaluation_close"] == ("pending", date(2026, 3, 12), None)


def test_a_moved_class_takes_its_pending_steps_along_and_leaves_what_is_done(company: Company) -> None:
    """Replanning moves pending rows only."""
    company.session("2026-C001", local(2026, 3, 5, 17))
    plan_milestones()
    company.write("update ops.milestones set state = 'done', done_at = '2026-03-05' where step = 'evaluation_report'")
    company.session("2026-C001", local(2026, 3, 19, 17))
    assert plan_milestones()["moved"] == step_count() - 1
    steps = company.steps("2026-C001")
    assert steps["evaluation_open"][1] == date(2026, 3, 19)
    assert steps["evaluation_report"] == ("done", date(2026, 3, 12), None)


def test_a_cancelled_class_skips_its_steps_and_an_uncancelled_one_gets_them_back(company: Company) -> None:
    """Pending rows are skipped with the reason; a class that was never planned gets no rows."""
    company.session("2026-C001", local(2026, 3, 5, 17))
    plan_milestones()
    company.session("2026-C001", local(2026, 3, 5, 17), status="cancelled")
    company.session("2026-C002", local(2026, 3, 5, 17), status="cancelled")
    assert plan_milestones()["skipped"] == step_count()
    assert {step[0::2] for step in owed(company, "2026-C001").values()} == {("skipped", "class_cancelled")}
    assert company.steps("2026-C002") == {}
    company.session("2026-C001", local(2026, 3, 6, 17))
    assert plan_milestones()["revived"] == step_count()
    assert {state for state, _, _ in owed(company, "2026-C001").values()} == {"pending"}
    assert company.steps("2026-C001")["evaluation_open"][1] == date(2026, 3, 6)


def test_a_step_past_its_latest_time_expires_with_its_reason_and_leaves_a_trace(
    company: Company, set_clock: type_of_clock
) -> None:
    """Expired and reported, never done late in silence; what hangs on the opening is skipped with it."""
    company.session("2026-C001", local(2026, 3, 5, 17))
    plan_milestones()
    set_clock(2026, 3, 13, 5, 30)
    assert plan_milestones() | {"sessions": 0} == {
        "sessions": 0, "inserted": 0, "moved": 0, "skipped": 4, "expired": step_count() - 5, "revived": 0,
        "provisional": 0, "waves_withdrawn": 0, "notices_planned": 0,
    }  # fmt: skip
    steps = company.steps("2026-C001")
    assert steps.pop("evaluation_open")[0::2] == ("expired", "not_after_passed")
    after = {step: standing for step, standing in steps.items() if step.startswith("evaluation_")}
    assert {step[0::2] for step in after.values()} == {("skipped", "never_opened")}
    trace = company.read(
        "select action, subject_id, detail from ops.audit_entries where detail ->> 'step' = 'evaluation_open'"
    )
    assert trace == [{"action": "milestone_expired", "subject_id": "2026-C001", "detail": {"step": "evaluation_open"}}]
    assert plan_milestones()["expired"] == 0


def test_an_expired_class_that_moves_into_the_future_is_planned_again(
    company: Company, set_clock: type_of_clock
) -> None:
    """HR corrected the date too late: the steps lie ahead again and are owed."""
    company.session("2026-C001", local(2026, 3, 5, 17))
    plan_milestones()
    set_clock(2026, 3, 20)
    plan_milestones()
    company.session("2026-C001", local(2026, 4, 9, 17))
    # The 90-day report was still to come: it moves with the class.
    assert plan_milestones()["revived"] == step_count() - 1
    assert company.steps("2026-C001")["evaluation_open"] == ("pending", date(2026, 4, 9), "class_moved")


def test_a_split_class_is_planned_as_two(company: Company) -> None:
    """The halves get their own steps, the old code is cancelled."""
    company.session("2026-C001", local(2026, 3, 5, 17))
    plan_milestones()
    company.session("2026-C001", local(2026, 3, 5, 17), status="cancelled")
    company.session("2026-C001A", local(2026, 3, 5, 12))
    company.session("2026-C001B", local(2026, 3, 6, 17))
    plan_milestones()
    assert set(company.states("2026-C001").values()) == {"skipped"}
    assert company.steps("2026-C001B")["evaluation_open"][1] == date(2026, 3, 6)


def test_two_classes_of_one_course_on_one_day_are_two_plans(company: Company) -> None:
    """The business key is the class session, not course and day."""
    company.session("2026-C001", local(2026, 3, 5, 12))
    company.session("2026-C002", local(2026, 3, 5, 21))
    assert plan_milestones()["inserted"] == 2 * step_count()


def test_provisional_steps_are_planned_again_once_the_calendar_is_known(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has published 2041; when somebody does, pending rows move and lose the flag."""
    import chinese_calendar

    from trainloop.domain import calendar

    company.session("2041-C001", local(2041, 4, 26, 17))
    # The day of the class itself depends on no calendar.
    assert plan_milestones()["provisional"] == step_count() - 1
    assert company.steps("2041-C001")["evaluation_close"][1] == date(2041, 5, 3)
    holidays = {date(2041, 5, 1) + timedelta(days=number) for number in range(5)}
    calendar.judge.cache_clear()
    monkeypatch.setattr(chinese_calendar, "is_workday", lambda day: day.weekday() < 5 and day not in holidays)
    assert plan_milestones()["moved"] == step_count() - 1
    assert company.steps("2041-C001")["evaluation_close"][1] == date(2041, 5, 6)
    assert company.read("select from ops.milestones where is_provisional") == []
    calendar.judge.cache_clear()


def test_a_step_added_to_the_site_file_is_planned_for_classes_that_stand_already(
    company: Company, home: object, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """The planner is generic: a new step is data."""
    from pathlib import Path

    from trainloop.settings import get_settings

    company.session("2026-C001", local(2026, 3, 16, 17))
    plan_milestones()
    own = Path(str(tmp_path)) / "site.yaml"
    rule = {"anchor": "start", "days": -7, "not_after_anchor": "start"}
    own.write_text(yaml.safe_dump({"milestones": {"tables_set": rule}}))
    monkeypatch.setenv("TRAINLOOP_SITE_FILE", str(own))
    get_settings.cache_clear()
    get_site.cache_clear()
    assert plan_milestones()["inserted"] == 1
    assert company.steps("2026-C001")["tables_set"] == ("pending", date(2026, 3, 9), None)


def test_five_thousand_classes_are_planned_in_a_few_statements(company: Company) -> None:
    """A year of a large company, planned once and found planned the second time."""
    company.write(
        """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, file_id,
               row_number)
           select 'S' || n, 'C-NEG', 'T1', '2026-03-05 01:00+00'::timestamptz + n * interval '1 hour',
               '2026-03-05 02:00+00'::timestamptz + n * interval '1 hour', 'classroom', 1, n
           from generate_series(1, 5200) as n"""
    )
    assert plan_milestones()["inserted"] == 5_200 * step_count()
    assert plan_milestones()["moved"] == 0


def test_a_date_ahead_is_refused_and_a_past_one_judges_by_that_day(company: Company, set_clock: type_of_clock) -> None:
    """Nothing is due on a day that has not come."""
    company.session("2026-C001", local(2026, 3, 5, 17))
    with pytest.raises(DateAheadError):
        plan_milestones(as_of=date(2026, 3, 3))
    set_clock(2026, 3, 20)
    plan_milestones(as_of=date(2026, 3, 10))
    assert company.states("2026-C001")["evaluation_open"] == "pending"
    plan_milestones()
    assert company.states("2026-C001")["evaluation_open"] == "expired"


def test_what_was_done_before_a_class_is_owed_again_when_the_class_moves_ahead(
    company: Company, set_clock: type_of_clock
) -> None:
    """Nobody has checked the new day; what lies after the class and is done stays done."""
    set_clock(2026, 3, 10)
    company.session("2026-C001", local(2026, 3, 12, 17))
    plan_milestones()
    company.write(
        """update ops.milestones set state = 'done', done_at = '2026-03-10'
           where step in ('readiness_14', 'materials_sent', 'evaluation_report')"""
    )
    company.write("update ops.milestones set state = 'skipped', reason = 'nothing_asked' where step = 'run_sheet'")
    company.session("2026-C001", local(2026, 4, 30, 17))
    assert plan_milestones()["revived"] == 3
    steps = company.steps("2026-C001")
    for step, day in {"readiness_14": 16, "materials_sent": 23, "run_sheet": 29}.items():
        assert steps[step] == ("pending", date(2026, 4, day), "class_moved")
    assert steps["evaluation_report"][0] == "done"


def test_a_class_that_moves_nearer_keeps_what_was_done_for_it(company: Company, set_clock: type_of_clock) -> None:
    """Its steps lie in the past of the new day as well: nothing is sent again."""
    set_clock(2026, 3, 10)
    company.session("2026-C001", local(2026, 3, 16, 17))
    plan_milestones()
    company.write("update ops.milestones set state = 'done', done_at = '2026-03-10' where step = 'materials_sent'")
    company.session("2026-C001", local(2026, 3, 13, 17))
    plan_milestones()
    assert company.states("2026-C001")["materials_sent"] == "done"
