"""Who does the work of a day: Airflow's DAGs, or the same entry points in this process (tests, `DirectRunner`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from trainloop.config import get_site
from trainloop.demo.learners import Letter, read_letter, tokens_of
from trainloop.demo.timeline import Work
from trainloop.errors import PermanentError
from trainloop.settings import Settings
from trainloop.stack.airflow_api import AirflowApi, DagRun
from trainloop.stack.layout import Layout
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

Tell = Callable[[str], None]
DAGS: dict[Work, str] = {
    "ingest": "ingest_inbox",
    "collect": "collect_survey_responses",
    "evaluate": "collect_course_evaluations",
    "audit": "audit_warehouse",
}
POLL_SECONDS = 0.2
# An asset's event becomes a run within two scheduler loops; after this long nothing comes by itself any more.
PATIENCE_SECONDS = 2.5
RUN_SECONDS = 240.0


@dataclass(frozen=True, order=True)
class Owed:
    """A run that is needed; reports are one run per class session."""

    dag_id: str
    partition_key: str = ""


class RunFailedError(PermanentError):
    """The DAG {dag_id} failed (run {run_id}); tasks: {tasks}.

    Its log: {log}. The same as a page: {page}. Mend the cause, then run `make demo` again: it goes on at this day.
    """


class Runner(Protocol):
    """Does the work of one business moment, until nothing of it is left to do."""

    def run(self, work: Sequence[Work], tell: Tell, *, plans: bool) -> None:
        """Do the work and all that follows from it; `plans`: class sessions changed, so milestones are planned."""

    def letters(self) -> Iterable[Letter]:
        """Return the mails that arrived so far."""


@dataclass
class Pocket:
    """A mail transport that keeps what it is given: the mailbox of runs without servers."""

    mails: list[bytes] = field(default_factory=list)

    def open(self) -> None:
        """Nothing to connect to."""

    def address(self, sender: str, recipient: str) -> None:
        """Every address is fine."""

    def transmit(self, content: bytes) -> int:
        self.mails.append(content)
        return 250

    def reset(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """Nothing to hang up."""


class DirectRunner:
    """Calls the entry points that the DAGs call, in the DAGs' order, in this process."""

    def __init__(self) -> None:
        self.pocket = Pocket()
        self.counts: list[dict[str, Any]] = []

    def letters(self) -> Iterable[Letter]:
        return [read_letter(mail) for mail in self.pocket.mails]

    def run(self, work: Sequence[Work], tell: Tell, *, plans: bool) -> None:
        for item in work:
            tell(DAGS[item])
            if item == "audit":
                self._deliver()
            getattr(self, f"_{item}")()
            if item == "ingest" and plans:
                self._plan()
        tell("deliver_mail")
        self._deliver()

    def _ingest(self) -> None:
        from trainloop.intake.parking import match_parked_rows
        from trainloop.intake.pipeline import ingest_dataset, waiting_datasets

        self.counts += [ingest_dataset(dataset) for dataset in waiting_datasets()]
        match_parked_rows()

    def _plan(self) -> None:
        from trainloop.surveys.milestones import plan_milestones

        plan_milestones()

    def _collect(self) -> None:
        from trainloop.surveys.collecting import collect_survey_responses, raise_failures

        self.counts.append(collect_survey_responses())
        raise_failures(self.counts[-1])

    def _evaluate(self) -> None:
        from trainloop.reporting.course_evaluation import render_reports
        from trainloop.surveys import evaluation
        from trainloop.surveys.results import evaluate_session

        for scan in (evaluation.open_due_waves, evaluation.remind_due, evaluation.close_due):
            scan()
        for session_code in evaluation.sessions_to_report():
            evaluate_session(session_code)
            render_reports(session_code)

    def _audit(self) -> None:
        from trainloop.quality.audit import audit_warehouse

        audit_warehouse()

    def _deliver(self) -> None:
        from trainloop.outbox.composer import compose_due
        from trainloop.outbox.mailer import deliver_due

        compose_due()
        deliver_due(self.pocket)


