"""The cohort's brief: several people pooled, never one of them, not even from two briefs."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.surveys import assessment_world as people
from tests.surveys import results_world as world

from trainloop.outbox.composer import compose_due
from trainloop.surveys.assessment_cohort import publish_cohort
from trainloop.surveys.assessment_results import evaluate_assessments
from trainloop.surveys.assessments import plan_assessments

SetClock = Callable[..., datetime]


@pytest.fixture
def company(warehouse: str, set_clock: SetClock) -> None:
    """A course for new managers by T1, another course by T2; the clock stands on 2026-03-30."""
    world.make_company(0)
    set_clock(2026, 3, 30)
    world.execute(
        """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
           values ('T2', '钱老师', 't2@example.com', 'internal', 1, 1)"""
    )
    world.execute(
        """insert into core.courses (course_code, name_zh, name_en, mode, hours, target_audience, file_id, row_number)
           values ('LEAD', '带好团队', 'Leading a team', 'classroom', 6, '新任经理', 1, 1)"""
    )
    for code, course, trainer in (("S1", "LEAD", "T1"), ("S2", "NEGO", "T2")):
        world.execute(
            """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, status,
                   file_id, row_number)
               values (%s, %s, %s, '2026-02-10 09:00+08', '2026-02-10 17:00+08', 'classroom', 'confirmed', 1, 1)""",
            code, course, trainer,
        )  # fmt: skip


def assessed(
    *names: str, coaching: int = 2, closed_at: str = "2026-04-20 23:59+08", promoted: str = "2026-03-02"
) -> None:
    """Assess these managers: others give 4 everywhere but in coaching, the managers 5 to themselves."""
    for name in names:
        people.make_manager(name, promoted, reports=3, peers=3)
    plan_assessments()
    sheet = {item: coaching if item.startswith("coaching") else 4 for item in people.ITEMS}
    for name in names:
        people.close_with(
            people.waves()[name],
            {"self": [5], "manager": [sheet], "peer": [sheet] * 3, "report": [sheet] * 3},
            closed_at,
        )
    evaluate_assessments()


def figure(family: str, code: str, statistic: str) -> dict[str, Any]:
    return world.execute(
        """select figures.* from published.figures join published.releases using (release_id)
           where product = 'new_manager_360' and (family, code, statistic) = (%s, %s, %s)
           order by release_id desc limit 1""",
        family, code, statistic,
    )[0]  # fmt: skip


def releases() -> list[dict[str, Any]]:
    return world.execute("select subject_id, revision_number from published.releases order by release_id")


def test_four_people_wait_and_the_fifth_makes_a_brief(company: None, set_clock: SetClock) -> None:
    """R07: pooled until the group minimum is met; each person weighs the same."""
    set_clock(2026, 4, 21)
    assessed("A", "B", "C", "D")
    assert publish_cohort() == {"pooled_people": 4, "briefs_released": 0, "notices_planned": 0}
    assessed("E", coaching=3)
    assert publish_cohort()["briefs_released"] == 1
    assert figure("cohort", "wave", "subjects_count")["value"] == 5
    assert figure("dimension", "coaching", "mean")["value"] == Decimal("2.2")
    assert figure("self_other", "self:coaching", "mean")["value"] == Decimal("2.8")
    assert figure("dimension", "coaching", "ci_low")["is_hidden"]
    assert figure("agreement", "coaching", "icc_average")["is_hidden"]


def test_the_same_pool_makes_no_second_brief_and_nobody_is_told_twice(company: None, set_clock: SetClock) -> None:
    """Run every day: one brief, one mail a trainer."""
    set_clock(2026, 4, 21)
    assessed("A", "B", "C", "D", "E")
    assert publish_cohort() == {"pooled_people": 5, "briefs_released": 1, "notices_planned": 2}
    assert publish_cohort() == {"pooled_people": 5, "briefs_released": 0, "notices_planned": 0}


@pytest.mark.parametrize("later", [1, 4])
def test_a_pool_that_grew_by_fewer_than_five_waits(company: None, set_clock: SetClock, later: int) -> None:
    """Six people minus five people is the sixth person's result."""
    set_clock(2026, 4, 21)
    assessed("A", "B", "C", "D", "E")
    publish_cohort()
    set_clock(2026, 5, 20)
    assessed(*(f"L{number}" for number in range(later)), closed_at="2026-05-19 23:59+08")
    assert publish_cohort()["briefs_released"] == 0
    assert len(releases()) == 1


def test_people_who_leave_the_pool_do_not_show_themselves(company: None, set_clock: SetClock) -> None:
    """The window moves on: a brief follows only when those who joined and left are five at least."""
    set_clock(2026, 4, 21)
    assessed("A", "B", "C", "D", "E")
    publish_cohort()
    set_clock(2026, 6, 1)
    assessed("F", "G", "H", "I", "J", closed_at="2026-05-31 23:59+08", promoted="2026-05-04")
    assert publish_cohort()["briefs_released"] == 1
    assert [row["subject_id"] for row in releases()] == ["2026-04", "2026-06"]
    # All of the first five leave at once: what remains is the second five, which is ten minus five, long derivable. The
    # trainer taught no such course in the last year and is not told.
    set_clock(2027, 4, 22)
    assert publish_cohort() == {"pooled_people": 5, "briefs_released": 1, "notices_planned": 1}


def test_whoever_was_promoted_twice_is_one_of_the_five(company: None, set_clock: SetClock) -> None:
    """Two assessments of one person are no two people."""
    set_clock(2026, 4, 21)
    assessed("A", "B", "C", "D")
    world.execute("update core.employees set promoted_on = '2026-04-01' where employee_id = 'A'")
    plan_assessments()
    again = world.execute("select wave_code from ops.assessments where promoted_on = '2026-04-01'")[0]["wave_code"]
    people.close_with(again, {"self": [5], "manager": [4], "peer": [4] * 3}, "2026-04-20 23:59+08")
    evaluate_assessments()
    assert publish_cohort() == {"pooled_people": 4, "briefs_released": 0, "notices_planned": 0}


def test_the_brief_goes_to_trainers_of_new_managers_and_names_nobody(company: None, set_clock: SetClock) -> None:
    """Weakest items first; no name, no id, no one person's number; the trainer of another course hears nothing."""
    set_clock(2026, 4, 21)
    assessed("A", "B", "C", "D", "E")
    publish_cohort()
    compose_due()
    mails = {
        row["recipient_id"]: email.message_from_bytes(row["mime_bytes"], policy=email.policy.default)
        for row in world.execute("select recipient_id, mime_bytes from ops.messages")
    }
    assert set(mails) == {"T1", "hr_lead"}
    text = mails["T1"].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "5 位管理者的共同难点" in mails["T1"]["Subject"]
    assert "辅导下属: 2.0 (5 位管理者；自评高 3.0)" in text
    assert text.count("辅导下属：") == 3
    assert "员工" not in text


def test_a_past_date_tells_nobody_and_the_next_run_does(company: None, set_clock: SetClock) -> None:
    """A backfill releases and mails nobody."""
    set_clock(2026, 4, 21)
    assessed("A", "B", "C", "D", "E")
    set_clock(2026, 4, 23)
    yesterday = datetime(2026, 4, 22).date()  # noqa: DTZ001 - a date
    assert publish_cohort(yesterday) == {"pooled_people": 5, "briefs_released": 1, "notices_planned": 0}
    assert publish_cohort()["notices_planned"] == 2
