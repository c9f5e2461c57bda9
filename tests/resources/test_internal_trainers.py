"""R15: deadlines of stages, trials judged by two, certificates that end, bench depth and load: told once each."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from tests.resources.conftest import Company
from tests.resources.test_knowledge import employ, is_open, mails

from trainloop import faults
from trainloop.outbox.composer import compose_due
from trainloop.resources.internal_trainers import develop

SetClock = Callable[..., datetime]
ITEM = "E1/T-NEG"


def reach(company: Company, stage: str, day: str, who: str = "E1", mentor: str | None = "M1", **more: Any) -> None:
    company.do(
        """insert into core.trainer_candidates (employee_id, topic_code, stage, reached_on, mentor_id,
        certificate_expires_on, file_id, row_number) values (%s, 'T-NEG', %s, %s, %s, %s, 1, 1)
        on conflict (employee_id, topic_code, stage) do update set reached_on = excluded.reached_on""",
        *(who, stage, day, mentor, more.get("expires_on")),
    )


def mark(company: Company, assessor: str, score: float, who: str = "E1", criterion: str = "structure") -> None:
    company.do(
        """insert into core.trainer_assessments (employee_id, topic_code, stage, criterion_code, assessor_id, score,
        file_id, row_number) values (%s, 'T-NEG', 'trial', %s, %s, %s, 1, 1)""",
        *(who, criterion, assessor, score),
    )


def certify(company: Company, who: str = "E1", expires_on: str = "2027-12-31") -> None:
    reach(company, "trial", "2026-01-20", who)
    reach(company, "certified", "2026-02-02", who, expires_on=expires_on)
    mark(company, "M1", 4, who)
    mark(company, "M2", 3.5, who)


def own(company: Company) -> set[str]:
    """Kinds that are open about E1."""
    return {kind for kind, item in is_open(company) if item == ITEM}


@pytest.fixture
def school(company: Company) -> Company:
    employ(company, "E1", "E2", "M1", "M2")
    company.do(
        """insert into core.training_topics (topic_code, name_zh, name_en, file_id, row_number)
        values ('T-NEG', '谈判', 'Negotiation', 1, 1)"""
    )
    company.do("update core.courses set topic_code = 'T-NEG'")
    return company


def test_a_step_is_told_before_its_day_and_once_more_when_it_is_late(school: Company, set_clock: SetClock) -> None:
    """Nominated on 2 February, 30 days to find a mentor's time: due 4 March, late from the 5th."""
    reach(school, "nominated", "2026-02-02")
    develop()
    assert own(school) == {"stage_due"}
    develop()
    assert [who for kind, who in mails(school) if kind == "trainer_steps"] == ["E1", "M1"]
    set_clock(2026, 3, 9)
    develop()
    assert own(school) == {"stage_overdue"}
    assert [who for kind, who in mails(school) if kind == "trainer_steps"] == ["E1", "M1", "E1", "M1"]
    reach(school, "mentored", "2026-03-09")
    develop()
    assert own(school) == set()


def test_a_candidate_whose_mentor_left_is_hrs_matter(school: Company) -> None:
    """The candidate is not mailed about it."""
    school.do("update core.employees set left_on = '2026-03-01' where employee_id = 'M1'")
    reach(school, "mentored", "2026-03-01")
    develop()
    assert own(school) == {"mentor_missing"}
    assert {who for kind, who in mails(school) if kind == "trainer_steps"} == set()


@pytest.mark.parametrize(
    ("marks", "found", "count"),
    [
        ([("M1", 5)], {"rubric_incomplete"}, 0),
        ([("M1", 4), ("M2", 3)], set(), 1),
        ([("M1", 4), ("M2", 2.9)], {"rubric_failed"}, 0),
        ([], {"rubric_incomplete"}, 0),
    ],
)
def test_a_certificate_counts_with_a_trial_passed_before_two_assessors(
    school: Company, marks: list[tuple[str, float]], found: set[str], count: int
) -> None:
    """Mean of the assessors at least 3.5; one assessor decides nothing. HR alone reads it."""
    reach(school, "trial", "2026-01-20")
    reach(school, "certified", "2026-02-02", expires_on="2027-12-31")
    for assessor, score in marks:
        mark(school, assessor, score)
    assert develop()["can_teach"] == count
    assert own(school) == found
    assert {kind for kind, _ in mails(school)} == {"trainer_pipeline"}


