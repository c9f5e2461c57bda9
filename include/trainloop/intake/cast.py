"""Casting: one scan of the raw table makes the typed staging table; what a cell means is said in SQL functions.

Expressions are composed from the contract. A cell that cannot be cast is null in staging and a finding; columns whose
counts of cells agree before and after the cast have none, so only the others are looked at row by row.
"""

from __future__ import annotations

from psycopg import sql

from trainloop.config import get_site
from trainloop.contracts import Column, Contract
from trainloop.contracts.model import word_key
from trainloop.warehouse.engine import Connection

_PLAIN_CASTS = {
    "text": "staging.text_of({cell})",
    "code": "staging.code_of({cell})",
    "integer": "staging.integer_of({cell})",
    "date": "staging.date_of({cell})",
    "boolean": "staging.boolean_of({cell})",
    "email": "staging.email_of({cell})",
    "timezone": "staging.timezone_of({cell})",
}


def typed(column: Column, contract: Contract, source: sql.Composable | None = None) -> sql.Composed:
    """Return the expression that casts one cell; `source` is the row's alias in the query (default raw)."""
    row = source or sql.SQL("raw")
    cell = sql.SQL("{}.{}").format(row, sql.Identifier(column.name))
    cast = _cast(column, contract, cell, row)
    if column.default is not None:
        return sql.SQL("case when staging.is_blank({cell}) then {default}::{type} else {cast} end").format(
            cell=cell, default=sql.Literal(column.default), type=sql.SQL(column.sql_type), cast=cast
        )
    return cast


def _cast(column: Column, contract: Contract, cell: sql.Composed, row: sql.Composable) -> sql.Composed:
    if column.type == "choice":
        return _choice(column, cell)
    if column.type == "timestamp":
        zone: sql.Composable = sql.Literal(get_site().company.timezone)
        if column.timezone_column is not None:
            zone = sql.SQL("coalesce({}, {})").format(
                typed(contract.column(column.timezone_column), contract, row), zone
            )
        return sql.SQL("staging.timestamp_of({}, {})").format(cell, zone)
    if column.type in {"decimal", "percent"}:
        decimals = sql.Literal(column.decimals)
        name = sql.SQL("staging.percent_of" if column.type == "percent" else "staging.decimal_of")
        number = sql.SQL("{}({}, {}::integer)").format(name, cell, decimals)
        if column.percent_of is None:
            return number
        whole = typed(contract.column(column.percent_of), contract, row)
        return sql.SQL("coalesce({}, staging.share_of({}, {}, {}::integer))").format(number, cell, whole, decimals)
    return sql.SQL(_PLAIN_CASTS[column.type]).format(cell=cell)


def _choice(column: Column, cell: sql.Composed) -> sql.Composed:
    """Words as declared are found at once, other spellings by their key; an unknown word stays, for the suite to find."""
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
    connection: Connection, contract: Contract, raw: sql.Identifier, staging: sql.Identifier, findings: sql.Identifier
) -> int:
    """Create the staging table of typed rows and the findings of their casts; return the rows that are not blank."""
    columns = [
        sql.SQL("{} as {}").format(typed(column, contract), sql.Identifier(column.name)) for column in contract.columns
    ]
    rows = connection.execute(
        sql.SQL("create unlogged table {} as select raw.row_number, {} from {} as raw where not ({})").format(
            staging, sql.SQL(", ").join(columns), raw, _is_blank_row(contract)
        )
    ).rowcount
    connection.execute(
        sql.SQL("create unlogged table {} (row_number bigint, column_name text, rule text)").format(findings)
    )
    _note_failures(connection, contract, raw, staging, findings)
    return rows


def _is_blank_row(contract: Contract) -> sql.Composed:
    """True for a row without a single value. The key's first column comes first: it is filled in nearly every row."""
    names = list(dict.fromkeys([*contract.key, *(column.name for column in contract.columns)]))
    return sql.SQL(" and ").join(sql.SQL("staging.is_blank(raw.{})").format(sql.Identifier(name)) for name in names)


def _note_failures(
    connection: Connection, contract: Contract, raw: sql.Identifier, staging: sql.Identifier, findings: sql.Identifier
) -> None:
    before = _counts(connection, contract, raw, "count(nullif({cell}, ''))")
    after = _counts(connection, contract, staging, "count({cell})")
    for column in contract.columns:
        name = sql.Identifier(column.name)
        if before[column.name] > after[column.name] or column.default is not None:
            _judge_rare_addresses(connection, column, raw, staging)
            connection.execute(
                sql.SQL(
                    """insert into {findings}
                    select staged.row_number, {label}, 'wrong_type' from {staging} as staged join {raw} as raw using (row_number)
                    where staged.{name} is null and not staging.is_blank(raw.{name})"""
                ).format(findings=findings, label=sql.Literal(column.name), staging=staging, raw=raw, name=name)
            )
        if column.type in {"code", "text"}:
            connection.execute(
                sql.SQL(
                    "insert into {} select row_number, {}, 'lost_digits' from {} where staging.has_lost_digits({})"
                ).format(findings, sql.Literal(column.name), staging, name)
            )


def _counts(connection: Connection, contract: Contract, table: sql.Identifier, expression: str) -> dict[str, int]:
    cells = [
        sql.SQL(expression + " as {name}").format(cell=sql.Identifier(column.name), name=sql.Identifier(column.name))
        for column in contract.columns
    ]
    row = connection.execute(sql.SQL("select {} from {}").format(sql.SQL(", ").join(cells), table)).fetchone()
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
            """select distinct staging.plain(raw.{name}) as address from {staging} as staged join {raw} as raw using (row_number)
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
