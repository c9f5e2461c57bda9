"""The annual needs report from evidence to mailbox: a draft to HR; the rest leaves after the approval only."""

from __future__ import annotations

import email
import email.policy
import io
from collections.abc import Callable
from datetime import datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypdf
import pytest
from tests.needs import world

from trainloop.needs.analysis import analyze_year
from trainloop.needs.published import load_needs
from trainloop.outbox.composer import compose_due
from trainloop.outbox.leases import grant_lease
from trainloop.reporting import annual_needs
from trainloop.reporting.errors import VerdictMissingError
from trainloop.requests import approvals
from trainloop.warehouse import engine

pytestmark = pytest.mark.slow
SetClock = Callable[..., datetime]


@pytest.fixture
def company(warehouse: str, set_clock: SetClock) -> None:
    """The company of the needs tests on 25 November 2026, its survey closed and analysed, one trainer of T-QUIET."""
    set_clock(2026, 11, 25, 10)
    world.make_company()
    world.make_wave(world.usual_forms())
    world.write(
        """insert into core.trainers (trainer_id, name, email, kind, locale, file_id, row_number)
           values ('T1', '林老师', 't1@example.com', 'internal', 'zh-CN', 1, 1),
               ('T2', 'Mr Other', 't2@example.com', 'internal', 'en', 1, 1)"""
    )
    world.write(
        """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, file_id,
               row_number)
           values ('2026-C001', 'C-1', 'T1', '2026-05-11T01:00Z', '2026-05-11T09:00Z', 'classroom', 1, 1),
               ('2026-C009', 'C-9', 'T2', '2026-05-12T01:00Z', '2026-05-12T09:00Z', 'classroom', 1, 1)"""
    )
    world.write(
        """insert into ops.check_runs (suite, file_id, checked_at, row_count, is_passed, gate_decision)
           values ('test', 1, '2026-11-20', 10, true, 'pass')"""
    )
    for number, (department, topic) in enumerate([("D20", "T-QUIET"), ("D30", "T-PROC"), ("D10", "T-QUIET")]):
        world.interview(number, department, topic, severity=3 + number % 3)
    world.confirm(
        "T-SOLO", "D10", cause="skill", override=("valid", "监管要求每年培训", "王芳")
    )  # fmt: skip
    grant_lease("test", "tests")
    analyze_year(world.YEAR)


def send() -> list[EmailMessage]:
    """Compose what is due and let it leave; return the new mails."""
    compose_due()
    found = world.read(
        """update ops.messages set state = 'sent', sent_at = ops.business_now(), next_attempt_at = null
           where state = 'composed' returning mime_bytes"""
    )
    return [email.message_from_bytes(row["mime_bytes"], policy=email.policy.default) for row in found]  # type: ignore[misc]


def addressed(mails: list[EmailMessage]) -> dict[str, EmailMessage]:
    return {mail["To"].addresses[0].addr_spec: mail for mail in mails}


def attached(mail: EmailMessage) -> str:
    (file,) = mail.iter_attachments()
    return text_of(file.get_content())


def text_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return "".join("".join(page.extract_text() for page in pages).split())


def reports(**keys: str) -> list[dict[str, Any]]:
    rows = world.read("select * from ops.reports where state = 'rendered' order by kind, audience, locale, report_id")
    return [row for row in rows if all(row[name] == value for name, value in keys.items())]


def text(report: dict[str, Any]) -> str:
    return text_of(Path(urlsplit(report["uri"]).path).read_bytes())


def test_before_the_decision_only_the_approver_sees_the_draft(company: None) -> None:
    """R10: the report leaves HR by a decision; until then there is HR's draft, asked about by one button."""
    assert send() == [], "without the draft there is nothing to decide about"
    assert annual_needs.render_drafts() == {"drafts": 1, "rendered": 2, "unchanged": 0}
    assert annual_needs.render_drafts() == {"drafts": 1, "rendered": 0, "unchanged": 2}
    assert annual_needs.send_approved()["approved"] == 0
    (mail,) = send()
    assert mail["To"].addresses[0].addr_spec == "hr@example.com"
    assert "草稿，待审批" in attached(mail)
    assert {row["audience"] for row in reports()} == {"hr"}


def test_what_last_years_review_found_is_a_source_of_its_own_and_a_missing_review_is_named(company: None) -> None:
    """R39: scorecard, weak item and barrier beside the need they are about; before the review the report says so."""
    annual_needs.render_drafts()
    assert "2026年度尚无培训复盘" in text(reports(kind="annual_needs", locale="zh-CN")[-1])
    world.write(
        """insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256,
        site_version, released_at) values ('training_review', 'training_year', '2026', 1, 'x', '1', now())"""
    )
    world.write(
        """insert into ops.need_seeds (year, topic_code, source_kind, source_code, finding, release_id, seeded_at)
        select 2027, rows.*, (select max(release_id) from published.releases), now()
        from (values ('T-QUIET', 'course', 'C-1', 'fix'), ('T-QUIET', 'item', 'C-1:case_practice', 'weak'),
            ('T-QUIET', 'barrier', 'C-1:tool', 'tool')) as rows"""
    )
    analyze_year(world.YEAR)
    annual_needs.render_drafts()
    zh, en = (text(reports(kind="annual_needs", locale=locale)[-1]) for locale in ("zh-CN", "en"))
    for sentence in ("计分卡建议改进", "薄弱项“", "应用障碍“缺少工具或系统”", "培训复盘留下3条发现，涉及1个主题"):
        assert sentence in zh
    assert "scorecardsuggestsFix" in en
    assert "barrier“Toolorsystemmissing”" in en
    assert "尚无培训复盘" not in zh


