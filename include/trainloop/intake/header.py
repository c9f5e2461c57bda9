"""Which row is the header and which contract column stands under which of its cells.

Titles above the header, two-row headers with merged cells, bilingual spellings and remarks in brackets are normal. The
header is the row (or two adjacent rows) that names most columns of the contract within the first rows of the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trainloop.contracts import Contract, header_key
from trainloop.intake.refusal import FileRefusedError

ROWS_SEARCHED = 30
# The owner's corrected list of quarantined rows says which row of which file each one was.
TRACKING = {
    "fileid": "original_file_id",
    "文件编号": "original_file_id",
    "rownumber": "original_row_number",
    "行号": "original_row_number",
}


@dataclass(frozen=True)
class Header:
    """`last_row` is the 0-based index of its lowest row; `columns` has a contract column or None for each position."""

    last_row: int
    texts: tuple[str, ...]
    columns: tuple[str | None, ...]

    @property
    def headers(self) -> dict[str, str]:
        """Header text by contract column, for the columns the file has."""
        found: dict[str, str] = {}
        for column, text in zip(self.columns, self.texts, strict=True):
            if column is not None:
                found.setdefault(column, text)
        return found

    @property
    def ignored(self) -> tuple[str, ...]:
        """Header texts that no contract column goes by."""
        return tuple(
            text for column, text in zip(self.columns, self.texts, strict=True) if column is None and text.strip()
        )

    @property
    def raw_columns(self) -> tuple[str, ...]:
        """One table column for each position: the contract's, `<name>__2` for its second, `ignored_<n>` for others."""
        seen: dict[str, int] = {}
        names = []
        for position, column in enumerate(self.columns, 1):
            if column is None:
                names.append(f"ignored_{position}")
                continue
            seen[column] = seen.get(column, 0) + 1
            names.append(column if seen[column] == 1 else f"{column}__{seen[column]}")
        return tuple(names)

    @property
    def repeated(self) -> tuple[str, ...]:
        """Contract columns that stand under more than one header."""
        return tuple(sorted({column for column in self.columns if column and self.columns.count(column) > 1}))


def find_header(rows: Sequence[Sequence[str | None]], contract: Contract, *, tracking: bool = False) -> Header | None:
    """Return the best header among the first rows; None when no cell of theirs names a column of the contract."""
    known = contract.headers | (TRACKING if tracking else {})
    best: tuple[int, int, int] | None = None
    found: Header | None = None
    for last in range(min(len(rows), ROWS_SEARCHED)):
        for span in (1, 2):
            if last - span + 1 < 0:
                continue
            header = _read(rows[last - span + 1 : last + 1], last, known, contract.exact_headers)
            # More columns named wins, then fewer rows, then the higher place: data never outbids its own header.
            rank = (len(header.headers), -span, -last)
            if header.headers and (best is None or rank > best):
                best, found = rank, header
    return found


def _read(rows: Sequence[Sequence[str | None]], last: int, known: dict[str, str], exact: dict[str, str]) -> Header:
    width = max((len(row) for row in rows), default=0)
    texts: list[str] = []
    columns: list[str | None] = []
    for position in range(width):
        cells = [(row[position] or "").strip() if position < len(row) else "" for row in rows]
        # Lowest cell first: in a merged two-row header the group's name stands above the column's own.
        spellings = [*reversed(cells), "".join(cells)]
        column = next((exact[text] for text in spellings if text in exact), None)
        column = column or next((known[key] for text in spellings if (key := header_key(text)) in known), None)
        texts.append(next((text for text in reversed(cells) if text), ""))
        columns.append(column)
    while texts and not texts[-1]:
        texts.pop()
        columns.pop()
    return Header(last, tuple(texts), tuple(columns))


def require_columns(header: Header | None, contract: Contract, file: str) -> Header:
    """Return the header, or refuse the file naming each missing column and the names it may have."""
    missing = [
        column
        for column in contract.columns
        if column.is_required and column.name not in (header.headers if header else {})
    ]
    if header is None or missing:
        row = header.last_row + 1 if header else 1
        columns = missing or [column for column in contract.columns if column.is_required]
        raise FileRefusedError(
            "missing_column",
            file=file,
            row=row,
            columns_zh="；".join(
                f"{one.zh}（可写作 {'、'.join((one.zh, *one.aliases, one.name))}）" for one in columns
            ),
            columns_en="; ".join(
                f"{one.en} (accepted: {', '.join((one.en, *one.aliases, one.name))})" for one in columns
            ),
        )
    return header
