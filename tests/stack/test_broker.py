"""A broker that does not answer is said at once, by its address and without its password."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from trainloop.commands import deployment

pytestmark = pytest.mark.slow
URL = "AIRFLOW__CELERY__BROKER_URL"


@pytest.fixture
def silent_address() -> str:
    """An address of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"redis://:a-password@127.0.0.1:{probe.getsockname()[1]}/0"


def test_doctor_names_a_broker_that_does_not_answer(silent_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where Celery is the executor; the remedy names the variable."""
    monkeypatch.setenv(URL, silent_address)
    told = deployment._broker()
    assert told.level == "problem"
    assert "Connection refused" in told.detail
    assert "a-password" not in told.detail
    assert URL in told.remedy
    monkeypatch.setenv(URL, "memory://")
    assert deployment._broker().level == "ok"


def test_a_worker_without_its_broker_ends_and_says_why(silent_address: str) -> None:
    """The engine's restart policy tries again; its log shows the reason instead of a worker that waits for ever."""
    environment = os.environ | {URL: silent_address}
    command = [sys.executable, "-m", "trainloop.orchestration.worker"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    assert "a-password" not in done.stderr + done.stdout
