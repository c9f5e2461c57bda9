"""One real PostgreSQL for the session, one fresh migrated database for each test that asks for `warehouse`."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import psycopg
import pytest
from tests.browsers import require_browser
from xdist.scheduler import LoadScopeScheduling

# Set before anything of trainloop or Airflow is imported.
os.environ["TRAINLOOP_SECRET_KEY"] = "a key of the test suite, forty characters"
os.environ["GX_ANALYTICS_ENABLED"] = "false"
os.environ.pop("COLUMNS", None)
os.environ["TRAINLOOP_SITE_FILE"] = str(Path(__file__).with_name("site.yaml"))

from trainloop import clock
from trainloop.commands import console  # noqa: F401 - it keeps the COLUMNS of the moment it is imported: none
from trainloop.config import get_site
from trainloop.settings import Settings, get_settings
from trainloop.warehouse import engine
from trainloop.warehouse.embedded import EmbeddedServer
from trainloop.warehouse.migrations import migrate

# A slow machine is no wrong answer.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

TEMPLATE = "template_migrated"
SHARED = "shared_by_tests"
# What a migration puts into tables; everything else begins empty.
SEEDED = ("clock", "notice_kinds", "schema_migrations")


# What a whole folder shares is dear (a running Airflow, a year that was lived): one process runs the folder.
TOGETHER = ("acceptance", "dags", "demo", "intake")


class Scheduling(LoadScopeScheduling):
    """Gives each process whole files, or whole folders of those that share something dear."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = Path(file).parts[1]
        return folder if folder in TOGETHER else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    """Tell xdist how tests are shared out."""
    return Scheduling(config, log)


def pytest_collection_finish() -> None:
    """What is loaded by now is no garbage: no collection need look at it, and hundreds of tests cause one or more."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a database, so that the inner loop can leave it out."""
    for item in items:
        if "server" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.postgres)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Say at once what a test without a browser comes to, before anything dear is started for it."""
    if item.get_closest_marker("browser"):
        require_browser()


def _forget_settings() -> None:
    get_settings.cache_clear()
    get_site.cache_clear()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """An embedded server with a migrated template database, stopped at the end of the session."""
    embedded = EmbeddedServer.from_settings(Settings(home=tmp_path_factory.mktemp("server")))
    with psycopg.connect(embedded.url("postgres"), autocommit=True) as connection:
        # A database per test means a checkpoint per test; the machine does not lose power, only processes are killed.
        connection.execute("alter system set fsync = off")
        connection.execute("alter system set full_page_writes = off")
        connection.execute("select pg_reload_conf()")
        connection.execute(f"create database {TEMPLATE}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINLOOP_WAREHOUSE_URL", embedded.url(TEMPLATE))
        _forget_settings()
        migrate()
    _forget_settings()
    _make_shared(embedded)
    yield embedded
    embedded.stop()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty home folder: inbox, archive and reports of this test only."""
    monkeypatch.setenv("TRAINLOOP_HOME", str(tmp_path))
    _forget_settings()
    yield tmp_path
    _forget_settings()


@pytest.fixture
def warehouse(server: EmbeddedServer, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A fresh warehouse to which `engine.connect(role)` of this process and its children leads; yields its URL."""
    url = server.url(SHARED)
    monkeypatch.setenv("TRAINLOOP_WAREHOUSE_URL", url)
    _forget_settings()
    yield url
    _forget_settings()
    _empty(server)


def _empty(server: EmbeddedServer) -> None:
    """Empty the shared database, ten times faster than making one; after a change of its schema make one."""
    with psycopg.connect(server.url(SHARED), autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
            "and pid <> pg_backend_pid()"
        )
        connection.execute((Path(__file__).parent / "empty.sql").read_text("utf-8"))
        is_whole = connection.execute(SCHEMA_FINGERPRINT).fetchone() == _whole_schema[0]
    if not is_whole:
        _make_shared(server)


_whole_schema: list[tuple[object, ...] | None] = [None]
SCHEMA_FINGERPRINT = """
select
    md5(string_agg(concat_ws(' ', class.oid, class.relkind, class.relnatts, class.relacl), ',' order by class.oid)),
    (select md5(string_agg(concat_ws(' ', oid, prosrc, proacl), ',' order by oid)) from pg_proc where oid > 16384),
    (select md5(string_agg(concat_ws(' ', oid, tgname), ',' order by oid)) from pg_trigger),
    (select md5(string_agg(pg_get_constraintdef(oid), ',' order by oid)) from pg_constraint where oid > 16384)
from pg_class as class
join pg_namespace as schema on schema.oid = class.relnamespace
where schema.nspname not like 'pg\\_%' and schema.nspname <> 'information_schema'
"""


def _make_shared(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database if exists {SHARED} with (force)")
        connection.execute(f"create database {SHARED} template {TEMPLATE}")
    with psycopg.connect(server.url(SHARED), autocommit=True) as connection:
        connection.execute("create schema seed")
        for table in SEEDED:
            connection.execute(f"create table seed.{table} as table ops.{table}")
        _whole_schema[0] = connection.execute(SCHEMA_FINGERPRINT).fetchone()


@pytest.fixture
def set_clock(warehouse: str) -> Callable[..., datetime]:
    """Freeze business time: `set_clock(2026, 3, 1, 9)` is 09:00 in the site's time zone."""

    def freeze(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
        moment = datetime(year, month, day, hour, minute, tzinfo=get_site().company.zone).astimezone(UTC)
        with engine.connect("owner") as connection:
            clock.freeze(connection, moment)
        return moment

    return freeze
