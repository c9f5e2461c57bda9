"""Quarantined rows come back: corrected in the mailed workbook, or as they are once a reference is there."""

from __future__ import annotations

import io
from typing import Any

from openpyxl import load_workbook
from tests.intake.conftest import EMPLOYEES_HEAD, Inbox
from tests.intake.files import saved, xlsx

from trainloop.intake import pipeline
from trainloop.intake.replay import replay_quarantine
from trainloop.quality import offending
from trainloop.warehouse import engine

BAD = "班次,工号,出勤状态,签到时间\n2026-C001,0012,什么,\n2026-C001,E0002,出勤,25点\n2026-C001,E0003,出勤,\n"


def mailed_workbook(file_id: int) -> Any:
    with engine.connect("sender") as connection:
        return load_workbook(io.BytesIO(offending.workbook(connection, file_id, "zh-CN")))


def test_the_mailed_workbook_corrected_and_dropped_mends_its_rows(classes: Inbox) -> None:
    """The owner writes into the list that was mailed; its lines are changes, its file names the one it replays."""
    original = classes.take("attendance", "签到.csv", BAD)
    assert (original["quarantined_count"], original["accepted_count"]) == (2, 1)
    book = mailed_workbook(original["file_id"])
    for row in book.worksheets[0].iter_rows():
        for cell in row:
            cell.value = {"什么": "出勤", "25点": "2026-03-05 08:59", "0012": "E0012"}.get(cell.value, cell.value)
    classes.drop("attendance", "corrections/更正.xlsx", saved(book))
    counts = replay_quarantine(dataset="attendance")
    assert (counts["accepted_count"], counts["quarantined_count"]) == (2, 0)
    replay = classes.last_file("attendance")
    assert (replay["replays_file_id"], replay["is_correction"]) == (original["file_id"], True)
    rows = classes.rows("select state, replayed_file_id from ops.quarantined_rows")
    assert {(row["state"], row["replayed_file_id"]) for row in rows} == {("replayed", replay["file_id"])}
    assert len(classes.rows("select from core.attendance")) == 3
    assert replay_quarantine()["accepted_count"] == 0


def test_a_line_that_is_still_wrong_is_told_again_and_the_others_are_mended(classes: Inbox) -> None:
    """Its story goes on in the list's own file: one open row, not two."""
    original = classes.take("attendance", "签到.csv", BAD)
    book = mailed_workbook(original["file_id"])
    for row in book.worksheets[0].iter_rows():
        for cell in row:
            cell.value = {"25点": "2026-03-05 08:59"}.get(cell.value, cell.value)
    classes.drop("attendance", "corrections/更正.xlsx", saved(book))
    replay_quarantine()
    replay = classes.last_file("attendance")
    assert (replay["accepted_count"], replay["quarantined_count"]) == (1, 1)
    states = classes.rows("select file_id, state from ops.quarantined_rows order by quarantined_row_id")
    assert [(row["file_id"] == replay["file_id"], row["state"]) for row in states] == [
        (False, "replayed"), (False, "replayed"), (True, "open")]  # fmt: skip


def test_a_corrected_list_of_a_snapshot_makes_nobody_a_leaver(people: Inbox) -> None:
    """Three corrected employees are three changes, not the whole truth, also when a crash left the list unfinished."""
    rows = [f"E{number:04},员工{number},{'D999' if number == 7 else 'D010'},sales,P5" for number in range(1, 121)]
    original = people.take("employees", "e.csv", "\n".join([EMPLOYEES_HEAD, *rows]))
    head = ["文件编号 (file_id)", "行号 (row_number)", *EMPLOYEES_HEAD.split(",")]
    content = xlsx([head, [original["file_id"], 8, "E0007", "员工7", "D020", "sales", "P5"]])
    found = people.drop("employees", "corrections/c.xlsx", content)
    from trainloop.intake import inbox, registry

    registry.register(inbox.find_files("employees", corrections=True)[0])
    pipeline.ingest_dataset("employees")
    assert people.last_file("employees")["accepted_count"] == 1
    assert people.rows("select department_code from core.employees where employee_id = 'E0007'") == [
        {"department_code": "D020"}
    ]
    assert people.rows("select from core.employees where removed_on is not null") == []
    replay_quarantine(dataset="employees")
    assert not found.exists()


def test_a_list_without_its_first_columns_is_refused(classes: Inbox) -> None:
    """Lines that cannot be matched to rows are not guessed at."""
    classes.take("attendance", "签到.csv", BAD)
    classes.drop(
        "attendance", "corrections/更正.xlsx", xlsx([["班次", "工号", "出勤状态"], ["2026-C001", "E0001", "出勤"]])
    )
    replay_quarantine()
    file = classes.last_file("attendance")
    assert file["refused_rule"] == "untraceable"
    assert "文件编号" in file["refused_reason_zh"]


def test_open_rows_pass_as_they_are_once_what_they_lacked_is_there(people: Inbox) -> None:
    """A department that came later: replay without any list; the row keeps its file and number."""
    rows = [f"E{number:04},员工{number},{'D999' if number == 7 else 'D010'},sales,P6" for number in range(1, 121)]
    original = people.take("employees", "e.csv", "\n".join([EMPLOYEES_HEAD, *rows]))
    assert original["quarantined_count"] == 1
    assert replay_quarantine(file_id=original["file_id"])["accepted_count"] == 0
    people.take(
        "departments", "d.csv", "部门编码,部门名称,英文名称\nD010,华东销售部,Sales East\nD020,研发部,R&D\nD999,新,New\n"
    )
    assert replay_quarantine(file_id=original["file_id"])["accepted_count"] == 1
    row = people.rows("select department_code, file_id, row_number from core.employees where employee_id = 'E0007'")[0]
    assert row == {"department_code": "D999", "file_id": original["file_id"], "row_number": 8}
    assert people.rows("select state from ops.quarantined_rows") == [{"state": "replayed"}]
    assert people.rows("select from core.employees where removed_on is not null") == []
