"""The owner's workbook: what a person sees in it, and that nothing in it can do harm."""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest
from psycopg.types.json import Jsonb
from tests.quality.people import HEADERS

from trainloop.config import get_site
from trainloop.contracts import header_key, load_contract
from trainloop.quality import offending
from trainloop.settings import get_settings
from trainloop.warehouse import engine

ROWS = {
    17: ({"employee_id": "00012", "name": "=cmd|' /C calc'!A0", "hired_on": "2021年13月1日"}, "hired_on", "wrong_type"),
    18: ({"employee_id": "00013", "name": "-5", "hired_on": "2021-07-01"}, "", "duplicate_key"),
    19: (
        {"employee_id": "00014", "name": "bell\x07", "hired_on": "1999-01-01"},
        "left_on",
        "row_rule:left_after_hired",
    ),
}
TEXTS = {
    "wrong_type": (
        "「入职日期」：无法识别为日期。请写成 2026-03-01 这样的格式。",
        "“入职日期”: not recognised as a date. Write it like 2026-03-01.",
    ),
    "duplicate_key": (
        "「员工编号」：与文件中的另一行重复。请只保留正确的一行。",
        "“员工编号”: repeats another row of this file. Keep only the correct one.",
    ),
    "row_rule:left_after_hired": (
        "「离职日期」：离职日期早于入职日期，请核对两个日期。",
        "“离职日期”: the dates contradict; check both.",
    ),
}


@pytest.fixture
def file_id(warehouse: str) -> int:
    """A file with three quarantined rows."""
    headers = {"employee_id": "员工编号", "name": "姓名", "hired_on": "入职日期"}
    with engine.connect("intake") as connection:
        row = connection.execute(
            """insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes,
                                           found_at)
               values ('employees', '员工.xlsx', '', '', 'x', 1, ops.business_now()) returning file_id"""
        ).fetchone()
        assert row is not None
        connection.execute(
            """insert into ops.check_runs (suite, file_id, checked_at, row_count, is_passed, gate_decision, headers)
               values ('employees', %s, ops.business_now(), 3, false, 'quarantine', %s)""",
            (row["file_id"], Jsonb(list(headers.items()))),
        )
        for number, (values, column, rule) in ROWS.items():
            zh, en = TEXTS[rule]
            connection.execute(
                """with kept as (
                       insert into ops.quarantined_rows (file_id, row_number, row_values) values (%s, %s, %s)
                       returning quarantined_row_id)
                   insert into ops.quarantine_reasons select quarantined_row_id, %s, %s, %s, %s from kept""",
                (row["file_id"], number, Jsonb(values), column, rule, f"第 {number} 行{zh}", f"Row {number}, {en}"),
            )
        identifier: int = row["file_id"]
        return identifier


def read(file_id: int, locale: offending.Locale = "zh-CN") -> openpyxl.Workbook:
    with engine.connect("sender") as connection:
        return openpyxl.load_workbook(io.BytesIO(offending.workbook(connection, file_id, locale)))


def test_the_owner_sees_their_own_headers_values_and_what_to_do(file_id: int) -> None:
    """Original headers and texts, the row number, the problem and the remedy beside each other."""
    sheet = read(file_id).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert rows[0] == (*offending.OWN_HEADERS, "员工编号", "姓名", "入职日期")
    assert rows[1] == (
        str(file_id), "17", "「入职日期」：无法识别为日期。", "请写成 2026-03-01 这样的格式。",
        "00012", "=cmd|' /C calc'!A0", "2021年13月1日",
    )  # fmt: skip
    assert rows[3][2:4] == ("「离职日期」：离职日期早于入职日期。", "请核对两个日期。")
    assert sheet.freeze_panes == "C2"
    english = list(read(file_id, "en").worksheets[0].iter_rows(values_only=True))
    assert english[1][2:4] == ("“入职日期”: not recognised as a date.", "Write it like 2026-03-01.")


def test_no_cell_is_a_formula_and_the_value_comes_back_as_it_was(file_id: int) -> None:
    """A value that starts like a formula stays text in Excel (quote prefix) and is not changed by the round trip."""
    sheet = read(file_id).worksheets[0]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(cell.number_format == "@" for cell in cells)
    quoted = {cell.value for cell in cells if cell.quotePrefix}
    assert quoted == {"=cmd|' /C calc'!A0", "-5"}


def test_offending_cells_are_marked_with_the_reason(file_id: int) -> None:
    """Red cells with a note, and only those; a repeated key marks the key."""
    sheet = read(file_id).worksheets[0]
    noted = {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}
    assert noted.keys() == {"G2", "E3", "G4"}
    assert "2026-03-01" in noted["G2"]
    assert sheet["G2"].fill.fgColor.rgb == "00FFD9D6"


def test_instructions_stand_in_both_languages_with_the_folder(file_id: int) -> None:
    """Where to put the corrected workbook must be in the workbook itself."""
    guide = [row[0] for row in read(file_id).worksheets[1].iter_rows(values_only=True)]
    text = "\n".join(line for line in guide if line)
    assert text.count("employees/corrections/") == 2
    assert guide[0] == "如何更正"
    assert "3 行未通过检查" in text


def test_rows_beyond_the_cap_are_counted(file_id: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million wrong rows are not a mail; the owner is told how many more wait."""
    own = tmp_path / "site.yaml"
    own.write_text("intake: {max_owner_rows: 2}")
    monkeypatch.setenv("TRAINLOOP_SITE_FILE", str(own))
    get_settings.cache_clear()
    get_site.cache_clear()
    book = read(file_id)
    assert book.worksheets[0].max_row == 3
    assert "前 2 行，另有 1 行" in "\n".join(str(row[0]) for row in book.worksheets[1].iter_rows(values_only=True))


def test_same_rows_give_the_same_bytes_in_another_process(file_id: int) -> None:
    """A frozen mail is bound to the hash of its attachment; composing it again after a kill must give that hash."""
    code = (
        "import hashlib; from trainloop.quality import offending; from trainloop.warehouse import engine\n"
        "with engine.connect('sender') as c:\n"
        f"    print(hashlib.sha256(offending.workbook(c, {file_id}, 'zh-CN')).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    with engine.connect("sender") as connection:
        hashes.add(hashlib.sha256(offending.workbook(connection, file_id, "zh-CN")).hexdigest())
    assert len(hashes) == 1


def test_intake_can_tell_our_columns_from_the_file_s() -> None:
    """The headers we add are no header of any contract, and their keys are what intake looks for."""
    assert header_key(offending.FILE_ID_HEADER) == "文件编号"
    assert header_key(offending.ROW_NUMBER_HEADER) == "行号"
    taken = load_contract("employees").headers.keys() | {header_key(header) for header in HEADERS.values()}
    assert not taken & {header_key(header) for header in offending.OWN_HEADERS}
