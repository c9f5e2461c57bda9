"""One file's life among others: twice, renamed, corrected, late, early, removed; history and the whole truth."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import fsspec
import pytest
from tests.intake.conftest import DEPARTMENTS, EMPLOYEES_HEAD, Inbox

from trainloop.errors import WarehouseFullError
from trainloop.intake import pipeline
from trainloop.intake.parking import match_parked_rows
from trainloop.settings import get_settings
from trainloop.warehouse import engine

ATTENDANCE = "班次,工号,出勤状态\n2026-C001,E0001,出勤\n2026-C001,E0002,缺勤\n"


def test_the_same_bytes_again_are_a_no_op_under_any_name(classes: Inbox) -> None:
    """Identified by content: the inbox is cleared, the audit trail notes it, nothing else happens."""
    first = classes.take("attendance", "a.csv", ATTENDANCE)
    classes.drop("attendance", "a.csv", ATTENDANCE)
    classes.drop("attendance", "renamed.csv", ATTENDANCE)
    counts = pipeline.ingest_dataset("attendance")
    assert (counts["file_count"], counts["repeated_file_count"], counts["changed_count"]) == (0, 2, 0)
    assert classes.last_file("attendance")["file_id"] == first["file_id"]
    assert not list((get_settings().home / "inbox" / "attendance").iterdir())
    assert len(classes.rows("select from ops.audit_entries where action = 'same_bytes_again'")) == 2


def test_a_corrected_file_is_the_next_revision_and_changes_only_what_changed(classes: Inbox) -> None:
    """Same name, other bytes: revision 2 supersedes revision 1; rows that say the same are unchanged."""
    first = classes.take("attendance", "a.csv", ATTENDANCE)
    second = classes.take("attendance", "a.csv", ATTENDANCE.replace("缺勤", "迟到"))
    assert (second["revision_number"], second["supersedes_file_id"]) == (2, first["file_id"])
    assert (second["accepted_count"], second["unchanged_count"]) == (1, 1)
    rows = classes.rows("select status, file_id from core.attendance order by employee_id")
    assert [row["status"] for row in rows] == ["present", "late"]
    assert [row["file_id"] for row in rows] == [first["file_id"], second["file_id"]]


def test_a_revision_settles_the_rows_its_forerunner_left_in_quarantine(classes: Inbox) -> None:
    """Nobody is asked twice for what has been mended."""
    first = classes.take("attendance", "a.csv", ATTENDANCE.replace("缺勤", "不知道"))
    assert first["quarantined_count"] == 1
    classes.take("attendance", "a.csv", ATTENDANCE)
    rows = classes.rows("select state from ops.quarantined_rows")
    assert rows == [{"state": "superseded"}]


def test_a_column_that_a_file_lacks_keeps_what_is_known_and_an_empty_cell_empties_it(classes: Inbox) -> None:
    """Absence of a column says nothing; an empty cell says empty."""
    classes.take(
        "attendance", "1.csv", "班次,工号,出勤状态,签到方式\n2026-C001,E0001,出勤,扫码\n2026-C001,E0002,出勤,扫码\n"
    )
    classes.take("attendance", "2.csv", "班次,工号,出勤状态\n2026-C001,E0001,迟到\n")
    classes.take("attendance", "3.csv", "班次,工号,出勤状态,签到方式\n2026-C001,E0002,出勤,\n")
    rows = classes.rows("select status, method from core.attendance order by employee_id")
    assert [(row["status"], row["method"]) for row in rows] == [("late", "扫码"), ("present", None)]


def test_an_early_file_waits_and_is_matched_when_its_class_is_announced(classes: Inbox) -> None:
    """Parked, conserved, matched later; a class that waits for its course lets its attendance in within one run."""
    early = classes.take("attendance", "a.csv", ATTENDANCE.replace("C001", "C009"))
    assert (early["parked_count"], early["accepted_count"]) == (2, 0)
    assert match_parked_rows()["matched_count"] == 0
    head = "班次编码,课程编码,讲师编号,开始时间,结束时间,授课形式\n"
    session = classes.take("class_sessions", "s.csv", head + "2026-C009,C9,T1,2026-03-05 09:00,2026-03-05 17:00,面授\n")
    assert session["parked_count"] == 1
    classes.take("courses", "c.csv", "课程编码,课程名称,英文名称,授课形式,课时\nC9,复盘,Review,面授,3\n")
    counts = match_parked_rows()
    assert (counts["matched_count"], counts["changed_datasets"]) == (3, ["class_sessions", "attendance"])
    assert {row["state"] for row in classes.rows("select state from ops.parked_rows")} == {"matched"}
    rows = classes.rows("select file_id, row_number from core.attendance order by row_number")
    assert [(row["file_id"], row["row_number"]) for row in rows] == [(early["file_id"], 2), (early["file_id"], 3)]
    assert classes.last_file("attendance")["parked_count"] == 2
    assert match_parked_rows()["matched_count"] == 0


def test_a_parked_row_is_looked_at_again_once_its_reference_is_there_whichever_way_it_came(classes: Inbox) -> None:
    """The scan that finds no file names the dataset then, and is silent while the row has to wait."""
    classes.take("attendance", "a.csv", ATTENDANCE.replace("C001", "C009"))
    assert pipeline.waiting_datasets() == []
    classes.rows(
        """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, file_id,
               row_number)
           select '2026-C009', course_code, trainer_id, starts_at, ends_at, mode, file_id, 99 from core.class_sessions
           where session_code = '2026-C001' returning 1"""
    )
    assert pipeline.waiting_datasets() == ["attendance"]
    assert match_parked_rows()["matched_count"] == 2
    assert pipeline.waiting_datasets() == []


def test_a_row_that_waited_never_overwrites_what_came_after_it(classes: Inbox) -> None:
    """The newest word on a key wins, whichever order references arrive in."""
    head = "班次编码,课程编码,讲师编号,开始时间,结束时间,授课形式\n"
    classes.take("class_sessions", "1.csv", head + "2026-C001,C9,T1,2026-05-05 09:00,2026-05-05 17:00,面授\n")
    classes.take("class_sessions", "2.csv", head + "2026-C001,C1,T1,2026-03-05 09:00,2026-03-05 17:00,面授\n")
    classes.take("courses", "c.csv", "课程编码,课程名称,英文名称,授课形式,课时\nC9,复盘,Review,面授,3\n")
    assert match_parked_rows()["matched_count"] == 0
    assert classes.rows("select state from ops.parked_rows") == [{"state": "superseded"}]
    row = classes.rows("select course_code from core.class_sessions where session_code = '2026-C001'")
    assert row == [{"course_code": "C1"}]


def test_an_older_snapshot_never_overwrites_a_newer_one(inbox: Inbox) -> None:
    """A late file of an earlier date is refused and says which newer one is in."""
    inbox.take("departments", "departments_2026-03-01.csv", DEPARTMENTS)
    file = inbox.take("departments", "departments_2026-02-01.csv", DEPARTMENTS.replace("研发部", "旧研发部"))
    assert file["refused_rule"] == "older_snapshot"
    assert "2026-03-01" in file["refused_reason_zh"]


def test_history_keeps_who_was_where_on_a_day(people: Inbox, set_clock: Callable[..., object]) -> None:
    """Half-open ranges by business date; leavers end, returners begin anew, the day's last change counts."""
    rows = [f"E{number:04},员工{number},D010,sales,P5" for number in range(1, 121)]
    set_clock(2026, 4, 1)
    rows[0] = rows[0].replace("D010", "D020")
    people.take("employees", "april.csv", "\n".join([EMPLOYEES_HEAD, *rows]))
    people.take("employees", "april2.csv", "\n".join([EMPLOYEES_HEAD, *[rows[0].replace("P5", "P6"), *rows[1:119]]]))
    set_clock(2026, 5, 1)
    people.take("employees", "may.csv", "\n".join([EMPLOYEES_HEAD, rows[0].replace("P5", "P6"), *rows[1:]]))
    history = people.rows(
        "select employee_id, valid_from, valid_to, department_code, job_level from core.employee_history"
        " where employee_id in ('E0001', 'E0120') order by 1, 2"
    )
    assert [tuple(row.values()) for row in history] == [
        ("E0001", date(2026, 3, 2), date(2026, 4, 1), "D010", "P5"),
        ("E0001", date(2026, 4, 1), None, "D020", "P6"),
        ("E0120", date(2026, 3, 2), date(2026, 4, 1), "D010", "P5"),
        ("E0120", date(2026, 5, 1), None, "D010", "P5"),
    ]
    day = people.rows("select * from core.employees_as_of('2026-03-20') where employee_id = 'E0001'")[0]
    assert (day["department_code"], day["is_assumed"]) == ("D010", False)
    before = people.rows("select * from core.employees_as_of('2025-01-01') where employee_id = 'E0001'")[0]
    assert (before["department_code"], before["is_assumed"]) == ("D010", True)


