"""What people owe: asked once, reminded at most twice and never after an answer, late ones shown to HR."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import date, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from tests.outbox.conftest import Company, found_company

from trainloop import faults
from trainloop.outbox.composer import compose_due
from trainloop.requests import commitments
from trainloop.requests.commitments import Commitment, CommitmentRuleMissingError
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine

SetClock = Callable[..., datetime]
FEEDBACK = Commitment("acknowledge_feedback", "class_session", "2026-C001", "trainer", "T1")
DONE = """update ops.commitments set state = 'done', done_at = ops.business_now(), choice = 'will_act', comment = %s"""


@pytest.fixture
def company(warehouse: str, set_clock: SetClock) -> Company:
    """The outbox's company on Tuesday 2026-03-03, 10:00; its trainer T1 is asked for things here."""
    return found_company()


def ask(*asked: Commitment, as_of: date | None = None) -> tuple[int, int]:
    with engine.connect("planner") as connection:
        return commitments.ask(connection, Scan.start(connection, as_of), asked)


def rows(company: Company) -> list[dict[str, Any]]:
    return company.run("select *, state::text as state from ops.commitments order by commitment_id")


def send(company: Company) -> list[EmailMessage]:
    """Compose what is due and let it leave; return the new mails."""
    compose_due()
    found = company.run(
        """update ops.messages set state = 'sent', sent_at = ops.business_now(), next_attempt_at = null
           where state = 'composed' returning mime_bytes"""
    )
    return [email.message_from_bytes(row["mime_bytes"], policy=email.policy.default) for row in found]  # type: ignore[misc]


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    content: str = part.get_content()
    return content


def test_what_is_owed_is_asked_once_with_five_working_days_and_an_own_link(company: Company) -> None:
    """R09: acknowledged within 5 working days, by a signed link."""
    assert ask(FEEDBACK) == (1, 1)
    assert ask(FEEDBACK) == (0, 0)
    (row,) = rows(company)
    assert row["due_on"] == date(2026, 3, 10)
    assert row["not_after"].date() == date(2026, 4, 2)
    (mail,) = send(company)
    assert mail["To"].addresses[0].addr_spec == "t1@example.com"
    assert "2026年3月10日" in mail["Subject"]
    assert f"/a/{row['token']}" in text(mail)
    assert "高效沟通" in text(mail)


def test_days_count_in_the_persons_own_calendar(company: Company) -> None:
    """A trainer in Germany works on the days Germany works: 1 May is none."""
    company.run("update core.trainers set calendar_code = 'DE', timezone = 'Europe/Berlin'")
    company.run("update ops.clock set frozen_at = '2026-04-28 10:00+02'")
    ask(FEEDBACK)
    assert rows(company)[0]["due_on"] == date(2026, 5, 6)


def test_two_reminders_at_most_and_each_48_hours_after_the_last_call(company: Company, set_clock: SetClock) -> None:
    """On the second and fourth working day, whoever often the scan runs; the last one says that it is the last."""
    ask(FEEDBACK)
    send(company)
    assert commitments.remind_due()["reminded"] == 0
    said = {}
    for day in range(4, 12):
        set_clock(2026, 3, day, 12)
        counts = [commitments.remind_due()["reminded"], commitments.remind_due()["reminded"]]
        if mails := send(company):
            said[day] = (counts, "最后一次" in mails[0]["Subject"])
    assert said == {5: ([1, 0], False), 9: ([1, 0], True)}


def test_a_reminder_leaves_48_hours_after_the_last_call_at_the_earliest(company: Company, set_clock: SetClock) -> None:
    """Asked on Tuesday at ten, the scan of Thursday morning plans the reminder; it leaves at ten."""
    ask(FEEDBACK)
    send(company)
    set_clock(2026, 3, 5, 9)
    assert commitments.remind_due()["reminded"] == 1
    assert send(company) == []
    set_clock(2026, 3, 5, 10)
    assert len(send(company)) == 1


def test_after_days_without_a_scan_only_the_last_reminder_is_sent(company: Company, set_clock: SetClock) -> None:
    """The scheduler was down three days: no pile of reminders."""
    ask(FEEDBACK)
    send(company)
    set_clock(2026, 3, 10)
    assert commitments.remind_due()["reminded"] == 1
    assert [row["step"] for row in company.run("select step from ops.notices where kind = 'commitment_reminder'")] == [
        "reminder_2"
    ]


def test_a_request_that_still_waits_for_its_mail_is_not_reminded(company: Company, set_clock: SetClock) -> None:
    """Request and reminder in one digest would be two calls at once."""
    ask(FEEDBACK)
    set_clock(2026, 3, 9)
    assert commitments.remind_due()["reminded"] == 0


