"""Periods: has what a row speaks about ended, and does it come in the grain of its indicator?

A figure of a running month is no month's figure, and an indicator that arrives by day and by month would be counted
twice. Both are told by the warehouse (its clock, the referenced definition), so they are found here, set-based, and
weighed by the gate.
"""

from __future__ import annotations

from psycopg import sql

from trainloop import clock
from trainloop.contracts import Column, load_contract
from trainloop.intake.references import table_of
from trainloop.intake.work import Work
from trainloop.warehouse.engine import Connection


def note_periods(connection: Connection, work: Work) -> None:
    """Write a finding for each period that has not ended or is not of the grain its reference declares."""
    for column in work.contract.columns:
        if column.type != "period" or column.name not in work.headers:
            continue
        # The last day of a period has to be over: on that day itself figures still change.
        connection.execute(
            sql.SQL(
                """insert into {findings} select row_number, {label}, 'not_ended' from {staging}
                where core.period_ends_on({name}) >= {today}"""
            ).format(
                findings=work.table("findings"),
                label=sql.Literal(column.name),
                staging=work.table(),
                name=sql.Identifier(column.name),
                today=sql.Literal(clock.today(connection)),
            )
        )
        if column.grain_of is not None:
            _note_grain(connection, work, column, work.contract.column(column.grain_of))


def _note_grain(connection: Connection, work: Work, column: Column, by: Column) -> None:
    assert by.reference is not None
    dataset, referenced = by.reference
    connection.execute(
        sql.SQL(
            """insert into {findings} select staged.row_number, {label}, 'wrong_grain'
            from {staging} as staged
            inner join {target} as target on target.{referenced} = staged.{by}
            where core.period_grain(staged.{name}) <> target.grain"""
        ).format(
            findings=work.table("findings"),
            label=sql.Literal(column.name),
            staging=work.table(),
            target=table_of(load_contract(dataset)),
            referenced=sql.Identifier(referenced),
            by=sql.Identifier(by.name),
            name=sql.Identifier(column.name),
        )
    )
