"""The sample company's year, lived once in a database and a home of its own, for all tests that look at its end."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.conftest import TEMPLATE

from trainloop.config import get_site
from trainloop.demo.company import build_company
from trainloop.demo.forms_client import Browser, Fields
from trainloop.demo.runners import DirectRunner
from trainloop.demo.timeline import Step
from trainloop.demo.year import Progress, Year
from trainloop.outbox.leases import grant_lease
from trainloop.settings import PROJECT_DIR, get_settings
from trainloop.warehouse import engine
from trainloop.warehouse.embedded import EmbeddedServer

SILENT = Progress(begin=lambda _: None, tell=lambda _: None, done=lambda _: None)
DATABASE = "a_year"
# The needs are analysed, the year is reviewed, and both drafts wait for a decision: kept as it is on this day.
KEPT_ON, KEPT_DATABASE = date(2026, 11, 24), "a_year_in_november"


class WatchedBrowser(Browser):
    """A browser over whose shoulder somebody looks: it notes who sent what, in the order of sending."""

    sent: list[tuple[str, Mapping[str, Any]]]

    def answer(self, token: str, values: Fields, *, saves_first: bool = False) -> None:
        self.sent.append((token, values))
        super().answer(token, values, saves_first=saves_first)


class WatchedRunner(DirectRunner):
    """The year's runner with watched browsers; `sent` is what all of them sent."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[tuple[str, Mapping[str, Any]]] = []

    @contextmanager
    def browser(self) -> Iterator[Browser]:
        with super().browser() as plain:
            watched = WatchedBrowser(plain._http)
            watched.sent = self.sent
            yield watched


@dataclass(frozen=True)
class KeptDay:
    """The year as it stood when one of its days was over: a database and files of its own."""

    url: str
    home: Path


@dataclass
class LivedYear:
    """The year at its end: what ran it, how it came out, and everything that was sent."""

    url: str
    home: Path
    runner: WatchedRunner
    year: Year
    outcome: str
    kept: KeptDay
    sent: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        with engine.connect("owner") as connection:
            return connection.execute(query, values or None).fetchall()  # type: ignore[arg-type]


@contextmanager
def _inside(url: str, home: Path) -> Iterator[None]:
    """Let settings and rules of this process be those of the sample company's year."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRAINLOOP_WAREHOUSE_URL", url)
        patch.setenv("TRAINLOOP_HOME", str(home))
        patch.setenv("TRAINLOOP_SITE_FILE", str(PROJECT_DIR / "include/trainloop/demo/site.yaml"))
        get_settings.cache_clear()
        get_site.cache_clear()
        yield
    get_settings.cache_clear()
    get_site.cache_clear()


@pytest.fixture(scope="session")
def _year_lived_once(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> LivedYear:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"create database {DATABASE} template {TEMPLATE}")
    url, home = server.url(DATABASE), tmp_path_factory.mktemp("year")
    kept = KeptDay(server.url(KEPT_DATABASE), tmp_path_factory.mktemp("november"))

    def keep(step: Step) -> None:
        if step.on == KEPT_ON:
            shutil.copytree(home, kept.home, dirs_exist_ok=True)
            _copy_database(server)

    with _inside(url, home):
        grant_lease(get_settings().environment, by="test")
        runner = WatchedRunner()
        year = Year(build_company(), runner, get_settings())
        outcome = year.run(replace(SILENT, done=keep))
        return LivedYear(url, home, runner, year, outcome, kept, runner.sent)


def _copy_database(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (DATABASE,))
        connection.execute(f"create database {KEPT_DATABASE} template {DATABASE}")


@pytest.fixture
def lived(_year_lived_once: LivedYear) -> Iterator[LivedYear]:
    """The year at its end; nobody may change anything in it."""
    with _inside(_year_lived_once.url, _year_lived_once.home):
        yield _year_lived_once
