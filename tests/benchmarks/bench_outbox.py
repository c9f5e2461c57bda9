"""P4: how fast the outbox is beside bare smtplib: the same mails to the same server, which has a process of its own.

The outbox claims, checks eligibility, commits every mail's state and stores the answer; bare smtplib only talks. The
server's processor time counts for both, since somebody must take the mails. It writes down the hash of every
envelope: both sides must have brought the same bytes to the same people.
"""

from __future__ import annotations

import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from tests.benchmarks.harness import Journal, Side, alternate
from tests.outbox.conftest import Company, company, free_port  # noqa: F401 - company is a fixture

from trainloop.outbox.composer import compose_due
from trainloop.outbox.mailer import deliver_due
from trainloop.outbox.transport import SmtpTransport

SINK = """
import hashlib, sys, time
from pathlib import Path
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

class Sink:
    taken = []

    async def handle_DATA(self, server, session, envelope):
        said = repr(envelope.rcpt_tos).encode() + envelope.content
        self.taken.append(hashlib.sha256(said).hexdigest())
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope):
        with Path(sys.argv[2]).open("a") as file:
            file.writelines(line + chr(10) for line in self.taken)
        self.taken.clear()
        return "221 Bye"

Controller(Sink(), hostname="127.0.0.1", port=int(sys.argv[1])).start()
time.sleep(36000)
"""
PADDED_COUNT, PADDING = 400, 100_000
MOST_MAILS = 1500


class Sink:
    """A mail server in its own process that accepts everything and writes down what came."""

    def __init__(self, port: int, ledger: Path) -> None:
        self.port, self.ledger = port, ledger
        self.process = subprocess.Popen([sys.executable, "-c", SINK, str(port), str(ledger)])

    def forget(self) -> None:
        self.ledger.write_text("", "utf-8")

    def taken(self) -> list[str]:
        """Return the hashes of what came since the last call, sorted."""
        found = sorted(self.ledger.read_text("utf-8").split())
        self.forget()
        return found


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[Sink]:
    """The server, ready."""
    running = Sink(free_port(), tmp_path / "taken")
    running.forget()
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", running.port)) == 0:
                break
        time.sleep(0.1)
    yield running
    running.process.kill()
    running.process.wait()


class Post:
    """Both sides over the same composed mails."""

    def __init__(self, company: Company, sink: Sink, count: int, padding: int) -> None:  # noqa: F811
        self.company, self.sink, self.count = company, sink, count
        people = [f"P{number:05}" for number in range(count)]
        company.hire(*people)
        company.invite(*people)
        company.call(*people)
        compose_due()
        if padding:
            # The size of a mail with a PDF; what the bytes say does not matter to either side.
            company.run(
                "update ops.messages set mime_bytes = mime_bytes || convert_to(repeat(%s, %s), 'UTF8')",
                "x" * 74 + "\r\n",
                padding // 76,
            )
        self.mails = [
            (row["recipient_address"], row["mime_bytes"])
            for row in company.run("select recipient_address, mime_bytes from ops.messages order by message_id")
        ]
        self.taken: dict[str, list[str]] = {}

    def wait_again(self) -> None:
        """Let every mail be due, as if none had left."""
        self.company.run(
            """update ops.messages set state = 'composed', sent_at = null, settled_at = null,
                   next_attempt_at = composed_at"""
        )

    def deliver(self) -> None:
        assert deliver_due(SmtpTransport("127.0.0.1", self.sink.port))["sent"] == self.count

    def bare(self) -> None:
        with smtplib.SMTP("127.0.0.1", self.sink.port, timeout=60) as session:
            for address, content in self.mails:
                session.sendmail("trainloop@example.com", [address], content)

    def keeping(self, side: str, run: Callable[[], None]) -> Callable[[], None]:
        """Return the run of a side with what the server took kept beside."""

        def kept() -> None:
            run()
            self.taken[side] = self.sink.taken()

        return kept


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("padding", [0, PADDING])
def test_delivery_keeps_up_with_bare_smtplib(
    journal: Journal,
    company: Company,  # noqa: F811
    sink: Sink,
    durable: None,
    processor: Callable[[], float],
    padding: int,
) -> None:
    """Every mail arrives, the same bytes; at least half of bare smtplib's rate with every guarantee kept."""
    post = Post(company, sink, PADDED_COUNT if padding else min(journal.people, MOST_MAILS), padding)
    ours = Side("outbox", post.keeping("ours", post.deliver), lambda: post.taken["ours"], post.wait_again)
    theirs = Side("smtplib", post.keeping("theirs", post.bare), lambda: post.taken["theirs"])
    server = psutil.Process(sink.process.pid)
    pair = alternate(ours, theirs, journal.rounds, processor=lambda: processor() + sum(server.cpu_times()[:2]))
    size = sum(len(content) for _, content in post.mails) // post.count
    journal.note_pair("P4", ours, theirs, pair, mails=post.count, bytes_a_mail=size)
    assert len(post.taken["ours"]) == post.count