def test_repeated_rows_are_one_statement_and_contradicting_ones_nobodys_guess(classes: Inbox) -> None:
    """Equal rows: first kept, others unchanged. Same key, other values: every one of them quarantined."""
    text = "班次,工号,出勤状态\n" + "2026-C001,E0001,出勤\n" * 3 + "2026-C001,E0002,出勤\n2026-C001,E0002,缺勤\n"
    file = classes.take("attendance", "a.csv", text)
    assert (file["accepted_count"], file["unchanged_count"], file["quarantined_count"]) == (1, 2, 2)
    assert {one["rule"] for one in classes.reasons(file["file_id"])} == {"duplicate_key"}


def test_the_owner_is_told_of_quarantined_rows_once_in_the_merging_commit(classes: Inbox) -> None:
    """One notice for one file, to the contact of the contract, with counts only."""
    file = classes.take("attendance", "a.csv", ATTENDANCE.replace("缺勤", "不知道"))
    notice = classes.rows("select * from ops.notices where kind = 'quarantined_rows'")[0]
    assert (notice["recipient_id"], notice["subject_id"]) == ("training_ops", str(file["file_id"]))
    assert notice["facts"]["quarantined_count"] == 1


def test_two_runs_at_once_take_a_file_in_once(classes: Inbox) -> None:
    """The dataset's advisory lock: the second run finds it taken and does nothing."""
    classes.drop("attendance", "a.csv", ATTENDANCE)
    with engine.connect("intake") as connection:
        assert engine.try_lock(connection, "intake:attendance")
        assert pipeline.ingest_dataset("attendance")["is_busy"]
    assert pipeline.ingest_dataset("attendance")["accepted_count"] == 2


