"""Strikes in the middle of a task: the task is made to wait, its process is found, then something is killed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import psycopg
from tests.cluster.topology import WORKERS, Topology

Strike = Callable[[Topology, str], None]
WAIT_SECONDS = 200.0
# As long as an engine's restart policy needs.
AWAY_SECONDS = 3.0
WAITING = """
select client_port from pg_stat_activity
where datname = current_database() and wait_event_type = 'Lock' and application_name like 'trainloop-%'
"""


class Sabotage(threading.Thread):
    """Waits until a task on one of the workers is about to write mails' notices, then strikes once."""

    def __init__(self, cluster: Topology, strike: Strike) -> None:
        super().__init__(name=strike.__name__, daemon=True)
        self._cluster, self._strike = cluster, strike
        self.struck: str | None = None
        self._ready = threading.Event()

    def begin(self) -> None:
        """Start, and return once no task can slip through."""
        self.start()
        assert self._ready.wait(30)

    def run(self) -> None:
        url = self._cluster.server.url("trainloop")
        with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as looker:
            holder.execute("lock table ops.notices in exclusive mode")
            self._ready.set()
            until = time.monotonic() + WAIT_SECONDS
            while time.monotonic() < until:
                ports = [row[0] for row in looker.execute(WAITING)]
                workers = [name for name in map(self._cluster.holder_of, ports) if name in WORKERS]
                if workers:
                    self._strike(self._cluster, workers[0])
                    self.struck = workers[0]
                    break
                time.sleep(0.1)
        # The lock is free: whoever still lives goes on.
        if self.struck is not None:
            time.sleep(AWAY_SECONDS)
            for name in self._cluster.parts:
                self._cluster.start_one(name)


def kill_the_worker(cluster: Topology, worker: str) -> None:
    """Its machine loses power: the task, its supervisor and the worker are gone at once."""
    cluster.kill(worker)


def kill_the_scheduler(cluster: Topology, _: str) -> None:
    """The task goes on without it."""
    cluster.kill("scheduler")


def restart_the_broker(cluster: Topology, _: str) -> None:
    """Workers and scheduler lose their connections; what was queued is on its disk."""
    cluster.end("redis")
