"""Notices become frozen mails: in the reader's language and working hours, one digest, only to those who want it."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.outbox.conftest import SESSION, Company

from trainloop.outbox.composer import compose_due
from trainloop.outbox.kinds.alert import incident_digest
from trainloop.outbox.kinds.content import Content, Due
from trainloop.outbox.notices import Notice
from trainloop.outbox.recipients import Recipient
from trainloop.settings import get_settings

STOP = "insert into ops.mail_stops (recipient_kind, recipient_id, kind, address_sha256, recorded_at)"


def mails(company: Company) -> list[EmailMessage]:
    rows = company.run("select mime_bytes from ops.messages order by message_id")
    return [email.message_from_bytes(row["mime_bytes"], policy=email.policy.default) for row in rows]  # type: ignore[misc]


def html(mail: EmailMessage) -> str:
    part = mail.get_body(("html",))
    assert part is not None
    content: str = part.get_content()
    return content


def text(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    content: str = part.get_content()
    return content


def test_an_invitation_names_the_class_the_minutes_the_deadline_and_holds_the_persons_own_link(
    company: Company,
) -> None:
    """A mail that asks for something has one button, says how long it takes and why."""
    company.call("E1")
    assert compose_due()["composed_messages"] == 1
    (mail,) = mails(company)
    token = company.run("select token from ops.invitations where employee_id = 'E1'")[0]["token"]
    assert "高效沟通" in mail["Subject"]
    assert "分钟" in mail["Subject"]
    assert html(mail).count("<a href") == 2
    assert html(mail).count("/u/") == 1
    for part in (html(mail), text(mail)):
        assert token in part
        assert "匿名" in part
        assert "3月10日 10:00" in part


def test_a_person_reads_mail_in_the_own_language(company: Company) -> None:
    """Every person's mails are in their own locale, with dates on their own wall clock."""
    company.hire("E9", locale="en", timezone="Europe/Berlin", calendar_code="DE")
    company.invite("E9")
    company.call("E9")
    company.run("update ops.clock set frozen_at = %s", company.noon + timedelta(hours=7))
    compose_due()
    (mail,) = mails(company)
    assert "Working Talk" in mail["Subject"]
    assert "Tue 10 Mar, 03:00" in text(mail)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("update ops.invitations set is_used = true where employee_id = 'E1'", "answered"),
        ("update ops.invitations set state = 'excluded' where employee_id = 'E1'", "not_invited"),
        ("update ops.survey_waves set state = 'closed', closed_at = now()", "wave_closed"),
        ("update core.class_sessions set status = 'cancelled'", "class_cancelled"),
        ("update core.employees set left_on = '2026-03-03' where employee_id = 'E1'", "left"),
        ("update core.employees set removed_on = '2026-03-03' where employee_id = 'E1'", "left"),
        ("update core.employees set email = null where employee_id = 'E1'", "address_missing"),
        ("update core.employees set email = 'no address' where employee_id = 'E1'", "address_invalid"),
        (
            f"{STOP} values ('employee', 'E1', 'opted_out', null, now())",
            "opted_out",
        ),
        (
            f"{STOP} values ('employee', 'E1', 'bounced', encode(sha256('e1@example.com'), 'hex'), now())",
            "bounced",
        ),
    ],
)
def test_who_does_not_want_or_need_a_mail_gets_none_and_the_reason_is_kept(
    company: Company, change: str, reason: str
) -> None:
    """Eligibility is checked again when the message is composed; a dropped notice is counted, not forgotten."""
    company.call("E1", "E2")
    company.run(change)
    counts = compose_due()
    rows = company.run("select state::text, reason from ops.notices where recipient_id = 'E1'")
    assert rows == [{"state": "dropped", "reason": reason}]
    assert counts[f"dropped_{reason}"] >= 1


def test_a_corrected_address_gets_mail_again_after_a_bounce(company: Company) -> None:
    """A bounce holds for the address it came from, not for the person."""
    company.run(
        "insert into ops.mail_stops (recipient_kind, recipient_id, kind, address_sha256, recorded_at) "
        "values ('employee', 'E1', 'bounced', encode(sha256('old@example.com'), 'hex'), now())"
    )
    company.call("E1")
    assert compose_due()["composed_messages"] == 1


def test_a_mandatory_mail_reaches_people_who_opted_out_of_optional_mail(company: Company, tmp_path: Path) -> None:
    """Opting out is about surveys, not about one's own report."""
    company.run(
        "insert into ops.mail_stops (recipient_kind, recipient_id, kind, recorded_at) "
        "values ('trainer', 'T1', 'opted_out', now())"
    )
    company.report(tmp_path, "trainer")
    company.plan(Notice("evaluation_report", "class_session", SESSION, "trainer", "T1", facts={"audience": "trainer"}))
    assert compose_due()["composed_messages"] == 1


