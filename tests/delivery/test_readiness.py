"""What is wrong with classes to come is found, told once, and closed when it recovers."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from trainloop.delivery.readiness import STEPS, check_readiness
from trainloop.surveys.milestones import plan_milestones

from .conftest import School, SetClock, counting, local

CODE = "2026-C001"


def scan(**options: Any) -> dict[str, int]:
    plan_milestones()
    return check_readiness(**options)


def test_a_missing_confirmation_past_its_day_is_told_once_and_closes_when_it_comes(
    school: School, set_clock: SetClock
) -> None:
    """One mail at the step on which it is new, none at the next, closed by itself."""
    school.plan_class(CODE, local(2026, 3, 16))
    school.book(CODE, "tea_break", due="2026-03-01")
    school.book(CODE, "equipment", "P-7", due="2026-03-02")
    school.book(CODE, "trainer", "T1", confirmed="2026-02-20")
    counts = scan()
    assert (counts["opened"], counts["steps_done"], counts["notices_planned"]) == (1, 1, 2)
    assert school.exceptions(CODE) == {("confirmation_missing", "tea_break:-"): "open"}
    assert school.notices("readiness_problems", CODE) == ["M1"]
    assert school.notices("readiness_digest") == ["hr_lead"]
    assert scan()["notices_planned"] == 0
    set_clock(2026, 3, 9)
    school.book(CODE, "equipment", "P-7", due="2026-03-02", confirmed="2026-03-05")
    assert scan()["notices_planned"] == 0
    assert school.states(CODE)["readiness_7"] == "done"
    school.book(CODE, "tea_break", due="2026-03-01", confirmed="2026-03-09")
    assert scan()["closed"] == 1
    assert school.exceptions(CODE) == {("confirmation_missing", "tea_break:-"): "recovered"}


def test_what_comes_back_is_told_again_at_the_next_step(school: School, set_clock: SetClock) -> None:
    """A row that opens again is news: the confirmation was withdrawn."""
    school.plan_class(CODE, local(2026, 3, 16))
    school.book(CODE, "tea_break", due="2026-03-01")
    scan()
    school.book(CODE, "tea_break", due="2026-03-01", confirmed="2026-03-02")
    scan()
    set_clock(2026, 3, 9)
    school.book(CODE, "tea_break", due="2026-03-01", confirmed=None)
    assert scan()["notices_planned"] == 2
    assert len(school.notices("readiness_problems", CODE)) == 2


def test_a_room_booked_twice_is_found_in_both_classes_whatever_names_it(school: School) -> None:
    """A venue, a smart classroom and the class's own venue are one room; the day counts, not the course."""
    school.trainer("T2")
    school.plan_class(CODE, local(2026, 3, 16), venue_code="sh-201 ")
    school.plan_class("2026-C002", local(2026, 3, 16, 13), trainer_id="T2", venue_code=None)
    school.book("2026-C002", "smart_classroom", "SH-201", confirmed="2026-02-20")
    scan()
    assert school.exceptions(CODE) == {("double_booking", "room:SH-201"): "open"}
    (row,) = school.read("select detail from ops.readiness_exceptions where session_code = '2026-C002'")
    assert row["detail"] == {"resource": "room", "item": "SH-201", "others": [CODE]}
    school.plan_class("2026-C002", local(2026, 3, 16, 17), trainer_id="T2", venue_code=None)
    scan()
    assert school.exceptions(CODE) == {("double_booking", "room:SH-201"): "recovered"}


def test_two_sessions_of_one_course_on_one_day_share_a_room_one_after_the_other(school: School) -> None:
    """Morning and afternoon are two classes and no double booking."""
    school.plan_class(CODE, local(2026, 3, 16, 9), hours=3, venue_code="SH-201")
    school.plan_class("2026-C002", local(2026, 3, 16, 12), hours=3, venue_code="SH-201")
    assert scan()["steps_done"] == 2
    assert school.exceptions() == {}


def test_a_trainer_and_a_piece_of_equipment_in_two_classes_at_once_are_found(school: School) -> None:
    """By the class's trainer and by bookings; online classes take no room."""
    school.plan_class(CODE, local(2026, 3, 16), mode="online", venue_code="SH-201")
    school.plan_class("2026-C002", local(2026, 3, 16), mode="online", venue_code="SH-201")
    for code in (CODE, "2026-C002"):
        school.book(code, "equipment", "CAM-1", confirmed="2026-02-20")
    scan()
    assert school.exceptions(CODE) == {
        ("double_booking", "trainer:T1"): "open",
        ("double_booking", "equipment:CAM-1"): "open",
    }


