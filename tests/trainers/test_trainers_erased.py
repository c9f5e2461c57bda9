"""An internal trainer asks to be erased: mails to the trainer's record are withdrawn like those to the employee."""

from __future__ import annotations

import os
import time

from tests.trainers.conftest import Trainers
from tests.trainers.test_allowances import sign_both

from trainloop.intake.pipeline import ingest_dataset
from trainloop.outbox.composer import compose_due
from trainloop.retention.erasure import erase
from trainloop.settings import get_settings
from trainloop.trainers import allowances
from trainloop.warehouse import engine


def owe(trainers: Trainers) -> None:
    trainers.do(
        """insert into ops.commitments (kind, subject_kind, subject_id, person_kind, person_id, due_on)
           values ('joint_review', 'class_session', '2026-C001', 'trainer', 'T1', '2026-02-20'),
               ('joint_review', 'class_session', '2026-C002', 'trainer', 'T2', '2026-02-20')"""
    )


def sent_to(trainers: Trainers) -> set[str]:
    return {row["recipient_address"] for row in trainers.rows("select recipient_address from ops.messages")}


def test_waiting_mails_and_duties_of_an_erased_trainer_are_withdrawn(trainers: Trainers) -> None:
    """The statement that waits for T1 is dropped with its reason, the open duty ends; T2's are untouched."""
    allowances.compute_month()
    sign_both()
    allowances.send_approved()
    owe(trainers)
    counts = erase("E1", "HR case 19").counts
    assert (counts["notices"], counts["duties"]) == (1, 1)
    rows = trainers.rows(
        "select recipient_id, state::text as state, reason from ops.notices where recipient_kind = 'trainer' order by 1"
    )
    assert [tuple(row.values()) for row in rows] == [("T1", "dropped", "erased"), ("T2", "planned", None)]
    duties = trainers.rows("select person_id, state::text as state from ops.commitments order by 1")
    assert [tuple(row.values()) for row in duties] == [("T1", "withdrawn"), ("T2", "open")]
    compose_due()
    assert "t2@example.com" in sent_to(trainers)
    assert not {one for one in sent_to(trainers) if one.startswith("t1@") or "invalid" in one}


def test_a_composed_mail_is_suppressed_and_a_later_notice_reaches_nobody(trainers: Trainers) -> None:
    """What was written but not sent loses its body; what is decided after the erasure meets somebody who left."""
    allowances.compute_month()
    sign_both()
    allowances.send_approved()
    compose_due()
    erase("E1", "HR case 20")
    (mail,) = trainers.rows(
        """select state::text as state, reason, recipient_address, mime_bytes from ops.messages
           where recipient_kind = 'trainer' and recipient_id = 'T1'"""
    )
    assert (mail["state"], mail["reason"], mail["recipient_address"], bytes(mail["mime_bytes"])) == (
        "suppressed", "erased", "", b"",
    )  # fmt: skip
    with engine.connect("owner") as connection:
        connection.execute(
            """insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id, step)
               select kind, subject_kind, subject_id, recipient_kind, recipient_id, 'again' from ops.notices
               where recipient_kind = 'trainer' and recipient_id = 'T1'"""
        )
    compose_due()
    (late,) = trainers.rows("select state::text as state, reason from ops.notices where step = 'again'")
    assert late == {"state": "dropped", "reason": "left"}
    assert "erased@invalid" not in sent_to(trainers)


def test_an_erased_trainer_does_not_come_back_by_the_trainers_file(trainers: Trainers) -> None:
    """The trainer's own row is held back without its text and says how to undo it; the other trainer is taken."""
    erase("E1", "HR case 23")
    path = get_settings().home / "inbox" / "trainers" / "trainers.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = ("T1,韩梅梅,han@example.com,内部,E1", "T2,李雷,lilei@example.com,内部,E2")
    path.write_text("\n".join(("讲师编号,姓名,邮箱,讲师类型,工号", *rows)), "utf-8")
    os.utime(path, (time.time() - 60, time.time() - 60))
    counts = ingest_dataset("trainers")
    assert counts["quarantined_count"] == 1
    known = trainers.rows("select trainer_id, name from core.trainers where trainer_id in ('T1', 'T2') order by 1")
    assert [row["name"] for row in known] == ["已删除 Erased", "李雷"]
    (held,) = trainers.rows("select row_values, state::text as state from ops.quarantined_rows")
    assert held == {"row_values": {}, "state": "discarded"}
    (reason,) = trainers.rows("select message_zh, message_en from ops.quarantine_reasons where rule = 'erased_person'")
    assert "该行未保留" in reason["message_zh"]
    assert "trainloop erase --undo" in reason["message_en"]