@pytest.mark.parametrize(
    ("moment", "composed"),
    [
        ((2026, 3, 3, 8, 59), 0),
        ((2026, 3, 3, 9, 0), 1),
        ((2026, 3, 3, 17, 59), 1),
        ((2026, 3, 3, 18, 0), 0),
        ((2026, 2, 28, 10, 0), 1),  # a working Saturday in China
        ((2026, 3, 1, 10, 0), 0),  # an ordinary Sunday
        ((2026, 10, 1, 10, 0), 0),  # National Day
    ],
)
def test_mail_leaves_in_working_hours_of_the_recipients_calendar_only(
    company: Company, set_clock: Callable[..., datetime], moment: tuple[int, ...], composed: int
) -> None:
    """09:00 to 18:00 local time on working days, make-up days included."""
    company.run("update ops.survey_waves set closes_at = '2026-12-31'")
    company.call("E1", not_before=company.noon - timedelta(days=30))
    set_clock(*moment)
    assert compose_due()["composed_messages"] == composed


@pytest.mark.parametrize(
    ("utc", "composed"),
    [
        ("2026-03-27 07:59", 0),  # Friday before the change: 08:59 in Berlin (UTC+1)
        ("2026-03-27 08:00", 1),
        ("2026-03-30 06:59", 0),  # Monday after it: 08:59 (UTC+2)
        ("2026-03-30 07:00", 1),
        ("2026-10-26 07:59", 0),  # Monday after the change back: 08:59 (UTC+1)
        ("2026-10-26 08:00", 1),
    ],
)
def test_quiet_hours_follow_the_wall_clock_across_summer_time(company: Company, utc: str, composed: int) -> None:
    """DST both ways: nine o'clock is nine o'clock."""
    company.run("update ops.survey_waves set closes_at = '2026-12-31'")
    company.hire("E9", timezone="Europe/Berlin", calendar_code="DE")
    company.invite("E9")
    company.call("E9")
    company.run("update ops.clock set frozen_at = %s::timestamp at time zone 'UTC'", utc)
    assert compose_due()["composed_messages"] == composed


def test_an_urgent_notice_is_exempt_from_quiet_hours_and_cap(
    company: Company, set_clock: Callable[..., datetime]
) -> None:
    """A venue that changed tonight is told tonight."""
    for code in ("A", "B", "C", "D"):
        company.open_wave(code)
        company.invite("E1", wave=f"EVAL-{code}")
        company.call("E1", subject_id=f"EVAL-{code}", is_urgent=True)
    set_clock(2026, 3, 3, 22)
    assert compose_due()["composed_messages"] == 4


def test_several_surveys_of_one_person_are_one_digest_a_day(
    company: Company, set_clock: Callable[..., datetime]
) -> None:
    """Reminders and invitations of a person share one mail; what comes later that day waits until tomorrow."""
    company.open_wave("2026-C002")
    company.invite("E1", wave="EVAL-2026-C002")
    company.call("E1")
    company.call("E1", subject_id="EVAL-2026-C002")
    counts = compose_due()
    assert (counts["composed_messages"], counts["composed_notices"]) == (1, 2)
    (mail,) = mails(company)
    assert "2 份问卷" in mail["Subject"]
    assert html(mail).count("<a href") == 3
    company.open_wave("2026-C003")
    company.invite("E1", wave="EVAL-2026-C003")
    company.call("E1", subject_id="EVAL-2026-C003")
    assert compose_due()["composed_messages"] == 0
    company.run("update ops.messages set state = 'sent', sent_at = composed_at, next_attempt_at = null")
    set_clock(2026, 3, 4, 9)
    assert compose_due()["composed_messages"] == 1


def test_the_last_mail_of_a_day_takes_all_that_is_left(company: Company) -> None:
    """At most three mails per person and day: nothing is lost by the cap, it only shares a mail."""
    files = [
        company.run(
            """insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, state,
                   refused_reason_zh, refused_reason_en, found_at)
               values ('courses', %s, 'x', 'x', %s, 1, 'refused', '缺少列', 'A column is missing', %s)
               returning file_id""",
            f"c{number}.csv", f"c{number}", company.noon,
        )[0]["file_id"]
        for number in range(5)
    ]  # fmt: skip
    company.plan(*(Notice("file_refused", "inbox_file", str(key), "contact", "training_ops") for key in files))
    counts = compose_due()
    assert (counts["composed_messages"], counts["composed_notices"]) == (3, 5)
    assert "3 things for you" in mails(company)[-1]["Subject"]


