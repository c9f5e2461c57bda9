"""A free seat goes to the next in line, once, and a class is never overbooked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from trainloop.forms.links import link_hash
from trainloop.forms.store import Store

from .conftest import School, local, words_of

type_of_clock = Callable[..., datetime]


def offers(school: School) -> dict[str, str]:
    rows = school.read("select employee_id, state::text from ops.seat_offers order by offer_id")
    return {row["employee_id"]: row["state"] for row in rows}


def answer(school: School, person: str, *, is_accepted: bool) -> str | None:
    (row,) = school.read("select token from ops.seat_offers where employee_id = %s", (person,))
    with Store() as store:
        return store.answer_offer(link_hash(row["token"]), is_accepted=is_accepted)


def full_class(school: School, starts_at: datetime | None = None) -> None:
    school.class_of("A", starts_at or local(2026, 3, 12), ["E1", "E2"], capacity=2)
    school.wait("A", "E3", "E4", "E5")


def test_a_full_class_offers_nothing_and_leave_offers_one_seat_to_the_next(school: School) -> None:
    """R23: leave → waitlist offer, in the order of the list."""
    full_class(school)
    school.watch()
    assert offers(school) == {}
    school.incident("A", local(2026, 3, 2, 8), "leave", employee_id="E2")
    assert school.watch()["offer_seats"] == 1
    assert school.watch()["offer_seats"] == 0
    assert offers(school) == {"E3": "open"}
    (mail,) = [mail for mail in school.mails() if "空位" in mail["Subject"]]
    assert "/w/" in words_of(mail)


def test_whoever_declines_lets_the_next_one_in(school: School) -> None:
    """A settled offer stays settled: nobody is asked twice."""
    full_class(school)
    school.incident("A", local(2026, 3, 2, 8), "leave", employee_id="E2")
    school.watch()
    assert answer(school, "E3", is_accepted=False) == "declined"
    school.watch()
    assert offers(school) == {"E3": "declined", "E4": "open"}
    assert answer(school, "E3", is_accepted=True) == "declined"


def test_an_offer_nobody_answers_in_time_goes_to_the_next(school: School, set_clock: type_of_clock) -> None:
    """The deadline stands in the mail; a late click says that it is over."""
    full_class(school)
    school.incident("A", local(2026, 3, 2, 8), "leave", employee_id="E2")
    school.watch()
    set_clock(2026, 3, 3, 9, 1)
    assert answer(school, "E3", is_accepted=True) == "expired"
    school.watch()
    assert offers(school) == {"E3": "expired", "E4": "open"}


def test_an_accepted_seat_is_taken_before_the_enrollment_says_so(school: School) -> None:
    """Nobody else is offered it, and it becomes an enrollment by a file of the inbox."""
    full_class(school)
    school.incident("A", local(2026, 3, 2, 8), "leave", employee_id="E2")
    school.watch()
    assert answer(school, "E3", is_accepted=True) == "accepted"
    assert school.watch()["offer_seats"] == 0
    assert [row["employee_id"] for row in school.read("select employee_id from ops.class_seats order by 1")] == [
        "E1",
        "E3",
    ]


def test_a_class_that_filled_up_otherwise_is_not_overbooked(school: School) -> None:
    """The seats are counted again when the learner answers."""
    full_class(school)
    school.incident("A", local(2026, 3, 2, 8), "leave", employee_id="E2")
    school.watch()
    school.enroll("A", ["E6"])
    assert answer(school, "E3", is_accepted=True) == "withdrawn"
    assert len(school.read("select from ops.class_seats")) == 2


def test_two_who_accept_the_last_seat_at_once_are_one_too_many_and_one_is_told(school: School) -> None:
    """Two offers are out, then the room shrinks to one seat: exactly one gets it."""
    full_class(school)
    school.class_of("A", local(2026, 3, 12), capacity=4)
    school.watch()
    assert offers(school) == {"E3": "open", "E4": "open"}
    school.class_of("A", local(2026, 3, 12), capacity=3)
    said: list[str | None] = []
    threads = [
        threading.Thread(target=lambda who=who: said.append(answer(school, who, is_accepted=True)))
        for who in ("E3", "E4")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, said)) == ["accepted", "withdrawn"]
    assert len(school.read("select from ops.class_seats")) == 3


def test_a_cancelled_class_withdraws_its_offers_and_their_mails(school: School) -> None:
    """Nobody accepts a seat in nothing."""
    full_class(school)
    school.incident("A", local(2026, 3, 2, 8), "leave", employee_id="E2")
    school.watch()
    school.class_of("A", local(2026, 3, 12), capacity=2, status="cancelled")
    school.watch()
    assert offers(school) == {"E3": "withdrawn"}
    assert not [mail for mail in school.mails() if "空位" in mail["Subject"]]


def test_a_class_that_begins_within_hours_offers_no_seat(school: School) -> None:
    """Nobody can come any more."""
    full_class(school, local(2026, 3, 2, 12))
    school.incident("A", local(2026, 3, 2, 8), "leave", employee_id="E2")
    assert school.watch()["offer_seats"] == 0
