"""Teaching-hour allowances: exact, approved by two people, and whatever happens, paid once."""

from __future__ import annotations

import csv
import email
import email.policy
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from tests.trainers.conftest import Trainers

from trainloop import faults
from trainloop.forms.app import create_app
from trainloop.forms.store import Store
from trainloop.outbox.composer import compose_due
from trainloop.requests import approvals, signatures
from trainloop.trainers import allowances

SetClock = Callable[..., datetime]
FIRST = [("2026-01", "1", "2026-C001", "T1", "first", "594.00"), ("2026-01", "1", "2026-C002", "T2", "first", "750.00")]


def approve(trainers: Trainers) -> None:
    """Both approvers say yes to what is open. T2's employee E2 may not; E8 and E9 may."""
    number = trainers.open_approval()
    assert signatures.sign(number, "7", is_approved=True).state == "open"
    assert signatures.sign(number, "8", is_approved=True).state == "approved"


def mails(trainers: Trainers) -> list[EmailMessage]:
    """Compose what is due, let it leave, return the new mails."""
    compose_due()
    found = trainers.rows(
        """update ops.messages set state = 'sent', sent_at = ops.business_now(), next_attempt_at = null
           where state = 'composed' returning mime_bytes"""
    )
    return [email.message_from_bytes(row["mime_bytes"], policy=email.policy.default) for row in found]  # type: ignore[misc]


def to(letters: list[EmailMessage], who: str) -> list[EmailMessage]:
    return [letter for letter in letters if who in str(letter["To"])]


def attached(letter: EmailMessage) -> list[list[str]]:
    (file,) = list(letter.iter_attachments())
    return list(csv.reader(file.get_payload(decode=True).decode("utf-8-sig").splitlines()))  # type: ignore[union-attr]


def test_only_what_two_logins_approved_reaches_payroll_and_the_trainers(trainers: Trainers) -> None:
    """The month before, internal trainers only; the file and the statements leave after the second yes, once."""
    counts = allowances.compute_month()
    assert (counts["lines"], counts["refused"], counts["is_new"]) == (2, 0, 1)
    assert trainers.lines() == FIRST
    letters = mails(trainers)
    (request,) = to(letters, "hr@example.com")
    assert attached(request)[1][2:5] == ["E1", "T1", "2026-C001"], "the approvers see the very file"
    assert not to(letters, "payroll@example.com")
    assert allowances.compute_month()["is_new"] == 0, "the same data make no second batch"
    signatures.sign(trainers.open_approval(), "7", is_approved=True)
    assert allowances.send_approved() == {"batches": 0, "notices_planned": 0}
    assert mails(trainers) == []
    assert trainers.paid() == {}, "one yes pays nothing"
    signatures.sign(trainers.open_approval(), "8", is_approved=True)
    assert allowances.send_approved() == {"batches": 1, "notices_planned": 3}
    letters = mails(trainers)
    (payroll,) = to(letters, "payroll@example.com")
    assert [line[-2:] for line in attached(payroll)[1:]] == [["594.00", "CNY"], ["750.00", "CNY"]]
    (statement,) = to(letters, "t1@example.com")
    assert "594.00 元" in str(statement["Subject"])
    body = statement.get_body(("plain",))
    assert body is not None
    assert "3 × 100 × 1.2 × 1.5 × 1 × 1.1 = 594.00" in body.get_content()
    assert to(letters, "t3@example.com") == []
    assert allowances.send_approved()["batches"] == 0
    assert allowances.compute_month()["lines"] == 0
    assert mails(trainers) == []
    assert trainers.paid() == {"T1": "594.00", "T2": "750.00"}


def test_a_correction_after_payment_pays_the_difference_in_the_next_run(
    trainers: Trainers, set_clock: SetClock
) -> None:
    """Hours corrected, a class cancelled and one given by somebody else after they were paid: rows of their own."""
    allowances.compute_month()
    approve(trainers)
    allowances.send_approved()
    trainers.do("update core.class_sessions set hours = 4 where session_code = '2026-C001'")
    trainers.do("update core.class_sessions set trainer_id = 'T1' where session_code = '2026-C002'")
    trainers.do("update core.trainers set trainer_level = '中级' where trainer_id = 'T1'")
    set_clock(2026, 3, 10)
    assert allowances.compute_month()["corrections"] == 2
    assert trainers.lines()[2:] == [
        ("2026-02", "1", "2026-C001", "T1", "correction", "198.00"),
        ("2026-02", "1", "2026-C002", "T1", "first", "750.00"),
        ("2026-02", "1", "2026-C002", "T2", "reversal", "-750.00"),
        ("2026-02", "1", "2026-C009", "T1", "first", "450.00"),
    ], "what was paid keeps the trainer level of its day; what is new has the present one"
    approve(trainers)
    set_clock(2026, 4, 10)
    assert allowances.compute_month()["lines"] == 0
    assert trainers.paid() == {"T1": "1992.00", "T2": "0.00"}


