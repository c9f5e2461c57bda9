"""A trainer asks to be erased: an internal one with the employee, an external one by the trainer's own code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
from tests.trainers.conftest import Trainers
from tests.trainers.test_allowances import sign_both

from trainloop import faults
from trainloop.intake.pipeline import ingest_dataset
from trainloop.outbox.composer import compose_due
from trainloop.retention.erasure import (
    Erasure,
    TrainerIsEmployeeError,
    TrainerUnknownError,
    erase,
    erase_trainer,
    undo,
)
from trainloop.retention.export import export_trainer
from trainloop.retention.purge import purge_expired
from trainloop.retention.tombstones import trainer_key
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
    counts = send_file("T1,韩梅梅,han@example.com,内部,E1", "T2,李雷,lilei@example.com,内部,E2")
    assert counts["quarantined_count"] == 1
    known = trainers.rows("select trainer_id, name from core.trainers where trainer_id in ('T1', 'T2') order by 1")
    assert [row["name"] for row in known] == ["已删除 Erased", "李雷"]
    (held,) = trainers.rows("select row_values, state::text as state from ops.quarantined_rows")
    assert held == {"row_values": {}, "state": "discarded"}
    (reason,) = trainers.rows("select message_zh, message_en from ops.quarantine_reasons where rule = 'erased_person'")
    assert "该行未保留" in reason["message_zh"]
    assert "trainloop erase --undo" in reason["message_en"]


def external(trainers: Trainers) -> None:
    """T9 comes from outside, was told something, owes something, said something."""
    trainers.do(
        """insert into core.trainers (trainer_id, name, email, kind, vendor_code, base_rate_amount, file_id, row_number)
           values ('T9', '卓一鸣', 'zhuo@example.com', 'external', 'V1', 1200, 1, 1)"""
    )
    trainers.session("2026-C099", "T9", "2026-01-20")
    trainers.do(
        """insert into ops.commitments (kind, subject_kind, subject_id, person_kind, person_id, due_on, state, comment,
               done_at)
           values ('joint_review', 'class_session', '2026-C099', 'trainer', 'T9', '2026-02-20', 'open', null, null),
               ('acknowledge_feedback', 'class_session', '2026-C099', 'trainer', 'T9', '2026-02-20', 'done', '我会改进',
                   '2026-02-01')"""
    )
    trainers.do(
        """insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id, step, not_before)
           values ('trainer_thanks', 'year', '2026', 'trainer', 'T9', 'thanks', '2027-01-01'),
               ('trainer_thanks', 'year', '2026', 'trainer', 'T2', 'thanks', '2027-01-01')"""
    )
    trainers.do(
        """insert into core.business_interviews (interview_id, department_code, topic_code, pain_point, quote, severity,
               interviewed_on, file_id, row_number)
           values ('I1', 'D1', 'T-X', '卓一鸣老师的案例太旧', '请卓一鸣换案例', 3, '2026-01-10', 1, 1)"""
    )


def places_of(trainers: Trainers, *marks: str) -> list[str]:
    tables = trainers.rows(
        """select schemaname || '.' || tablename as name from pg_tables
           where schemaname in ('core', 'confidential', 'marts', 'published', 'forms', 'ops') order by 1"""
    )
    return [
        table["name"]
        for table in tables
        if any(
            mark in row["line"]
            for row in trainers.rows(f"select to_jsonb(t)::text as line from {table['name']} as t")
            for mark in marks
        )
    ]


def send_file(*rows: str) -> dict[str, int]:
    path = get_settings().home / "inbox" / "trainers" / f"trainers-{len(rows)}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(("讲师编号,姓名,邮箱,讲师类型,工号", *rows)), "utf-8")
    os.utime(path, (time.time() - 60, time.time() - 60))
    return ingest_dataset("trainers")


def test_an_external_trainer_is_erased_and_classes_keep_their_code(trainers: Trainers) -> None:
    """Name, address, words and duties go, mails are withdrawn; the class says T9 still. Again: nothing left to do."""
    external(trainers)
    done = erase_trainer("T9", "HR case 31")
    assert places_of(trainers, "卓一鸣", "zhuo@example.com", "我会改进") == []
    assert (done.counts["notices"], done.counts["duties"], done.counts["quotes"]) == (1, 1, 1)
    assert trainers.rows("select trainer_id from core.class_sessions where session_code = '2026-C099'") == [
        {"trainer_id": "T9"}
    ]
    states = trainers.rows(
        "select recipient_id, state::text as state from ops.notices where step = 'thanks' order by 1"
    )
    assert [tuple(row.values()) for row in states] == [("T2", "planned"), ("T9", "dropped")]
    proof = trainers.rows("select sum(row_count)::int as n from ops.purge_counts where rule = 'erasure:request'")
    assert proof == [{"n": sum(done.counts.values())}]
    assert erase_trainer("T9", "HR case 31") == Erasure(done.alias, {})
    trainers.do(
        """insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id, step)
           values ('trainer_thanks', 'year', '2026', 'trainer', 'T9', 'later')"""
    )
    compose_due()
    (late,) = trainers.rows("select state::text as state, reason from ops.notices where step = 'later'")
    assert late == {"state": "dropped", "reason": "left"}


def test_an_erased_external_trainer_comes_back_neither_by_file_nor_by_a_restored_database(trainers: Trainers) -> None:
    """The row is held back without its text, others are taken; a database from before finds the file and erases again;
    an employee whose number equals the code is somebody else. Undone, the file brings the trainer again.
    """
    external(trainers)
    erase_trainer("T9", "HR case 32")
    counts = send_file("T9,卓一鸣,zhuo@example.com,外部,", "T2,李雷,lilei@example.com,内部,E2")
    assert counts["quarantined_count"] == 1
    assert places_of(trainers, "卓一鸣") == []
    assert trainers.rows("select row_values, state::text as state from ops.quarantined_rows") == [
        {"row_values": {}, "state": "discarded"}
    ]
    (reason,) = trainers.rows("select column_name, message_zh from ops.quarantine_reasons where rule = 'erased_person'")
    assert (reason["column_name"], "该行未保留" in reason["message_zh"]) == ("trainer_id", True)
    # The database as it was before the erasure; the file beside the archive is today's.
    trainers.do("update core.trainers set name = '卓一鸣', email = 'zhuo@example.com' where trainer_id = 'T9'")
    trainers.do("delete from ops.erased_people")
    trainers.trainer("T8", "T9")
    assert purge_expired()["erased_again"] == 1
    assert places_of(trainers, "卓一鸣") == []
    namesake = trainers.rows("select name, removed_on from core.employees where employee_id = 'T9'")
    assert namesake == [{"name": "=培训师 T8", "removed_on": None}]
    assert purge_expired()["erased_again"] == 0
    undo(trainer_key("T9"))
    send_file("T9,卓一鸣,zhuo@example.com,外部,")
    assert "core.trainers" in places_of(trainers, "卓一鸣")


def test_a_kill_in_the_middle_of_an_erasure_is_mended_by_the_next_purge(trainers: Trainers) -> None:
    """The file is there, the database knows nothing yet: the purge finds the trainer by the hash."""
    external(trainers)
    code = "from trainloop.retention.erasure import erase_trainer; erase_trainer('T9', 'HR case 33')"
    for point in ("retention.remembered", "retention.erasing"):
        killed = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
        assert killed.returncode == -signal.SIGKILL, point
        assert "core.trainers" in places_of(trainers, "卓一鸣")
    assert purge_expired()["erased_again"] == 1
    assert places_of(trainers, "卓一鸣", "zhuo@example.com") == []


def test_an_external_trainer_gets_what_is_kept_and_no_key_of_a_link(trainers: Trainers, tmp_path: Path) -> None:
    """Own row, classes, duties, mails; neither tokens nor other people's ids. An employee is asked for as one."""
    external(trainers)
    found = export_trainer("T9", tmp_path / "copy.zip")
    assert found["core.trainers"] == found["core.class_sessions"] == 1
    assert found["ops.commitments"] == 2
    with zipfile.ZipFile(tmp_path / "copy.zip") as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    assert "卓一鸣" in texts["core.trainers.json"]
    tokens = [row["token"] for row in trainers.rows("select token from ops.commitments")]
    assert not [name for name, text in texts.items() for token in tokens if token in text]
    with pytest.raises(TrainerIsEmployeeError, match="without --trainer"):
        export_trainer("T1", tmp_path / "other.zip")
    with pytest.raises(TrainerIsEmployeeError):
        erase_trainer("T1", "HR case 34")
    with pytest.raises(TrainerUnknownError):
        erase_trainer("T77", "HR case 34")
