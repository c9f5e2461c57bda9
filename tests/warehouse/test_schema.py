"""`sql/schema.sql` is the whole truth to read, the migrations are the road to it: both lead to the same database."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from trainloop.errors import MigrationChangedError, SchemaNewerError
from trainloop.settings import get_settings
from trainloop.warehouse import engine, migrations
from trainloop.warehouse.embedded import EmbeddedServer, binaries
from trainloop.warehouse.statements import query_file

# The migrations' own ledger, and what the test suite keeps to empty its database.
LEFT_OUT = ("--exclude-table=ops.schema_migrations", "--exclude-schema=seed")
NOISE = re.compile(r"^(--.*|\\(un)?restrict .*|)\n", re.MULTILINE)


@pytest.fixture
def empty_database(server: EmbeddedServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database without any of our schemas; `engine.connect` leads to it."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("drop database if exists empty_one with (force)")
        connection.execute("create database empty_one")
    monkeypatch.setenv("TRAINLOOP_WAREHOUSE_URL", server.url("empty_one"))
    get_settings.cache_clear()
    return server.url("empty_one")


def dump(url: str) -> str:
    """The schema as pg_dump sees it, without comments and the migrations' own ledger."""
    command = [str(binaries() / "pg_dump"), "--schema-only", *LEFT_OUT, url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return NOISE.sub("", text)


def test_schema_file_and_migrations_make_the_same_database(warehouse: str, empty_database: str) -> None:
    """Types, tables, constraints, indexes, functions and grants: nothing differs."""
    with engine.connect("owner") as connection:
        connection.execute(query_file("schema.sql"))
    by_schema_file, by_migrations = dump(empty_database), dump(warehouse)
    assert "create table" in by_schema_file.lower()
    assert by_schema_file == by_migrations


def test_migrating_twice_at_once_runs_every_migration_once(empty_database: str) -> None:
    """Several init containers start together; one of them migrates, the others wait and find nothing to do."""
    ran: list[list[str]] = []
    threads = [threading.Thread(target=lambda: ran.append(migrations.migrate())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = [path.stem for path in migrations.files()]
    assert sorted(ran, key=len) == [[], [], expected]


def test_a_database_of_a_newer_release_is_refused(warehouse: str) -> None:
    """An old release must not write into tables it does not know."""
    with engine.connect("owner") as connection:
        connection.execute("insert into ops.schema_migrations (name, sha256) values ('9999_future', 'x')")
    with pytest.raises(SchemaNewerError, match="9999_future"):
        migrations.migrate()
    # `up` asks before it starts anything.
    with pytest.raises(SchemaNewerError, match="Nothing was started"):
        migrations.require_known()


def test_an_edited_migration_is_refused_by_name(warehouse: str) -> None:
    """History is not rewritten: what ran stays as it ran."""
    with engine.connect("owner") as connection:
        connection.execute("update ops.schema_migrations set sha256 = 'other' where name = '0001_layers'")
    with pytest.raises(MigrationChangedError, match="0001_layers"):
        migrations.migrate()
