"""Reports and data mails carry the right file to the right reader, or nothing at all."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from tests.outbox.conftest import SESSION, Company

from trainloop.outbox.composer import compose_due
from trainloop.outbox.notices import Notice


def report_to(kind: str, key: str, audience: str, **columns: Any) -> Notice:
    return Notice("evaluation_report", "class_session", SESSION, kind, key, facts={"audience": audience}, **columns)  # type: ignore[arg-type]


def mails(company: Company) -> list[EmailMessage]:
    rows = company.run("select mime_bytes from ops.messages order by message_id")
    return [email.message_from_bytes(row["mime_bytes"], policy=email.policy.default) for row in rows]


def words(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    content: str = part.get_content()
    return content


def test_hr_and_trainer_each_get_the_pdf_made_for_them(company: Company, tmp_path: Path) -> None:
    """The audience's own file, its hash kept with the message, the figures of the same release in the mail."""
    company.report(tmp_path, "hr", content=b"%PDF-1.7 for hr")
    company.report(tmp_path, "trainer", content=b"%PDF-1.7 for trainer")
    company.plan(report_to("contact", "hr_lead", "hr"), report_to("trainer", "T1", "trainer"))
    assert compose_due()["composed_messages"] == 2
    for_hr, for_trainer = mails(company)
    for mail, content in ((for_hr, b"%PDF-1.7 for hr"), (for_trainer, b"%PDF-1.7 for trainer")):
        (attached,) = mail.iter_attachments()
        assert attached.get_payload(decode=True) == content
        for text in ("85%", "17/20", "4.3", "n = 17", "41", "增加工作坊时间"):
            assert text in words(mail)
    assert (
        company.run("select count(*)::int as n from ops.messages where cardinality(attachment_sha256s) = 1")[0]["n"]
        == 2
    )


def test_a_hidden_figure_shows_its_reason_and_no_number(company: Company, tmp_path: Path) -> None:
    """What the release hides, the mail hides: the reason stands where the number would."""
    company.report(tmp_path, "hr")
    company.plan(report_to("contact", "hr_lead", "hr"))
    compose_due()
    (line,) = [line for line in words(mails(company)[0]).splitlines() if line.startswith("案例实操")]
    assert "–" in line
    assert "(" in line


@pytest.mark.parametrize(
    ("notice", "reason"),
    [
        (report_to("contact", "engineers", "hr"), "wrong_audience"),
        (report_to("contact", "hr_lead", "trainer"), "wrong_audience"),
        (report_to("trainer", "T1", "hr"), "wrong_audience"),
        (report_to("trainer", "T2", "trainer"), "recipient_unknown"),
        (report_to("contact", "nobody", "hr"), "recipient_unknown"),
    ],
)
def test_a_report_never_reaches_another_audience(company: Company, tmp_path: Path, notice: Notice, reason: str) -> None:
    """Fail closed, whatever a planning step wrote."""
    company.report(tmp_path, "hr")
    company.report(tmp_path, "trainer")
    company.plan(notice)
    assert compose_due()[f"dropped_{reason}"] == 1


def test_only_the_sessions_own_trainer_gets_its_report(company: Company, tmp_path: Path) -> None:
    """A trainer who was replaced is no longer concerned."""
    company.report(tmp_path, "trainer")
    company.plan(report_to("trainer", "T1", "trainer"))
    company.run(
        """insert into core.trainers (trainer_id, name, email, kind, file_id, row_number)
           values ('T2', 'Other', 't2@example.com', 'external', 1, 1)"""
    )
    company.run("update core.class_sessions set trainer_id = 'T2'")
    assert compose_due()["dropped_not_concerned"] == 1


def test_a_file_that_is_not_the_registered_one_is_never_mailed(company: Company, tmp_path: Path) -> None:
    """Wrong attachment: the hash must match; engineers hear of it, the reader gets nothing."""
    path = company.report(tmp_path, "hr")
    company.plan(report_to("contact", "hr_lead", "hr"))
    path.write_bytes(b"%PDF-1.7 somebody else's")
    counts = compose_due()
    assert counts["dropped_attachment_changed"] == 1
    assert counts["notices_planned"] == 1
    assert company.run("select kind, recipient_id from ops.notices where state = 'planned'") == [
        {"kind": "incident_digest", "recipient_id": "engineers"}
    ]


