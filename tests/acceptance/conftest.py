"""A real stack for the package: embedded PostgreSQL, Airflow, the dev mailbox; all stopped at the end."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest
from tests.real_airflow import Stack, running

# Airflow login → employee who may approve allowances; the coach teaches.
APPROVERS = {"admin": "00013", "second": "00014", "coach": "00012"}


@pytest.fixture(scope="package")
def statsd() -> Iterator[socket.socket]:
    """A monitoring system that listens; what it has no room for is lost, as everywhere."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory, statsd: socket.socket) -> Iterator[Stack]:
    """One Airflow for all modules."""
    home = tmp_path_factory.mktemp("stack")
    (home / "site.yaml").write_text(json.dumps({"allowances": {"approvers": APPROVERS}}))
    variables = {
        "TRAINLOOP_SITE_FILE": str(home / "site.yaml"),
        "AIRFLOW__METRICS__STATSD_ON": "True",
        "AIRFLOW__METRICS__STATSD_HOST": "127.0.0.1",
        "AIRFLOW__METRICS__STATSD_PORT": str(statsd.getsockname()[1]),
    }
    with running(home, "admin:admin,second:op,coach:op", 18000, **variables) as stack:
        yield stack
