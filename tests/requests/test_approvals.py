"""What people decide: asked once a revision, reminded at most twice, decided once by whichever door comes first."""

from __future__ import annotations

import email
import email.policy
import hashlib
from collections.abc import Callable
from datetime import date, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from tests.outbox.conftest import Company, found_company

from trainloop import faults
from trainloop.outbox.composer import compose_due
from trainloop.requests import approvals
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine

SetClock = Callable[..., datetime]
FACTS = {"valid_count": 3, "to_clarify_count": 1, "rejected_count": 2, "funded_count": 2}


@pytest.fixture
def company(warehouse: str, set_clock: SetClock) -> Company:
    """The outbox's company on Tuesday 2026-03-03, 10:00; its HR lead decides here."""
    return found_company()


def ask(
    revision: int = 1, asked_of: str = "hr_lead", kind: str = "annual_needs_report", as_of: date | None = None
) -> Any:
    with engine.connect("reporter") as connection:
        scan = Scan.start(connection, as_of)
        return approvals.ask_approval(connection, scan, kind, "needs_year", "2027", revision, asked_of, FACTS)


def draft(company: Company, folder: Path, revision: int = 1) -> bytes:
    """HR's version of the report as it stands in ops.reports."""
    content, path = b"%PDF-1.7 draft", folder / f"r{revision}.pdf"
    path.write_bytes(content)
    company.run(
        """insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256,
               site_version, released_at) values ('annual_needs', 'needs_year', '2027', %s, 'x', '1', now())""",
        revision,
    )
    company.run(
        """insert into ops.reports (kind, subject_kind, subject_id, audience, locale, release_id, revision_number,
               view_sha256, state, uri, pdf_sha256, rendered_at)
           select 'annual_needs', 'needs_year', '2027', 'hr', 'zh-CN', max(release_id), %s, 'v',
               'rendered', %s, %s, now() from published.releases""",
        revision, path.as_uri(), hashlib.sha256(content).hexdigest(),
    )  # fmt: skip
    return content


def rows(company: Company) -> list[dict[str, Any]]:
    return company.run("select *, state::text as state from ops.approvals order by approval_id")


def send(company: Company) -> list[EmailMessage]:
    """Compose what is due and let it leave; return the new mails."""
    compose_due()
    found = company.run(
        """update ops.messages set state = 'sent', sent_at = ops.business_now(), next_attempt_at = null
           where state = 'composed' returning mime_bytes"""
    )
    return [email.message_from_bytes(row["mime_bytes"], policy=email.policy.default) for row in found]  # type: ignore[misc]


def test_a_revision_is_asked_about_once_with_its_draft_and_a_link(company: Company, tmp_path: Path) -> None:
    """The row, the link and the mail are one commit; the draft goes along and says that it is one."""
    assert ask() == (1, 1)
    assert ask() == (0, 0)
    assert send(company) == [], "without the draft there is nothing to decide about"
    content = draft(company, tmp_path)
    (row,), (mail,) = rows(company), send(company)
    body = mail.get_body(("plain",))
    assert body is not None
    assert mail["To"].addresses[0].addr_spec == "hr@example.com"
    assert "2027 年度培训需求分析报告（第 1 版）" in mail["Subject"]
    assert f"/a/{row['token']}" in body.get_content()
    assert "2026年5月2日" in body.get_content()
    (file,) = mail.iter_attachments()
    assert file.get_filename() == "年度培训需求分析报告 2027 v1（草稿）.pdf"
    assert file.get_content() == content


def test_a_new_revision_withdraws_the_question_about_the_old_one(company: Company, tmp_path: Path) -> None:
    """Nobody decides about numbers that are no longer said; an older revision never comes back."""
    ask(1)
    assert ask(2) == (1, 1)
    assert ask(1) == (0, 0)
    draft(company, tmp_path, 2)
    assert [row["state"] for row in rows(company)] == ["withdrawn", "open"]
    (mail,) = send(company)
    assert "第 2 版" in mail["Subject"]
    assert approvals.decide(1, is_approved=True, decided_by="hr", via="airflow").state == "withdrawn"


def test_the_first_decision_counts_whichever_door_it_takes(company: Company) -> None:
    """The link answered first: Airflow's answer changes nothing and learns whose decision stands."""
    ask()
    company.run(
        """update ops.approvals set state = 'rejected', decided_at = now(), decided_by = 'hr_lead',
               decided_via = 'link', comment = '预算有误'"""
    )
    found = approvals.decide(1, is_approved=True, decided_by="admin", via="airflow")
    assert (found.state, found.decided_via, found.comment) == ("rejected", "link", "预算有误")


def test_a_decision_is_written_with_who_when_and_how(company: Company) -> None:
    """Audit: by whom and by which door."""
    ask()
    found = approvals.decide(1, is_approved=True, decided_by="admin", via="airflow", comment=" 同意 ")
    assert (found.state, found.decided_by, found.decided_via, found.comment) == ("approved", "admin", "airflow", "同意")
    assert found.decided_at == company.noon
    assert company.run("select reason from ops.notices") == [{"reason": None}]
    assert send(company) == []
    assert company.run("select reason from ops.notices") == [{"reason": "answered"}]


@pytest.mark.parametrize("comment", ["", "   ", "长" * 2001])
def test_sending_back_needs_words(company: Company, comment: str) -> None:
    """A rejection that does not say what has to change helps nobody; nor does a novel."""
    ask()
    with pytest.raises(approvals.CommentMissingError, match="2000"):
        approvals.decide(1, is_approved=False, decided_by="admin", via="airflow", comment=comment)
    assert rows(company)[0]["state"] == "open"


