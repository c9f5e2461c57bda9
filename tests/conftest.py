"""One real PostgreSQL for the session, one fresh migrated database for each test that asks for `warehouse`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

# Set before anything of trainloop or Airflow is imported.
os.environ["TRAINLOOP_SECRET_KEY"] = "a key of the test suite, forty characters"
os.environ["GX_ANALYTICS_ENABLED"] = "false"

from trainloop import clock
from trainloop.config import get_site
from trainloop.settings import Settings, get_settings
from trainloop.warehouse import engine
from trainloop.warehouse.embedded import EmbeddedServer
from trainloop.warehouse.migrations import migrate

TEMPLATE = "template_migrated"


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
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name} template {TEMPLATE}")
    monkeypatch.setenv("TRAINLOOP_WAREHOUSE_URL", server.url(name))
    _forget_settings()
    yield server.url(name)
    _forget_settings()
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)")


@pytest.fixture
def set_clock(warehouse: str) -> Callable[..., datetime]:
    """Freeze business time: `set_clock(2026, 3, 1, 9)` is 09:00 in the site's time zone."""

    def freeze(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
        moment = datetime(year, month, day, hour, minute, tzinfo=get_site().company.zone).astimezone(UTC)
        with engine.connect("owner") as connection:
            clock.freeze(connection, moment)
        return moment

    return freeze
