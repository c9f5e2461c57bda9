"""XLSX as companies send it: serial dates of both epochs, numbers shown with leading zeros, hidden and other sheets.

Read by openpyxl row by row: unlike faster readers it tells a cell's number format, without which 0012 shown by the
format `0000` would arrive as 12 and 85 % as 0.85.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Self

from trainloop.contracts import Contract
from trainloop.intake.header import ROWS_SEARCHED, Header, find_header, require_columns
from trainloop.intake.refusal import FileRefusedError
from trainloop.intake.source import CellFinding, Rows

# A spreadsheet keeps 15 digits of a number; the 16th of an id that it took for a number is gone.
_EXACT_BELOW = 10**15


@dataclass
class XlsxSource:
    """One sheet of one workbook with its header known."""

    path: Path
    name: str
    sheet: str
    header: Header
    contract: Contract
    delimiter: str = ","
    line_count: int = 0
    is_neat: bool = False

    @classmethod
    def open(cls, path: Path, name: str, contract: Contract, *, tracking: bool = False) -> Self:
        candidates: dict[str, Header] = {}
        with _workbook(path, name) as book:
            for sheet in book.worksheets:
                if sheet.sheet_state != "visible" and sheet.title != contract.sheet:
                    continue
                rows = [
                    [_shown(cell.value) for cell in row] for row in itertools.islice(sheet.iter_rows(), ROWS_SEARCHED)
                ]
                if header := find_header(rows, contract, tracking=tracking):
                    candidates[sheet.title] = header
        required = {column.name for column in contract.columns if column.is_required}
        complete = [title for title, header in candidates.items() if required <= header.headers.keys()]
        if contract.sheet in candidates:
            complete = [contract.sheet]
        if len(complete) > 1:
            raise FileRefusedError("several_sheets", file=name, sheets=", ".join(complete))
        best = complete[0] if complete else max(candidates, key=lambda one: len(candidates[one].headers), default="")
        return cls(path, name, best, require_columns(candidates.get(best), contract, name), contract)

    def utf8_blocks(self) -> None:
        """A workbook has no bytes that COPY could read."""

    def examine_encoding(self) -> None:
        """A workbook says its encoding itself."""

    def rows(self) -> Rows:
        rows = Rows(iter(()))
        rows.cells = self._cells(rows)
        return rows

    def _cells(self, rows: Rows) -> Iterator[tuple[int, list[str | None]]]:
        names = self.header.columns
        kinds = {column.name: column.type for column in self.contract.columns}
        with _workbook(self.path, self.name) as book:
            sheet = book[self.sheet]
            for number, cells in enumerate(sheet.iter_rows(min_row=self.header.last_row + 2), self.header.last_row + 2):
                read: list[str | None] = [None] * len(names)
                for position, cell in enumerate(cells[: len(names)]):
                    if cell.value is None:
                        continue
                    kind = kinds.get(names[position] or "", "text")
                    text, is_damaged = _text(cell, kind, book.epoch)
                    read[position] = text
                    if is_damaged and names[position] in kinds:
                        rows.findings.append(CellFinding(number, names[position] or "", "lost_digits"))
                yield number, read


class _workbook:  # noqa: N801 - used as a function
    """Open a checked workbook for streaming; whatever its reader stumbles over refuses the file."""

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name

    def __enter__(self) -> Any:
        from openpyxl import load_workbook

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # styles and extensions we do not read
                self.book = load_workbook(self.path, read_only=True, data_only=True, keep_links=False)
            for sheet in self.book.worksheets:
                sheet.reset_dimensions()  # other programs write wrong ones, and rows below would be lost
        except Exception as error:  # a damaged workbook raises anything from KeyError to struct.error
            raise _damaged(self.name) from error
        return self.book

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        self.book.close()
        if isinstance(error, Exception) and not isinstance(error, FileRefusedError) and _is_parsing(error):
            raise _damaged(self.name) from error


def _is_parsing(error: Exception) -> bool:
    """Whether the reader failed on the file; the database's errors pass through while rows stream into COPY."""
    return not type(error).__module__.startswith(("psycopg", "trainloop"))


def _damaged(name: str) -> FileRefusedError:
    return FileRefusedError("unreadable", file=name, detail_zh="工作簿已损坏", detail_en="the workbook is damaged")


def _shown(value: object) -> str | None:
    return None if value is None else str(value)


def _text(cell: Any, kind: str, epoch: datetime) -> tuple[str | None, bool]:
    """Return (the cell's text as its writer saw it, whether digits were lost on the way)."""
    value = cell.value
    if isinstance(value, str):
        return value.replace("\x00", ""), False
    if isinstance(value, bool):
        return str(value).lower(), False
    if kind == "period" and isinstance(value, datetime | date):
        # A spreadsheet makes a date of 2026-03; its format still tells whether a day or a month was meant.
        return value.strftime("%Y-%m-%d" if "d" in (cell.number_format or "").lower() else "%Y-%m"), False
    if isinstance(value, datetime | date | time | timedelta):
        # A code like 3-1 that the spreadsheet turned into a date cannot be turned back.
        return str(value), kind in {"code", "text"} and not isinstance(value, time)
    if isinstance(value, int | float):
        return _number_text(value, cell.number_format or "", kind, epoch)
    return str(value), False


def _number_text(value: float, shown_as: str, kind: str, epoch: datetime) -> tuple[str | None, bool]:
    if kind in {"date", "timestamp"} and 0 < value < 2_958_466:
        from openpyxl.utils.datetime import from_excel

        return str(from_excel(value, epoch)), False
    if "%" in shown_as:
        return f"{value * 100:.15g}%", False
    whole = float(value).is_integer()
    text = str(int(value)) if whole and abs(value) < 1e18 else f"{value:.15g}"
    if kind in {"code", "text"}:
        if whole and value >= 0 and re.fullmatch(r"0+", shown_as):
            text = text.zfill(len(shown_as))
        return text, abs(value) >= _EXACT_BELOW
    return text, False


def first_rows(path: Path, name: str) -> list[list[str]]:
    """Return the first rows of the first visible sheet as text."""
    with _workbook(path, name) as book:
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                rows = itertools.islice(sheet.iter_rows(), ROWS_SEARCHED)
                return [[_shown(cell.value) or "" for cell in row] for row in rows]
    return []