def test_a_reminder_waits_while_the_invitation_is_queued_and_48_hours_after_it(
    company: Company, set_clock: Callable[..., datetime]
) -> None:
    """At least 48 hours lie between two calls to the same wave, counted from when the first one left."""
    company.call("E1")
    compose_due()
    company.call("E1", kind="survey_reminder", step="evaluation_reminder_1")
    set_clock(2026, 3, 5, 11)
    assert compose_due()["composed_messages"] == 0
    company.run("update ops.messages set state = 'sent', sent_at = %s, next_attempt_at = null", company.noon)
    assert compose_due()["composed_messages"] == 1
    assert "提醒" in mails(company)[-1]["Subject"]


def test_a_storm_of_incidents_is_one_digest_to_engineers(company: Company) -> None:
    """Alert storm: one digest, engineers only."""
    company.plan(
        *(
            Notice(
                "incident_digest", "incident", f"ingest_inbox.ingest.Error{number}.2026-03-03", "contact", "engineers",
                facts={"dag_id": "ingest_inbox", "task_id": "ingest", "error_type": f"Error{number}", "run_id": "r"},
            )
            for number in range(50)
        )
    )  # fmt: skip
    assert compose_due()["composed_messages"] == 1
    (mail,) = mails(company)
    assert mail["To"].addresses[0].addr_spec == "data-eng@example.com"
    assert "50 failed tasks" in mail["Subject"]
    assert "30 more" in text(mail)
    assert html(mail).count("<a href") == 0


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ({"error_type": "WarehouseUnreachableError", "nature": "transient", "remedy": "Start it with `trainloop up`."},
         "retries are used up; clear the task when it is back. Start it with `trainloop up`."),
        ({"error_type": "DiskFull", "nature": "foreign", "remedy": ""}, "Free space, then clear the task."),
        ({"error_type": "KeyError", "nature": "foreign", "remedy": ""}, "read the task's log"),
        ({"error_type": "MailUnwritable"}, "all others leave"),
    ],
)  # fmt: skip
def test_an_incident_is_told_with_its_remedy_and_its_log(company: Company, error: dict[str, str], advice: str) -> None:
    """Whoever is called at night reads what to do before opening anything; the one button opens the log."""
    log = "https://airflow.example.com/dags/ingest_inbox/runs/r/tasks/ingest"
    facts = {"dag_id": "ingest_inbox", "task_id": "ingest", "run_id": "r", "log_url": log} | error
    company.plan(Notice("incident_digest", "incident", "x", "contact", "engineers", facts=facts))
    compose_due()
    (mail,) = mails(company)
    assert f"ingest_inbox.ingest: {error['error_type']} (run r). To do: " in text(mail)
    assert advice in text(mail)
    assert html(mail).count("<a href") == 1
    assert log in html(mail)


@pytest.mark.parametrize(
    ("error_type", "advice"),
    [
        ("WarehouseUnreachableError", "请用 `trainloop up` 启动数据库，或核对 TRAINLOOP_WAREHOUSE_URL。"),
        ("OfAnEarlierReleaseError", "（英文说明：Start it again.）"),
    ],
)
def test_an_incident_is_told_in_the_language_of_whom_it_reaches(error_type: str, advice: str) -> None:
    """The advice of our own errors is Chinese in a Chinese mail; English without a translation is called English."""
    facts = {"dag_id": "d", "task_id": "t", "run_id": "r", "error_type": error_type, "nature": "transient"}
    reader = Recipient("contact", "engineers", "数据工程", "data-eng@example.com", "zh-CN", "Asia/Shanghai", "CN")
    due = Due(
        1, "incident_digest", "alert", "incident", "x", reader, "", 1, is_optional=False, is_urgent=False,
        not_after=None, facts=facts | {"remedy": "Start it again."},
    )  # fmt: skip
    content = incident_digest(None, [due])[1]  # type: ignore[arg-type]
    assert isinstance(content, Content)
    assert content.context["incidents"] == [
        f"d.t：{error_type}（运行 r）。处理：所依赖的服务当时不可用，重试已用完；服务恢复后清除该任务。{advice}"
    ]


def test_a_backfill_mails_no_employee_unless_it_says_so(company: Company, set_clock: Callable[..., datetime]) -> None:
    """A past as_of composes nothing for people; with allow_send it may."""
    company.call("E1")
    set_clock(2026, 3, 5, 11)
    assert compose_due(as_of=company.noon.date())["composed_messages"] == 0
    assert compose_due(as_of=company.noon.date(), allow_send=True)["composed_messages"] == 1