def test_two_reminders_and_none_after_a_decision(company: Company, tmp_path: Path, set_clock: SetClock) -> None:
    """On the third and seventh working day however often the scan runs; then silence until it expires."""
    ask()
    draft(company, tmp_path)
    send(company)
    said = []
    for day in (4, 5, 6, 9, 12, 13, 20):
        set_clock(2026, 3, day, 12)
        counts = [approvals.follow_up()["reminded"], approvals.follow_up()["reminded"]]
        said += [(day, counts, mail["Subject"][:6]) for mail in send(company)]
    assert said == [(6, [1, 0], "提醒：请于2"), (12, [1, 0], "最后一次提醒")]
    set_clock(2026, 5, 3, 0, 0)
    assert approvals.follow_up()["expired"] == 1
    assert approvals.decide(1, is_approved=True, decided_by="admin", via="airflow").state == "expired"


def test_an_answer_after_the_last_day_does_not_count_before_the_scan_either(
    company: Company, set_clock: SetClock
) -> None:
    """The last day is the last day, whether or not a scan has closed the row."""
    ask()
    set_clock(2026, 5, 3, 0, 0)
    assert approvals.decide(1, is_approved=True, decided_by="admin", via="airflow").state == "open"


def test_one_task_waits_for_an_approval_and_a_dead_one_is_replaced(company: Company) -> None:
    """A lease in wall-clock time: a wiped metadata database frees the approval, a living task keeps it."""
    ask()
    assert approvals.claim_doors("run-1") == [1]
    assert approvals.claim_doors("run-2") == []
    assert approvals.claim_doors("run-1") == [1], "a cleared task finds its own approval again"
    assert approvals.hold_door(1, "run-1")
    assert not approvals.hold_door(1, "run-2")
    company.run("update ops.approvals set door_until = now() - interval '1 minute'")
    assert approvals.claim_doors("run-2") == [1]
    assert not approvals.hold_door(1, "run-1"), "the old task wakes and finds itself replaced"
    approvals.decide(1, is_approved=True, decided_by="admin", via="console")
    assert not approvals.hold_door(1, "run-2")
    assert approvals.claim_doors("run-2") == []


def test_a_scan_says_what_is_left_to_do_and_nothing_when_nothing_is(company: Company) -> None:
    """Tasks are started for this and for nothing else: nobody asks in Airflow, a decision waits for its effect."""

    def left(run_id: str = "run-1") -> tuple[bool, list[str]]:
        found = approvals.follow_up(run_id=run_id)
        return found["is_unasked"], found["decided_kinds"]

    assert left() == (False, [])
    ask()
    assert left() == (True, [])
    assert approvals.claim_doors("run-1") == [1]
    assert left("run-2") == (False, []), "a living task of another run asks"
    assert left("run-1") == (True, []), "a cleared run asks again"
    approvals.decide(1, is_approved=True, decided_by="admin", via="airflow")
    assert left() == (False, ["annual_needs_report"])
    with engine.connect("reporter") as connection:
        approvals.carried_out(connection, [1], company.noon)
    assert left() == (False, [])


def test_a_decision_is_carried_out_once(company: Company) -> None:
    """Whoever acts on a decision notes it in the same commit."""
    ask()
    with engine.connect("reporter") as connection:
        assert approvals.undone(connection, "annual_needs_report") == []
    approvals.decide(1, is_approved=True, decided_by="admin", via="airflow")
    with engine.connect("reporter") as connection:
        (found,) = approvals.undone(connection, "annual_needs_report")
        approvals.carried_out(connection, [found["approval_id"]], company.noon)
    with engine.connect("reporter") as connection:
        assert approvals.undone(connection, "annual_needs_report") == []


def test_a_past_date_asks_nobody_by_mail_and_the_next_scan_does(company: Company) -> None:
    """A backfill may ask; it tells nobody."""
    assert ask(as_of=date(2026, 3, 2)) == (1, 0)
    assert approvals.follow_up(date(2026, 3, 2))["notices_planned"] == 0
    assert approvals.follow_up()["requested"] == 1


def test_what_nobody_can_decide_is_refused_by_name(company: Company) -> None:
    """A kind without a rule, a contact that does not exist, a number that was never given."""
    with pytest.raises(approvals.ApprovalRuleMissingError, match="unknown_kind"):
        ask(kind="unknown_kind")
    with pytest.raises(approvals.ApproverUnknownError, match="nobody"):
        ask(asked_of="nobody")
    with pytest.raises(approvals.ApprovalUnknownError, match="7"):
        approvals.decide(7, is_approved=True, decided_by="admin", via="airflow")
    assert rows(company) == []


def test_a_kill_between_answer_and_commit_leaves_the_question_open(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the commit nothing is decided; the same answer again decides."""
    ask()

    class Killed(BaseException):
        pass

    def strike(name: str) -> None:
        if name == "approvals.decide.before_commit":
            raise Killed

    monkeypatch.setattr(faults, "point", strike)
    with pytest.raises(Killed):
        approvals.decide(1, is_approved=True, decided_by="admin", via="airflow")
    monkeypatch.undo()
    assert rows(company)[0]["state"] == "open"
    assert approvals.decide(1, is_approved=True, decided_by="admin", via="airflow").state == "approved"