def test_a_cancelled_class_frees_what_it_took_and_closes_its_own(school: School) -> None:
    """Nothing is wrong with a class that does not take place."""
    school.plan_class(CODE, local(2026, 3, 16), venue_code="SH-201")
    school.plan_class("2026-C002", local(2026, 3, 16), venue_code="SH-201")
    scan()
    school.plan_class("2026-C002", local(2026, 3, 16), venue_code="SH-201", status="cancelled")
    scan()
    assert set(school.exceptions("2026-C002").values()) == {"class_cancelled"}
    assert set(school.exceptions(CODE).values()) == {"recovered"}


@pytest.mark.parametrize(("manager", "why"), [(None, "nobody_named"), ("GONE", "no_employee"), ("LEFT", "no_employee")])
def test_a_class_without_a_manager_is_told_to_hr_alone(school: School, manager: str | None, why: str) -> None:
    """R21: exactly one class manager, who is an employee on the day of the class."""
    school.people("LEFT", left_on="2026-03-10")
    school.plan_class(CODE, local(2026, 3, 16), manager=manager)
    scan()
    assert school.exceptions(CODE) == {("class_manager_missing", "-"): "open"}
    assert school.read("select detail from ops.readiness_exceptions") == [{"detail": {"why": why}}]
    assert school.notices("readiness_problems") == []
    assert school.notices("readiness_digest") == ["hr_lead"]


def test_a_class_room_class_without_any_room_is_found(school: School) -> None:
    """What a mode needs is data of the site file; an online class needs no room."""
    school.plan_class(CODE, local(2026, 3, 16), venue_code=None)
    school.trainer("T2")
    school.plan_class("2026-C002", local(2026, 3, 16), mode="online", venue_code=None, trainer_id="T2")
    scan()
    assert school.exceptions(CODE) == {("resource_missing", "room"): "open"}
    assert school.exceptions("2026-C002") == {}


def test_more_people_than_seats_by_the_forecast_and_a_refusal_with_too_little_history(school: School) -> None:
    """The lower end of the interval counts: "maybe too many" is no exception."""
    people = [f"P{number:03d}" for number in range(60)]
    school.people(*people)
    for number in range(4):
        past = f"2025-C{number}"
        school.plan_class(past, local(2025, 10, 6 + number))
        school.enroll(past, people[:20])
        school.attend(past, people[: 18 + number % 2])
        school.attend(past, people[18 + number % 2 : 20], "absent")
    school.plan_class(CODE, local(2026, 3, 16), capacity=30)
    school.enroll(CODE, people[:50])
    school.plan_class("2026-C002", local(2026, 3, 17), capacity=50)
    school.enroll("2026-C002", people[:50])
    scan()
    assert school.exceptions(CODE) == {("headcount_over_capacity", "-"): "open"}
    assert school.exceptions("2026-C002") == {}
    (row,) = school.read("select * from marts.headcount_forecasts where session_code = %s", (CODE,))
    assert row["low_count"] < row["expected_count"] < row["high_count"] <= 50
    assert (row["history_kind"], row["history_class_count"], row["history_people_count"]) == ("course", 4, 80)
    school.write("delete from core.attendance where session_code <> '2025-C0'")
    scan()
    (row,) = school.read("select * from marts.headcount_forecasts where session_code = %s", (CODE,))
    assert (row["expected_count"], row["reason"]) == (None, "too_little_history")
    assert school.exceptions(CODE) == {("headcount_over_capacity", "-"): "recovered"}


def test_a_class_known_two_days_before_is_checked_at_once_and_what_it_missed_is_reported(
    school: School, set_clock: SetClock
) -> None:
    """T-2: one check now, the missed ones expire with their reason and leave a trace, T-1 is still to come."""
    set_clock(2026, 3, 10)
    school.plan_class(CODE, local(2026, 3, 12), manager=None)
    assert scan()["steps_done"] == 1
    steps = school.steps(CODE)
    assert {step: steps[step][0] for step in STEPS} == {
        "readiness_14": "expired", "readiness_7": "expired", "readiness_3": "done", "readiness_1": "pending",
    }  # fmt: skip
    assert steps["readiness_7"][2] == "later_step_stands_in"
    traced = school.read("select detail ->> 'step' as step from ops.audit_entries order by audit_entry_id")
    assert [row["step"] for row in traced] == ["readiness_14", "readiness_7"]
    assert len(school.notices("readiness_digest")) == 1