def test_a_notice_past_its_time_expires_instead_of_being_sent_late(
    company: Company, set_clock: Callable[..., datetime]
) -> None:
    """Past not_after → expired and reported, never sent late in silence."""
    company.call("E1", not_after=company.noon + timedelta(hours=1))
    set_clock(2026, 3, 3, 12)
    assert compose_due()["expired"] == 1
    assert company.outcomes() == {"expired": 1}


def test_a_held_template_waits_until_it_is_released(company: Company) -> None:
    """HR may hold back one kind of mail for now."""
    from trainloop.outbox import desk

    desk.hold("survey_invitation", "hr")
    company.call("E1")
    assert compose_due()["composed_messages"] == 0
    desk.release("survey_invitation")
    assert compose_due()["composed_messages"] == 1


def test_many_recipients_are_composed_in_batches(company: Company) -> None:
    """More recipients than one transaction takes: everybody once."""
    people = [f"P{number:04}" for number in range(450)]
    company.hire(*people)
    company.invite(*people)
    company.call(*people)
    assert compose_due()["composed_messages"] == 450
    assert company.run("select count(distinct recipient_id)::int as n from ops.messages") == [{"n": 450}]
    assert compose_due()["composed_messages"] == 0


def test_a_call_leads_to_where_its_wave_is_answered(company: Company) -> None:
    """Our own form or the outside tool: the wave says which, and the mail's words fit a wave without a class."""
    company.run(
        """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
               anonymity, opened_at, closes_at, has_completions, minimum_count, source)
           values ('NEEDS-2027', 'annual_needs', '1', 'year', '2027', 'anonymous', %s, %s, true, 5, 'forms')""",
        company.noon, company.noon + timedelta(days=7),
    )  # fmt: skip
    company.invite("E1", wave="NEEDS-2027")
    company.call("E1", subject_id="NEEDS-2027")
    company.call("E2")
    compose_due()
    needs, class_mail = sorted(mails(company), key=lambda mail: str(mail["To"]))
    assert "年度培训需求调研：2027 年度" in needs["Subject"]
    assert "http://127.0.0.1:8030/f/" in text(needs)
    assert "http://127.0.0.1:8030/s/" in text(class_mail)


def test_optional_mail_is_stopped_with_one_click(company: Company) -> None:
    """RFC 8058: two headers and a link, the same in every mail of a person; none in a work notice."""
    company.call("E1")
    company.plan(Notice("file_refused", "inbox_file", "1", "contact", "hr_data"))
    company.run("update ops.inbox_files set state = 'refused', refused_reason_zh = 'x', refused_reason_en = 'x'")
    compose_due()
    by_person = {str(mail["To"]).split("<")[-1]: mail for mail in mails(company)}
    call, notice = by_person["e1@example.com>"], by_person["hr-data@example.com>"]
    address = str(call["List-Unsubscribe"]).strip("<>")
    assert call["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    raw = [bytes(row["mime_bytes"]) for row in company.run("select mime_bytes from ops.messages")]
    assert sum(b"\r\nList-Unsubscribe: <http://127.0.0.1:8030/u/" in content for content in raw) == 1
    assert address in text(call)
    assert "E1" not in address
    assert notice["List-Unsubscribe"] is None
    assert "/u/" not in text(notice)


def test_a_call_to_limesurvey_waits_until_its_link_works(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that LimeSurvey does not know yet would be a dead link: the call is kept, not dropped."""
    monkeypatch.setenv("TRAINLOOP_LIMESURVEY_URL", "https://survey.example.com/index.php")
    get_settings.cache_clear()
    company.run("update ops.survey_waves set source = 'limesurvey', has_completions = false")
    company.call("E1")
    assert compose_due()["composed_messages"] == 0
    company.run(
        """insert into ops.limesurvey_surveys (wave_code, opening_number, survey_id, questions, closes_at)
           select wave_code, opening_number, 123456, '{}', closes_at from ops.survey_waves"""
    )
    assert compose_due()["composed_messages"] == 0
    company.run("update ops.survey_waves set has_completions = true")
    assert compose_due()["composed_messages"] == 1
    token = company.run("select token from ops.invitations where employee_id = 'E1'")[0]["token"]
    link = f"https://survey.example.com/index.php/survey/index?sid=123456&token={token}&lang=zh-Hans"
    assert link in text(mails(company)[0])
    get_settings.cache_clear()


def test_every_kind_of_notice_has_a_name_for_the_mail_about_expired_ones() -> None:
    """A kind without a name would stop the mail that tells of expired mail."""
    from trainloop.outbox.kinds import KINDS
    from trainloop.outbox.kinds.alert import KIND_NAMES

    assert KIND_NAMES.keys() == KINDS.keys()
