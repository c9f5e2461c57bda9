"""The quarterly pulse: planned on its day, compared with the quarter before; trainers hear when something fell."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import pytest
from tests.surveys import results_world as world

from trainloop.outbox.composer import compose_due
from trainloop.surveys import pulse
from trainloop.surveys.instrument import load_instrument

SetClock = Callable[..., datetime]
INSTRUMENT = load_instrument("quarterly_pulse")
ITEMS = [item.code for item in INSTRUMENT.items if item.kind == "scale"]
GOOD = [5, 4, 5, 4, 5, 4, 5, 5, 4, 5, 4, 5]
BAD = [2, 3, 2, 3, 2, 3, 3, 2, 3, 2, 3, 2]


def taught(session_code: str, ends_at: str, people: int, trainer: str = "T1") -> None:
    """A class that took place, with so many attendees."""
    world.execute(
        """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, status,
               file_id, row_number)
           values (%s, 'NEGO', %s, %s::timestamptz - interval '8 hours', %s, 'classroom', 'confirmed', 1, 1)""",
        session_code, trainer, ends_at, ends_at,
    )  # fmt: skip
    world.execute(
        """insert into core.attendance (session_code, employee_id, status, file_id, row_number)
           select %s, employee_id, 'present', 1, 1 from core.employees order by employee_id limit %s""",
        session_code, people,
    )  # fmt: skip


def answered(quarter: str, levels: Sequence[int], closed_at: str, **answers: Any) -> None:
    """A closed pulse with one form per level."""
    world.execute(
        """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
               anonymity, state, opened_at, closes_at, closed_at, has_completions, minimum_count, population)
           values (%s, 'quarterly_pulse', %s, 'quarter', %s, 'anonymous', 'closed', %s, %s, %s, true, 5,
               'attendees_of_quarter')""",
        f"PULSE-{quarter}", INSTRUMENT.version, quarter, closed_at, closed_at, closed_at,
    )  # fmt: skip
    world.execute(
        """insert into ops.invitations (wave_code, employee_id, token, is_used, invited_on)
           select %s, employee_id, gen_random_uuid()::text, row_number() over (order by employee_id) <= %s, '2026-01-01'
           from core.employees order by employee_id limit %s""",
        f"PULSE-{quarter}", len(levels), len(levels) + 3,
    )  # fmt: skip
    add_forms(quarter, levels, **answers)


def add_forms(quarter: str, levels: Sequence[int], start: int = 0, **answers: Any) -> None:
    for number, level in enumerate(levels, start):
        row = world.execute(
            """insert into confidential.responses (wave_code, state, external_id_hash)
               values (%s, 'complete', %s) returning response_id""",
            f"PULSE-{quarter}", f"form-{number}",
        )[0]  # fmt: skip
        for code, value in (dict.fromkeys(ITEMS, level) | answers).items():
            world.execute(
                "insert into confidential.answers (response_id, item_code, score) values (%s, %s, %s)",
                row["response_id"], code, value,
            )  # fmt: skip


@pytest.fixture
def company(warehouse: str, set_clock: SetClock) -> None:
    """Forty people, course NEGO, trainers T1 and T2; classes in both quarters; the clock stands after the close."""
    world.make_company()
    world.execute(
        """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
           values ('T2', '钱老师', 't2@example.com', 'internal', 1, 1)"""
    )
    taught("A", "2026-02-10 17:00+08", 20)
    taught("B", "2026-05-12 17:00+08", 20)
    set_clock(2026, 7, 20)


def mail_text(content: bytes) -> str:
    message = email.message_from_bytes(content, policy=email.policy.default)
    text: str = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    return text


def commitments() -> list[dict[str, Any]]:
    return world.execute("select * from ops.commitments order by person_id")


def figure(quarter: str, family: str, code: str, statistic: str) -> dict[str, Any]:
    return world.execute(
        """select figures.* from published.figures join published.releases using (release_id)
           where subject_id = %s and (family, code, statistic) = (%s, %s, %s) order by revision_number desc limit 1""",
        quarter, family, code, statistic,
    )[0]  # fmt: skip


@pytest.mark.parametrize(
    ("quarter", "day"),
    [("2026Q1", date(2026, 1, 8)), ("2026Q2", date(2026, 4, 8)), ("2026Q4", date(2026, 10, 13))],
)
def test_the_pulse_opens_on_the_fifth_working_day_of_the_quarter(quarter: str, day: date) -> None:
    """Holidays and make-up days count as China works: after National Day it is the 13th."""
    assert pulse.opening_day(quarter) == day


def test_a_quarter_with_classes_is_asked_about_once(company: None, set_clock: SetClock) -> None:
    """Planned from the first day of the next quarter; one in which no class ended is not asked about."""
    set_clock(2026, 4, 1)
    assert pulse.plan_pulse() == {"waves_planned": 1, "interviews_planned": 0}
    assert pulse.plan_pulse() == {"waves_planned": 0, "interviews_planned": 0}
    (wave,) = world.execute("select wave_code, subject_id, state::text as state from ops.survey_waves")
    assert wave == {"wave_code": "PULSE-2026Q1", "subject_id": "2026Q1", "state": "planned"}
    set_clock(2026, 1, 20)
    assert pulse.plan_pulse()["waves_planned"] == 0


def test_a_real_drop_goes_to_everybody_who_taught_and_to_nobody_else(company: None) -> None:
    """R08–R09: the interval excludes 0; each trainer of the quarter is asked to acknowledge; HR gets the result."""
    taught("C", "2026-06-15 17:00+08", 5, trainer="T2")
    answered("2026Q1", GOOD, "2026-04-20 23:59+08")
    answered("2026Q2", BAD, "2026-07-19 23:59+08")
    assert pulse.publish_pulses() == {
        "pulses_closed": 2,
        "releases_made": 2,
        "releases_withheld": 0,
        "feedback_items": 2,
        "notices_planned": 4,
    }
    owed = commitments()
    assert [(row["person_id"], row["subject_id"], row["due_on"]) for row in owed] == [
        ("T1", "2026Q2", date(2026, 7, 27)),
        ("T2", "2026Q2", date(2026, 7, 27)),
    ]
    assert set(owed[0]["facts"]["dropped"]) == {"match", "support", *ITEMS}
    assert figure("2026Q2", "comparison", "match", "verdict")["text_value"] == "drop"
    assert figure("2026Q2", "comparison", "match", "ci_high")["value"] < 0
    assert figure("2026Q1", "comparison", "match", "verdict")["reason"] == "no_earlier_wave"
    again = pulse.publish_pulses()
    assert (again["releases_made"], again["feedback_items"], again["notices_planned"]) == (0, 0, 0)


def test_after_a_drop_class_managers_talk_to_learners_and_hr_reads_what_they_noted(company: None) -> None:
    """R08, post-class interviews: one named form per class of the quarter; their sums stand in HR's mail only."""
    world.execute("update core.class_sessions set class_manager_id = 'E0040'")
    answered("2026Q1", GOOD, "2026-04-20 23:59+08")
    answered("2026Q2", BAD, "2026-07-19 23:59+08")
    assert pulse.plan_pulse()["interviews_planned"] == 0
    pulse.publish_pulses()
    assert pulse.plan_pulse()["interviews_planned"] == 1
    assert pulse.plan_pulse()["interviews_planned"] == 0
    (asked,) = world.execute("select wave_code, employee_id from ops.wave_people")
    assert asked == {"wave_code": "CLASSTALK-B", "employee_id": "E0040"}
    world.execute(
        """insert into core.named_responses (wave_code, employee_id, state, answered_at, answers)
           values ('CLASSTALK-B', 'E0040', 'complete', '2026-07-21',
               '{"interviewed_count": 6, "content_match": 2, "what_to_change": "more cases"}')"""
    )
    assert pulse.publish_pulses()["notices_planned"] == 0
    world.execute("update ops.survey_waves set state = 'closed', closed_at = now() where wave_code = 'CLASSTALK-B'")
    assert pulse.publish_pulses()["notices_planned"] == 1
    assert pulse.publish_pulses()["notices_planned"] == 0
    compose_due()
    mails = world.execute("select * from ops.messages where recipient_id = 'hr_lead' order by message_id desc limit 1")
    assert "【课后访谈】" in mails[0]["subject"]
    assert "1 次课后访谈，共 6 位学员，内容与工作匹配 2.0 分" in mail_text(mails[0]["mime_bytes"])
    for mail in world.execute("select mime_bytes from ops.messages where recipient_kind = 'trainer'"):
        assert "课后访谈" not in mail_text(mail["mime_bytes"])


