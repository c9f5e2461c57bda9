"""Merging: the rows that passed into their table, counted as accepted (something changed) or unchanged.

An empty table is filled by a plain INSERT. Otherwise one hash
join leaves out the rows that say what is known, and only the rest goes through ON CONFLICT: on a file that repeats a
million known rows that takes half the time of the conflict check alone. Nobody else writes meanwhile: the dataset's
advisory lock is held.

Later files win: a row that waited (parked, quarantined, or in a file that failed at first) does not overwrite what a
file registered after its own has said of the same key; it counts as unchanged.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from psycopg import sql

from trainloop import clock
from trainloop.config import get_site
from trainloop.contracts import Contract
from trainloop.errors import PermanentError
from trainloop.intake.cast import typed
from trainloop.intake.references import table_of
from trainloop.intake.refusal import FileRefusedError
from trainloop.intake.work import MergeCounts, Work
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


class TableMissingError(PermanentError):
    """The contract {dataset} has no table {table} with the columns {columns}. Add them in a migration."""


def merge_into_core(connection: Connection, work: Work) -> MergeCounts:
    """Merge the accepted rows into the contract's table by its load mode; return the counts."""
    contract = work.contract
    columns = _table_columns(connection, contract)
    target = table_of(contract)
    offered = work.row_count - work.repeated_count
    if work.has_exceptions:
        row = connection.execute(
            sql.SQL("select count(*) as offered from ({}) as accepted").format(work.accepted_rows)
        ).fetchone()
        assert row is not None
        offered = row["offered"]
    accepted = connection.execute(_insert(connection, work, columns), {"file_id": work.file.file_id}).rowcount
    today = clock.today(connection)
    removed = 0
    if contract.load_mode == "snapshot" and _unidentified(connection, work) == 0:
        removed = connection.execute(
            sql.SQL("update {} as target set removed_on = %(today)s where {}").format(target, _vanished(work)),
            {"today": today},
        ).rowcount
    if contract.history_table is not None and (accepted or removed):
        _keep_history(connection, contract, today)
    return MergeCounts(accepted, offered - accepted, removed)


def _table_columns(connection: Connection, contract: Contract) -> set[str]:
    rows = connection.execute(
        "select attname as name from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped",
        (f"{contract.table_schema}.{contract.dataset}",),
    )
    columns = {row["name"] for row in rows}
    needed = {column.name for column in contract.columns} | {"file_id"}
    if contract.load_mode == "snapshot":
        needed.add("removed_on")
    if missing := needed - columns:
        raise TableMissingError(
            dataset=contract.dataset,
            table=f"{contract.table_schema}.{contract.dataset}",
            columns=", ".join(sorted(missing)),
        )
    return columns


def _insert(connection: Connection, work: Work, table_columns: set[str]) -> sql.Composed:
    contract = work.contract
    target = table_of(contract)
    names = [column.name for column in contract.columns]
    kept = [*names, "row_number"] if "row_number" in table_columns else names
    key = _listed("", contract.key)
    insert = sql.SQL("insert into {} ({}, file_id) select {}, %(file_id)s::bigint from ({}) as offered").format(
        target, _listed("", kept), _listed("offered", kept), work.accepted_rows
    )
    row = connection.execute(sql.SQL("select exists (select from {}) as is_filled").format(target)).fetchone()
    if row is not None and not row["is_filled"]:
        return insert
    # A column that the file does not have keeps what is known; a column it has is believed, also where it is empty.
    stated = [name for name in names if name in work.headers and name not in contract.key]
    if contract.load_mode == "append" or not stated:
        return sql.SQL("{} on conflict ({}) do nothing").format(insert, key)
    settings: list[sql.Composable] = [
        sql.SQL("{name} = excluded.{name}").format(name=sql.Identifier(name)) for name in stated
    ]
    settings += [sql.SQL("file_id = excluded.file_id")]
    if "row_number" in kept:
        settings += [sql.SQL("row_number = excluded.row_number")]
    differs = sql.SQL("({}) is distinct from ({})").format(_listed("known", stated), _listed("offered", stated))
    if "removed_on" in table_columns:
        settings += [sql.SQL("removed_on = null")]
        differs = sql.SQL("({} or known.removed_on is not null)").format(differs)
    return sql.SQL(
        """{insert} left join {target} as known on ({known_key}) = ({offered_key})
        where known.file_id is null or (known.file_id <= %(file_id)s and {differs})
        on conflict ({key}) do update set {settings}"""
    ).format(
        insert=insert,
        target=target,
        known_key=_listed("known", contract.key),
        offered_key=_listed("offered", contract.key),
        differs=differs,
        key=key,
        settings=sql.SQL(", ").join(settings),
    )


