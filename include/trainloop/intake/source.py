"""What every reader offers: the header it found and a way to land the rows below it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from trainloop.contracts import Contract, Rule
from trainloop.intake.header import Header


@dataclass
class CellFinding:
    """A cell that the reader already knows to be damaged (`column` empty: the whole row)."""

    row_number: int
    column: str
    rule: Rule


@dataclass
class Rows:
    """Rows below the header as (1-based row number in the file, cells in header order); findings grow while read."""

    cells: Iterator[tuple[int, list[str | None]]]
    findings: list[CellFinding] = field(default_factory=list)


class Source(Protocol):
    """One readable file."""

    header: Header

    def rows(self) -> Rows:
        """Return the rows, streamed."""

    def utf8_blocks(self) -> Iterator[bytes] | None:
        """Return the bytes below the header as UTF-8 CSV for COPY to read itself; None when there are none."""

    @property
    def delimiter(self) -> str:
        """What separates the cells in `utf8_blocks`."""

    @property
    def line_count(self) -> int:
        """Lines that `utf8_blocks` has passed on so far."""

    @property
    def is_neat(self) -> bool:
        """Whether what `utf8_blocks` has passed on needs no cleaning (`trainloop.intake.neat`)."""

    def examine_encoding(self) -> None:
        """Judge the encoding on the whole file, after COPY found that the first look was wrong."""


def peek(path: Path, name: str) -> list[list[str]]:
    """Return the first rows of a file as text, whatever its columns mean; refuse what cannot be read or is unsafe."""
    from trainloop.intake.csv_source import first_rows as csv_rows
    from trainloop.intake.guard import check_workbook, kind_of

    if kind_of(path, name) == "csv":
        return csv_rows(path, name)
    check_workbook(path, name)
    from trainloop.intake.xlsx_source import first_rows as xlsx_rows

    return xlsx_rows(path, name)


def open_source(path: Path, name: str, contract: Contract, *, tracking: bool = False) -> Source:
    """Open a file of the inbox as a table of this contract; raise FileRefusedError saying why it cannot be one."""
    from trainloop.intake.csv_source import CsvSource
    from trainloop.intake.guard import check_workbook, is_json, kind_of

    if contract.json_statements and is_json(path):
        from trainloop.intake.xapi_source import XapiSource

        return XapiSource.open(path, name, contract)
    if kind_of(path, name) == "csv":
        return CsvSource.open(path, name, contract, tracking=tracking)
    check_workbook(path, name)
    from trainloop.intake.xlsx_source import XlsxSource

    return XlsxSource.open(path, name, contract, tracking=tracking)
