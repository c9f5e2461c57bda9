"""Rows that go through the gate a second time: parked ones whose reference came, open ones after something was mended.

Both are kept as text, so they travel the whole way again: cast, references, gate, merge. The counts of their file stay
as they were (a parked row was parked); what became of each row stands in its own state.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import psycopg
from psycopg import sql

from trainloop import faults
from trainloop.contracts import Contract
from trainloop.intake import registry
from trainloop.intake.corrections import as_changes
from trainloop.intake.pipeline import FileResult, Route, split_and_merge
from trainloop.intake.staging import judge, prepare, stage_rows
from trainloop.intake.work import FileRecord, Work, drop_tables
from trainloop.quality.gate import explain_quarantined
from trainloop.warehouse.engine import Connection, connect
from trainloop.warehouse.statements import statement

Kind = Literal["parked", "quarantined"]
_REOPEN = {"parked": "reopen_waiting", "quarantined": "reopen_quarantined"}
_SETTLE = {"parked": "settle_parked", "quarantined": "settle_quarantined"}


def run_again(file_id: int, route: Route, kind: Kind) -> FileResult:
    """Send one file's waiting or open rows through the gate again, in one transaction; return what became of them."""
    with connect("intake") as connection:
        prepare(connection)
        file = registry.lock_file(connection, file_id, ("merged",))
        if file is None:
            return FileResult(file_id)
        # Rows of a snapshot come back one by one: as changes, not as the whole truth.
        contract = as_changes(route.contract_of(file))
        result = FileResult(file_id)
        with connection.transaction():
            result = _again(connection, contract, file, route, kind)
            drop_tables(connection, contract, file)
            if result.state == "again":
                # Nothing could be settled: no trace is left, so that asking every quarter of an hour costs no rows.
                raise psycopg.Rollback
        faults.point(f"intake.{kind}_committing")
    faults.point(f"intake.{kind}_again")
    return result


def _again(connection: Connection, contract: Contract, file: FileRecord, route: Route, kind: Kind) -> FileResult:
    work = Work(contract, file, {}, 0)
    if not _reopen(connection, work, kind):
        return FileResult(file.file_id)
    work = stage_rows(
        connection, contract, file, _headers(connection, contract, file), examine=route.examine, is_again=True
    )
    if kind == "parked":
        _leave_waiting(connection, work)
        work = replace(work, row_count=_count(connection, work))
        if work.row_count == 0:
            return FileResult(file.file_id)
    work, verdict = judge(connection, work)
    if verdict.decision == "refuse" or (kind == "quarantined" and verdict.quarantined_count == work.row_count):
        # Every row is as bad as it was, or a check of the whole file failed on its rest: the rows stay where they are.
        return FileResult(file.file_id)
    quarantined = 0
    if kind == "parked":
        counts, quarantined, parked = split_and_merge(connection, work, route.merge)
    else:
        parked = registry.park(connection, work) if work.has_exceptions else 0
        _say_anew(connection, work)
        counts = route.merge(connection, work)
    settle = sql.SQL(statement("intake", _SETTLE[kind])).format(
        staging=work.table(), blocked=work.table("blocked"), parked=work.table("parked")
    )
    connection.execute(settle, {"file_id": file.file_id})
    return FileResult(
        file.file_id,
        "merged",
        accepted=counts.accepted,
        unchanged=counts.unchanged + work.repeated_count,
        quarantined=quarantined or verdict.quarantined_count,
        parked=parked,
    )


def _reopen(connection: Connection, work: Work, kind: Kind) -> int:
    """Make the raw table of the rows as they came; return how many."""
    names = [column.name for column in work.contract.columns]
    listed = sql.SQL(", ").join(map(sql.Identifier, names))
    connection.execute(
        sql.SQL("create unlogged table {} (row_number bigint, {})").format(
            work.raw, sql.SQL(", ").join(sql.SQL("{} text").format(sql.Identifier(name)) for name in names)
        )
    )
    cells = sql.SQL(", ").join(sql.SQL("old.row_values ->> {}").format(sql.Literal(name)) for name in names)
    query = sql.SQL(statement("intake", _REOPEN[kind])).format(raw=work.raw, columns=listed, cells=cells)
    return connection.execute(query, {"file_id": work.file.file_id}).rowcount


def _headers(connection: Connection, contract: Contract, file: FileRecord) -> dict[str, str]:
    """Columns that came with these rows; those that did not must not empty what is known."""
    rows: list[dict[str, Any]] = connection.execute(
        statement("intake", "headers_of_rows"), {"file_id": file.file_id}
    ).fetchall()
    present = {row["name"] for row in rows}
    return {column.name: column.zh for column in contract.columns if column.name in present}


def _leave_waiting(connection: Connection, work: Work) -> None:
    """Take rows whose reference is still unknown out of this turn: they go on waiting, unjudged."""
    for table in ("findings", ""):
        connection.execute(
            sql.SQL("delete from {} as gone using {} as parked where gone.row_number = parked.row_number").format(
                work.table(table), work.table("parked")
            )
        )


def _count(connection: Connection, work: Work) -> int:
    row = connection.execute(sql.SQL("select count(*) as rows from {}").format(work.table())).fetchone()
    assert row is not None
    count: int = row["rows"] + work.repeated_count
    return count


def _say_anew(connection: Connection, work: Work) -> None:
    """Replace the reasons of the rows that are still open by those of this turn."""
    connection.execute(
        """delete from ops.quarantine_reasons using ops.quarantined_rows as old
        where old.quarantined_row_id = quarantine_reasons.quarantined_row_id
            and old.state = 'open' and old.file_id = %s""",
        (work.file.file_id,),
    )
    explain_quarantined(connection, work.staged_file)
