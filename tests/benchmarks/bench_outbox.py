"""How fast the outbox is beside bare smtplib: the same mails to the same server, which runs in a process of its own.

The outbox claims, checks eligibility, commits every mail's state and stores the answer; bare smtplib only talks.
"""

from __future__ import annotations

import smtplib
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.outbox.conftest import Company, company, free_port  # noqa: F401 - company is a fixture

from trainloop.outbox.composer import compose_due
from trainloop.outbox.ledger import FLUSH_EVERY
from trainloop.outbox.mailer import deliver_due
from trainloop.outbox.transport import SmtpTransport

SINK = """
import sys, time
from aiosmtpd.controller import Controller
class Sink:
    async def handle_DATA(self, server, session, envelope):
        return "250 OK"
Controller(Sink(), hostname="127.0.0.1", port=int(sys.argv[1])).start()
time.sleep(3600)
"""
ROUNDS = 3


@pytest.fixture
def sink() -> Iterator[int]:
    """A mail server in its own process that accepts everything."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SINK, str(port)])
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield port
    process.kill()
    process.wait()


def bare(mails: list[tuple[str, bytes]], port: int) -> float:
    """Seconds that smtplib alone needs, one session."""
    started = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as session:
        for address, content in mails:
            session.sendmail("trainloop@example.com", [address], content)
    return time.perf_counter() - started


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@pytest.mark.benchmark
@pytest.mark.parametrize(
    ("count", "padding", "flush_every"), [(1500, 0, FLUSH_EVERY), (1500, 0, 8), (400, 100_000, FLUSH_EVERY)]
)
def test_delivery_keeps_up_with_bare_smtplib(
    company: Company,  # noqa: F811
    sink: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    count: int,
    padding: int,
    flush_every: int,
) -> None:
    """At least 0.4 of bare smtplib's rate, with every guarantee kept."""
    people = [f"P{number:05}" for number in range(count)]
    company.hire(*people)
    company.invite(*people)
    company.call(*people)
    composing = seconds(compose_due)
    if padding:
        # The size of a mail with a PDF; what the bytes say does not matter to either side.
        company.run(
            "update ops.messages set mime_bytes = mime_bytes || convert_to(repeat(%s, %s), 'UTF8')",
            "x" * 74 + "\r\n",
            padding // 76,
        )
    mails = [
        (row["recipient_address"], row["mime_bytes"])
        for row in company.run("select recipient_address, mime_bytes from ops.messages order by message_id")
    ]
    ratios = []
    for _ in range(ROUNDS):
        theirs = bare(mails, sink)
        started = time.perf_counter()
        result = deliver_due(SmtpTransport("127.0.0.1", sink), flush_every=flush_every)
        ours = time.perf_counter() - started
        assert result["sent"] == count
        ratios.append(theirs / ours)
        company.run(
            """update ops.messages set state = 'composed', sent_at = null, settled_at = null,
                   next_attempt_at = composed_at"""
        )
    size = sum(len(content) for _, content in mails) // count
    with capsys.disabled():
        print(f"\noutbox: {count} mails of {size:,} bytes, a flush every {flush_every}")
        print(f"  composed {count / composing:.0f}/s, sent {count / ours:.0f}/s, bare smtplib {count / theirs:.0f}/s")
        print(f"  ratio {statistics.median(ratios):.2f}")
    if flush_every == FLUSH_EVERY:
        assert statistics.median(ratios) >= 0.4