def refuse_disappearing(connection: Connection, work: Work) -> None:
    """Refuse a snapshot in which more known rows are missing than the site allows.

    Absence is judged on the keys of the whole file, rows that will be quarantined included: a quarantined employee is
    no leaver. Rows past their `ends_with` date may go unjudged.
    """
    contract = work.contract
    if contract.load_mode != "snapshot" or _unidentified(connection, work):
        return
    _table_columns(connection, contract)
    limit = get_site().intake.max_disappearing_share
    still: sql.Composable = sql.SQL("true")
    if contract.ends_with is not None:
        still = sql.SQL("(target.{name} is null or target.{name} >= %(today)s)").format(
            name=sql.Identifier(contract.ends_with)
        )
    row = connection.execute(
        sql.SQL(
            """select count(*) as known_count, count(*) filter (where {vanished}) as vanished_count
            from {target} as target where target.removed_on is null and {still} and %(today)s::date is not null"""
        ).format(vanished=_vanished(work), target=table_of(contract), still=still),
        {"today": clock.today(connection)},
    ).fetchone()
    assert row is not None
    if row["vanished_count"] > limit * row["known_count"]:
        raise FileRefusedError(
            "disappearing",
            row_count=work.row_count,
            file=work.file.name,
            count=row["vanished_count"],
            share_pct=f"{100 * row['vanished_count'] / row['known_count']:.1f}",
            limit_pct=f"{100 * limit:g}",
        )


def _vanished(work: Work) -> sql.Composed:
    key = work.contract.key
    return sql.SQL("target.removed_on is null and not exists (select from {} as staged where ({}) = ({}))").format(
        work.table(), _listed("staged", key), _listed("target", key)
    )


def _unidentified(connection: Connection, work: Work) -> int:
    """Rows whose key cannot be read. Nobody knows who they are, so nobody counts as missing in such a file."""
    key = work.contract.key
    row = connection.execute(
        sql.SQL(
            """select (select count(*) from {staging} as staged where num_nulls({key}) > 0)
              + (select count(*) from {findings} where rule in ('lost_digits', 'extra_cells')
                 and column_name = any (%(key)s)) as unidentified"""
        ).format(staging=work.table(), findings=work.table("findings"), key=_listed("staged", key)),
        {"key": [*key, ""]},
    ).fetchone()
    assert row is not None
    count: int = row["unidentified"]
    return count


def supersede_older(connection: Connection, work: Work) -> None:
    """Settle what older files of the dataset left open or waiting for keys that this file speaks about."""
    contract = work.contract
    values: dict[str, Any] = {"dataset": contract.dataset, "file_id": work.file.file_id}
    row = connection.execute(statement("intake", "has_open_rows"), values).fetchone()
    if row is None or not row["has_open_rows"]:
        return
    if contract.load_mode == "snapshot":
        connection.execute(statement("intake", "supersede_all"), values)
        return
    cells = sql.SQL(", ").join(
        sql.SQL("old.row_values ->> {} as {}").format(sql.Literal(column.name), sql.Identifier(column.name))
        for column in contract.columns
    )
    old_key = sql.SQL(", ").join(typed(contract.column(name), contract, sql.SQL("cells")) for name in contract.key)
    for name in ("supersede_quarantined", "supersede_parked"):
        connection.execute(
            sql.SQL(statement("intake", name)).format(
                cells=cells, staging=work.table(), old_key=old_key, new_key=_listed("staged", contract.key)
            ),
            values,
        )


def _keep_history(connection: Connection, contract: Contract, today: date) -> None:
    """Bring the half-open ranges of the history table up to what the main table says as of the business date."""
    assert contract.history_table is not None
    parts = {
        "history": sql.Identifier(contract.table_schema, contract.history_table),
        "target": table_of(contract),
        "key": _listed("", contract.key),
        "attributes": _listed("", contract.history),
        "past_key": _listed("past", contract.key),
        "now_key": _listed("now", contract.key),
        "past_values": _listed("past", contract.history),
        "now_values": _listed("now", contract.history),
    }
    for name in ("history_drop", "history_close", "history_open"):
        connection.execute(sql.SQL(statement("intake", name)).format(**parts), {"today": today})


def _listed(alias: str, names: tuple[str, ...] | list[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(alias, name) if alias else sql.Identifier(name) for name in names)