def test_new_data_withdraw_the_open_question_and_nothing_stands_in_two_payable_batches(
    trainers: Trainers, set_clock: SetClock
) -> None:
    """A batch nobody decided about is replaced, by a revision of its month or by the next month's batch."""
    allowances.compute_month()
    trainers.do("update core.class_sessions set hours = 4 where session_code = '2026-C001'")
    assert allowances.compute_month()["is_new"] == 1
    set_clock(2026, 3, 10)
    assert allowances.compute_month()["is_new"] == 1
    states = trainers.rows("select subject_id, revision_number, state::text as state from ops.approvals order by 1, 2")
    assert [tuple(row.values()) for row in states] == [
        ("2026-01", 1, "withdrawn"), ("2026-01", 2, "withdrawn"), ("2026-02", 1, "open"),
    ]  # fmt: skip
    approve(trainers)
    assert trainers.paid() == {"T1": "1332.00", "T2": "750.00"}


def test_a_batch_that_was_sent_back_pays_nothing_and_comes_again_when_its_data_change(trainers: Trainers) -> None:
    """A no wants a comment; the same lines are not asked about again, corrected ones are."""
    allowances.compute_month()
    number = trainers.open_approval()
    with pytest.raises(approvals.CommentMissingError):
        signatures.sign(number, "8", is_approved=False)
    assert signatures.sign(number, "8", is_approved=False, comment="课时有误").state == "rejected"
    assert allowances.send_approved() == {"batches": 0, "notices_planned": 0}
    assert allowances.compute_month()["is_new"] == 0
    trainers.do("update core.class_sessions set hours = 2 where session_code = '2026-C001'")
    assert allowances.compute_month()["is_new"] == 1
    approve(trainers)
    assert trainers.paid() == {"T1": "396.00", "T2": "750.00"}


def test_nobody_approves_the_own_allowance_and_no_one_twice(trainers: Trainers) -> None:
    """Strangers, a trainer of the batch, the same login, the same employee's second login: refused and audited."""
    allowances.compute_month()
    number = trainers.open_approval()
    for login, zh, en in (
        ("9", "任何人不能审批自己的津贴", "own allowance"),
        ("4711", "不属于任何审批人", "belongs to nobody"),
        ("", "不属于任何审批人", "belongs to nobody"),
    ):
        with pytest.raises(signatures.SignatureRefusedError) as refused:
            signatures.sign(number, login, is_approved=True)
        assert (zh in str(refused.value), en in str(refused.value)) == (True, True), refused.value
    with pytest.raises(signatures.SignatureRefusedError, match="own allowance"):
        signatures.sign(number, "9", is_approved=False, comment="mine is too low")
    signatures.sign(number, "7", is_approved=True)
    for login in ("7", "10"):
        with pytest.raises(signatures.SignatureRefusedError, match=r"(?s)somebody else.*需要另一位审批人"):
            signatures.sign(number, login, is_approved=True)
    assert approvals.approval(number).state == "open"
    assert trainers.audit() == [
        ("E2", "approval_refused", "own_money"),
        ("4711", "approval_refused", "login_unknown"),
        ("", "approval_refused", "login_unknown"),
        ("E2", "approval_refused", "own_money"),
        ("E8", "approval_signed", ""),
        ("E8", "approval_refused", "signed_before"),
        ("E8", "approval_refused", "signed_before"),
    ]


def test_neither_console_nor_link_decides_about_money(trainers: Trainers) -> None:
    """A forwarded link is no identity and a terminal no login: both are refused, audited, and change nothing."""
    allowances.compute_month()
    number = trainers.open_approval()
    for via in ("console", "airflow", "link"):
        with pytest.raises(approvals.LoginNeededError):
            approvals.decide(number, is_approved=True, decided_by="mallory", via=via)  # type: ignore[arg-type]
    (row,) = trainers.rows(
        "select token, sha256(token::bytea) as link from ops.approvals where approval_id = %s", number
    )
    with TestClient(create_app(Store())) as browser:
        page = browser.get(f"/a/{row['token']}")
        assert page.status_code == 410
        assert "Airflow" in page.text
        assert "form_token" not in page.text
    (answered,) = trainers.rows("select forms.answer_action(%s, 'approve', '') as is_written", row["link"])
    assert answered["is_written"] is False
    (shown,) = trainers.rows("select state from forms.open_action(%s)", row["link"])
    assert shown["state"] == "login_needed"
    assert [reason for _, action, reason in trainers.audit() if action == "approval_refused"] == ["door_closed"] * 4
    assert approvals.approval(number).state == "open"


def test_the_database_refuses_an_approval_with_too_few_signatures(trainers: Trainers) -> None:
    """Whatever code says so: the count is the database's, and a trainer of the batch does not count."""
    allowances.compute_month()
    number = trainers.open_approval()
    signatures.sign(number, "7", is_approved=True)
    trainers.do("insert into ops.approval_signatures values (%s, 'E2', '9', now())", number)
    with pytest.raises(Exception, match="needs 2 signatures"):
        trainers.do(
            """update ops.approvals set state = 'approved', decided_by = 'x', decided_via = 'airflow',
               decided_at = now() where approval_id = %s""",
            number,
        )


