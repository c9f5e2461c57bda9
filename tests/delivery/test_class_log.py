"""The log of a class day: its trainer and HR read who came and what happened, once a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from pypdf import PdfReader

from trainloop.reporting.class_log import write_logs
from trainloop.surveys.milestones import plan_milestones

from .conftest import School, counting, local

type_of_clock = Callable[..., datetime]


def read_logs(school: School, subject: str, audience: str = "hr", locale: str = "zh-CN") -> str:
    (row,) = school.read(
        """select uri from ops.reports where kind = 'class_log' and subject_id = %s and audience = %s and locale = %s
               and state = 'rendered'""",
        (subject, audience, locale),
    )
    content = Path(url2pathname(urlsplit(row["uri"]).path)).read_bytes()
    return "".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def held(school: School, set_clock: type_of_clock) -> None:
    """A class of today with one absentee, one late comer and two incidents, looked at in the evening."""
    school.class_of("A", local(2026, 3, 2), ["E1", "E2", "E3"])
    school.attend("A", ["E1"])
    school.attend("A", ["E2"], "late")
    school.attend("A", ["E3"], "absent")
    school.write("update core.employees set name = '缺席者' where employee_id = 'E3'")
    school.incident("A", local(2026, 3, 2, 10), "equipment", closed_at=local(2026, 3, 2, 10, 25))
    plan_milestones()
    set_clock(2026, 3, 2, 20, 30)


def test_the_evening_of_a_class_day_writes_its_log_for_trainer_and_hr_once(
    school: School, set_clock: type_of_clock
) -> None:
    """R22, R23: counts, the absentee by name, how long the incident took; a second run draws and tells nothing."""
    held(school, set_clock)
    assert write_logs() == {"days": 1, "rendered": 4, "unchanged": 0, "notices_planned": 2}
    assert write_logs() == {"days": 0, "rendered": 0, "unchanged": 0, "notices_planned": 0}
    text = read_logs(school, "A.1")
    assert "应到 3 人，实到 2 人，出勤率 66.7" in text
    assert "缺席者" in text
    assert "25 分钟后关闭" in text
    assert "Closed after 25 min" in read_logs(school, "A.1", "trainer", "en")
    assert school.told("class_log") == ["T1", "hr_lead"]
    assert school.steps("A")["class_log"][0] == "done"
    set_clock(2026, 3, 3, 9, 30)
    logs = [mail for mail in school.mails() if "班次日志" in mail["Subject"]]
    assert len(logs) == 2
    assert all([part.get_content_type() for part in mail.iter_attachments()] == ["application/pdf"] for mail in logs)


def test_a_day_without_attendance_waits_a_day_and_then_says_so(school: School, set_clock: type_of_clock) -> None:
    """Missing is said, never a zero."""
    school.class_of("A", local(2026, 3, 2), ["E1"])
    plan_milestones()
    set_clock(2026, 3, 2, 20, 30)
    assert write_logs()["days"] == 0
    set_clock(2026, 3, 3, 20, 30)
    assert write_logs()["days"] == 1
    assert "没有收到签到数据" in read_logs(school, "A.1")


def test_each_day_of_a_class_has_its_own_log_also_when_it_is_signed_in_by_half_days(
    school: School, set_clock: type_of_clock
) -> None:
    """Four slots over two days: the second day's log knows the third and fourth only."""
    school.class_of("A", local(2026, 3, 2), ["E1"], ends_at=local(2026, 3, 3, 17))
    for slot, status in enumerate(("present", "present", "absent", "absent"), start=1):
        school.attend("A", ["E1"], status, slot)
    plan_milestones()
    set_clock(2026, 3, 3, 20, 30)
    assert write_logs()["days"] == 2
    assert "实到 1 人" in read_logs(school, "A.1")
    assert "实到 0 人" in read_logs(school, "A.2")


def test_a_past_date_writes_and_mails_nobody_and_the_day_stays_owed(school: School, set_clock: type_of_clock) -> None:
    """A backfill mails nobody."""
    held(school, set_clock)
    set_clock(2026, 3, 3, 12)
    assert write_logs(as_of=date(2026, 3, 2))["notices_planned"] == 0
    assert school.told("class_log") == []
    assert school.steps("A")["class_log"][0] == "pending"


@pytest.mark.slow
def test_a_hundred_classes_a_day_are_watched_and_logged_in_as_many_statements_as_one(
    school: School, set_clock: type_of_clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batched: the number of statements does not grow with the classes (drawing aside, which is a PDF each)."""
    from trainloop.reporting import class_log

    monkeypatch.setattr(class_log, "make", lambda *_: [])

    def statements(count: int, first: int) -> int:
        for number in range(first, first + count):
            school.class_of(f"S{number}", local(2026, 3, 2, 14), ["E1", "E2"], mode="online")
            school.attend(f"S{number}", ["E1", "E2"])
        school.watch()
        school.write("update core.class_sessions set venue_code = venue_code || 'x'")
        with counting() as seen:
            school.watch()
            write_logs()
        return len(seen)

    one = statements(1, 0)
    assert statements(100, 1) - one <= 4
    assert len(school.told("class_changed")) > 200
