"""The deployment of docker-compose.yml through the sample company's first weeks, while parts of it are killed.

`make cluster-test`; not part of `make test`, since it starts ten servers and takes minutes.
"""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from email.message import EmailMessage
from pathlib import Path

import psycopg
import pytest
from tests.cluster.sabotage import Sabotage, Strike, kill_the_scheduler, kill_the_worker, restart_the_broker
from tests.cluster.state import state
from tests.cluster.topology import Topology

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


@pytest.fixture(scope="module")
def mails(cluster: Topology) -> list[EmailMessage]:
    """Live the weeks in the cluster under sabotage; return what reached the mailbox."""
    under_way: list[Sabotage] = []

    def begin(step: Step) -> None:
        print(f"{step.on} {step.en}", flush=True)
        if strike := STRIKES.get(step.on.isoformat()):
            under_way.append(Sabotage(cluster, strike))
            under_way[-1].begin()

    def done(step: Step) -> None:
        if step.on.isoformat() in STRIKES:
            under_way[-1].join(60)
            print(f"  {under_way[-1].name} struck at {under_way[-1].struck}", flush=True)
            assert under_way[-1].struck is not None

    with cluster.api() as api, AirflowRunner(get_settings(), api) as runner:
        year = Year(build_company(), runner, get_settings())
        year.steps = DAYS
        assert year.run(Progress(begin=begin, tell=lambda _: None, done=done)) == "new"
        api.wait_until_quiet()
    assert [strike.name for strike in under_way] == [strike.__name__ for strike in STRIKES.values()]
    return [_parsed(path.read_bytes()) for path in (cluster.machines / "mailbox" / "mailbox").glob("*.eml")]


@pytest.fixture(scope="module")
def undisturbed(
    cluster: Topology, mails: list[EmailMessage], tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, list[bytes]]:
    """The same weeks by the same entry points in this process: the warehouse's address and the mails."""
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
    return url, runner.pocket.mails


def test_every_run_ends_well(cluster: Topology, mails: list[EmailMessage]) -> None:
    """Whatever was killed: no run hangs and none has failed; the killed worker works again."""
    with cluster.api() as api:
        assert Counter(run.state for run in api.runs(limit=500)).keys() == {"success"}
    assert all(part.running() for part in cluster.parts.values())
    assert mails


def test_nobody_gets_a_mail_twice(mails: list[EmailMessage], undisturbed: tuple[str, list[bytes]]) -> None:
    """Each Message-ID once, and to everybody as many mails as in undisturbed weeks."""
    assert max(Counter(mail["Message-ID"] for mail in mails).values()) == 1
    expected = map(_parsed, undisturbed[1])
    assert Counter(str(mail["To"]) for mail in mails) == Counter(str(mail["To"]) for mail in expected)


def test_the_warehouse_is_the_same_as_of_undisturbed_weeks(
    cluster: Topology, mails: list[EmailMessage], undisturbed: tuple[str, list[bytes]]
) -> None:
    """Table by table the same hash over all rows."""
    found, expected = state(cluster.server.url("trainloop")), state(undisturbed[0])
    assert len(expected) > 100
    assert found == expected


def _parsed(mail: bytes) -> EmailMessage:
    return email.message_from_bytes(mail, policy=email.policy.default)
