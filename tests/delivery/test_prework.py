"""R19 and R20: reminders only to the unfinished; questions grouped, masked and told once."""

from __future__ import annotations

import pytest

from trainloop.delivery.materials import send_materials
from trainloop.delivery.prework import remind_of_prework
from trainloop.delivery.questions import digest_questions
from trainloop.statistics.alike_texts import cluster
from trainloop.surveys.milestones import plan_milestones

from .conftest import School, SetClock, local

CODE = "2026-C001"


@pytest.fixture
def sent(school: School) -> School:
    """A Thursday class (2026-03-12) whose pack went out on the 5th to three learners."""
    school.people("E1", "E2", "E3")
    school.plan_class(CODE, local(2026, 3, 12))
    school.enroll(CODE, ["E1", "E2", "E3"])
    school.asset("KA-1", b"one", kind="prework")
    school.asset("KA-2", b"two", kind="prework")
    school.asset("KA-3", b"three")
    school.write("update ops.clock set frozen_at = '2026-03-05 01:00+00'")
    plan_milestones()
    send_materials()
    return school


def finish(school: School, employee: str, *assets: str) -> None:
    for asset in assets:
        school.write(
            """insert into core.prework_events (session_code, employee_id, asset_code, event, file_id, row_number)
               values (%s, %s, %s, 'finished', 1, 1)""",
            (CODE, employee, asset),
        )


def finish_on_page(school: School, employee: str, *assets: str) -> None:
    for asset in assets:
        school.write(
            """insert into ops.material_events (session_code, person_kind, person_id, asset_code, event, happened_at)
               values (%s, 'employee', %s, %s, 'finished', '2026-03-08')""",
            (CODE, employee, asset),
        )


def ask(school: School, *questions: str, code: str = CODE) -> None:
    school.write(
        """insert into core.learner_questions (question_id, session_code, question, file_id, row_number)
           select md5(text || %s), %s, text, 1, 1 from unnest(%s::text[]) as text""",
        (code, code, list(questions)),
    )


def test_only_learners_with_pre_work_left_are_reminded_three_days_and_one_day_before(
    sent: School, set_clock: SetClock
) -> None:
    """A file and the page's button both finish; half is not finished; two reminders at most."""
    finish(sent, "E1", "KA-1")
    finish_on_page(sent, "E1", "KA-2")
    finish(sent, "E2", "KA-1")
    set_clock(2026, 3, 9)
    plan_milestones()
    assert remind_of_prework() == {"steps_done": 1, "notices_planned": 2}
    assert remind_of_prework() == {"steps_done": 0, "notices_planned": 0}
    finish_on_page(sent, "E2", "KA-2")
    set_clock(2026, 3, 11)
    assert remind_of_prework()["notices_planned"] == 1
    assert sent.notices("prework_reminder", CODE) == ["E2", "E3", "E3"]
    assert sent.states(CODE)["prework_reminder_2"] == "done"


def test_nobody_left_to_remind_is_done_with_its_reason(sent: School, set_clock: SetClock) -> None:
    """The board says why no mail went."""
    for employee in ("E1", "E2", "E3"):
        finish(sent, employee, "KA-1", "KA-2")
    set_clock(2026, 3, 9)
    assert remind_of_prework() == {"steps_done": 1, "notices_planned": 0}
    assert sent.steps(CODE)["prework_reminder_1"][0::2] == ("done", "nobody_unfinished")


def test_a_late_learner_is_not_reminded_on_the_day_the_materials_came(sent: School, set_clock: SetClock) -> None:
    """One mail a day about the same thing is enough."""
    set_clock(2026, 3, 11)
    sent.people("E9")
    sent.enroll(CODE, ["E9"])
    send_materials()
    remind_of_prework()
    assert sent.notices("prework_reminder", CODE) == ["E1", "E2", "E3"]


def test_a_scheduler_that_was_down_sends_the_last_reminder_only(sent: School, set_clock: SetClock) -> None:
    """Each step once, or expired and reported."""
    set_clock(2026, 3, 11)
    plan_milestones()
    assert remind_of_prework()["notices_planned"] == 3
    assert sent.steps(CODE)["prework_reminder_1"][0::2] == ("expired", "later_step_stands_in")