def test_nothing_of_a_file_is_left_in_raw_or_staging(classes: Inbox) -> None:
    """Work tables come and go in the file's own transaction."""
    classes.take("attendance", "a.csv", ATTENDANCE.replace("缺勤", "不知道"))
    tables = classes.rows("select table_name from information_schema.tables where table_schema in ('raw', 'staging')")
    assert tables == []


def test_an_archive_on_an_object_store_keeps_the_file(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inbox, archive and reports by fsspec URI: a store that has nothing to flush to disk takes files like a disk."""
    monkeypatch.setenv("TRAINLOOP_ARCHIVE_URI", "memory://archive-of-a-test")
    get_settings.cache_clear()
    file = inbox.take("departments", "部门.csv", DEPARTMENTS)
    assert file["accepted_count"] == 2
    with fsspec.open(file["archive_uri"]) as kept:
        assert kept.read() == DEPARTMENTS.encode()
    left = fsspec.filesystem("memory").find("/archive-of-a-test")
    assert len(left) == 1
    assert not left[0].endswith(".part")


def test_a_database_without_room_is_named_and_the_file_is_taken_in_once_there_is_some(classes: Inbox) -> None:
    """The server's own refusal of a page (SQLSTATE 53100) in the middle of the merge: nothing stays, a retry helps."""
    with engine.connect("owner") as connection:
        connection.execute("""
            create function public.refuse_page() returns trigger language plpgsql as
            $$ begin raise exception using errcode = '53100', message = 'could not extend file'; end $$;
            create trigger refuse_page before insert on core.attendance execute function public.refuse_page()""")
    classes.drop("attendance", "a.csv", ATTENDANCE)
    with pytest.raises(WarehouseFullError, match="Free some space"):
        pipeline.ingest_dataset("attendance")
    assert classes.last_file("attendance")["state"] == "found"
    assert classes.rows("select from core.attendance") == []
    with engine.connect("owner") as connection:
        connection.execute("drop trigger refuse_page on core.attendance")
    assert pipeline.ingest_dataset("attendance")["accepted_count"] == 2
