"""Given/expect tests of SQL: `tests/sql/<area>__<name>/`.

A folder holds

- `query.txt`: path of the SQL file below `sql/` (`checks/files_unfinished.sql`), or `<area>:<block>` for a block of
  `sql/statements/`;
- `given.sql` (plain SQL) and/or `given/<schema>.<table>.csv` (header = columns, empty cell = null; in name order);
- `expect.csv`: every row the query returns, any order; other columns are not compared; header only = no row;
- `parameters.yaml` (optional): the query's `%(name)s` values. Checks get `now`, `today` and the audit's limits anyway.

The query runs as the database's owner inside a transaction that is rolled back, with foreign keys and triggers off
while the given rows go in: a fixture says only what its rule is about. It is 2026-03-16 09:00 in Shanghai.
"""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from psycopg import sql
from psycopg.types.json import Jsonb

from trainloop import clock
from trainloop.quality.checks import check_files, site_limits, sql_checks
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import query_file, statement

HERE = Path(__file__).parent
FOLDERS = sorted(path.parent for path in HERE.glob("*__*/query.txt"))
NOW = datetime(2026, 3, 16, 1, tzinfo=UTC)


def defaults() -> dict[str, Any]:
    freshness = [{"dataset": "employees", "fresh_within_days": 31}, {"dataset": "courses", "fresh_within_days": 90}]
    return site_limits() | {"now": NOW, "today": date(2026, 3, 16), "freshness": Jsonb(freshness)}


def load(connection: Connection, folder: Path) -> None:
    """Put the given rows into the warehouse."""
    connection.execute("set local session_replication_role = replica")
    if (script := folder / "given.sql").exists():
        connection.execute(script.read_text("utf-8"))  # type: ignore[arg-type]
    for path in sorted((folder / "given").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            connection.execute(
                sql.SQL("insert into {} ({}) values ({})").format(
                    sql.Identifier(*path.stem.split(".")),
                    sql.SQL(", ").join(map(sql.Identifier, row)),
                    sql.SQL(", ").join(sql.Literal(value or None) for value in row.values()),
                )
            )
    connection.execute("set local session_replication_role = default")


def query(folder: Path) -> str:
    name = (folder / "query.txt").read_text("utf-8").strip()
    area, is_block, block = name.partition(":")
    text = statement(area, block) if is_block else query_file(name)
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


def shown(value: object) -> str:
    """A cell as `expect.csv` writes it: null is empty, dates and numbers as PostgreSQL prints them."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_query_returns_what_is_expected_of_the_given_rows(warehouse: str, folder: Path) -> None:
    """The folder's name says the rule; see the module's docstring for its files."""
    with (folder / "expect.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        expected = [tuple(row.values()) for row in reader]
        columns = reader.fieldnames
    assert columns
    parameters = defaults()
    if (path := folder / "parameters.yaml").exists():
        parameters |= yaml.safe_load(path.read_text("utf-8"))
    with engine.connect("owner") as connection:
        clock.freeze(connection, NOW)
        load(connection, folder)
        found = connection.execute(query(folder), parameters).fetchall()  # type: ignore[arg-type]
        connection.rollback()
    assert sorted(tuple(shown(row[name]) for name in columns) for row in found) == sorted(expected)


@pytest.mark.parametrize("path", check_files(), ids=lambda path: path.stem)
def test_every_audit_check_has_a_folder_that_makes_it_fail(path: Path) -> None:
    """An always-green audit is a defect: each check proves on given rows that it finds a gap, and what is none."""
    folder = HERE / f"checks__{path.stem}"
    assert (folder / "query.txt").read_text("utf-8").strip() == f"checks/{path.name}"
    with (folder / "expect.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)), "expect at least one gap"


def test_every_check_says_what_it_finds_in_both_languages() -> None:
    """Header complete, one sentence each, the count in the sentence of the mail."""
    checks = sql_checks()
    assert len(checks) == len(check_files()) > 10
    for check in checks:
        assert "{count}" in check.gap_zh
        assert "{count}" in check.gap_en


@pytest.mark.parametrize("path", check_files(), ids=lambda path: path.stem)
def test_the_auditing_role_may_read_what_the_check_reads(warehouse: str, path: Path) -> None:
    """The planner runs the audit; a check it may not run would block every audit."""
    text = "\n".join(line for line in query_file(f"checks/{path.name}").splitlines() if not line.startswith("--"))
    with engine.connect("planner") as connection:
        rows = connection.execute(text, defaults())  # type: ignore[arg-type]
        assert [column.name for column in rows.description or ()] == ["subject_kind", "subject_id", "gap_count"]


def test_a_wrong_expectation_fails(warehouse: str) -> None:
    """The harness itself can tell: rows that a foreign key would refuse go in, and the query sees them."""
    with engine.connect("owner") as connection:
        load(connection, HERE / "checks__files_unfinished")
        row = connection.execute("select count(*) as n from ops.inbox_files").fetchone()
        assert row is not None
        assert row["n"] > 1
        connection.rollback()
        with pytest.raises(psycopg.errors.Error):
            connection.execute("select from nowhere")
        connection.rollback()