def test_an_assessor_with_many_criteria_counts_once(school: Company) -> None:
    """(5 + 5 + 5)/3 = 5 and 2 → 3.5, not 17/4."""
    reach(school, "trial", "2026-01-20")
    reach(school, "certified", "2026-02-02", expires_on="2027-12-31")
    for criterion in ("structure", "voice", "cases"):
        mark(school, "M1", 5, criterion=criterion)
    mark(school, "M2", 1.9)
    develop()
    assert own(school) == {"rubric_failed"}


def test_a_certificate_is_warned_of_and_then_lapses_by_itself(school: Company, set_clock: SetClock) -> None:
    """60 days ahead, valid on its last day, off the bench the day after."""
    certify(school, expires_on="2026-03-16")
    assert develop()["can_teach"] == 1
    assert own(school) == {"certificate_ending"}
    set_clock(2026, 3, 16)
    assert develop()["can_teach"] == 1
    set_clock(2026, 3, 17)
    assert develop()["can_teach"] == 0
    assert own(school) == {"certificate_ended"}


def test_a_topic_with_one_who_can_teach_is_thin_until_there_are_two(school: Company) -> None:
    """Bench depth: 2 by the site file."""
    certify(school)
    develop()
    assert is_open(school) == {("bench_thin", "T-NEG")}
    (row,) = school.rows("select detail from ops.resource_findings")
    assert row["detail"] == {"topic": "T-NEG", "count": 1, "needed": 2}
    reach(school, "nominated", "2026-01-05", "E2")
    develop()
    assert len([kind for kind, _ in mails(school) if kind == "trainer_pipeline"]) == 1
    certify(school, "E2")
    develop()
    assert is_open(school) == set()


def test_a_trainer_with_too_many_hours_is_shown_with_those_who_can_share(school: Company) -> None:
    """Two classes of 31 hours in the quarter; the one in April is another quarter's."""
    certify(school)
    certify(school, "E2")
    school.do("update core.courses set hours = 61")
    school.do("update core.trainers set kind = 'internal', employee_id = 'E1' where trainer_id = 'T1'")
    develop()
    assert is_open(school) == {("trainer_overloaded", "T1/2026Q1")}
    (row,) = school.rows("select detail, amount from ops.resource_findings where closed_at is null")
    assert (row["detail"]["relief"], row["amount"]) == (["E2"], 61)


def test_whoever_left_the_company_is_no_candidate(school: Company) -> None:
    """Nobody is chased after leaving."""
    reach(school, "nominated", "2025-11-03")
    school.do("update core.employees set left_on = '2026-02-27' where employee_id = 'E1'")
    assert develop() == {"candidates": 0, "can_teach": 0, "opened": 0, "closed": 0, "notices_planned": 0}


def test_the_mails_say_the_next_step_and_no_mark(school: Company) -> None:
    """HR, candidate and mentor; a failed trial is told as such, its figures are not."""
    reach(school, "trial", "2026-01-20")
    mark(school, "M1", 4)
    mark(school, "M2", 2.9)
    develop()
    compose_due()
    rows = school.rows("select template, recipient_id, subject, mime_bytes from ops.messages order by 1, 2")
    assert [(row["template"], row["recipient_id"]) for row in rows] == [
        ("trainer_pipeline", "hr_lead"), ("trainer_steps", "E1"), ("trainer_steps", "M1"),
    ]  # fmt: skip
    assert rows[1]["subject"] == "内部讲师培养：1 个步骤待推进"


def test_a_date_in_the_past_mails_nobody(school: Company) -> None:
    """A backfill tells nothing."""
    reach(school, "nominated", "2026-01-05")
    assert develop(as_of=date(2026, 2, 23))["notices_planned"] == 0
    assert develop()["notices_planned"] == 3


@pytest.mark.slow
@pytest.mark.parametrize("point", ["internal_trainers.before_commit", "internal_trainers.after_commit"])
def test_a_killed_scan_run_again_tells_once(school: Company, point: str) -> None:
    """Findings and mails are one commit."""
    reach(school, "nominated", "2026-01-05")
    code = "from trainloop.resources import internal_trainers; internal_trainers.develop()"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
    assert done.returncode == -signal.SIGKILL
    develop()
    assert len(mails(school)) == 3
    assert own(school) == {"stage_overdue"}
