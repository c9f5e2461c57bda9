"""A small client of Airflow's REST API: start runs, wait for them, find the runs of one class session."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx

from trainloop.errors import PermanentError, TransientError
from trainloop.settings import Settings
from trainloop.stack.layout import ADMIN, Layout

ENDED: Final = frozenset({"success", "failed"})
POLL_SECONDS: Final = 0.2
# Between a finished task and the run its asset event starts lie two scheduler loops.
QUIET_SECONDS: Final = 1.5


class AirflowUnreachableError(TransientError):
    """Airflow at {url} does not answer: {detail}. Start it with `trainloop up`; its logs are in <home>/logs."""


class AirflowRefusedError(PermanentError):
    """Airflow refused {request} with status {status}. Its api-server log says why. It answered: {detail}"""


class RunTooLongError(TransientError):
    """DAG run {run} has not ended after {seconds:.0f} s. It goes on by itself. Look at it under {url}/dags/{dag_id}."""


@dataclass(frozen=True)
class DagRun:
    """One run as the API tells it; times are aware."""

    dag_id: str
    run_id: str
    state: str
    run_type: str
    partition_key: str | None
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """How long the run took; None while it runs."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True)
class RequiredAction:
    """One human-in-the-loop task that waits for somebody."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int


class AirflowApi:
    """One signed-in session; usable as a context manager."""

    def __init__(self, url: str, password: str, user: str = ADMIN, *, patience_seconds: float = 30) -> None:
        self.url = url
        self._login = {"username": user, "password": password}
        self._http = httpx.Client(base_url=url, timeout=patience_seconds, trust_env=False)

    @classmethod
    def from_settings(cls, settings: Settings) -> AirflowApi:
        """Return a session with the local stack of these settings."""
        layout = Layout(settings)
        record = layout.read_record()
        if "airflow" not in record.ports:
            raise AirflowUnreachableError(url="127.0.0.1", detail="there is no stack in this home")
        return cls(record.airflow_url, layout.admin_password())

    def __enter__(self) -> AirflowApi:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def health(self) -> dict[str, str]:
        """Return the status of each component, `healthy` or not; needs no login."""
        answer = self._send("GET", "/api/v2/monitor/health")
        return {name: str(facts.get("status")) for name, facts in answer.items() if isinstance(facts, dict)}

    def dag_ids(self) -> set[str]:
        """Return the DAGs that are parsed and active."""
        return {dag["dag_id"] for dag in self.get("/api/v2/dags", limit=200)["dags"]}

    def trigger(
        self,
        dag_id: str,
        conf: Mapping[str, Any] | None = None,
        *,
        partition_key: str | None = None,
        run_id: str | None = None,
    ) -> DagRun:
        """Start a run; `conf` holds params (ids and dates only). A repeated `run_id` is refused with 409."""
        body: dict[str, Any] = {"logical_date": None, "conf": dict(conf or {})}
        body |= {"partition_key": partition_key} if partition_key else {}
        body |= {"dag_run_id": run_id} if run_id else {}
        return _run(self._send("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body))

    def wait(self, run: DagRun, seconds: float = 300) -> DagRun:
        """Return the run once it has ended, whatever its state; raise RunTooLongError after `seconds`."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self.read(run)
            if run.state in ENDED:
                return run
            time.sleep(POLL_SECONDS)
        raise RunTooLongError(run=run.run_id, seconds=seconds, url=self.url, dag_id=run.dag_id)

    def read(self, run: DagRun) -> DagRun:
        """Return a run as it is now."""
        return _run(self.get(f"/api/v2/dags/{run.dag_id}/dagRuns/{run.run_id}"))

    def required_actions(self, dag_id: str) -> list[RequiredAction]:
        """Return the tasks of a DAG that wait for a decision."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/~/hitlDetails"
        found = self.get(path, response_received=False, state="awaiting_input", limit=100)["hitl_details"]
        tasks = [one["task_instance"] for one in found]
        return [RequiredAction(dag_id, one["dag_run_id"], one["task_id"], one["map_index"]) for one in tasks]

    def decide(self, action: RequiredAction, option: str) -> None:
        """Answer a task that waits, as the signed-in user."""
        path = f"/api/v2/dags/{action.dag_id}/dagRuns/{action.run_id}/taskInstances/{action.task_id}"
        body = {"chosen_options": [option], "params_input": {}}
        self._send("PATCH", f"{path}/{action.map_index}/hitlDetails", json=body)

    def run(self, dag_id: str, conf: Mapping[str, Any] | None = None, *, seconds: float = 300) -> DagRun:
        """Start a run and wait for its end."""
        return self.wait(self.trigger(dag_id, conf), seconds)

    def pause(self, dag_id: str, *, is_paused: bool) -> None:
        """Let a DAG start no runs, or let it go on; runs under way end."""
        self._send("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": is_paused})

    def runs(
        self, dag_id: str = "~", *, partition_key: str | None = None, states: tuple[str, ...] = (), limit: int = 100
    ) -> list[DagRun]:
        """Return runs, the newest first; `~` is every DAG, a partition key those of one class session."""
        query: dict[str, Any] = {"limit": limit, "order_by": "-run_after"}
        query |= {"partition_key_prefix_pattern": partition_key} if partition_key else {}
        query |= {"state": list(states)} if states else {}
        rows = [_run(row) for row in self.get(f"/api/v2/dags/{dag_id}/dagRuns", **query)["dag_runs"]]
        return [row for row in rows if partition_key is None or row.partition_key == partition_key]

    def wait_until_quiet(self, seconds: float = 300) -> None:
        """Wait until no run is queued or running and none has been started by an asset for a moment."""
        deadline = time.monotonic() + seconds
        quiet_since = time.monotonic()
        while time.monotonic() - quiet_since < QUIET_SECONDS:
            if active := self.runs(states=("queued", "running"), limit=1):
                quiet_since = time.monotonic()
                if quiet_since > deadline:
                    raise RunTooLongError(run=active[0].run_id, seconds=seconds, url=self.url, dag_id=active[0].dag_id)
            time.sleep(POLL_SECONDS)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """Return the JSON of one GET."""
        return self._send("GET", path, params=query)

    def _send(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **options)
            if answer.status_code == httpx.codes.UNAUTHORIZED:
                self._sign_in()
                answer = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise AirflowUnreachableError(url=self.url, detail=type(error).__name__) from error
        if answer.is_error:
            raise AirflowRefusedError(request=f"{method} {path}", status=answer.status_code, detail=answer.text[:300])
        body: dict[str, Any] = answer.json()
        return body

    def _sign_in(self) -> None:
        answer = self._http.post("/auth/token", json=self._login)
        if answer.is_error:
            raise AirflowRefusedError(request="sign-in", status=answer.status_code, detail="wrong password")
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"


def _run(row: Mapping[str, Any]) -> DagRun:
    return DagRun(
        dag_id=row["dag_id"],
        run_id=row["dag_run_id"],
        state=row["state"],
        run_type=row["run_type"],
        partition_key=row.get("partition_key"),
        started_at=_moment(row.get("start_date")),
        ended_at=_moment(row.get("end_date")),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
