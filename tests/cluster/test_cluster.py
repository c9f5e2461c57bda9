"""The deployment of docker-compose.yml through the sample company's first weeks, while parts of it are killed.

`make cluster-test`; not part of `make test`, since it starts ten servers and takes minutes.
"""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest
from tests.cluster.sabotage import Sabotage, Strike, kill_the_scheduler, kill_the_worker, restart_the_broker
from tests.cluster.state import state
from tests.cluster.topology import SCANS, Topology

from trainloop.demo.airflow_runner import AirflowRunner
from trainloop.demo.company import build_company
from trainloop.demo.runners import DirectRunner
from trainloop.demo.timeline import Step, steps
from trainloop.demo.year import Progress, Year
from trainloop.outbox.leases import grant_lease
from trainloop.settings import get_settings
from trainloop.warehouse.migrations import migrate

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(3600)]
# Until the first class is evaluated and reported: 5 to 26 January.
DAYS = steps()[:8]
# Each in the middle of a task of that day: materials go out, surveys open, some are reminded.
STRIKES: dict[str, Strike] = {
    "2026-01-08": kill_the_worker,
    "2026-01-16": kill_the_scheduler,
    "2026-01-19": restart_the_broker,
}


@dataclass(frozen=True)
class Weeks:
    """The weeks at their end: all mails, the warehouse's hashes, how the runs ended, what does not run any more."""

    mails: list[EmailMessage]
    tables: dict[str, str]
    runs: Counter[str] = field(default_factory=Counter)
    stopped: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def disturbed(cluster: Topology) -> Weeks:
    """Live the weeks in the cluster under sabotage."""
    under_way: list[Sabotage] = []
    awake: set[str] = set()

    def begin(step: Step) -> None:
        print(f"{step.on} {step.en}", flush=True)
        if strike := STRIKES.get(step.on.isoformat()):
            under_way.append(Sabotage(cluster, strike))
            under_way[-1].begin()

    def tell(part: str) -> None:
        if part in set(SCANS) - awake:
            api.pause(part, is_paused=False)
            awake.add(part)

    def done(step: Step) -> None:
        while awake:
            api.pause(awake.pop(), is_paused=True)
        if step.on.isoformat() in STRIKES:
            under_way[-1].join(60)
            print(f"  {under_way[-1].name} struck at {under_way[-1].struck}", flush=True)
            assert under_way[-1].struck is not None

    with cluster.api() as api, AirflowRunner(get_settings(), api) as runner:
        year = Year(build_company(), runner, get_settings())
        year.steps = DAYS
        assert year.run(Progress(begin=begin, tell=tell, done=done)) == "new"
        api.wait_until_quiet()
        runs = Counter(run.state for run in api.runs(limit=500))
    assert [strike.name for strike in under_way] == [strike.__name__ for strike in STRIKES.values()]
    mails = [_parsed(path.read_bytes()) for path in (cluster.machines / "mailbox" / "mailbox").glob("*.eml")]
    stopped = [name for name, part in cluster.parts.items() if not part.running()]
    return Weeks(mails, state(cluster.server.url("trainloop")), runs, stopped)


@pytest.fixture(scope="module")
def undisturbed(cluster: Topology, disturbed: Weeks, tmp_path_factory: pytest.TempPathFactory) -> Weeks:
    """The same weeks by the same entry points in this process, on the same server."""
    with psycopg.connect(cluster.server.url("postgres"), autocommit=True) as connection:
        connection.execute("create database undisturbed")
    home: Path = tmp_path_factory.mktemp("undisturbed")
    url = cluster.server.url("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("inbox", "archive", "reports", "materials", "data_docs", "backups"):
            patch.delenv(f"TRAINLOOP_{name.upper()}_URI")
        patch.setenv("TRAINLOOP_HOME", str(home))
        patch.setenv("TRAINLOOP_WAREHOUSE_URL", url)
        get_settings.cache_clear()
        migrate()
        grant_lease(get_settings().environment, by="test")
        runner = DirectRunner()
        year = Year(build_company(), runner, get_settings())
        year.steps = DAYS
        year.run(Progress(begin=lambda _: None, tell=lambda _: None, done=lambda _: None))
    get_settings.cache_clear()
    return Weeks(list(map(_parsed, runner.pocket.mails)), state(url))


def test_every_run_ends_well(disturbed: Weeks) -> None:
    """Whatever was killed: no run hangs, none has failed, and every service works again."""
    assert disturbed.runs.keys() == {"success"}
    assert disturbed.runs.total() > len(DAYS)
    assert disturbed.stopped == []


def test_nobody_gets_a_mail_twice(disturbed: Weeks, undisturbed: Weeks) -> None:
    """Each Message-ID once, and to everybody as many mails as in undisturbed weeks."""
    assert max(Counter(mail["Message-ID"] for mail in disturbed.mails).values()) == 1
    assert Counter(str(mail["To"]) for mail in disturbed.mails) == Counter(
        str(mail["To"]) for mail in undisturbed.mails
    )


def test_the_warehouse_is_the_same_as_of_undisturbed_weeks(disturbed: Weeks, undisturbed: Weeks) -> None:
    """Table by table the same hash over all rows."""
    assert len(undisturbed.tables) > 100
    assert disturbed.tables == undisturbed.tables


def _parsed(mail: bytes) -> EmailMessage:
    return email.message_from_bytes(mail, policy=email.policy.default)
