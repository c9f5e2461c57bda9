"""What each check of a contract means, twice: as a Great Expectations expectation and as the rows that fail it.

Both come from one place so that they cannot drift apart. Conditions read the table under the alias `s`.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from psycopg import sql

from trainloop.contracts import Check, Column, Contract

# What the suite evaluates. Findings of any other rule come from intake and surveys: counted and weighed, not run.
SUITE_RULES = (
    "missing_value",
    "not_allowed",
    "out_of_range",
    "wrong_pattern",
    "too_long",
    "too_many_empty",
    "duplicate_key",
    "row_rule",
    "mixed_values",
    "overlapping_ranges",
    "gap_in_ranges",
    "unexpected_volume",
)
# A cell with one of these had a value; the suite must not call it empty.
CAST_RULES = ("wrong_type", "lost_digits")
_OPERATORS = {
    # what must hold → what is wrong; an empty operand makes the comparison null and the row passes
    ">": sql.SQL("<="),
    ">=": sql.SQL("<"),
    "<": sql.SQL(">="),
    "<=": sql.SQL(">"),
    "=": sql.SQL("<>"),
    "!=": sql.SQL("="),
}


@dataclass(frozen=True)
class Table:
    """The table under check, the column that tells its rows, and for files the findings that intake wrote beside it.

    `has_unique_key`: a unique index over exactly the contract's key stands on the table, so no key repeats.
    """

    schema: str
    name: str
    row_id: str = "row_number"
    findings: str | None = None
    has_unique_key: bool = False
    uncast_columns: Set[str] = frozenset()

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


@dataclass(frozen=True)
class Condition:
    """One check made executable.

    `expectation` is the name of a class of great_expectations.expectations with its `arguments`, or None: then GX runs
    "no row of `failing_rows`". `failing_rows` is a query over the table with the column row_id; for checks of the
    whole file it is None. `probe` stands in for it where a cheaper query answers whether there is one.
    """

    code: str
    expectation: str | None = None
    arguments: dict[str, Any] | None = None
    failing_rows: sql.Composed | None = None
    probe: sql.Composed | None = None


def conditions_of(contract: Contract, checks: tuple[Check, ...], table: Table) -> list[Condition]:
    """Return the executable form of the checks the suite runs ."""
    return [_condition(contract, check, table) for check in checks if check.rule in SUITE_RULES]


def _condition(contract: Contract, check: Check, table: Table) -> Condition:
    if check.rule in {"overlapping_ranges", "gap_in_ranges"}:
        return Condition(check.code, failing_rows=_rows(table, _broken_ranges(contract, check, table)))
    if check.column is not None:
        return _of_column(check, check.column, table)
    if check.rule == "row_rule":
        return Condition(check.code, failing_rows=_rows(table, _row_rule(check, contract, table)))
    if check.rule == "duplicate_key":
        return _duplicate_key(contract, check, table)
    volume = contract.expected_volume
    limits = {"min_value": volume.minimum, "max_value": volume.maximum}
    return Condition(check.code, "ExpectTableRowCountToBeBetween", limits)


def _of_column(check: Check, column: Column, table: Table) -> Condition:
    cell = _cell(column.name)
    native: tuple[str, dict[str, Any]] | None = None
    if check.rule == "missing_value":
        wrong: sql.Composable = sql.SQL("{} is null").format(cell)
        if column.name in table.uncast_columns:
            wrong += _was_not_cast(column.name, table)
        else:
            native = ("ExpectColumnValuesToNotBeNull", {})
    elif check.rule == "not_allowed":
        codes = [choice.code for choice in column.allowed]
        wrong = sql.SQL("{} <> all ({})").format(cell, sql.Literal(codes))
        native = ("ExpectColumnValuesToBeInSet", {"value_set": codes})
    elif check.rule == "out_of_range":
        wrong, native = _range(column, cell)
    elif check.rule == "wrong_pattern":
        whole = f"^(?:{column.pattern})$"
        wrong = sql.SQL("{} !~ {}").format(cell, sql.Literal(whole))
        native = ("ExpectColumnValuesToMatchRegex", {"regex": whole})
    elif check.rule == "mixed_values":
        wrong = sql.SQL("{cell} is not null and (select min({cell}) <> max({cell}) from {table} as s)").format(
            cell=cell, table=table.identifier
        )
    elif check.rule == "too_long":
        wrong = sql.SQL("length({}) > {}").format(cell, sql.Literal(column.max_length))
        native = ("ExpectColumnValueLengthsToBeBetween", {"max_value": column.max_length})
    else:
        assert check.rule == "too_many_empty"
        return Condition(check.code, "ExpectColumnProportionOfNonNullValuesToBeBetween", _filled(column))
    rows = _rows(table, wrong)
    if native is None:
        return Condition(check.code, failing_rows=rows)
    return Condition(check.code, native[0], {"column": column.name} | native[1], failing_rows=rows)


def _filled(column: Column) -> dict[str, Any]:
    assert column.max_empty_share is not None
    return {"column": column.name, "min_value": 1 - column.max_empty_share}


def _range(column: Column, cell: sql.Composable) -> tuple[sql.Composable, tuple[str, dict[str, Any]] | None]:
    """Return what is out of range; a timestamp's last day belongs to the range, so its limit is the next midnight."""
    if column.type == "timestamp":
        after = column.latest and column.latest + timedelta(days=1)
        zone = sql.SQL("{} at time zone 'UTC'").format(cell)
        wrong = _or(_compare(zone, "<", column.earliest), _compare(zone, ">=", after))
        return wrong, None
    lowest, highest = (column.earliest, column.latest) if column.type == "date" else (column.minimum, column.maximum)
    arguments = {"min_value": _plain(lowest), "max_value": _plain(highest)}
    native = ("ExpectColumnValuesToBeBetween", {name: value for name, value in arguments.items() if value is not None})
    return _or(_compare(cell, "<", lowest), _compare(cell, ">", highest)), native


