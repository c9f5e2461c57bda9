"""Airflow's own metrics reach a collector with what is installed, by names that the README says are worth an alarm."""

from __future__ import annotations

import socket
import time

import pytest
from tests.real_airflow import Stack

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]
NAMES = ("airflow.scheduler_heartbeat:", "airflow.pool.open_slots")


def test_metrics_arrive_at_a_statsd_listener(stack: Stack, statsd: socket.socket) -> None:
    """The scheduler sends them by UDP, whether anybody listens or not."""
    statsd.settimeout(1)
    deadline, missing = time.monotonic() + 60, set(NAMES)
    while missing and time.monotonic() < deadline:
        try:
            told = statsd.recv(65_535).decode()
        except TimeoutError:
            continue
        missing = {name for name in missing if name not in told}
    assert missing == set()
