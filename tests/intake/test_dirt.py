"""Files as companies really send them arrive with their meaning intact."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.intake.conftest import EMPLOYEES_HEAD, Inbox
from tests.intake.files import saved, workbook, xlsx

ROWS = "工号,姓名,部门编码,序列,层级,入职日期\n0012,李雷,D010,销售,P5,2021/7/1\n0013,韩梅梅,D020,研发,P6,2021年7月2日\n"


@pytest.fixture
def departments(inbox: Inbox) -> Inbox:
    inbox.take("departments", "departments.csv", "部门编码,部门名称,英文名称\nD010,销售,Sales\nD020,研发,R&D\n")
    return inbox


def employees(inbox: Inbox) -> list[tuple[Any, ...]]:
    rows = inbox.rows("select employee_id, name, hired_on from core.employees order by employee_id")
    return [(row["employee_id"], row["name"], row["hired_on"]) for row in rows]


EXPECTED = [("0012", "李雷", date(2021, 7, 1)), ("0013", "韩梅梅", date(2021, 7, 2))]


@pytest.mark.parametrize(
    "content",
    [
        ROWS.encode(),
        ROWS.encode("utf-8-sig"),
        ROWS.encode("utf-16"),
        b"\xfe\xff" + ROWS.encode("utf-16-be"),
        ROWS.encode("utf-16-le"),
        ROWS.encode("gb18030"),
        ROWS.replace(",", ";").encode("utf-8-sig"),
        ROWS.replace(",", "\t").encode("utf-16"),
        ROWS.replace("\n", "\r\n").encode(),
        ROWS.replace("\n", "\r").encode(),
        ROWS.rstrip("\n").encode(),
        (ROWS + "\n\n,,,,,\n ,　,,,,\n").encode(),
        ROWS.replace("层级,", "层级,,").replace("P5,", "P5,,").replace("P6,", "P6,,").encode(),
        ("集团员工花名册,,,,,\n制表：HR,,,,,\n\n" + ROWS).encode(),
        ("sep=;\n" + ROWS.replace(",", ";")).encode(),
        ROWS.replace("0012,李雷", '"0012","李雷"').encode(),
        ROWS.replace("0012,李雷", '="0012",李雷').encode(),
        ROWS.replace("0012", "００１２").replace("李雷", "\u3000李雷 ").encode(),
        ROWS.replace("工号", "Ｅmployee ID（必填）*").replace("姓名", " 员工姓名 ").encode(),
        (ROWS.replace("层级", "层级,备注") .replace("P5", 'P5,"两\n行"').replace("P6", "P6,x")).encode(),
    ],
    ids=[
        "utf8", "utf8-bom", "utf16", "utf16-be", "utf16-no-mark", "gb18030", "semicolon", "tab-utf16", "crlf", "cr",
        "no-last-line-break", "blank-rows", "empty-column", "title-rows", "sep-line", "quoted", "protected-zeros",
        "full-width", "headers", "quoted-line-break",
    ],
)  # fmt: skip
def test_a_csv_file_is_read_whatever_program_wrote_it(departments: Inbox, content: bytes) -> None:
    """Encodings, delimiters, line ends, titles, blank rows, quotes: the same two people, zeros kept, dates read."""
    file = departments.take("employees", "花名册.csv", content)
    assert (file["state"], file["row_count"], file["accepted_count"]) == ("merged", 2, 2)
    assert employees(departments) == EXPECTED


@pytest.mark.parametrize("epoch_1904", [False, True], ids=["epoch-1900", "epoch-1904"])
def test_excel_dates_of_both_epochs_are_the_days_people_saw(departments: Inbox, epoch_1904: bool) -> None:
    """A date cell, and a serial number in a cell without a date format, by the workbook's own epoch."""
    serial = 44378 - 1462 * epoch_1904
    head = ["工号", "姓名", "部门编码", "序列", "层级", "入职日期"]
    rows = [head, ["0012", "李雷", "D010", "销售", "P5", date(2021, 7, 1)],
            ["0013", "韩梅梅", "D020", "研发", "P6", serial + 1]]  # fmt: skip
    departments.take("employees", "e.xlsx", xlsx(rows, epoch_1904=epoch_1904))
    assert employees(departments) == EXPECTED


def test_a_workbook_with_titles_merged_headers_hidden_and_other_sheets_is_read(departments: Inbox) -> None:
    """The sheet and the rows that carry the contract's columns are found; an id shown as 0012 stays 0012."""
    book = workbook([
        ["员工花名册 2026", None, None, None, None, None],
        ["工号", "姓名", "岗位信息", None, None, "入职日期"],
        [None, None, "部门编码", "序列", "层级", None],
        [12, "李雷", "D010", "销售", "P5", date(2021, 7, 1)],
        ["0013", "韩梅梅", "D020", "研发", "P6", "2021.7.2"],
        [None] * 6,
    ], title="花名册")  # fmt: skip
    sheet = book["花名册"]
    sheet["A4"].number_format = "0000"
    for cells in ("A1:F1", "A2:A3", "B2:B3", "C2:E2", "F2:F3"):
        sheet.merge_cells(cells)
    hidden = book.create_sheet("旧数据")
    hidden.append(["工号", "姓名", "部门编码", "序列", "层级"])
    hidden.append(["9999", "旧", "D010", "x", "y"])
    hidden.sheet_state = "hidden"
    book.create_sheet("说明").append(["请按模板填写"])
    file = departments.take("employees", "花名册.xlsx", saved(book))
    assert file["row_count"] == 2
    assert employees(departments) == EXPECTED
    assert departments.rows("select row_number from core.employees where employee_id = '0012'") == [{"row_number": 4}]


