"""A 360 from the promotion to the private result, through the rounds of waves and the forms' own door."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

import pytest
from psycopg.types.json import Jsonb
from tests.surveys import assessment_world as people
from tests.surveys import results_world as world

from trainloop.outbox.composer import compose_due
from trainloop.surveys import rounds
from trainloop.surveys.assessment_results import evaluate_assessments
from trainloop.surveys.assessments import plan_assessments
from trainloop.warehouse import engine

SetClock = Callable[..., datetime]


@pytest.fixture
def asked(warehouse: str, set_clock: SetClock) -> str:
    """M1 was promoted, four peers and four reports; the wave is open and everybody was told."""
    world.make_company(0)
    set_clock(2026, 3, 30)
    people.make_manager("M1", "2026-03-02")
    plan_assessments()
    assert rounds.open_due()["notices_planned"] == 10
    return people.waves()["M1"]


def answer(wave_code: str, score: int, *employees: str) -> None:
    """Fill in these people's forms through the function that the forms service calls."""
    tokens = world.execute(
        "select token from ops.invitations where wave_code = %s and employee_id = any(%s)", wave_code, list(employees)
    )
    assert len(tokens) == len(employees)
    said = [{"item": item, "score": score} for item in people.ITEMS]
    with engine.connect("forms") as connection:
        for row in tokens:
            link = hashlib.sha256(row["token"].encode()).digest()
            taken = connection.execute(
                "select forms.submit(%s, %s, %s, false, %s) as is_taken", (link, link, Jsonb(said), link.hex()[:32])
            ).fetchone()
            assert taken == {"is_taken": True}


def test_what_raters_answer_reaches_the_person_by_group(asked: str, set_clock: SetClock) -> None:
    """R07: the group travels with the answer, the rater does not; three reports of four are a group."""
    answer(asked, 5, "M1")
    answer(asked, 3, "M1-BOSS")
    answer(asked, 4, *(f"M1-P{number}" for number in range(4)))
    answer(asked, 2, *(f"M1-R{number}" for number in range(3)))
    set_clock(2026, 4, 21)
    assert rounds.close_due()["waves_closed"] == 1
    assert evaluate_assessments() == {"assessments_evaluated": 1}
    found = people.private(asked)
    assert {
        group: found[group, "dimension", "coaching", "mean"]["value"] for group in ("self", "manager", "peer", "report")
    } == {
        "self": 5,
        "manager": 3,
        "peer": 4,
        "report": 2,
    }
    assert found["report", "response", "raters", "invited_count"]["value"] == 4
    assert found["report", "response", "raters", "answered_count"]["value"] == 3


def test_raters_are_told_whom_it_is_about_and_only_they_are_told(asked: str) -> None:
    """The call names the assessed person; nobody outside the list hears of it."""
    compose_due()
    mails = world.execute("select recipient_id, convert_from(mime_bytes, 'UTF8') as mime from ops.messages")
    raters = {"M1", "M1-BOSS", *(f"M1-{group}{number}" for group in "PR" for number in range(4))}
    assert {mail["recipient_id"] for mail in mails} == raters
    subjects = world.execute("select subject from ops.messages where recipient_id <> 'M1'")
    assert all("员工M1" in row["subject"] for row in subjects)


def test_raters_who_have_not_answered_are_chased_twice_at_most(asked: str, set_clock: SetClock) -> None:
    """Reminders after a week and two, to those who owe an answer only."""
    world.execute("update ops.notices set state = 'dropped', reason = 'test' where kind = 'survey_invitation'")
    answer(asked, 4, "M1-P0", "M1-P1")
    reminded = []
    for day in range(1, 22):
        set_clock(2026, 4, day, 12)
        reminded.append(rounds.remind_due()["notices_planned"])
    assert [count for count in reminded if count] == [8, 8]
