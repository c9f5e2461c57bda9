"""Options of the benchmarks, one journal a run, and a server that keeps what it commits.

`trainloop bench` passes the options; `pytest tests/benchmarks/bench_marts.py -s --people 1000 --rounds 1` does too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import psycopg
import pytest
from tests.benchmarks.harness import Journal, with_server

from trainloop.settings import PROJECT_DIR
from trainloop.warehouse.embedded import EmbeddedServer

DEFAULT_PEOPLE, DEFAULT_ROUNDS = 10_000, 3


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--people", type=int, default=DEFAULT_PEOPLE, help="employees of the generated company")
    parser.addoption("--rounds", type=int, default=DEFAULT_ROUNDS, help="how often both sides run")


@pytest.fixture(scope="session")
def journal(request: pytest.FixtureRequest) -> Iterator[Journal]:
    """The figures of this run, printed at its end and kept under .trainloop/bench."""
    # The defaults are for a test of the suite, whose command line does not know the options.
    people = request.config.getoption("--people", DEFAULT_PEOPLE)
    rounds = request.config.getoption("--rounds", DEFAULT_ROUNDS)
    stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    kept = Journal(PROJECT_DIR / ".trainloop" / "bench" / f"{stamp}-{people}.json", people, rounds)
    yield kept
    if kept.records:
        print(f"\n\n{kept.table()}")


@pytest.fixture
def processor(server: EmbeddedServer) -> Callable[[], float]:
    """The clock of processor seconds: this process, its children, and the database."""
    return with_server(int((server.data / "postmaster.pid").read_text("utf-8").split()[0]))


@pytest.fixture
def durable(server: EmbeddedServer) -> Iterator[None]:
    """Every commit is on disk, as in production; the suite's server does without."""
    _set_durability(server, "on")
    yield
    _set_durability(server, "off")


def _set_durability(server: EmbeddedServer, value: str) -> None:
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes"):
            connection.execute(f"alter system set {setting} = {value}")
        connection.execute("select pg_reload_conf()")
