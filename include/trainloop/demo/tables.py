"""Files as companies send them, with the same bytes on every run, and the truth about each row of theirs."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

Cell = str | int | float | date | datetime | None
Kind = Literal["data", "temporary", "mapping"]
_FIXED = datetime(2026, 1, 1)  # noqa: DTZ001 - office files know no zones
_ZIP_TIME = (2026, 1, 1, 0, 0, 0)


@dataclass(frozen=True, order=True)
class BadCell:
    """One planted fault: the row's number in the file, the contract's column (empty: the whole row) and the rule."""

    row_number: int
    column: str
    rule: str


@dataclass(frozen=True)
class PlantedFile:
    """One file of the year with what is true about it.

    `rows` is the number of data rows (0: not promised), `bad` the faults that must put rows into quarantine, `parked`
    the rows whose reference is not known on arrival, `unchanged` those that say nothing new (None: not promised),
    `refused` the rule by which the whole file must be refused, `repeats` the name of the file whose very bytes it has.
    """

    dataset: str
    name: str
    content: bytes = field(repr=False)
    rows: int = 0
    bad: tuple[BadCell, ...] = ()
    parked: int = 0
    unchanged: int | None = None
    refused: str | None = None
    repeats: str | None = None
    is_revision: bool = False
    kind: Kind = "data"

    @property
    def quarantined(self) -> int:
        return len({cell.row_number for cell in self.bad})


@dataclass
class Table:
    """Rows under headers; `spoil` plants a fault, `repeat` a second copy of a row."""

    headers: dict[str, str]
    rows: list[dict[str, Cell]] = field(default_factory=list)
    faults: list[tuple[int, str, str]] = field(default_factory=list)
    titles: tuple[str, ...] = ()

    def add(self, **cells: Cell) -> int:
        """Append a row; return its index."""
        self.rows.append(cells)
        return len(self.rows) - 1

    def spoil(self, index: int, rule: str, *, at: str | None = None, **cells: Cell) -> None:
        """Overwrite cells of a row and note the fault; `at` names its column where it is not the first cell's."""
        self.rows[index].update(cells)
        self.faults.append((index, next(iter(cells), "") if at is None else at, rule))

    def note(self, index: int, rule: str, column: str = "") -> None:
        """Note a fault that the row has by itself."""
        self.faults.append((index, column, rule))

    def bad(self) -> tuple[BadCell, ...]:
        first = len(self.titles) + 2
        return tuple(sorted(BadCell(first + index, column, rule) for index, column, rule in self.faults))

    def lines(self) -> list[list[Cell]]:
        """Return the header and the data rows, in column order."""
        return [[*self.headers.values()], *([row.get(name) for name in self.headers] for row in self.rows)]


def csv_bytes(
    table: Table, encoding: str = "utf-8-sig", delimiter: str = ",", show: Callable[[Cell], str] | None = None
) -> bytes:
    """Return the table as CSV; `utf-16` gets a mark, dates are written by `show` (default ISO)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    for title in table.titles:
        writer.writerow([title])
    for line in table.lines():
        writer.writerow([(show or plain)(cell) for cell in line])
    if encoding == "utf-16":
        return b"\xff\xfe" + text.getvalue().encode("utf-16-le")
    return text.getvalue().encode(encoding)


def plain(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M")
        case date():
            return cell.isoformat()
        case _:
            return str(cell)


def xlsx_bytes(
    table: Table,
    sheet: str = "Sheet1",
    *,
    formats: dict[str, str] | None = None,
    is_1904: bool = False,
    groups: Sequence[tuple[str, int]] = (),
) -> bytes:
    """Return the table as a workbook.

    `formats` are number formats by column, `groups` (label, width) a merged band in the last title row, `is_1904` the
    date epoch of old Macs.
    """
    from openpyxl import Workbook
    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = Workbook()
    if is_1904:
        book.epoch = CALENDAR_MAC_1904
    page: Any = book.active
    page.title = sheet
    for number, title in enumerate(table.titles, 1):
        page.cell(number, 1, title)
        if not groups and len(table.headers) > 1:
            page.merge_cells(start_row=number, start_column=1, end_row=number, end_column=len(table.headers))
    column = 1
    for label, width in groups:
        row = len(table.titles)
        page.cell(row, column, label)
        if width > 1:
            page.merge_cells(start_row=row, start_column=column, end_row=row, end_column=column + width - 1)
        column += width
    for offset, line in enumerate(table.lines()):
        for number, (name, value) in enumerate(zip(table.headers, line, strict=True), 1):
            cell = page.cell(len(table.titles) + 1 + offset, number, value)
            if offset and formats and name in formats and isinstance(value, int | float | date):
                cell.number_format = formats[name]
    written = io.BytesIO()
    book.save(written)
    return _without_times(written.getvalue())


def _without_times(workbook: bytes) -> bytes:
    """Pack a workbook again without the moments of its making, so that the same rows are the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                moment = f"{_FIXED.isoformat()}Z".encode()
                content = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>" + moment, content)
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, content)
    return packed.getvalue()


def full_width(text: str) -> str:
    """Return ASCII as an East Asian input method writes it: ２０２６．

    >>> full_width("2026")
    '２０２６'
    """
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in text)