def test_a_file_that_cannot_be_read_now_waits(company: Company, tmp_path: Path) -> None:
    """Object storage that is away for an hour loses no mail."""
    path = company.report(tmp_path, "hr")
    path.rename(tmp_path / "away")
    company.plan(report_to("contact", "hr_lead", "hr"))
    assert compose_due()["waiting"] == 1
    (tmp_path / "away").rename(path)
    assert compose_due()["composed_messages"] == 1


def test_a_report_waits_until_its_pdf_is_registered(company: Company, tmp_path: Path) -> None:
    """The notice may be there before the file of this reader's language."""
    company.plan(report_to("contact", "hr_lead", "hr"))
    assert compose_due()["waiting"] == 1
    company.report(tmp_path, "hr")
    assert compose_due()["composed_messages"] == 1


def test_an_older_revision_that_was_not_sent_yet_is_superseded(company: Company, tmp_path: Path) -> None:
    """Two revisions in one night are one mail: the newer one."""
    company.report(tmp_path, "hr")
    company.plan(report_to("contact", "hr_lead", "hr"), report_to("contact", "hr_lead", "hr", sequence_number=2))
    assert compose_due()["dropped_superseded"] == 1


def test_quarantined_rows_are_explained_with_counts_reasons_and_a_workbook(company: Company) -> None:
    """The owner sees what is wrong in plain words and gets the rows to correct."""
    company.run("update ops.inbox_files set state = 'merged', row_count = 3, accepted_count = 1, quarantined_count = 2")
    for number in (1, 2):
        key = company.run(
            """insert into ops.quarantined_rows (file_id, row_number, row_values)
               values (1, %s, '{"employee_id": "E77", "name": "赵敏"}') returning quarantined_row_id""",
            number,
        )[0]["quarantined_row_id"]
        company.run(
            """insert into ops.quarantine_reasons (quarantined_row_id, column_name, rule, message_zh, message_en)
               values (%s, 'email', 'wrong_type', '“邮箱”不是有效的邮箱地址。', '“email” is not an email address.')""",
            key,
        )
    company.plan(Notice("quarantined_rows", "inbox_file", "1", "contact", "hr_data"))
    assert compose_due()["composed_messages"] == 1
    (mail,) = mails(company)
    assert "2 行：“邮箱”不是有效的邮箱地址。" in words(mail)
    assert "赵敏" not in words(mail)
    (attached,) = mail.iter_attachments()
    assert str(attached.get_filename()).endswith(".xlsx")
    company.run("update ops.quarantined_rows set state = 'replayed'")
    company.plan(Notice("quarantined_rows", "inbox_file", "1", "contact", "training_ops"))
    assert compose_due()["dropped_resolved"] == 1


@pytest.mark.parametrize(("contact", "word"), [("hr_data", "缺少必填列"), ("training_ops", "A required column")])
def test_a_refused_file_is_explained_in_the_owners_language(company: Company, contact: str, word: str) -> None:
    """One clear reason, and that nothing of the file was taken."""
    company.run(
        """update ops.inbox_files set state = 'refused', refused_reason_zh = '缺少必填列',
               refused_reason_en = 'A required column is missing'"""
    )
    company.plan(Notice("file_refused", "inbox_file", "1", "contact", contact))
    compose_due()
    assert word in words(mails(company)[0])


def test_hr_hears_of_gaps_and_of_classes_without_attendance(company: Company) -> None:
    """Counts and codes in both languages, planned by audit and surveys."""
    gaps = [{"zh": "2 个班次未关闭", "en": "2 classes are still open"}]
    company.plan(
        Notice("audit_gaps", "audit", "2026-03-03", "contact", "engineers", facts={"gap_count": 1, "gaps": gaps}),
        Notice("survey_without_attendance", "class_session", SESSION, "contact", "hr_lead"),
    )
    assert compose_due()["composed_messages"] == 2
    texts = {mail["To"].addresses[0].addr_spec: words(mail) for mail in mails(company)}
    assert "2 classes are still open" in texts["data-eng@example.com"]
    assert "3 人" in texts["hr@example.com"]
