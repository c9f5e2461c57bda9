"""Business interviews: the form of the task reaches the dataset through the same gate as a file does."""

from __future__ import annotations

import email
import os
import time
from collections.abc import Callable
from datetime import date, datetime
from email import policy
from pathlib import Path

import pytest
from psycopg.types.json import Jsonb

from trainloop.intake.pipeline import ingest_dataset
from trainloop.outbox.composer import compose_due
from trainloop.surveys import interviews, rounds
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine

from .conftest import Company
from .waves_world import people

type_of_clock = Callable[..., datetime]
WAVE = "TALK-2027-D2"
ANSWERS = {"interviewed_on": "2026-11-04", "pain_point": "让价过多, 谈判弱", "severity": 4, "cause": "skill",
           "quote": "=SUM(1)\n我们总是先让价"}  # fmt: skip


@pytest.fixture
def asked(company: Company, set_clock: type_of_clock) -> Company:
    """E1 is to interview department D2 for 2027 and was told on Monday 2026-11-02."""
    company.people("E1", "E2")
    company.write(
        """insert into core.departments (department_code, name_zh, name_en, file_id, row_number)
           values ('D2', '华东大区', 'East China', 1, 1)"""
    )
    company.write("insert into core.interview_plan values ('D2', 2027, null, 'E1', '2026-11-20', 1, 1)")
    set_clock(2026, 11, 2, 6)
    with engine.connect("planner") as connection:
        interviews.plan_interviews(connection, Scan.start(connection), 2027, date(2026, 11, 2))
    rounds.open_due()
    return company


def fill(company: Company) -> None:
    """What the forms service leaves of a named form."""
    company.write("update ops.invitations set is_used = true where wave_code = %s", (WAVE,))
    company.write(
        """insert into core.named_responses (wave_code, employee_id, state, answered_at, answers)
           values (%s, 'E1', 'complete', '2026-11-05', %s)""",
        (WAVE, Jsonb(ANSWERS)),
    )


def take_in(home: Path) -> int:
    for path in (home / "inbox" / "business_interviews").iterdir():
        os.utime(path, (time.time() - 3600,) * 2)
    return int(ingest_dataset("business_interviews")["accepted_count"])


def test_a_filled_form_becomes_an_interview_of_the_dataset_once(asked: Company, home: Path) -> None:
    """As it was written, line breaks and signs of formulas included; a second run writes nothing."""
    fill(asked)
    assert interviews.hand_in() == {"files_written": 1}
    assert take_in(home) == 1
    (row,) = asked.read("select * from core.business_interviews")
    assert (row["interview_id"], row["department_code"], row["interviewer_id"]) == (WAVE, "D2", "E1")
    assert (row["interviewed_on"], row["severity"], row["topic_code"]) == (date(2026, 11, 4), 4, None)
    assert (row["pain_point"], row["quote"]) == (ANSWERS["pain_point"], ANSWERS["quote"])
    assert interviews.hand_in() == {"files_written": 0}


def test_a_form_that_is_offered_twice_before_intake_ran_is_one_interview(asked: Company, home: Path) -> None:
    """The same bytes under the same name; nothing half-written stays behind."""
    fill(asked)
    assert interviews.hand_in() == interviews.hand_in()
    assert [path.name for path in (home / "inbox" / "business_interviews").iterdir()] == [f"form-{WAVE}.csv"]
    assert take_in(home) == 1


def test_a_form_whose_row_is_in_quarantine_waits_there_and_is_not_offered_again(asked: Company, home: Path) -> None:
    """A topic that is none: the owner gets the row; the next days' scans write no file and the corrected row is in."""
    fill(asked)
    asked.write("update core.named_responses set answers = answers || '{\"severity\": 9}'")
    assert interviews.hand_in() == {"files_written": 1}
    assert take_in(home) == 0
    assert asked.read("select state::text from ops.quarantined_rows") == [{"state": "open"}]
    assert interviews.hand_in() == {"files_written": 0}
    assert list((home / "inbox" / "business_interviews").iterdir()) == []
    corrected = home / "inbox" / "business_interviews" / "corrected.csv"
    corrected.write_text(
        f"interview_id,department_code,interviewer_id,interviewed_on,pain_point,severity\n{WAVE},D2,E1,2026-11-04,让价,4\n"
    )
    assert take_in(home) == 1
    assert interviews.hand_in() == {"files_written": 0}


def test_whoever_filled_the_form_is_left_alone(asked: Company, home: Path, set_clock: type_of_clock) -> None:
    """An answer is never taken back, though the interview is in the dataset, too."""
    fill(asked)
    interviews.hand_in()
    take_in(home)
    set_clock(2026, 11, 9, 6)
    assert rounds.remind_due()["notices_planned"] == 0
    assert people(asked, WAVE) == {"E1": ("invited", None)}


def test_the_mail_names_the_department(asked: Company, set_clock: type_of_clock) -> None:
    """One interviewer may have ten: each call says which one it is about."""
    set_clock(2026, 11, 2, 10)
    assert compose_due()["composed_messages"] == 1
    (row,) = asked.read("select mime_bytes from ops.messages")
    mail = email.message_from_bytes(row["mime_bytes"], policy=policy.default)
    body = mail.get_body(("plain",))
    assert body is not None
    assert "华东大区" in body.get_content()
    assert "/f/" in body.get_content()
