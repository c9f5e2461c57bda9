"""What refuses a whole file: one clear reason in both languages, the file archived, its owner told."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from tests.intake.conftest import DEPARTMENTS, EMPLOYEES_HEAD, Inbox
from tests.intake.files import saved, with_part, workbook, xlsx

from trainloop.config import get_site
from trainloop.errors import PermanentError
from trainloop.intake import pipeline
from trainloop.settings import get_settings

GOOD = xlsx([["部门编码", "部门名称", "英文名称"], ["D010", "销售", "Sales"]])
SHEET = "xl/worksheets/sheet1.xml"
LATIN = "部门编码,部门名称,英文名称\n".encode() + "D1,Café crème brûlée à la façon,Zoë\n".encode("latin-1") * 9
TWICE = "部门编码,部门代码,部门名称,英文名称\nD010,D011,销售,Sales\n".encode()
BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row><c t="str"><v>&b;</v></c>
</row></sheetData></worksheet>"""


def zip_bomb() -> bytes:
    return with_part(GOOD, "xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * 40_000_000 + b"</worksheet>")


def many_entries() -> bytes:
    buffer = BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a") as book:
        for number in range(2100):
            book.writestr(f"xl/media/{number}", b"")
    return buffer.getvalue()


def plain_zip() -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../etc/passwd", "x")
    return buffer.getvalue()


def two_sheets() -> bytes:
    book = workbook([["部门编码", "部门名称", "英文名称"], ["D010", "销售", "Sales"]], title="一月")
    second = book.create_sheet("二月")
    for row in (["部门编码", "部门名称", "英文名称"], ["D020", "研发", "R&D"]):
        second.append(row)
    return saved(book)


REFUSED: dict[str, tuple[str, bytes, str, str]] = {
    "truncated workbook": ("d.xlsx", GOOD[: len(GOOD) // 2], "unreadable", "Excel"),
    "damaged sheet": ("d.xlsx", with_part(GOOD, SHEET, b"<worksheet><sheetData><row"), "unreadable", "Excel"),
    "pdf": ("d.csv", b"%PDF-1.7 nothing", "wrong_format", "CSV UTF-8"),
    "web page called xls": ("d.xlsx", b"<html><table></table></html>", "wrong_format", "CSV UTF-8"),
    "old xls": ("d.xls", b"\xd0\xcf\x11\xe0" + b"\x00" * 600, "wrong_format", ".xlsx"),
    "plain zip": ("d.xlsx", plain_zip(), "wrong_format", "no Excel workbook"),
    "binary": ("d.csv", bytes(range(1, 256)) * 9 + b"\x00\x01\x02\x00", "wrong_format", "CSV UTF-8"),
    "zip bomb": ("d.xlsx", zip_bomb(), "zip_bomb", "not opened"),
    "too many entries": ("d.xlsx", many_entries(), "zip_bomb", "2000"),
    "xml bomb in a sheet": ("d.xlsx", with_part(GOOD, SHEET, BOMB), "xml_bomb", "sheet1.xml"),
    "xml bomb in the strings": ("d.xlsx", with_part(GOOD, "xl/sharedStrings.xml", BOMB), "xml_bomb", "sharedStrings"),
    "no rows": ("d.csv", "部门编码,部门名称,英文名称\n".encode(), "empty", "below the header"),
    "nothing": ("d.csv", b" \r\n", "empty", "below the header"),
    "unknown encoding": ("d.csv", LATIN, "unknown_encoding", "CSV UTF-8"),
    "missing column": ("d.csv", "部门编码,部门\nD010,销售\n".encode(), "missing_column", "Chinese name (accepted: "),
    "no header": ("d.csv", b"1,2,3\n4,5,6\n", "missing_column", "Department code"),
    "two columns for one": ("d.csv", TWICE, "duplicate_header", "部门代码"),
    "other name": ("d.dat", DEPARTMENTS.encode(), "wrong_name", "*.csv"),
    "two data sheets": ("d.xlsx", two_sheets(), "several_sheets", "一月, 二月"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "content", "rule", "hint"), REFUSED.values(), ids=list(REFUSED))
def test_a_file_that_cannot_be_believed_is_refused_with_its_remedy(
    inbox: Inbox, name: str, content: bytes, rule: str, hint: str
) -> None:
    """Registered, counted, archived, out of the inbox, its owner told once; the task is no failure."""
    file = inbox.take("departments", name, content)
    assert (file["state"], file["refused_rule"]) == ("refused", rule)
    assert name in file["refused_reason_zh"]
    assert name in file["refused_reason_en"]
    assert hint in file["refused_reason_zh"] + file["refused_reason_en"]
    assert Path(file["archive_uri"].removeprefix("file://")).read_bytes() == content
    assert not list((get_settings().home / "inbox" / "departments").iterdir())
    notices = inbox.rows("select kind, recipient_id, subject_id from ops.notices")
    assert notices == [{"kind": "file_refused", "recipient_id": "hr_data", "subject_id": str(file["file_id"])}]


def test_the_reason_of_a_missing_column_names_every_accepted_header(inbox: Inbox) -> None:
    """The owner need not ask what to write."""
    file = inbox.take("employees", "名单.csv", "工号,姓名\n1,甲\n")
    for word in ("部门编码", "所属部门", "序列", "层级", "第 1 行"):
        assert word in file["refused_reason_zh"]
    for word in ("department_code", "Job family", "level", "row 1"):
        assert word in file["refused_reason_en"]


def test_one_bad_file_never_stops_the_others(inbox: Inbox) -> None:
    """Three files wait, the middle one is broken: two are merged, one is refused."""
    inbox.drop("departments", "1.csv", DEPARTMENTS, age=90)
    inbox.drop("departments", "2.xlsx", GOOD[:99], age=80)
    inbox.drop("departments", "3.csv", DEPARTMENTS + "D030,财务,Finance\n", age=70)
    counts = pipeline.ingest_dataset("departments")
    assert (counts["file_count"], counts["refused_file_count"], counts["accepted_count"]) == (3, 1, 3)
    assert counts["notices_planned"] == 1


def test_a_failure_of_ours_leaves_the_file_for_the_next_run(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that cannot run blocks (fail closed); the next file is taken in, the first one is tried again."""
    inbox.drop("departments", "1.csv", DEPARTMENTS, age=90)
    inbox.drop("departments", "2.csv", DEPARTMENTS + "D030,财务,Finance\n", age=80)
    real = pipeline.judge
    calls: list[int] = []

    def broken_once(*values: object) -> object:
        calls.append(1)
        if len(calls) == 1:
            raise PermanentError
        return real(*values)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "judge", broken_once)
    with pytest.raises(pipeline.FilesFailedError):
        pipeline.ingest_dataset("departments")
    assert [row["state"] for row in inbox.rows("select state from ops.inbox_files order by file_id")] == [
        "found",
        "merged",
    ]
    assert pipeline.waiting_datasets() == ["departments"]
    pipeline.ingest_dataset("departments")
    files = inbox.rows("select state, refused_rule from ops.inbox_files order by file_id")
    # By then a newer snapshot is in, which the older one must not undo.
    assert [(file["state"], file["refused_rule"]) for file in files] == [
        ("refused", "older_snapshot"),
        ("merged", None),
    ]
    assert len(inbox.rows("select from core.departments where removed_on is null")) == 3


def test_a_file_beyond_the_cap_is_refused_unopened(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason names its size and the limit."""
    rules = get_site().intake.model_copy(update={"max_file_mb": 1})
    monkeypatch.setattr(get_site(), "__dict__", {**get_site().__dict__, "intake": rules})
    file = inbox.take("departments", "big.csv", DEPARTMENTS.encode() + b"x" * 3_000_000)
    assert file["refused_rule"] == "too_large"
    assert "2 MB" in file["refused_reason_en"]
    assert Path(file["archive_uri"].removeprefix("file://")).stat().st_size > 3_000_000


def test_a_name_from_outside_is_never_a_path(inbox: Inbox) -> None:
    """Archive names are the content's hash and harmless letters, whatever the sender called the file."""
    hostile = "x..\\..\\etc;rm -rf $HOME\u202e.csv"
    file = inbox.take("departments", hostile, DEPARTMENTS)
    archived = Path(file["archive_uri"].removeprefix("file://"))
    assert file["state"] == "merged"
    assert archived.parent == get_settings().home / "archive" / "departments"
    assert archived.name.startswith(file["content_sha256"][:16])
    assert ".." not in archived.name
    assert "\\" not in archived.name


def test_a_half_written_file_waits_and_litter_is_ignored(inbox: Inbox) -> None:
    """Fresh files, lock files and downloads under way are left alone; the fresh one is taken in when it has settled."""
    inbox.drop("departments", "~$departments.xlsx", b"lock")
    inbox.drop("departments", "departments.csv.part", b"half")
    inbox.drop("departments", ".DS_Store", b"x")
    inbox.drop("departments", "departments.csv", DEPARTMENTS[:30], age=0)
    assert pipeline.waiting_datasets() == []
    assert pipeline.ingest_dataset("departments")["file_count"] == 0
    assert inbox.take("departments", "departments.csv", DEPARTMENTS)["accepted_count"] == 2


def test_a_snapshot_that_loses_too_many_people_is_refused(people: Inbox) -> None:
    """More than 2 % missing stops the file; a quarantined employee is no leaver."""
    rows = [f"E{number:04},员工{number},D010,sales,P5" for number in range(1, 117)]
    file = people.take("employees", "short.csv", "\n".join([EMPLOYEES_HEAD, *rows]))
    assert (file["refused_rule"], file["refused_count"]) == ("disappearing", 116)
    assert "3.3" in file["refused_reason_zh"]
    rows = [f"E{number:04},员工{number},{'D010' if number > 40 else 'D999'},sales,P5" for number in range(1, 119)]
    file = people.take("employees", "quarantine.csv", "\n".join([EMPLOYEES_HEAD, *rows]))
    assert (file["state"], file["quarantined_count"]) == ("merged", 40)
    gone = people.rows("select employee_id from core.employees where removed_on is not null order by 1")
    assert [row["employee_id"] for row in gone] == ["E0119", "E0120"]
