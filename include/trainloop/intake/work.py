"""One file under way: its contract, its registry row and the tables it lives in until its commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from psycopg import sql

from trainloop.contracts import Contract
from trainloop.quality.gate import StagedFile
from trainloop.warehouse.engine import Connection


@dataclass(frozen=True)
class FileRecord:
    """One row of ops.inbox_files as far as intake needs it."""

    file_id: int
    dataset: str
    name: str
    archive_uri: str
    revision_number: int
    supersedes_file_id: int | None
    is_correction: bool


@dataclass(frozen=True)
class MergeCounts:
    """Rows that changed something (inserted, updated) and rows that said what was known already.

    `removed` are rows of a snapshot's table that the file no longer has.
    """

    accepted: int
    unchanged: int
    removed: int = 0


@dataclass(frozen=True)
class Work:
    """A landed and staged file. `headers`: header text by contract column, for the columns the file has.

    `row_count` counts the file's rows, `repeated_count` those that repeat an earlier one word for word (they are no
    longer in staging). `has_exceptions`: some rows are blocked or parked. `is_again`: rows kept from an earlier turn.
    """

    contract: Contract
    file: FileRecord
    headers: Mapping[str, str]
    row_count: int
    repeated_count: int = 0
    has_exceptions: bool = True
    is_again: bool = False

    @property
    def stem(self) -> str:
        return f"{self.contract.dataset}_{self.file.file_id}"

    @property
    def raw(self) -> sql.Identifier:
        return sql.Identifier("raw", self.stem)

    def table(self, kind: str = "") -> sql.Identifier:
        """Return a staging table of this file: the rows, or its findings, blocked, reasons, parked."""
        return sql.Identifier("staging", f"{self.stem}_{kind}" if kind else self.stem)

    @property
    def accepted_rows(self) -> sql.Composed:
        """Select the staged rows that passed (row_number and every contract column): neither blocked nor parked."""
        if not self.has_exceptions:
            return sql.SQL("select staged.* from {} as staged").format(self.table())
        return sql.SQL(
            """select staged.* from {staging} as staged
            where not exists (select from {blocked} as blocked where blocked.row_number = staged.row_number)
              and not exists (select from {parked} as parked where parked.row_number = staged.row_number)"""
        ).format(staging=self.table(), blocked=self.table("blocked"), parked=self.table("parked"))

    @property
    def staged_file(self) -> StagedFile:
        """What the gate wants to know."""
        return StagedFile(
            file_id=self.file.file_id,
            dataset=self.contract.dataset,
            row_count=self.row_count - self.repeated_count,
            headers=dict(self.headers),
            is_parked=self.is_again,
        )


Merge = Callable[[Connection, Work], MergeCounts]


def drop_tables(connection: Connection, contract: Contract, file: FileRecord) -> None:
    """Drop everything a file had under way; the archive keeps its bytes."""
    work = Work(contract, file, {}, 0)
    tables = [work.raw, *(work.table(kind) for kind in ("", "findings", "blocked", "reasons", "parked"))]
    connection.execute(sql.SQL("drop table if exists {}").format(sql.SQL(", ").join(tables)))