def _row_rule(check: Check, contract: Contract, table: Table) -> sql.Composable:
    rule = check.row_rule
    assert rule is not None
    if rule.right is None:
        wrong: sql.Composable = sql.SQL("{} is null").format(_cell(rule.left))
        if rule.left in table.uncast_columns:
            wrong += _was_not_cast(rule.left, table)
    elif rule.operator == "either":
        wrong = sql.SQL("num_nonnulls({}, {}) = 0").format(_cell(rule.left), _cell(rule.right))
    else:
        wrong = sql.SQL("{} {} {}").format(_cell(rule.left), _OPERATORS[rule.operator], _cell(rule.right))
    if rule.when is None:
        return wrong
    operator = sql.SQL("=" if rule.when.equals is not None else "is distinct from")
    value = sql.Literal(rule.when.equals if rule.when.equals is not None else rule.when.differs)
    cell = _cell(contract.column(rule.when.column).name)
    return sql.SQL("{}::text {} {} and {}").format(cell, operator, value, wrong)


def _duplicate_key(contract: Contract, check: Check, table: Table) -> Condition:
    """Return the check of the key: every row of a repeated key fails, for nobody can say which of them is right."""
    key = sql.SQL(", ").join(_cell(name) for name in contract.key)
    known = sql.SQL(" and ").join(sql.SQL("{} is not null").format(_cell(name)) for name in contract.key)
    twice = sql.SQL("select {} from {} as s where {} group by {} having count(*) > 1").format(
        key, table.identifier, known, key
    )
    rows = _rows(table, sql.SQL("({}) in ({})").format(key, twice))
    if table.has_unique_key:
        # Intake builds that index to find repeated keys in a third of the time; asking for it costs nothing.
        return Condition(check.code, failing_rows=rows, probe=_lacks_unique_key(contract, table))
    if len(contract.key) == 1:
        arguments = {"column": contract.key[0]}
        return Condition(check.code, "ExpectColumnValuesToBeUnique", arguments, failing_rows=rows)
    # GX's own compound check takes five times as long on a million rows as this query.
    return Condition(check.code, failing_rows=rows, probe=twice)