def test_a_moved_class_is_checked_again_on_its_new_days(school: School, set_clock: SetClock) -> None:
    """The mail of the new step is another one; what was open for the old day alone is closed."""
    school.plan_class(CODE, local(2026, 3, 9))
    school.book(CODE, "tea_break", due="2026-03-01")
    scan()
    assert school.states(CODE)["readiness_7"] == "done"
    school.plan_class(CODE, local(2026, 4, 30))
    scan()
    assert school.states(CODE)["readiness_7"] == "pending"
    assert set(school.exceptions(CODE).values()) == {"class_moved"}
    set_clock(2026, 4, 16)
    assert scan()["notices_planned"] == 2
    assert len(school.notices("readiness_problems", CODE)) == 2


def test_a_split_class_is_two_classes(school: School) -> None:
    """The old code is cancelled, the halves are checked by their own bookings."""
    school.plan_class(CODE, local(2026, 3, 16))
    school.book(CODE, "tea_break", due="2026-03-01")
    scan()
    school.plan_class(CODE, local(2026, 3, 16), status="cancelled")
    school.plan_class("2026-C001A", local(2026, 3, 16, 9), hours=3)
    school.plan_class("2026-C001B", local(2026, 3, 16, 13), hours=3, manager="M2")
    school.book("2026-C001B", "tea_break", due="2026-03-01")
    scan()
    assert set(school.exceptions(CODE).values()) == {"class_cancelled"}
    assert school.exceptions("2026-C001A") == {}
    assert school.notices("readiness_problems", "2026-C001B") == ["M2"]


def test_hr_reads_one_list_of_a_day_and_not_one_mail_for_each_class(school: School) -> None:
    """Ten classes with trouble: one digest."""
    for number in range(10):
        school.plan_class(f"2026-C{number:03d}", local(2026, 3, 16), manager=None, trainer_id="T1", hours=0.5)
    scan()
    assert school.notices("readiness_digest") == ["hr_lead"]


def test_a_past_date_settles_no_step_and_mails_nobody(school: School, set_clock: SetClock) -> None:
    """Unless the run says allow_send."""
    school.plan_class(CODE, local(2026, 3, 16), manager=None)
    plan_milestones()
    set_clock(2026, 3, 3)
    assert check_readiness(as_of=date(2026, 3, 2))["notices_planned"] == 0
    assert school.states(CODE)["readiness_14"] == "pending"
    assert check_readiness(as_of=date(2026, 3, 2), allow_send=True)["steps_done"] == 1


def test_five_thousand_classes_take_as_many_statements_as_one(school: School) -> None:
    """R16 at scale: the number of statements does not grow with the classes."""
    school.plan_class(CODE, local(2026, 3, 16), manager=None)
    plan_milestones()
    with counting() as for_one:
        check_readiness()
    school.write(
        """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
           select 'S' || n, '某老师', 's' || n || '@example.com', 'internal', 1, n from generate_series(1, 5000) as n"""
    )
    school.write(
        """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, file_id,
               row_number)
           select 'S' || n, 'C-NEG', 'S' || n, '2026-03-03 01:00+00'::timestamptz + (n / 400) * interval '1 day',
               '2026-03-03 02:00+00'::timestamptz + (n / 400) * interval '1 day', 'online', 1, n
           from generate_series(1, 5000) as n"""
    )
    school.write(
        """insert into core.resource_bookings (session_code, kind, item_code, due_on, file_id, row_number)
           select 'S' || n, 'equipment', 'E' || n, '2026-03-01', 1, n from generate_series(1, 5000) as n"""
    )
    plan_milestones()
    with counting() as for_all:
        counts = check_readiness()
    assert (counts["sessions"], counts["opened"]) == (5001, 10_000)
    # Steps that a later one stands in for are settled by name: a few statements more, however many classes.
    assert len(for_all) <= len(for_one) + 4 * len(STEPS)