def test_reminders_are_forty_eight_hours_apart_even_before_a_weekend(school: School, set_clock: SetClock) -> None:
    """A Monday class: T-3 is Friday and T-1 rolls back to the same Friday. One reminder, nothing missed."""
    school.people("E1")
    school.plan_class(CODE, local(2026, 3, 16))
    school.enroll(CODE, ["E1"])
    school.asset("KA-1", b"one", kind="prework")
    set_clock(2026, 3, 9)
    plan_milestones()
    send_materials()
    set_clock(2026, 3, 13)
    plan_milestones()
    assert remind_of_prework()["notices_planned"] == 1
    assert school.steps(CODE)["prework_reminder_1"][0::2] == ("skipped", "later_step_stands_in")


def test_a_moved_class_reminds_again_before_the_new_day(sent: School, set_clock: SetClock) -> None:
    """Who has finished stays finished; the others hear of the new day."""
    finish(sent, "E1", "KA-1", "KA-2")
    set_clock(2026, 3, 9)
    plan_milestones()
    remind_of_prework()
    sent.plan_class(CODE, local(2026, 4, 16))
    plan_milestones()
    set_clock(2026, 4, 13)
    assert remind_of_prework()["notices_planned"] == 2


def test_a_class_known_two_days_before_gets_materials_at_once_and_one_reminder(
    school: School, set_clock: SetClock
) -> None:
    """T-2: materials today, the first reminder is dropped with its reason, the second comes at T-1."""
    school.people("E1")
    set_clock(2026, 3, 10)
    school.plan_class(CODE, local(2026, 3, 12))
    school.enroll(CODE, ["E1"])
    school.asset("KA-1", b"one", kind="prework")
    ask(school, "怎么开场？")
    plan_milestones()
    assert send_materials()["notices_planned"] == 2
    assert remind_of_prework()["notices_planned"] == 0
    assert digest_questions()["notices_planned"] == 1
    assert school.steps(CODE)["prework_reminder_1"][0::2] == ("skipped", "too_soon_after_last_mail")
    set_clock(2026, 3, 11)
    assert remind_of_prework()["notices_planned"] == 1


def test_questions_go_to_the_trainer_grouped_masked_and_once(sent: School, set_clock: SetClock) -> None:
    """Names, phones and ids are masked before anything is kept; alike questions stand together."""
    sent.write("update core.employees set name = '欧阳娜娜' where employee_id = 'E1'")
    ask(
        sent,
        "客户一上来就压价怎么办",
        "遇到客户压价该怎么谈",
        "合同条款由谁审核？",
        "欧阳娜娜的手机 13812345678 能打吗",
    )
    sent.write(
        """insert into ops.asked_questions (session_code, question, asked_on)
           values (%s, '客户压价时还要不要让步', '2026-03-09')""",
        (CODE,),
    )
    set_clock(2026, 3, 10)
    plan_milestones()
    assert digest_questions() == {"sessions": 1, "questions": 5, "notices_planned": 1}
    rows = sent.read("select * from ops.digested_questions order by cluster_number, question_id")
    groups: dict[int, list[str]] = {}
    for row in rows:
        groups.setdefault(row["cluster_number"], []).append(row["masked_text"])
    assert len(groups[1]) == 3
    assert all("压价" in text for text in groups[1])
    told = " ".join(row["masked_text"] for row in rows)
    assert "欧阳" not in told
    assert "13812345678" not in told
    assert digest_questions()["questions"] == 0
    ask(sent, "可以带电脑吗")
    set_clock(2026, 3, 11)
    assert digest_questions() == {"sessions": 0, "questions": 1, "notices_planned": 1}
    assert sent.notices("question_digest", CODE) == ["T1", "T1"]


def test_nothing_asked_is_done_without_a_mail(sent: School, set_clock: SetClock) -> None:
    """And a question that comes later still goes out."""
    set_clock(2026, 3, 10)
    plan_milestones()
    assert digest_questions() == {"sessions": 1, "questions": 0, "notices_planned": 0}
    assert sent.steps(CODE)["question_digest"][0::2] == ("done", "nothing_asked")
    ask(sent, "可以带电脑吗")
    assert digest_questions()["notices_planned"] == 1


def test_alike_questions_are_grouped_and_strangers_stay_apart() -> None:
    """Shared rare words make a group; common words make none; texts without a word stand alone."""
    texts = [
        "How do I open a negotiation?",
        "negotiation: how to open it",
        "Where is the room?",
        "???",
        "预算怎么算",
        "如何算预算",
    ]
    groups = cluster(texts)
    assert [0, 1] in groups
    assert [4, 5] in groups
    assert [2] in groups
    assert [3] in groups
    assert cluster([]) == []
    assert cluster(["一个问题"]) == [[0]]
