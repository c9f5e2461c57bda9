"""References: do the values that name rows of other datasets name known ones?

`on_missing_reference` of the column decides: block = the row is quarantined, park = it waits until the reference comes,
warn = counted only. Checked set-based against core, within the transaction that merges.
"""

from __future__ import annotations

from psycopg import sql

from trainloop.contracts import Column, Contract, all_contracts, load_contract
from trainloop.intake.work import Work
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def note_missing(connection: Connection, work: Work) -> None:
    """Write a finding for each unknown reference that blocks or warns, and a parked row for each that may come."""
    connection.execute(
        sql.SQL("create unlogged table {} (row_number bigint, missing_column text, missing_value text)").format(
            work.table("parked")
        )
    )
    for column in work.contract.columns:
        if column.reference is None or column.name not in work.headers:
            continue
        if column.on_missing_reference == "park":
            _park(connection, work, column)
        else:
            connection.execute(
                sql.SQL("insert into {} select row_number, {}, 'unknown_reference' from ({}) as missing").format(
                    work.table("findings"), sql.Literal(column.name), _missing(work, column)
                )
            )


def _park(connection: Connection, work: Work, column: Column) -> None:
    """A row waits for one reference at a time; when that one comes the others are looked at again."""
    connection.execute(
        sql.SQL(
            """insert into {parked} select row_number, {label}, value from ({missing}) as missing
            where not exists (select from {parked} as parked where parked.row_number = missing.row_number)"""
        ).format(parked=work.table("parked"), label=sql.Literal(column.name), missing=_missing(work, column))
    )


def _missing(work: Work, column: Column) -> sql.Composed:
    """Select row_number and value of the rows whose reference is neither in core nor in this very file."""
    assert column.reference is not None
    dataset, referenced = column.reference
    own: sql.Composable = sql.SQL("")
    if dataset == work.contract.dataset:
        own = sql.SQL("and not exists (select from {} as own where own.{} = staged.{})").format(
            work.table(), sql.Identifier(referenced), sql.Identifier(column.name)
        )
    return sql.SQL(
        """select staged.row_number, staged.{name}::text as value from {staging} as staged
        where staged.{name} is not null
          and not exists (select from {target} as target where target.{referenced} = staged.{name}) {own}"""
    ).format(
        name=sql.Identifier(column.name),
        staging=work.table(),
        target=table_of(load_contract(dataset)),
        referenced=sql.Identifier(referenced),
        own=own,
    )


def datasets_to_match(connection: Connection) -> set[str]:
    """Return the datasets with parked rows that wait for a reference which stands in core by now."""
    waits = connection.execute(statement("intake", "parked_columns")).fetchall()
    inbox = {one.dataset: one for one in all_contracts() if one.entry == "inbox"}
    return {
        row["dataset"]
        for row in waits
        if row["dataset"] in inbox
        for column in inbox[row["dataset"]].columns
        if column.name == row["missing_column"] and _has_come(connection, row["dataset"], column)
    }


def _has_come(connection: Connection, dataset: str, column: Column) -> bool:
    if column.reference is None:  # the contract asks for it no more: its rows need not wait
        return True
    referenced, name = column.reference
    # As text, since that is how the value was parked; only looked up while rows wait.
    query = sql.SQL(
        """select exists (
            select from ops.parked_rows as parked
            inner join {target} as target on target.{name}::text = parked.missing_value
            where parked.state = 'waiting' and parked.dataset = {dataset} and parked.missing_column = {column}
        ) as has_come"""
    ).format(
        target=table_of(load_contract(referenced)),
        name=sql.Identifier(name),
        dataset=sql.Literal(dataset),
        column=sql.Literal(column.name),
    )
    row = connection.execute(query).fetchone()
    assert row is not None
    return bool(row["has_come"])


def table_of(contract: Contract) -> sql.Identifier:
    """Return the table that keeps a dataset's accepted rows."""
    return sql.Identifier(contract.table_schema, contract.dataset)