def test_nobody_is_reminded_after_an_answer_even_when_the_reminder_is_planned(
    company: Company, set_clock: SetClock
) -> None:
    """The answer arrives while its reminder is queued: the reminder is dropped."""
    ask(FEEDBACK)
    send(company)
    set_clock(2026, 3, 5, 12)
    assert commitments.remind_due()["reminded"] == 1
    company.run(DONE, "更多案例")
    assert send(company) == []
    assert company.run("select reason from ops.notices where kind = 'commitment_reminder'") == [{"reason": "answered"}]
    set_clock(2026, 3, 9)
    assert commitments.remind_due()["reminded"] == 0


def test_requests_and_surveys_of_a_person_are_one_digest(company: Company) -> None:
    """One digest per person and day: what asks for something comes together."""
    ask(Commitment("acknowledge_feedback", "quarter", "2025Q4", "employee", "E1"))
    company.call("E1")
    (mail,) = send(company)
    assert "2 件事" in mail["Subject"]
    assert "2025 年第 4 季度" in text(mail)
    assert "高效沟通" in text(mail)


def test_hr_reads_once_a_day_what_is_late_answered_or_expired(company: Company, set_clock: SetClock) -> None:
    """Late after five working days; the answer is quoted; what passed its latest day is closed and said."""
    ask(FEEDBACK, Commitment("acknowledge_feedback", "quarter", "2025Q4", "trainer", "T1"))
    send(company)
    set_clock(2026, 3, 10)
    assert commitments.tell_hr()["notices_planned"] == 0
    set_clock(2026, 3, 12)
    assert commitments.tell_hr() == {"overdue": 2, "done": 0, "expired": 0, "notices_planned": 1}
    assert commitments.tell_hr()["notices_planned"] == 0
    (mail,) = [mail for mail in send(company) if "hr@example.com" in mail["To"]]
    assert "逾期 2 项" in mail["Subject"]
    assert "逾期 2 个工作日：林老师，阅读并确认学员反馈（《高效沟通》（2026-C001））" in text(mail)
    set_clock(2026, 3, 13)
    company.run(DONE + " where subject_kind = 'class_session'", "下次多做练习")
    assert commitments.tell_hr() == {"overdue": 0, "done": 1, "expired": 0, "notices_planned": 1}
    (mail,) = [mail for mail in send(company) if "hr@example.com" in mail["To"]]
    assert "将改进。“下次多做练习”" in text(mail)
    assert "逾期 3 个工作日" in text(mail)
    set_clock(2026, 4, 3)
    assert commitments.remind_due()["expired"] == 1
    assert commitments.tell_hr() == {"overdue": 0, "done": 0, "expired": 1, "notices_planned": 1}
    assert [row["state"] for row in rows(company)] == ["done", "expired"]
    (mail,) = [mail for mail in send(company) if "hr@example.com" in mail["To"]]
    assert "失效 1 项" in mail["Subject"]


def test_a_past_date_mails_nobody_and_the_next_ordinary_scan_does(company: Company) -> None:
    """A backfill asks, and tells nobody; what was asked is not forgotten."""
    assert ask(FEEDBACK, as_of=date(2026, 3, 2)) == (1, 0)
    assert commitments.remind_due(date(2026, 3, 2))["notices_planned"] == 0
    assert commitments.tell_hr(date(2026, 3, 2))["notices_planned"] == 0
    assert commitments.remind_due()["requested"] == 1


def test_a_kind_without_a_rule_is_refused_by_name(company: Company) -> None:
    """A kind nobody gave days to would be owed for ever."""
    with pytest.raises(CommitmentRuleMissingError, match="unknown_kind"):
        ask(Commitment("unknown_kind", "quarter", "2025Q4", "trainer", "T1"))
    assert rows(company) == []


@pytest.mark.parametrize("point", ["remind.before_commit", "remind.after_commit", "tell_hr.before_commit"])
def test_a_kill_at_any_commit_and_a_second_run_leave_the_same_rows(
    company: Company, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Killed and run again: the same notices as without the kill."""
    ask(FEEDBACK)
    send(company)
    set_clock(2026, 3, 11)

    class Killed(BaseException):
        pass

    def strike(name: str) -> None:
        if name == f"commitments.{point}":
            raise Killed

    monkeypatch.setattr(faults, "point", strike)

    def scan() -> None:
        commitments.remind_due()
        commitments.tell_hr()

    with pytest.raises(Killed):
        scan()
    monkeypatch.undo()
    scan()
    planned = company.run("select kind, step from ops.notices where kind like 'commitment%%' order by kind")
    assert [(row["kind"], row["step"]) for row in planned] == [
        ("commitment_digest", ""),
        ("commitment_reminder", "reminder_2"),
        ("commitment_request", ""),
    ]
