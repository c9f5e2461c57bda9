"""The year through the real DAGs: runs are started over Airflow's API, and what they start is waited for."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from trainloop.config import get_site
from trainloop.demo.forms_client import Browser
from trainloop.demo.learners import Letter, letter
from trainloop.demo.runners import DAGS, LOGINS, Forms, Tell
from trainloop.demo.timeline import Work
from trainloop.errors import PermanentError
from trainloop.settings import Settings
from trainloop.stack.airflow_api import ENDED, AirflowApi, DagRun, RequiredAction
from trainloop.stack.layout import ADMIN, Layout
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

MAIL = "deliver_mail"
POLL_SECONDS = 0.2
# An asset's event becomes a run within two scheduler loops; after this long nothing comes by itself any more.
PATIENCE_SECONDS = 2.5
RUN_SECONDS = 240.0
DECISION_SECONDS = 3.0
# The button of `ask_approvals`; that module loads Airflow, which this process does without.
APPROVE = "Approve 批准"


@dataclass(frozen=True, order=True)
class Owed:
    """A run that is needed; reports are one run per class session."""

    dag_id: str
    partition_key: str = ""


class RunFailedError(PermanentError):
    """The DAG {dag_id} failed (run {run_id}); tasks: {tasks}.

    Its log: {log}. The same as a page: {page}. Mend the cause, then run `make demo` again: it goes on at this day.
    """


class AirflowRunner:
    """Triggers the real DAGs over Airflow's API and waits for them and for the runs they start.

    A context manager: between `with` and its end mail leaves when a day's work is done and not before. Companies' scans
    run before the working hours in which mail leaves; here the clock stands at ten all day, so the sender would take
    what the first scan planned and leave the rest for the next day, as the machine is fast or slow.
    """

    def __init__(self, settings: Settings, api: AirflowApi) -> None:
        self._settings = settings
        self._api = api
        self._layout = Layout(settings)
        self._since = datetime.now(UTC)
        self._sessions: dict[str, AirflowApi] = {ADMIN: api}

    def __enter__(self) -> AirflowRunner:
        self._hold_mail()
        return self

    def __exit__(self, *_: object) -> None:
        self._api.pause(MAIL, is_paused=False)

    def letters(self) -> Iterable[Letter]:
        import httpx

        url = f"{self._layout.read_record().mailbox_url}/api/messages"
        answer = httpx.get(url, params={"limit": 100_000}, timeout=30, trust_env=False).raise_for_status()
        return [letter(recipient, " ".join(mail["links"])) for mail in answer.json() for recipient in mail["to"]]

    @contextmanager
    def browser(self) -> Iterator[Browser]:
        import httpx

        with httpx.Client(base_url=self._layout.read_record().forms_url, timeout=30, trust_env=False) as http:
            yield Browser(http)

    def run(self, work: Sequence[Work], tell: Tell, *, plans: bool, forms: Forms) -> None:
        self._since = datetime.now(UTC)
        for item in work:
            if item == "audit":
                # It compares what was due with what was done: what is still being made or sent would be a gap.
                self._finish(tell, plans=plans)
            tell(DAGS[item])
            if item == "approvals":
                self._approve()
            else:
                self._require_success(self._api.run(DAGS[item], forms.get(item), seconds=RUN_SECONDS))
        self._finish(tell, plans=plans)

    def _finish(self, tell: Tell, *, plans: bool) -> None:
        """Wait until everything of the day is made, then let its mail leave."""
        self._settle(tell, plans=plans)
        self._api.pause(MAIL, is_paused=False)
        self._settle(tell, plans=plans, sends=True)
        self._hold_mail()

    def _hold_mail(self) -> None:
        """Stop the sender between two runs: the tasks of a run under way would stand still with it."""
        while True:
            self._api.pause(MAIL, is_paused=True)
            running = self._api.runs(MAIL, states=("running",), limit=1)
            if not running:
                return
            self._api.pause(MAIL, is_paused=False)
            self._api.wait(running[0], RUN_SECONDS)

    def _approve(self) -> None:
        """Decide what `ask_approvals` asks under Required Actions; the next login answers where one is not enough."""
        run = self._api.trigger(DAGS["approvals"])
        answers: Counter[RequiredAction] = Counter()
        until = time.monotonic() + RUN_SECONDS
        while time.monotonic() < until:
            run = self._api.read(run)
            waiting = self._api.required_actions(DAGS["approvals"])
            for action in waiting:
                if answers[action] == len(LOGINS):
                    continue
                # An answer within moments of the question can fail the task.
                time.sleep(DECISION_SECONDS)
                self._login(LOGINS[answers[action]]).decide(action, APPROVE)
                answers[action] += 1
            if run.state in ENDED and not waiting:
                break
            time.sleep(POLL_SECONDS)
        self._require_success(run)

    def _login(self, user: str) -> AirflowApi:
        """Return a session of one of the people who decide."""
        if user not in self._sessions:
            self._sessions[user] = AirflowApi(self._api.url, self._layout.password(user), user)
        return self._sessions[user]

    def _settle(self, tell: Tell, *, plans: bool, sends: bool = False) -> None:
        """Wait for the runs that assets start: plans, reports; `sends`: mails. What does not come is asked for once.

        Mails are asked for at once: while the sender stood still no event reached it.
        """
        asked: set[Owed] = set()
        quiet_since = time.monotonic()
        while True:
            # A decision that is asked for waits as long as it takes, and the sender for its turn.
            others = {DAGS["approvals"], *(() if sends else (MAIL,))}
            active = [run for run in self._api.runs(states=("queued", "running"), limit=20) if run.dag_id not in others]
            owed = self._owed(plans=plans, sends=sends)
            if active:
                tell(", ".join(sorted({run.dag_id for run in active})))
                quiet_since = time.monotonic()
            elif owed <= asked:
                # What is owed after it was asked for are mails beyond somebody's daily cap: they wait for tomorrow.
                return self._refuse_failures()
            elif sends or time.monotonic() - quiet_since > PATIENCE_SECONDS:
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

    def _owed(self, *, plans: bool, sends: bool) -> set[Owed]:
        """Return the runs that something of this moment still needs."""
        site = get_site()
        values = {"timezone": site.company.timezone, "cap": site.mail.max_per_person_and_day}
        with engine.connect("owner") as connection:
            row = connection.execute(statement("demo", "waiting"), values).fetchone()
        assert row is not None
        # An interrupted day announced its reports already; nobody announces them again before the emit lease is over.
        owed = {Owed("report_course_evaluations", session_code) for session_code in row["reports"]}
        owed |= {Owed("report_performance_90d", session_code) for session_code in row["performance_reports"]}
        owed |= {Owed("report_action_plans_30d", session_code) for session_code in row["plan_reports"]}
        if plans and not any(self._is_ours(run) for run in self._api.runs("plan_milestones", limit=3)):
            owed.add(Owed("plan_milestones"))
        if sends and (row["notices"] or row["messages"]):
            owed.add(Owed(MAIL))
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