class AirflowRunner:
    """Triggers the real DAGs over Airflow's API and waits for them and for the runs they start."""

    def __init__(self, settings: Settings, api: AirflowApi) -> None:
        self._settings = settings
        self._api = api
        self._layout = Layout(settings)
        self._since = datetime.now(UTC)

    def letters(self) -> Iterable[Letter]:
        import httpx

        url = f"{self._layout.read_record().mailbox_url}/api/messages"
        answer = httpx.get(url, params={"limit": 100_000}, timeout=30, trust_env=False).raise_for_status()
        return [
            Letter(recipient, tokens_of(" ".join(mail["links"]))) for mail in answer.json() for recipient in mail["to"]
        ]

    def run(self, work: Sequence[Work], tell: Tell, *, plans: bool) -> None:
        self._since = datetime.now(UTC)
        for item in work:
            if item == "audit":
                # It compares what was due with what was done: reports that are still being made would be gaps.
                self._settle(tell, plans=plans)
            tell(DAGS[item])
            self._require_success(self._api.run(DAGS[item], seconds=RUN_SECONDS))
        self._settle(tell, plans=plans)

    def _settle(self, tell: Tell, *, plans: bool) -> None:
        """Wait for the runs that assets start: plans, reports, mails. What does not come is asked for once."""
        asked: set[Owed] = set()
        quiet_since = time.monotonic()
        while True:
            active = self._api.runs(states=("queued", "running"), limit=20)
            owed = self._owed(plans=plans)
            if active:
                tell(", ".join(sorted({run.dag_id for run in active})))
                quiet_since = time.monotonic()
            elif owed <= asked:
                # What is owed after it was asked for are mails beyond somebody's daily cap: they wait for tomorrow.
                return self._refuse_failures()
            elif time.monotonic() - quiet_since > PATIENCE_SECONDS:
                self._refuse_failures()
                tell(", ".join(sorted({one.dag_id for one in owed - asked})))
                runs = [
                    self._api.trigger(one.dag_id, partition_key=one.partition_key or None)
                    for one in sorted(owed - asked)
                ]
                asked |= owed
                for run in runs:
                    self._require_success(self._api.wait(run, RUN_SECONDS))
            time.sleep(POLL_SECONDS)

    def _owed(self, *, plans: bool) -> set[Owed]:
        """Return the runs that something of this moment still needs."""
        site = get_site()
        values = {"timezone": site.company.timezone, "cap": site.mail.max_per_person_and_day}
        with engine.connect("owner") as connection:
            row = connection.execute(statement("demo", "waiting"), values).fetchone()
        assert row is not None
        # An interrupted day announced its reports already; nobody announces them again before the emit lease is over.
        owed = {Owed("report_course_evaluations", session_code) for session_code in row["reports"]}
        if plans and not any(self._is_ours(run) for run in self._api.runs("plan_milestones", limit=3)):
            owed.add(Owed("plan_milestones"))
        if row["notices"] or row["messages"]:
            owed.add(Owed("deliver_mail"))
        return owed

    def _is_ours(self, run: DagRun) -> bool:
        return run.started_at is not None and run.started_at >= self._since

    def _refuse_failures(self) -> None:
        for run in self._api.runs(states=("failed",), limit=20):
            if self._is_ours(run):
                self._require_success(run)

    def _require_success(self, run: DagRun) -> None:
        if run.state == "success":
            return
        path = f"/api/v2/dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances"
        tasks = [task["task_id"] for task in self._api.get(path)["task_instances"] if task["state"] == "failed"]
        folder = self._layout.task_logs / f"dag_id={run.dag_id}" / f"run_id={run.run_id}"
        logs = sorted(log for task in tasks[:1] for log in (folder / f"task_id={task}").rglob("*.log"))
        raise RunFailedError(
            dag_id=run.dag_id,
            run_id=run.run_id,
            tasks=", ".join(tasks) or "none",
            log=logs[-1] if logs else folder,
            page=f"{self._api.url}/dags/{run.dag_id}/runs/{run.run_id}",
        )