def test_a_class_without_a_rate_is_named_with_file_and_row_and_pays_later(trainers: Trainers) -> None:
    """Gaps and overlaps of the day concerned: no amount, HR reads which rows to mend, the rest is paid."""
    trainers.do(
        """insert into ops.inbox_files
               (dataset, name, source_uri, archive_uri, content_sha256, size_bytes, found_at)
           values ('allowance_rates', '费率 2026.xlsx', '', '', 'x', 0, now())"""
    )
    (file,) = trainers.rows("select file_id from ops.inbox_files")
    trainers.do("update core.allowance_rates set valid_from = '2026-02-01' where code = '高级'")
    trainers.do("update core.allowance_rates set file_id = %s where kind = 'level'", file["file_id"])
    assert allowances.compute_month()["refused"] == 1
    letters = to(mails(trainers), "hr@example.com")
    (problem,) = [one for one in letters if "无法计算" in str(one["Subject"])]
    body = problem.get_body(("plain",))
    assert body is not None
    text = " ".join(body.get_content().split())
    for words in ("2026-C001", "等级系数「高级」", "费率 2026.xlsx : 7"):
        assert words in text
    approve(trainers)
    trainers.rate("level", "高级", "2026-01-01", "2026-01-31", "1.2", None)
    trainers.rate("level", "高级", "2026-01-10", "2026-01-31", "1.3", None)
    assert allowances.compute_month()["refused"] == 1, "two rows for one day are no rate either"
    trainers.do("delete from core.allowance_rates where code = '高级' and valid_from = '2026-01-10'")
    allowances.compute_month()
    approve(trainers)
    assert trainers.paid() == {"T1": "594.00", "T2": "750.00"}


def test_base_rates_in_two_currencies_pay_nothing(trainers: Trainers) -> None:
    """Amounts in several currencies have no sum: the run stops and names the rows."""
    trainers.rate("base", "external", "2026-01-01", None, "80", "USD")
    with pytest.raises(allowances.CurrenciesMixedError, match="CNY, USD"):
        allowances.compute_month()
    assert trainers.lines() == []


def test_a_past_date_asks_nobody(trainers: Trainers) -> None:
    """A backfill computes and tells the counts; it writes no batch and mails nobody."""
    assert allowances.compute_month(date(2026, 2, 5))["lines"] == 2
    assert trainers.lines() == []
    assert mails(trainers) == []


# Entry point → fault points of its commits.
POINTS = [
    ("from trainloop.trainers.allowances import compute_month as run", "allowances.compute.after_file"),
    ("from trainloop.trainers.allowances import compute_month as run", "allowances.compute.before_commit"),
    ("from trainloop.trainers.allowances import compute_month as run", "allowances.compute.after_commit"),
    ("from tests.trainers.test_allowances import sign_both as run", "signatures.sign.before_commit"),
    ("from tests.trainers.test_allowances import sign_both as run", "signatures.sign.after_commit"),
    ("from trainloop.trainers.allowances import send_approved as run", "allowances.send.before_commit"),
    ("from trainloop.trainers.allowances import send_approved as run", "allowances.send.after_commit"),
]


def sign_both() -> None:
    """Both approvers answer whatever is open; who has answered before is refused, as in Airflow."""
    for one in approvals.newest(10, only_open=True):
        for login in ("7", "8"):
            try:
                signatures.sign(one.approval_id, login, is_approved=True)
            except signatures.SignatureRefusedError:
                continue


@pytest.mark.slow
@pytest.mark.parametrize(("code", "point"), POINTS)
def test_killed_at_any_commit_nothing_is_paid_twice_or_lost(trainers: Trainers, code: str, point: str) -> None:
    """Killed anywhere and run again: the same lines, one file to payroll, one statement each."""
    steps: list[tuple[str, Callable[[], object]]] = [
        ("compute_month", allowances.compute_month),
        ("sign_both", sign_both),
        ("send_approved", allowances.send_approved),
    ]
    for name, step in steps:
        if f"import {name} as run" in code:
            done = subprocess.run(
                [sys.executable, "-c", f"{code}; run()"],
                env=os.environ | {faults.VARIABLE: point}, check=False, cwd=Path(__file__).parents[2],
            )  # fmt: skip
            assert done.returncode == -signal.SIGKILL, point
        step()
    allowances.compute_month()
    allowances.send_approved()
    assert trainers.lines() == FIRST
    assert trainers.paid() == {"T1": "594.00", "T2": "750.00"}
    letters = mails(trainers)
    assert len(to(letters, "payroll@example.com")) == 1
    assert len(to(letters, "t1@example.com")) == len(to(letters, "t2@example.com")) == 1
