"""The dump of an earlier release comes to this one whole, and between the two its code still finds what it reads."""

from __future__ import annotations

import gzip
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from trainloop.recovery.backup import WAREHOUSE_SCHEMAS
from trainloop.recovery.dumps import load
from trainloop.settings import get_settings
from trainloop.warehouse import engine, migrations
from trainloop.warehouse.embedded import EmbeddedServer, binaries

RELEASES = sorted(Path(__file__).with_name("releases").glob("*.dump.gz"))
# What migrations themselves write into.
OURS = {"ops.schema_migrations", "ops.notice_kinds"}
# What a migration took away from an earlier release, and the first release whose code did without it. A line here is
# the second half of a change (contract); its first half (expand) is a release earlier. See DECISIONS, "Upgrades".
CONTRACTED: dict[str, str] = {}

NEEDED = """
select concat_ws(' ', 'column', table_schema, table_name, column_name, udt_name) as thing
from information_schema.columns where table_schema = any (%(schemas)s)
union all
select concat_ws(' ', 'value', type.typname, label.enumlabel)
from pg_enum as label join pg_type as type on type.oid = label.enumtypid
union all
select concat_ws(' ', 'function', space.nspname, proc.proname, pg_get_function_identity_arguments(proc.oid))
from pg_proc as proc join pg_namespace as space on space.oid = proc.pronamespace
where space.nspname = any (%(schemas)s)
union all
select concat_ws(' ', 'grant', privilege_type, table_schema, table_name, grantee)
from information_schema.role_table_grants
where table_schema = any (%(schemas)s) and starts_with(grantee, 'trainloop_')
"""
DEMANDED = """
select concat_ws('.', table_schema, table_name, column_name) as thing
from information_schema.columns
where table_schema = any (%(schemas)s) and is_nullable = 'NO' and column_default is null and is_identity = 'NO'
"""


@pytest.fixture(params=RELEASES, ids=lambda path: path.name.partition(".")[0])
def release(
    request: pytest.FixtureRequest, server: EmbeddedServer, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A database as that release left it; `engine.connect` leads to it."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database if exists released with (force)")
        connection.execute("create database released")
    whole = home / "warehouse.dump"
    whole.write_bytes(gzip.decompress(request.param.read_bytes()))
    load(whole, server.url("released"), WAREHOUSE_SCHEMAS)
    monkeypatch.setenv("TRAINLOOP_WAREHOUSE_URL", server.url("released"))
    get_settings.cache_clear()
    yield server.url("released")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database released with (force)")


def things(query: str) -> set[str]:
    with engine.connect("owner") as connection:
        return {row["thing"] for row in connection.execute(query, {"schemas": list(WAREHOUSE_SCHEMAS)})}


def rows_of(tables: set[str]) -> dict[str, str]:
    """Count and hash of every table's rows; columns that are new do not count."""
    found = {}
    with engine.connect("owner") as connection:
        for table in sorted(tables):
            row = connection.execute(f"select count(*) as n from {table}").fetchone()
            found[table] = str(row and row["n"])
    return found


def published(columns: dict[str, list[str]]) -> dict[str, str]:
    """Everything that readers were shown, as text."""
    shown = {}
    with engine.connect("owner") as connection:
        for table, names in columns.items():
            query = f"select {', '.join(names)} from {table} order by {', '.join(names)}"
            shown[table] = repr([tuple(row.values()) for row in connection.execute(query)])
    return shown


def figures_of_marts() -> list[dict[str, object]]:
    """The figures behind what was published: 12.0 and 12 are the same number."""
    query = "select * from marts.evaluation_figures order by wave_code, family, code, statistic"
    with engine.connect("owner") as connection:
        return connection.execute(query).fetchall()


def tables() -> set[str]:
    query = "select schemaname || '.' || tablename as thing from pg_tables where schemaname = any (%(schemas)s)"
    return things(query) - OURS


def schema(url: str) -> list[str]:
    """Every statement of a database's schema, in any order (columns that came later stand last)."""
    command = [str(binaries() / "pg_dump"), "--schema-only", "--exclude-table=ops.schema_migrations", url]
    command += ["--exclude-schema=seed"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    words = "".join(line for line in text.splitlines(True) if not line.startswith(("--", "\\")))
    # A view that was dumped and read names its constants and drops needless brackets.
    words = re.sub(r"[()]| AS (text|bytea)\b", "", words)
    return sorted(line.strip().rstrip(",") for line in words.splitlines())


def test_there_is_a_release_to_upgrade_from() -> None:
    """A rule over nothing holds always."""
    assert RELEASES


def test_every_row_and_every_published_figure_survive_the_migrations(release: str) -> None:
    """Counts of all tables are the same; what readers were shown is the same to the digit; new roles may read it."""
    query = """select table_schema || '.' || table_name || '.' || column_name as thing
               from information_schema.columns where table_schema = 'published'"""
    columns: dict[str, list[str]] = {}
    for name in sorted(things(query)):
        columns.setdefault(name.rpartition(".")[0], []).append(name.rpartition(".")[2])
    before, shown, figures = rows_of(tables()), published(columns), figures_of_marts()
    filled = {name for name, count in before.items() if count != "0"}
    assert {
        "core.employees",
        "confidential.answers",
        "published.figures",
        "ops.quarantined_rows",
        "ops.messages",
    } <= filled
    ran = migrations.migrate()
    assert ran == [path.stem for path in migrations.files()][-len(ran) :]
    # A table that became a view is still read by its name.
    assert rows_of({*before}) == before
    assert published(columns) == shown
    assert figures_of_marts() == figures != []
    assert migrations.migrate() == []
    with engine.connect("board") as connection:
        assert connection.execute("select from ops.backups").fetchall() == []


def test_the_upgraded_schema_is_the_schema_of_this_release(release: str, warehouse: str) -> None:
    """Old and new installations are the same from here on."""
    new = schema(warehouse)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINLOOP_WAREHOUSE_URL", release)
        get_settings.cache_clear()
        migrations.migrate()
        assert tables()
    get_settings.cache_clear()
    assert schema(release) == new


def test_the_code_of_the_release_before_finds_all_that_it_reads_and_writes(release: str) -> None:
    """Expand, then contract: tables, columns, types, enum values, functions and grants stay for one release, and no
    table that old code fills demands a column it does not know. What went is listed with its reason.
    """
    known, old_tables = things(NEEDED), tables()
    demanded = things(DEMANDED)
    migrations.migrate()
    gone = known - things(NEEDED)
    assert gone == CONTRACTED.keys() & gone, sorted(gone - CONTRACTED.keys())
    assert {one for one in things(DEMANDED) - demanded if one.rpartition(".")[0] in old_tables} == set()
