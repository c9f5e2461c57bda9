"""Tables of the board as files. Every cell is text, and what looks like a formula is none."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from trainloop.domain.spreadsheet import is_formula

_ILLEGAL = re.compile(r"[\000-\010\013\014\016-\037\ufffe\uffff]")


def plain(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe goes before what looks like one."""
    clean = _ILLEGAL.sub("\ufffd", value)
    return f"'{clean}" if is_formula(clean) else clean


def as_csv(header: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    """Return a CSV that Excel opens with its Chinese intact: UTF-8 with a byte order mark."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([plain(cell) for cell in header])
    writer.writerows([plain(cell) for cell in line] for line in lines)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(title: str, header: Sequence[str], lines: Iterable[Sequence[str]]) -> bytes:
    """Return a workbook of one sheet, written row by row: 20,000 classes stay below 100 MB."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "B2"
    for line in (header, *lines):
        sheet.append([_cell(sheet, value) for value in line])
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _cell(sheet: Any, value: str) -> Any:
    from openpyxl.cell import WriteOnlyCell

    cell: Any = WriteOnlyCell(sheet, plain(value))
    cell.number_format, cell.data_type = "@", "s"
    return cell