def test_a_change_that_chance_explains_opens_nothing(company: None) -> None:
    """A tenth of a point is no drop: HR reads the figures, no trainer is asked."""
    answered("2026Q1", GOOD, "2026-04-20 23:59+08")
    answered("2026Q2", [*GOOD[:-1], 4], "2026-07-19 23:59+08")
    assert pulse.publish_pulses()["feedback_items"] == 0
    assert figure("2026Q2", "comparison", "overall", "verdict")["text_value"] == "no_clear_change"
    assert commitments() == []


def test_a_drop_of_too_few_people_is_not_shown_and_not_told(company: None) -> None:
    """Below ten an interval would give answers away; without an interval there is no claim."""
    answered("2026Q1", GOOD, "2026-04-20 23:59+08")
    answered("2026Q2", BAD[:7], "2026-07-19 23:59+08")
    assert pulse.publish_pulses()["feedback_items"] == 0
    assert figure("2026Q2", "item", "overall", "mean")["value"] is not None
    assert figure("2026Q2", "comparison", "overall", "ci_high")["is_hidden"]


def test_fewer_than_five_answers_show_a_response_rate_and_nothing_else(company: None) -> None:
    """The minimum of a mean is five, as everywhere."""
    answered("2026Q2", BAD[:4], "2026-07-19 23:59+08")
    pulse.publish_pulses()
    assert figure("2026Q2", "item", "overall", "mean")["reason"] == "below_minimum_mean"
    assert figure("2026Q2", "response", "wave", "complete_count")["value"] == 4