def _broken_ranges(contract: Contract, check: Check, table: Table) -> sql.Composable:
    """Return whether a row's subject has a range that does not begin on the day after the one before it.

    All rows of that subject fail: which of them is right, nobody can say, and a part of them would be another gap.
    """
    ranges = contract.ranges
    assert ranges is not None
    parts = {
        "subject": sql.SQL(", ").join(_cell(name) for name in ranges.of),
        "first_day": _cell(ranges.first_day),
        "last_day": _cell(ranges.last_day),
        "table": table.identifier,
        "operator": sql.SQL("<=" if check.rule == "overlapping_ranges" else ">"),
        "after": sql.SQL("before_day" if check.rule == "overlapping_ranges" else "before_day + 1"),
    }
    before = sql.SQL(
        """select {subject}, {first_day} as first_day,
               max(coalesce({last_day}, 'infinity'::date)) over (
                   partition by {subject} order by {first_day} rows between unbounded preceding and 1 preceding
               ) as before_day
           from {table} as s"""
    ).format(**parts)
    names = sql.SQL(", ").join(sql.Identifier("ranges", name) for name in ranges.of)
    return sql.SQL(
        "({subject}) in (select {names} from ({before}) as ranges where first_day {operator} {after})"
    ).format(names=names, before=before, **parts)


def _lacks_unique_key(contract: Contract, table: Table) -> sql.Composed:
    """Return a query that finds a row unless a whole, valid unique index stands on exactly the key."""
    return sql.SQL("select 1 as missing where not exists ({})").format(unique_key_index(contract, table))


def unique_key_index(contract: Contract, table: Table) -> sql.Composed:
    """Return the query for the unique index over exactly the contract's key."""
    return sql.SQL("""
        select from pg_catalog.pg_index as i
        where i.indrelid = to_regclass({table}) and i.indisunique and i.indisvalid and i.indpred is null
            and i.indexprs is null and {key}::text[] = (
                select array_agg(a.attname::text order by a.attname::text collate "C")
                from pg_catalog.pg_attribute as a
                where a.attrelid = i.indrelid and a.attnum = any (i.indkey)
            )
    """).format(table=sql.Literal(f"{table.schema}.{table.name}"), key=sql.Literal(sorted(contract.key)))


def _rows(table: Table, wrong: sql.Composable) -> sql.Composed:
    return sql.SQL("select {} from {} as s where {}").format(_cell(table.row_id), table.identifier, wrong)


def _was_not_cast(column: str, table: Table) -> sql.Composable:
    """Return the clause that leaves out cells that had a value which could not be cast: they are reported already."""
    assert table.findings is not None
    return sql.SQL(
        " and not exists (select from {} as f"
        " where f.row_number = s.row_number and f.column_name = {} and f.rule = any ({}))"
    ).format(sql.Identifier(table.schema, table.findings), sql.Literal(column), sql.Literal(list(CAST_RULES)))


def _cell(name: str) -> sql.Composable:
    return sql.Identifier("s", name)


def _compare(cell: sql.Composable, operator: str, limit: Decimal | date | None) -> sql.Composable | None:
    if limit is None:
        return None
    return sql.SQL("{} {} {}").format(cell, sql.SQL(operator), sql.Literal(limit))


def _or(*parts: sql.Composable | None) -> sql.Composable:
    joined = sql.SQL(" or ").join(part for part in parts if part is not None)
    return sql.SQL("({})").format(joined)


def _plain(limit: Decimal | date | None) -> Any:
    """Return a limit as GX's models accept it: whole numbers stay whole."""
    if isinstance(limit, Decimal):
        return int(limit) if limit == limit.to_integral_value() else float(limit)
    return limit
