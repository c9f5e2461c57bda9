"""Airflow's own metrics reach a collector with what is installed, by names that the README says are worth an alarm."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conftest import Stack

pytestmark = [pytest.mark.acceptance, pytest.mark.slow]
NAMES = ("airflow.scheduler_heartbeat:", "airflow.pool.open_slots")


def test_metrics_arrive_at_a_statsd_listener(stack: Stack) -> None:
    """The scheduler sends them by UDP, whether anybody listens or not."""
    stack.statsd.settimeout(1)
    deadline, missing = time.monotonic() + 60, set(NAMES)
    while missing and time.monotonic() < deadline:
        try:
            told = stack.statsd.recv(65_535).decode()
        except TimeoutError:
            continue
        missing = {name for name in missing if name not in told}
    assert missing == set()