def test_a_hidden_quarter_does_not_come_back_through_the_next_ones_difference(company: None) -> None:
    """Present mean minus difference would be the hidden mean."""
    answered("2026Q1", GOOD[:4], "2026-04-20 23:59+08")
    answered("2026Q2", BAD, "2026-07-19 23:59+08")
    pulse.publish_pulses()
    assert figure("2026Q2", "comparison", "match", "difference")["reason"] == "no_earlier_wave"
    assert commitments() == []


def test_one_late_answer_is_no_new_release(company: None) -> None:
    """Subtraction would show it: the revision is withheld, the first one stays, nobody is told."""
    answered("2026Q2", GOOD, "2026-07-19 23:59+08")
    pulse.publish_pulses()
    add_forms("2026Q2", [1], start=50)
    counts = pulse.publish_pulses()
    assert (counts["releases_withheld"], counts["notices_planned"]) == (1, 0)


def test_hr_and_trainer_read_the_drop_with_its_interval(company: None) -> None:
    """In the mail itself: what was, what is, the difference and how sure it is; the trainer's has the link."""
    answered("2026Q1", GOOD, "2026-04-20 23:59+08")
    answered("2026Q2", BAD, "2026-07-19 23:59+08")
    pulse.publish_pulses()
    compose_due()
    mails = {
        row["recipient_id"]: email.message_from_bytes(row["mime_bytes"], policy=email.policy.default)
        for row in world.execute("select recipient_id, mime_bytes from ops.messages order by message_id")
    }
    said = {key: mail.get_body(("plain",)).get_content() for key, mail in mails.items()}  # type: ignore[union-attr]
    drop = "”明显下降：4.6 → 2.5（−2.1，95% 区间 −2.5 至 −1.6）"
    assert drop in said["hr_lead"]
    assert drop in said["T1"]
    assert "/a/" in said["T1"]
    assert "/a/" not in said["hr_lead"]
    assert "12/15 人" in said["T1"]
    assert "2026 年第 2 季度" in mails["T1"]["Subject"]
