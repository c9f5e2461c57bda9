"""Workshops suggested by weak items, invitations with calendar files, nobody sent twice to what they attended."""

from __future__ import annotations

import email
import email.policy
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from email.message import EmailMessage

import pytest
from tests.trainers.conftest import Trainers

from trainloop import faults
from trainloop.domain.calendar_file import Event, calendar_file
from trainloop.outbox.composer import compose_due
from trainloop.trainers import growth

SetClock = Callable[..., datetime]


@pytest.fixture
def world(trainers: Trainers, set_clock: SetClock) -> Trainers:
    """On 12 October 2026: T1's clarity is weak over three classes; T2's over two only; a workshop and an expert."""
    for number in range(3):
        trainers.session(f"2026-C01{number}", "T1", f"2026-0{4 + number}-12", heads=12)
        trainers.release(f"2026-C01{number}", {"trainer_clarity": (3.2 + number / 10, 12), "practice_tools": (4.4, 12)})
    for number in range(2):
        trainers.session(f"2026-C02{number}", "T2", f"2026-0{4 + number}-12", heads=20)
        trainers.release(f"2026-C02{number}", {"trainer_clarity": (2.5, 20)})
    for code, kind, workshop, day in (
        ("TE-1", "workshop", "facilitation", "2026-11-12"),
        ("TE-2", "workshop", "course_design", "2026-11-19"),
        ("TE-3", "expert", None, "2026-11-20"),
        ("TE-0", "exchange", None, "2026-09-20"),
    ):
        trainers.do(
            """insert into core.trainer_events (event_id, kind, workshop_code, title_zh, title_en, starts_at, ends_at,
                   place, host, file_id, row_number)
               values (%s, %s, %s, '活动' || %s, 'Event ' || %s, %s::timestamp at time zone 'Asia/Shanghai',
                   %s::timestamp at time zone 'Asia/Shanghai', 'SH-201; 二楼', '周老师', 1, 1)""",
            code, kind, workshop, code, code, f"{day} 14:00", f"{day} 17:00",
        )  # fmt: skip
    set_clock(2026, 10, 12)
    return trainers


def mails(world: Trainers) -> list[EmailMessage]:
    compose_due()
    found = world.rows(
        """update ops.messages set state = 'sent', sent_at = ops.business_now(), next_attempt_at = null
           where state = 'composed' returning mime_bytes"""
    )
    return [email.message_from_bytes(row["mime_bytes"], policy=email.policy.default) for row in found]  # type: ignore[misc]


def suggestions(world: Trainers) -> list[tuple[str, str, list[str], str]]:
    rows = world.rows("select * from ops.workshop_suggestions order by trainer_id, workshop_code")
    return [(row["trainer_id"], row["workshop_code"], row["item_codes"], str(row["item_means"][0])) for row in rows]


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    return " ".join(body.get_content().split())


def test_a_weak_item_of_three_classes_suggests_its_workshop(world: Trainers) -> None:
    """Three classes and thirty answers; two classes prove nothing; an item of online classes needs online classes."""
    assert growth.suggest_workshops() == {"suggestions": 1, "events": 3, "notices_planned": 4}
    assert suggestions(world) == [("T1", "facilitation", ["trainer_clarity"], "3.30")]
    letters = {str(mail["To"]): mail for mail in mails(world)}
    mine = next(mail for who, mail in letters.items() if "t1@" in who)
    assert "互动控场：“讲师讲解清晰易懂”3.3 分（3 个班次）" in text_of(mine)
    assert [file.get_filename() for file in mine.iter_attachments()] == ["活动TE-1.ics", "活动TE-3.ics"]
    other = next(mail for who, mail in letters.items() if "t2@" in who)
    assert [file.get_filename() for file in other.iter_attachments()] == ["活动TE-3.ics"]
    digest = next(mail for who, mail in letters.items() if "hr@" in who)
    assert "培训师 T1：互动控场" in text_of(digest)
    assert "活动TE-0：0 人参加" in text_of(digest)
    assert growth.suggest_workshops()["notices_planned"] == 0
    assert mails(world) == []


def test_who_attended_a_workshop_is_not_sent_to_it_again(world: Trainers) -> None:
    """Attendance within the year takes the suggestion away; absence does not."""
    world.do("update core.trainer_events set workshop_code = 'facilitation', kind = 'workshop' where event_id = 'TE-0'")
    world.do("insert into core.trainer_event_attendance values ('TE-0', 'T1', 'absent', 1, 1)")
    assert growth.suggest_workshops()["suggestions"] == 1
    world.do("update core.trainer_event_attendance set status = 'attended'")
    assert growth.suggest_workshops()["suggestions"] == 0
    assert suggestions(world) == []


def test_a_cancelled_event_invites_nobody_and_a_past_date_mails_nobody(world: Trainers) -> None:
    """The calendar as it stands when the mail is written counts."""
    assert growth.suggest_workshops(date(2026, 10, 11))["notices_planned"] == 0
    growth.suggest_workshops()
    world.do("update core.trainer_events set status = 'cancelled' where event_id in ('TE-1', 'TE-3')")
    letters = mails(world)
    assert not [mail for mail in letters if "t2@" in str(mail["To"])], "nothing is left to tell T2"
    mine = next(mail for mail in letters if "t1@" in str(mail["To"]))
    assert list(mine.iter_attachments()) == []


@pytest.mark.slow
@pytest.mark.parametrize("point", ["growth.before_commit", "growth.after_commit"])
def test_a_killed_quarter_suggests_and_invites_once(world: Trainers, point: str) -> None:
    """Killed at the commit and run again: one suggestion, one mail to each, the calendar files they carry."""
    code = "from trainloop.trainers import growth; growth.suggest_workshops()"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
    assert done.returncode == -signal.SIGKILL
    growth.suggest_workshops()
    assert suggestions(world) == [("T1", "facilitation", ["trainer_clarity"], "3.30")]
    letters = mails(world)
    assert len(letters) == 4
    mine = next(mail for mail in letters if "t1@" in str(mail["To"]))
    assert [file.get_filename() for file in mine.iter_attachments()] == ["活动TE-1.ics", "活动TE-3.ics"]


def test_a_calendar_file_is_read_by_calendars() -> None:
    """RFC 5545: UTC, escaped text, CR LF, no line beyond 75 octets; a value never begins a line of its own."""
    starts = datetime.fromisoformat("2026-11-12T14:00:00+08:00")
    event = Event("TE-1@example.com", "互动控场工作坊，" * 6, starts, starts.replace(hour=17), "SH-201; 2\nATTENDEE:x")
    lines = calendar_file(event).decode().split("\r\n")
    assert "DTSTART:20261112T060000Z" in lines
    assert "DTEND:20261112T090000Z" in lines
    assert "LOCATION:SH-201\\; 2\\nATTENDEE:x" in lines
    assert max(len(line.encode()) for line in lines) <= 75
    assert "".join(lines).replace(" ", "").count("互动控场工作坊，") == 6
    assert calendar_file(event) == calendar_file(event)
