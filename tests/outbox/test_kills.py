"""Kill -9 at every commit and foreign call of composing and sending: one mail each, one extra copy in the one gap."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.outbox.conftest import Company, MailServer, found_company

from trainloop.errors import TransientError
from trainloop.outbox.composer import compose_due
from trainloop.outbox.mailer import deliver_due
from trainloop.settings import get_settings
from trainloop.warehouse import migrations
from trainloop.warehouse.embedded import EmbeddedServer

WORK = """
import sys
from trainloop.outbox.delivery import deliver
from trainloop.outbox.transport import SmtpTransport
deliver(lambda: SmtpTransport("127.0.0.1", int(sys.argv[1]), timeout_seconds=5))
"""
POINTS = [
    "outbox.before_compose_commit",
    "outbox.after_compose_commit",
    "outbox.before_claim",
    "outbox.before_claim_commit",
    "outbox.after_claim",
    "outbox.after_mark",
    "outbox.before_data",
    "outbox.after_250",
    "outbox.after_batch",
    "outbox.before_sweep_commit",
]


def start(server: MailServer, fault_point: str = "") -> subprocess.Popen[bytes]:
    environment = os.environ | {"TRAINLOOP_FAULT_POINT": fault_point}
    return subprocess.Popen([sys.executable, "-c", WORK, str(server.port)], env=environment)


def let_leases_end(company: Company) -> None:
    """Five minutes pass, in a moment."""
    company.run("update ops.messages set lease_until = now() - interval '1 second' where state = 'claimed'")


@pytest.mark.slow
@pytest.mark.parametrize("fault_point", POINTS)
def test_a_sender_killed_anywhere_leaves_one_mail_each(
    company: Company, mail_server: MailServer, fault_point: str
) -> None:
    """Killed before the 250: exactly one after recovery. Killed after it: at most one extra copy, the same bytes."""
    company.call("E1", "E2", "E3")
    assert start(mail_server, fault_point).wait(60) == -9
    let_leases_end(company)
    assert start(mail_server).wait(60) == 0
    assert company.outcomes() == {"sent": 3}
    copies = Counter(address for addresses, _ in mail_server.received for address in addresses)
    assert set(copies) == {"e1@example.com", "e2@example.com", "e3@example.com"}
    assert sum(copies.values()) <= (4 if fault_point == "outbox.after_250" else 3)
    assert len({content for _, content in mail_server.received}) == 3


@pytest.mark.slow
def test_what_was_composed_before_leaves_even_when_composing_is_killed(
    company: Company, mail_server: MailServer
) -> None:
    """A composer that dies every time, of memory say, holds up no mail that is ready."""
    company.call("E1")
    compose_due()
    company.call("E2", "E3")
    assert start(mail_server, "outbox.before_compose_commit").wait(60) == -9
    assert [address for addresses, _ in mail_server.received for address in addresses] == ["e1@example.com"]
    assert start(mail_server).wait(60) == 0
    assert company.outcomes() == {"sent": 3}


@pytest.mark.slow
def test_repeated_kills_at_random_moments_lose_nothing_and_repeat_at_most_one_mail_each(
    company: Company, mail_server: MailServer
) -> None:
    """A worker that keeps being killed: every person one mail, no more extra copies than kills."""
    people = [f"P{number:03}" for number in range(240)]
    company.hire(*people)
    company.invite(*people)
    company.call(*people)
    compose_due()
    for received in (20, 90, 160):
        worker = start(mail_server)
        while len(mail_server.received) < received and worker.poll() is None:
            time.sleep(0.001)
        worker.kill()
        worker.wait()
        let_leases_end(company)
    assert start(mail_server).wait(60) == 0
    assert company.outcomes() == {"sent": 240}
    assert len({content for _, content in mail_server.received}) == 240
    assert len(mail_server.received) <= 240 + 3


def test_a_warehouse_that_hangs_up_costs_no_extra_copy(
    company: Company, mail_server: MailServer, warehouse: str
) -> None:
    """The living sender writes its marks again on a new connection."""
    people = [f"P{number:03}" for number in range(60)]
    company.hire(*people)
    company.invite(*people)
    company.call(*people)
    compose_due()

    def hang_up() -> None:
        while len(mail_server.received) < 20:
            time.sleep(0.001)
        with psycopg.connect(warehouse, autocommit=True) as connection:
            connection.execute(
                """select pg_terminate_backend(pid) from pg_stat_activity
                   where datname = current_database() and application_name = 'trainloop-sender'"""
            )

    thread = threading.Thread(target=hang_up)
    thread.start()
    deliver_until_done(company, mail_server)
    thread.join()
    assert len(mail_server.received) == 60
    assert company.outcomes() == {"sent": 60}


def deliver_until_done(company: Company, mail_server: MailServer) -> None:
    """Run as Airflow does: again after a transient error, when the leases of the first run are over."""
    for _ in range(3):
        try:
            deliver_due(mail_server.transport())
        except (psycopg.OperationalError, TransientError):
            let_leases_end(company)
        else:
            return


@pytest.fixture
def own_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedServer]:
    """A PostgreSQL of this test's own, which may be killed."""
    monkeypatch.delenv("TRAINLOOP_WAREHOUSE_URL", raising=False)
    monkeypatch.setenv("TRAINLOOP_HOME", str(tmp_path))
    get_settings.cache_clear()
    embedded = EmbeddedServer.from_settings(get_settings())
    migrations.migrate()
    yield embedded
    embedded.stop()
    get_settings.cache_clear()


@pytest.mark.slow
def test_a_killed_postgresql_repeats_at_most_one_mail(own_server: EmbeddedServer, mail_server: MailServer) -> None:
    """Commits that did not wait for the disk are lost with the server; the living sender writes them again."""
    company = found_company()
    people = [f"P{number:03}" for number in range(150)]
    company.hire(*people)
    company.invite(*people)
    company.call(*people)
    compose_due()

    def kill() -> None:
        while len(mail_server.received) < 40:
            time.sleep(0.001)
        pid = int((own_server.data / "postmaster.pid").read_text().splitlines()[0])
        children = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()
        for process in (pid, *map(int, children)):
            os.kill(process, 9)

    thread = threading.Thread(target=kill)
    thread.start()
    deliver_until_done(company, mail_server)
    thread.join()
    assert company.outcomes() == {"sent": 150}
    assert len({content for _, content in mail_server.received}) == 150
    assert len(mail_server.received) <= 151
