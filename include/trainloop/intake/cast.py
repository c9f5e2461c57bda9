"""Casting: one scan of the raw table makes the typed staging table; what a cell means is said in SQL functions.

Expressions are composed from the contract. A cell that cannot be cast is null in staging and a finding; columns whose
counts of cells agree before and after the cast have none, so only the others are looked at row by row.
"""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

from trainloop.config import get_site
from trainloop.contracts import Column, Contract
from trainloop.contracts.model import word_key
from trainloop.warehouse.engine import Connection

_PLAIN_CASTS = {
    "text": "staging.text_of({cell})",
    "code": "staging.code_of({cell})",
    "integer": "staging.integer_of({cell})",
    "boolean": "staging.boolean_of({cell})",
    "email": "staging.email_of({cell})",
    "timezone": "staging.timezone_of({cell})",
    "period": "staging.period_of({cell})",
}


# What a neat file (`trainloop.intake.neat`) says in these columns is meant as it stands.
_WORDS = {"text", "code"}


def typed(
    column: Column, contract: Contract, source: sql.Composable | None = None, *, is_neat: bool = False
) -> sql.Composed:
    """Return the expression that casts one cell; `source` is the row's alias in the query (default raw)."""
    row = source or sql.SQL("raw")
    cell = sql.SQL("{}.{}").format(row, sql.Identifier(column.name))
    if is_neat and column.type in _WORDS:
        return sql.SQL("coalesce({}, {})").format(cell, sql.Literal(column.default)) if column.default else cell
    cast = _cast(column, contract, cell, row, is_neat)
    if column.default is not None:
        return sql.SQL("case when staging.is_blank({cell}) then {default}::{type} else {cast} end").format(
            cell=cell, default=sql.Literal(column.default), type=sql.SQL(column.sql_type), cast=cast
        )
    return cast


def _cast(column: Column, contract: Contract, cell: sql.Composed, row: sql.Composable, is_bold: bool) -> sql.Composed:
    manner = sql.SQL("boldly" if is_bold else "of")
    match column.type:
        case "choice":
            return _choice(column, cell)
        case "timestamp":
            return sql.SQL("staging.timestamp_{}({}, {})").format(manner, cell, _zone(column, contract, row))
        case "date":
            return sql.SQL("staging.date_{}({})").format(manner, cell)
        case "decimal":
            return _decimal(column, contract, cell, row, manner)
        case "percent":
            return sql.SQL("staging.percent_of({}, {}::integer)").format(cell, sql.Literal(column.decimals))
        case plain:
            return sql.SQL(_PLAIN_CASTS[plain]).format(cell=cell)


def _zone(column: Column, contract: Contract, row: sql.Composable) -> sql.Composable:
    """The time zone of a time written without one: the row's own where it has one, else the site's."""
    site = sql.Literal(get_site().company.timezone)
    if column.timezone_column is None:
        return site
    own = typed(contract.column(column.timezone_column), contract, row)
    return sql.SQL("coalesce({}, {})").format(own, site)


def _decimal(
    column: Column, contract: Contract, cell: sql.Composed, row: sql.Composable, manner: sql.SQL
) -> sql.Composed:
    decimals = sql.Literal(column.decimals)
    number = sql.SQL("staging.decimal_{}({}, {}::integer)").format(manner, cell, decimals)
    if column.percent_of is None:
        return number
    whole = typed(contract.column(column.percent_of), contract, row)
    return sql.SQL("coalesce({}, staging.share_of({}, {}, {}::integer))").format(number, cell, whole, decimals)


def _choice(column: Column, cell: sql.Composed) -> sql.Composed:
    """Words as declared are found at once, other spellings by their key; unknown words stay, for the suite to find."""
    exact: dict[str, str] = {}
    by_key: dict[str, str] = {}
    for choice in column.allowed:
        for word in choice.words:
            exact.setdefault(word, choice.code)
            by_key.setdefault(word_key(word), choice.code)
    return sql.SQL(
        "case {cell} {exact} else case staging.word_key({cell}) {by_key} else staging.text_of({cell}) end end"
    ).format(cell=cell, exact=_whens(exact), by_key=_whens(by_key))


def _whens(codes: dict[str, str]) -> sql.Composed:
    return sql.SQL(" ").join(
        sql.SQL("when {} then {}").format(sql.Literal(word), sql.Literal(code)) for word, code in codes.items()
    )


