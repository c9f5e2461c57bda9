"""From raw to judged: cast, drop repeated rows, look up references, ask the gate, split rows off.

Repeated keys: rows of a file that are equal in every typed column are one statement made twice; the first is kept and
the others count as unchanged. Rows with the same key and different values contradict each other, and nobody but the
owner knows which is right, so every one of them is quarantined (rule `duplicate_key`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import psycopg
from psycopg import sql

from trainloop import faults
from trainloop.contracts import Contract
from trainloop.intake.cast import stage
from trainloop.intake.erased import note_erased
from trainloop.intake.merge import refuse_disappearing
from trainloop.intake.periods import note_periods
from trainloop.intake.references import note_missing
from trainloop.intake.refusal import FileRefusedError
from trainloop.intake.source import CellFinding
from trainloop.intake.stages import note_stages
from trainloop.intake.work import FileRecord, Work
from trainloop.quality import gate
from trainloop.warehouse.engine import Connection

# Called after casts and references and before the gate: may add findings to work.table("findings") (row_number,
# column_name, rule) and rows to work.table("parked") (row_number, missing_column, missing_value).
Examine = Callable[[Connection, Work], None]


def prepare(connection: Connection) -> None:
    """Set this transaction up: dates are read year first; memory for one big sort or hash, not more."""
    connection.execute("set local datestyle to 'ISO, YMD'")
    connection.execute("set local work_mem to '64MB'")


def stage_rows(
    connection: Connection,
    contract: Contract,
    file: FileRecord,
    headers: Mapping[str, str],
    known: Iterable[CellFinding] = (),
    *,
    is_neat: bool = False,
    examine: Examine | None = None,
    is_again: bool = False,
) -> Work:
    """Make the staging tables of a landed file, with the findings intake knows and the rows that wait."""
    work = Work(contract, file, headers, 0, is_again=is_again)
    rows = stage(connection, contract, work.raw, work.table(), work.table("findings"), is_neat=is_neat)
    with connection.cursor() as cursor:
        cursor.executemany(
            sql.SQL(
                """insert into {findings} select %s::bigint, %s, %s where not exists (
                    select from {findings} where (row_number, column_name, rule) = (%s, %s, %s))"""
            ).format(findings=work.table("findings")),
            [2 * (one.row_number, one.column, one.rule) for one in known],
        )
    work = replace(work, row_count=rows, repeated_count=_drop_repeated(connection, work))
    if rows == 0 and not is_again:
        raise FileRefusedError("empty", file=file.name)
    note_erased(connection, work)
    note_missing(connection, work)
    note_periods(connection, work)
    note_stages(connection, work)
    if examine is not None:
        examine(connection, work)
    if not is_again:
        refuse_disappearing(connection, work)
    faults.point("intake.staged")
    return work


def judge(connection: Connection, work: Work) -> tuple[Work, gate.Verdict]:
    """Ask the gate; return the work with its rows split into blocked, parked and accepted."""
    verdict = gate.judge(connection, work.contract, work.staged_file)
    # A row that failed a check does not wait for its reference: its owner has to mend it first.
    connection.execute(
        sql.SQL("delete from {} as parked using {} as blocked where parked.row_number = blocked.row_number").format(
            work.table("parked"), work.table("blocked")
        )
    )
    parked = connection.execute(
        sql.SQL("select exists (select from {}) as is_any").format(work.table("parked"))
    ).fetchone()
    assert parked is not None
    faults.point("intake.judged")
    return replace(work, has_exceptions=bool(verdict.quarantined_count or parked["is_any"])), verdict


def _drop_repeated(connection: Connection, work: Work) -> int:
    """Delete rows that repeat an earlier one; return how many.

    A unique index on the key finds out that there are none, in a third of the time of any GROUP BY.
    """
    key = sql.SQL(", ").join(map(sql.Identifier, work.contract.key))
    try:
        with connection.transaction():
            connection.execute(sql.SQL("create unique index on {} ({})").format(work.table(), key))
    except psycopg.errors.UniqueViolation:
        return _delete_repeated(connection, work, key)
    return 0


def _delete_repeated(connection: Connection, work: Work, key: sql.Composed) -> int:
    columns = sql.SQL(", ").join(sql.Identifier(column.name) for column in work.contract.columns)
    return connection.execute(
        sql.SQL(
            """with ranked as (
                select row_number, row_number() over (partition by {columns} order by row_number) as nth
                from {staging}
                where num_nulls({key}) = 0 and row_number not in (select row_number from {findings})
            )
            delete from {staging} as staged using ranked
            where ranked.row_number = staged.row_number and ranked.nth > 1"""
        ).format(columns=columns, staging=work.table(), key=key, findings=work.table("findings"))
    ).rowcount
