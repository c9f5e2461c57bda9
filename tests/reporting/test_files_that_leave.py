"""Every CSV and XLSX that leaves: a name that begins like a formula is shown and never calculated."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from trainloop.board.export import as_csv, as_xlsx
from trainloop.domain.spreadsheet import safe_cell
from trainloop.quality import offending
from trainloop.reporting import attachments
from trainloop.settings import PROJECT_DIR
from trainloop.trainers import payroll_file

STARTS = ("=1+1", '=HYPERLINK("http://x.example.com")', "+86 1", "-韩", "@SUM(A1)", "\t=1", " =1", "　=1", "＝1", "＋1")
# Who writes tables to people; the others write files for our inbox or for another program, which stay as typed.
LEAVES = {"board/export.py", "quality/offending.py", "reporting/attachments.py", "trainers/payroll_file.py"}
STAYS = {
    "delivery/hand_in.py",
    "intake/land.py",
    "intake/template.py",
    "surveys/interviews.py",
    "surveys/limesurvey_answers.py",
    "surveys/limesurvey_form.py",
}


def of_csv(content: bytes) -> list[str]:
    return [cell for line in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")) for cell in line]


def payroll(name: str) -> list[str]:
    """The line of a batch."""
    line: dict[str, Any] = dict.fromkeys(payroll_file.COLUMNS)
    return of_csv(payroll_file.write_file([line | {"trainer_id": name, "amount": Decimal("-198.00")}], "CNY"))


def of_report(name: str) -> list[str]:
    """The data attached to a PDF."""
    row = SimpleNamespace(**dict.fromkeys(attachments.COLUMNS) | {"label": name, "value": "-198.00"})
    view: Any = SimpleNamespace(data_rows=[row])
    return of_csv(attachments._csv(view))


def board_csv(name: str) -> list[str]:
    return of_csv(as_csv(["讲师"], [[name]]))


def board_xlsx(name: str) -> list[str]:
    sheet = load_workbook(io.BytesIO(as_xlsx("t", ["讲师"], [[name]]))).active
    assert sheet is not None
    return [str(cell.value) for row in sheet.iter_rows() for cell in row if cell.data_type == "s"]


@pytest.mark.parametrize("write", [payroll, of_report, board_csv, board_xlsx])
@pytest.mark.parametrize("name", STARTS)
def test_no_cell_of_a_file_that_leaves_is_a_formula(write: Callable[[str], list[str]], name: str) -> None:
    """An apostrophe stands before it; amounts stay amounts."""
    cells = write(name)
    assert f"'{name}" in cells
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "@", "＝", "＋"))]
    assert "'-198.00" not in cells


@pytest.mark.parametrize("name", STARTS)
def test_an_owner_gets_the_value_back_as_text(name: str) -> None:
    """Rows to correct come home as they were, so the quote prefix marks them instead of a character."""
    sheet = Workbook().active
    assert sheet is not None
    cell = offending._write(sheet, 1, 1, name)
    assert (cell.value, cell.data_type, cell.quotePrefix) == (name, "s", True)


@pytest.mark.parametrize(("value", "shown"), [("-12.5", "-12.5"), (Decimal(3), "3"), (None, ""), (True, "true")])
def test_numbers_stay_numbers(value: object, shown: str) -> None:
    """A correction in payroll is negative, and a spreadsheet has to add it up."""
    assert safe_cell(value) == shown


def test_every_writer_of_tables_is_one_of_these() -> None:
    """A new export is a decision: does it leave? Then its cells go through `domain.spreadsheet`."""
    root = PROJECT_DIR / "include/trainloop"
    texts = {str(path.relative_to(root)): path.read_text("utf-8") for path in root.rglob("*.py")}
    writers = {
        name
        for name, text in texts.items()
        if re.search(r"csv\.(Dict)?[wW]riter\(|import Workbook$", text, re.MULTILINE)
    }
    assert {name for name in writers if not name.startswith("demo/")} == LEAVES | STAYS
    assert all("domain.spreadsheet" in texts[name] for name in LEAVES)