def stage(
    connection: Connection,
    contract: Contract,
    raw: sql.Identifier,
    staging: sql.Identifier,
    findings: sql.Identifier,
    *,
    is_neat: bool = False,
) -> int:
    """Create the staging table of typed rows and the findings of their casts; return the rows that are not blank.

    A neat file is cast boldly first, which parses each value once; a wrong value in it raises, and costs a second scan.
    """
    try:
        with connection.transaction():
            rows = _create(connection, contract, raw, staging, is_neat=is_neat)
    except psycopg.DataError:
        if not is_neat:
            raise
        is_neat = False
        rows = _create(connection, contract, raw, staging, is_neat=False)
    connection.execute(
        sql.SQL("create unlogged table {} (row_number bigint, column_name text, rule text)").format(findings)
    )
    suspects = [column for column in contract.columns if not (is_neat and column.type in {*_WORDS, "choice"})]
    _note_failures(connection, suspects, raw, staging, findings)
    return rows


def _create(
    connection: Connection, contract: Contract, raw: sql.Identifier, staging: sql.Identifier, *, is_neat: bool
) -> int:
    columns = [
        sql.SQL("{} as {}").format(typed(column, contract, is_neat=is_neat), sql.Identifier(column.name))
        for column in contract.columns
    ]
    return connection.execute(
        sql.SQL("create unlogged table {} as select raw.row_number, {} from {} as raw where {}").format(
            staging, sql.SQL(", ").join(columns), raw, sql.SQL("true") if is_neat else _is_filled_row(contract)
        )
    ).rowcount


def _is_filled_row(contract: Contract) -> sql.Composed:
    """True for a row with any value. The key's first column comes first: it is filled in nearly every row."""
    names = list(dict.fromkeys([*contract.key, *(column.name for column in contract.columns)]))
    return sql.SQL("not ({})").format(
        sql.SQL(" and ").join(sql.SQL("staging.is_blank(raw.{})").format(sql.Identifier(name)) for name in names)
    )


def _note_failures(
    connection: Connection,
    columns: list[Column],
    raw: sql.Identifier,
    staging: sql.Identifier,
    findings: sql.Identifier,
) -> None:
    if not columns:
        return
    before = _measure(connection, columns, raw, ("count(nullif({cell}, '')) as {count}", "bool_or({lost}) as {loses}"))
    after = _measure(connection, columns, staging, ("count({cell}) as {count}",))
    for column in columns:
        name = sql.Identifier(column.name)
        has_gap = before[f"{column.name}_count"] > after[f"{column.name}_count"]
        if column.default is not None:
            has_gap = after[f"{column.name}_count"] < after["row_count"]
        if has_gap:
            _judge_rare_addresses(connection, column, raw, staging)
            connection.execute(
                sql.SQL(
                    """insert into {findings} select staged.row_number, {label}, 'wrong_type'
                    from {staging} as staged join {raw} as raw using (row_number)
                    where staged.{name} is null and not staging.is_blank(raw.{name})"""
                ).format(findings=findings, label=sql.Literal(column.name), staging=staging, raw=raw, name=name)
            )
        if before[f"{column.name}_loses"]:
            connection.execute(
                sql.SQL(
                    "insert into {} select row_number, {}, 'lost_digits' from {} where staging.has_lost_digits({})"
                ).format(findings, sql.Literal(column.name), staging, name)
            )


def _measure(
    connection: Connection, columns: list[Column], table: sql.Identifier, figures: tuple[str, ...]
) -> dict[str, Any]:
    """Return figures of every column in one scan: its filled cells, whether a number in it may have been shortened."""
    parts = [
        sql.SQL(figure).format(
            cell=sql.Identifier(column.name),
            count=sql.Identifier(f"{column.name}_count"),
            loses=sql.Identifier(f"{column.name}_loses"),
            lost=sql.SQL("strpos({}, 'E+') > 0").format(sql.Identifier(column.name))
            if column.type in _WORDS
            else sql.SQL("false"),
        )
        for column in columns
        for figure in figures
    ]
    row = connection.execute(
        sql.SQL("select count(*) as row_count, {} from {}").format(sql.SQL(", ").join(parts), table)
    ).fetchone()
    assert row is not None
    return row


def _judge_rare_addresses(connection: Connection, column: Column, raw: sql.Identifier, staging: sql.Identifier) -> None:
    """Let the email-validator library judge the addresses that the plain pattern does not know."""
    if column.type != "email":
        return
    from email_validator import EmailNotValidError, validate_email

    name = sql.Identifier(column.name)
    rare = connection.execute(
        sql.SQL(
            """select distinct staging.plain(raw.{name}) as address
            from {staging} as staged join {raw} as raw using (row_number)
            where staged.{name} is null and not staging.is_blank(raw.{name})"""
        ).format(name=name, staging=staging, raw=raw)
    ).fetchall()
    for row in rare:
        try:
            address = validate_email(row["address"], check_deliverability=False).normalized
        except EmailNotValidError:
            continue
        connection.execute(
            sql.SQL(
                """update {staging} as staged set {name} = %(address)s from {raw} as raw
                where raw.row_number = staged.row_number and staging.plain(raw.{name}) = %(written)s"""
            ).format(staging=staging, name=name, raw=raw),
            {"address": address, "written": row["address"]},
        )