def test_the_numbers_in_the_pdf_are_those_of_the_release(company: None) -> None:
    """Verdicts, ranks, amounts and the rate stand in the PDF as they were published, in both languages."""
    annual_needs.render_drafts()
    with engine.connect("reporter") as connection:
        needs = load_needs(connection, world.YEAR)
    zh, en = (text(reports(kind="annual_needs", locale=locale)[0]) for locale in ("zh-CN", "en"))
    rate = needs.figure("response", "wave", "rr1_pct")
    assert rate is not None
    assert f"{rate.value}%" in zh
    assert f"{rate.value}%" in en
    for need in needs.needs:
        assert f"主题{need.topic_code}" in zh
        assert f"Topic{need.topic_code}" in en
        layer = need.layer("business")
        if layer.value is not None:
            assert f"差距{layer.value}%" in zh
            assert f"gap{layer.value}%" in en
        if need.estimated_cost_amount is not None:
            assert f"{need.estimated_cost_amount:,.0f}元" in zh
            assert f"CNY{need.estimated_cost_amount:,.0f}" in en
    assert "监管要求每年培训" in zh
    assert "王芳" in en, "an override is printed with its name"
    assert "预算线600,000元" in zh
    for message in ("需要决定的事", "不用培训解决", "数据质量与匿名说明", "方法"):
        assert message in zh


def test_after_the_approval_executives_get_the_report_and_trainers_their_topics(company: None) -> None:
    """The decision is printed; a trainer gets the own topics without money and without other topics."""
    annual_needs.render_drafts()
    send()
    approvals.decide(1, is_approved=True, decided_by="hr_lead", via="airflow")
    counts = annual_needs.send_approved()
    assert (counts["approved"], counts["rendered"], counts["notices_planned"]) == (1, 4, 3)
    assert annual_needs.send_approved() == {"approved": 0, "notices_planned": 0, "rendered": 0, "unchanged": 0}
    mails = addressed(send())
    assert mails.keys() == {"executives@example.com", "hr@example.com", "t1@example.com"}
    executive, trainer = attached(mails["executives@example.com"]), attached(mails["t1@example.com"])
    assert "人力资源部，2026年11月25日批准" in executive
    assert "主题T-QUIET" in trainer
    assert "T-POP" not in trainer
    assert "80,000" not in trainer
    assert "service部" not in trainer, "what single departments lack or said stays with HR"
    assert len({row["subject_id"] for row in reports(kind="trainer_needs")}) == 1


def test_a_rejection_sends_nothing_and_is_not_looked_at_again(company: None) -> None:
    """Sent back: no PDF leaves, and the next revision is asked about anew."""
    annual_needs.render_drafts()
    send()
    approvals.decide(1, is_approved=False, decided_by="hr_lead", via="airflow", comment="预算有误")
    assert annual_needs.send_approved() == {"approved": 0, "notices_planned": 0, "rendered": 0, "unchanged": 0}
    assert send() == []
    assert world.read("select effect_at is not null as is_done from ops.approvals") == [{"is_done": True}]


def test_without_the_gate_s_verdict_there_is_no_report(company: None) -> None:
    """Fail closed: a file behind the figures that was never checked stops the draft, named by its dataset."""
    world.write("delete from ops.check_runs")
    with pytest.raises(VerdictMissingError, match="training_topics"):
        annual_needs.render_drafts()
    assert reports() == []


def test_a_notice_without_an_approval_carries_nothing(company: None) -> None:
    """Whatever a planning step wrote: no approval, no mail; the wrong reader, no mail."""
    annual_needs.render_drafts()
    world.write(
        """insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id)
           values ('annual_needs_report', 'needs_year', '2027', 'contact', 'executives'),
               ('annual_needs_report', 'needs_year', '2027', 'trainer', 'T1'),
               ('trainer_needs', 'trainer_needs', '2027:T2', 'trainer', 'T1')"""
    )
    assert [mail["To"].addresses[0].addr_spec for mail in send()] == ["hr@example.com"]
    dropped = world.read("select kind, reason from ops.notices where state = 'dropped' order by notice_id")
    assert [row["reason"] for row in dropped] == ["not_approved", "wrong_audience", "wrong_audience"]


def test_a_year_with_hardly_an_answer_says_so_instead_of_numbers(warehouse: str, set_clock: SetClock) -> None:
    """Three forms: the individual layer lacks evidence, nothing of the survey is shown, and the report is whole."""
    set_clock(2026, 11, 25, 10)
    world.make_company()
    world.make_wave(world.usual_forms()[:3])
    world.write(
        """insert into ops.check_runs (suite, file_id, checked_at, row_count, is_passed, gate_decision)
           values ('test', 1, '2026-11-20', 10, true, 'pass')"""
    )
    analyze_year(world.YEAR)
    assert annual_needs.render_drafts()["rendered"] == 2
    english = text(reports(locale="en")[0])
    assert "Notopicisavalidtrainingneedthisyear." in english
    assert "thesurveydoesnotrepresentthestaff" in english
    assert "Thepreferredwaysoflearningmaynotbeshown." in english