def test_sixteen_digit_ids_are_kept_as_text_and_refused_as_numbers(departments: Inbox) -> None:
    """Text keeps every digit. A spreadsheet number has lost its 16th: the row is quarantined with that reason."""
    rows = [
        [*EMPLOYEES_HEAD.split(",")],
        ["6222021234567890", "甲", "D010", "x", "P1"],
        [6222021234567891, "乙", "D010", "x", "P1"],
    ]
    file = departments.take("employees", "e.xlsx", xlsx(rows))
    assert (file["accepted_count"], file["quarantined_count"]) == (1, 1)
    assert employees(departments)[0][0] == "6222021234567890"
    reason = departments.reasons(file["file_id"])[0]
    assert (reason["row_number"], reason["column_name"], reason["rule"]) == (3, "employee_id", "lost_digits")
    assert "第 3 行" in reason["message_zh"]
    assert "工号" in reason["message_en"]


def test_an_id_that_a_csv_shortened_is_quarantined(departments: Inbox) -> None:
    """6.22202E+15 in a CSV has lost its digits as well."""
    file = departments.take("employees", "e.csv", f"{EMPLOYEES_HEAD}\n6.22202E+15,甲,D010,x,P1\n0012,乙,D010,x,P1\n")
    assert (file["accepted_count"], file["quarantined_count"]) == (1, 1)
    assert departments.reasons(file["file_id"])[0]["rule"] == "lost_digits"


def test_chinese_words_percentages_and_thousands_become_values(classes: Inbox) -> None:
    """是/否, 出勤, 85% of the row's maximum, 1,234.5: declared once in the contract, cast in SQL."""
    classes.take(
        "test_results",
        "t.csv",
        '班次,学员工号,前测,后测,满分\n2026-C001,E0001,60%,８５％,20\n2026-C001,E0002,"1,000",1500.5,2000\n',
    )
    rows = classes.rows("select employee_id, pre_score, post_score from core.test_results order by 1")
    assert [(row["employee_id"], float(row["pre_score"]), float(row["post_score"])) for row in rows] == [
        ("E0001", 12.0, 17.0), ("E0002", 1000.0, 1500.5)]  # fmt: skip
    classes.take("class_sessions", "s.csv", "班次编码,课程编码,讲师编号,开始时间,结束时间,授课形式,是否试点\n"
                 "P1,C1,T1,2026/3/5 9:00,2026/3/5 17:00,面授,是\n")  # fmt: skip
    assert classes.rows("select is_pilot from core.class_sessions where session_code = 'P1'") == [{"is_pilot": True}]


def test_local_times_are_read_in_the_zone_of_their_row(classes: Inbox) -> None:
    """Nine o'clock in Berlin is not nine o'clock in Shanghai."""
    classes.take("class_sessions", "s.csv", "session_code,course_code,trainer_id,starts_at,ends_at,timezone,mode\n"
                 "B1,C1,T1,2026-07-01 09:00,2026-07-01T17:00:00+02:00,Europe/Berlin,online\n")  # fmt: skip
    row = classes.rows("select starts_at, ends_at from core.class_sessions where session_code = 'B1'")[0]
    assert [row["starts_at"].isoformat()[:16], row["ends_at"].isoformat()[:16]] == [
        "2026-07-01T07:00",
        "2026-07-01T15:00",
    ]


def test_unknown_columns_are_noted_and_a_row_with_too_many_cells_is_quarantined(departments: Inbox) -> None:
    """A column that nobody declared is ignored by name; values that slipped by a stray comma are nobody's guess."""
    text = f"{EMPLOYEES_HEAD},血型\n0012,李雷,D010,销售,P5,A\n0013,韩,梅梅,D020,研发,P6,B\n0014,丁,D010,x,P1\n"
    file = departments.take("employees", "e.csv", text)
    assert file["ignored_headers"] == ["血型"]
    assert (file["accepted_count"], file["quarantined_count"]) == (2, 1)
    assert "extra_cells" in {reason["rule"] for reason in departments.reasons(file["file_id"])}


def test_every_bad_cell_of_a_row_has_its_own_reason_with_row_column_and_remedy(classes: Inbox) -> None:
    """The owner can mend a row in one go: file, row, column, what is wrong, what to write instead."""
    text = "班次,工号,出勤状态,签到时间,签退时间\n2026-C001,E0001,来了,25点,\n"
    text += "2026-C001,E0002,出勤,2026-03-05 10:00,2026-03-05 09:00\n"
    file = classes.take("attendance", "签到.csv", text)
    found = {
        (one["row_number"], one["column_name"], one["rule"].partition(":")[0])
        for one in classes.reasons(file["file_id"])
    }
    assert found == {(2, "status", "not_allowed"), (2, "signed_in_at", "wrong_type"), (3, "signed_out_at", "row_rule")}
    message = next(one for one in classes.reasons(file["file_id"]) if one["rule"] == "not_allowed")
    assert "第 2 行「出勤状态」" in message["message_zh"]
    assert "来了" not in message["message_zh"] + message["message_en"]


@pytest.mark.parametrize(
    ("address", "is_valid"),
    [
        ("li.lei@example.com", True),
        ("李雷@例子.中国", True),
        ("o'neil@example.com", True),
        ("nobody", False),
        ("a@b", False),
    ],
)
def test_addresses_are_judged_by_the_library_where_the_plain_pattern_is_not_enough(
    departments: Inbox, address: str, is_valid: bool
) -> None:
    """A rare but valid address is kept; a broken one is a finding of its row."""
    file = departments.take("employees", "e.csv", f"{EMPLOYEES_HEAD},邮箱\n0012,李雷,D010,x,P1,{address}\n")
    assert file["accepted_count"] == int(is_valid)
