"""CSV as companies send it: UTF-8 with or without BOM, UTF-16, GB18030; comma, semicolon, tab or bar.

The fast way hands the file's bytes to COPY without looking at a row. It is believed only when as many rows arrive as
the file has lines (`trainloop.intake.land`); anything else (quoted line breaks, ragged or blank rows, stray quotes) is
read again row by row with Python's csv module, which reads what spreadsheets write.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from trainloop.contracts import Contract
from trainloop.intake.guard import looks_like_utf16
from trainloop.intake.header import ROWS_SEARCHED, Header, find_header, require_columns
from trainloop.intake.neat import NeatScan
from trainloop.intake.refusal import FileRefusedError
from trainloop.intake.source import CellFinding, Rows

BLOCK = 1 << 18
_DELIMITERS = (",", ";", "\t", "|")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_LONGEST_CELL = 10_000_000


def first_look(path: Path) -> tuple[str, int]:
    """Return (UTF-8, bytes of the mark) when the file begins like it, else ("", 0): then the whole file is judged."""
    with path.open("rb") as file:
        head = file.read(BLOCK)
    skip = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head[skip:])
    except UnicodeDecodeError:
        return "", 0
    return ("", 0) if b"\x00" in head else ("utf-8", skip)


def encoding_of(path: Path, name: str) -> tuple[str, int]:
    """Return (codec, bytes of the mark to skip), judged on the whole file.

    UTF-8 is never valid by chance. GB18030 nearly always is, so text that is read by it must also look like Chinese: at
    least nine of ten characters from the everyday set of GB 2312. Otherwise the file is refused, not guessed at.
    """
    with path.open("rb") as file:
        head = file.read(4096)
    for mark, codec in _BOMS:
        if head.startswith(mark):
            _decode(path, codec, len(mark), name)
            return codec, len(mark)
    if codec := looks_like_utf16(head):
        _decode(path, codec, 0, name)
        return codec, 0
    try:
        _decode(path, "utf-8", 0, name)
    except FileRefusedError:
        strange = _decode(path, "gb18030", 0, name)
        everyday = sum(1 for letter in strange if _is_everyday(letter))
        if everyday < 0.9 * len(strange):
            raise
        return "gb18030", 0
    return "utf-8", 0


def _is_everyday(letter: str) -> bool:
    try:
        return bool(letter.encode("gb2312"))
    except UnicodeEncodeError:
        return False


def _decode(path: Path, codec: str, skip: int, name: str) -> str:
    """Decode the whole file; return its first characters beyond ASCII, refuse what does not decode, naming the row."""
    decoder = codecs.getincrementaldecoder(codec)()
    beyond: list[str] = []
    rows = 1
    with path.open("rb") as file:
        file.seek(skip)
        while True:
            block = file.read(BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                rows += error.object[: error.start].count(b"\n")
                raise FileRefusedError("unknown_encoding", file=name, row=rows) from error
            if "\x00" in text:
                rows += text[: text.index("\x00")].count("\n")
                raise FileRefusedError(
                    "unreadable",
                    file=name,
                    detail_zh=f"第 {rows} 行含空字符",
                    detail_en=f"row {rows} holds NUL characters",
                )
            if not block:
                return "".join(beyond)[:20_000]
            if codec == "gb18030" and len(beyond) < 200:
                beyond.append("".join(letter for letter in text if letter > "\x7f"))
            rows += text.count("\n")


@dataclass
class CsvSource:
    """One CSV file with its encoding, delimiter and header known."""

    path: Path
    name: str
    encoding: str
    skip: int
    delimiter: str
    header: Header
    line_count: int = field(default=0, init=False)
    is_neat: bool = field(default=False, init=False)

    @classmethod
    def open(cls, path: Path, name: str, contract: Contract, *, tracking: bool = False) -> Self:
        csv.field_size_limit(_LONGEST_CELL)
        encoding, skip = first_look(path)
        if not encoding:
            encoding, skip = encoding_of(path, name)
        lines = _first_lines(path, encoding, skip)
        best: tuple[Header | None, str] = (None, ",")
        for delimiter in _DELIMITERS:
            header = find_header(list(_parse(lines, delimiter)), contract, tracking=tracking)
            if header and (best[0] is None or len(header.headers) > len(best[0].headers)):
                best = (header, delimiter)
        return cls(path, name, encoding, skip, best[1], require_columns(best[0], contract, name))

    def examine_encoding(self) -> None:
        self.encoding, self.skip = encoding_of(self.path, self.name)

    def rows(self) -> Rows:
        rows = Rows(iter(()))
        rows.cells = self._cells(rows)
        return rows

    def _cells(self, rows: Rows) -> Iterator[tuple[int, list[str | None]]]:
        width = len(self.header.columns)
        with self.path.open("rb") as binary:
            binary.seek(self.skip)
            with io.TextIOWrapper(binary, self.encoding, newline="") as text:
                reader = csv.reader(text, delimiter=self.delimiter)
                try:
                    for number, cells in enumerate(reader, 1):
                        if number <= self.header.last_row + 1:
                            continue
                        if any(cell.strip() for cell in cells[width:]):
                            rows.findings.append(CellFinding(number, "", "extra_cells"))
                        yield number, [*cells[:width], *[None] * (width - len(cells))]
                except csv.Error as error:
                    raise FileRefusedError(
                        "unreadable",
                        file=self.name,
                        detail_zh=f"第 {reader.line_num} 行附近引号或单元格有误",
                        detail_en=f"a quote or cell near row {reader.line_num} is broken",
                    ) from error

    def utf8_blocks(self) -> Iterator[bytes] | None:
        """Pass the bytes below the header on; trailing line breaks are held back, since COPY takes them for rows."""
        head = _header_characters(self.path, self.encoding, self.skip, self.delimiter, self.header.last_row + 1)
        return self._blocks(head)

    def _blocks(self, head: str) -> Iterator[bytes]:
        decoder = None if self.encoding == "utf-8" else codecs.getincrementaldecoder(self.encoding)()
        scan = NeatScan(self.delimiter, len(self.header.columns))
        held = b""
        feeds = returns = 0
        any_row = False
        with self.path.open("rb") as file:
            file.seek(self.skip + len(head.encode(self.encoding)))
            while block := file.read(BLOCK):
                passed = held + (decoder.decode(block).encode() if decoder else block)
                body = passed.rstrip(b"\r\n")
                held = passed[len(body) :]
                feeds += body.count(b"\n")
                returns += body.count(b"\r")
                any_row = any_row or bool(body)
                scan.look(body)
                self.line_count = (feeds or returns) + any_row
                # A block may end between two rows: what was held back is put before the next one and counted there.
                yield body
        self.is_neat = scan.finish()


def _first_lines(path: Path, encoding: str, skip: int) -> list[str]:
    with path.open("rb") as binary:
        binary.seek(skip)
        with io.TextIOWrapper(binary, encoding, newline="") as text:
            return list(itertools.islice(text, 4 * ROWS_SEARCHED))


def _parse(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from itertools.islice(csv.reader(lines, delimiter=delimiter), ROWS_SEARCHED)
    except csv.Error:
        return


def _header_characters(path: Path, encoding: str, skip: int, delimiter: str, records: int) -> str:
    """Return the text of the first `records` records, so that what follows starts with the first data row."""
    lines = _first_lines(path, encoding, skip)
    reader = csv.reader(lines, delimiter=delimiter)
    for _ in range(records):
        next(reader)
    return "".join(lines[: reader.line_num])


def first_rows(path: Path, name: str) -> list[list[str]]:
    """Return the first rows as text, split by the delimiter that makes most cells of them."""
    encoding, skip = encoding_of(path, name)
    lines = _first_lines(path, encoding, skip)
    readings = [list(_parse(lines, delimiter)) for delimiter in _DELIMITERS]
    return max(readings, key=lambda rows: sum(map(len, rows)))
