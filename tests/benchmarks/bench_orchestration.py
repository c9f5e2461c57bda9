"""P5 and P6 in a real Airflow: what orchestration costs, and how long after a survey's close its report is in the mail.

P5: the processor seconds of Airflow (all components, their database, the forks of tasks) for an empty day, as a share
of that and the day's work (`bench_growth` in the same run). An empty day is made of twins of the real DAGs, same tasks,
same order, run as often as the real ones (`airflow_day`); what is found on a heavy day is added as empty tasks. First
the real scans run here, and execute as many tasks as their twins. An idle Airflow is taken off and told beside.

P6: from the end of `close_waves` until the mail server has the mail with the PDF, against an empty chain of the same
shape: the same tasks and partitioned runs, where one task draws one report and the last one hands over nothing. In both
chains the sender's run is started when all reports are there; in production it comes by itself within five minutes.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from tests.benchmarks import airflow_day, workload
from tests.benchmarks.airflow_day import Day
from tests.benchmarks.harness import Journal, percentile
from tests.reporting.conftest import make_view

from trainloop import clock
from trainloop.config import get_site
from trainloop.settings import PROJECT_DIR, get_settings
from trainloop.stack import local
from trainloop.stack.airflow_api import AirflowApi
from trainloop.warehouse import engine
from trainloop.warehouse.embedded import EmbeddedServer

CLASSES, PEOPLE = 6, 1_000
IDLE_SECONDS, PATIENCE = 20, 900
EMPTY_TASKS = 24
REAL = ("collect_course_evaluations", "report_course_evaluations", "deliver_mail")
TWIN = "bench_like_"
PARTS = ("frequent scans", "other DAGs of the day", "reports of classes", "what is found")
LOOK_SECONDS = 2
QUARTERS_A_ROUND, REPORTS_A_ROUND = 4, 6
EMPTY, TWIN_DAG = (Path(__file__).with_name(name) for name in ("empty_dags.py", "twin_dag.py"))


class Stack:
    """A real stack of its own home, with the real DAGs and the empty ones."""

    def __init__(self, home: Path, api: AirflowApi, day: Day) -> None:
        self.home, self.api, self.day = home, api, day
        server = EmbeddedServer.from_settings(get_settings())
        postmaster = int((server.data / "postmaster.pid").read_text("utf-8").split()[0])
        self.pids = [pid for pid in local.running(get_settings()).values() if pid is not None] + [postmaster]

    def freeze(self, days_later: int = 0) -> None:
        """Let it be Monday, 2 November 2026, ten in the morning, or a day after."""
        with engine.connect("owner") as connection:
            clock.freeze(connection, datetime(2026, 11, 2 + days_later, 10, tzinfo=get_site().company.zone))

    def processor(self) -> float:
        """Return the processor seconds of all components with what they started, dead or alive."""
        parents = [psutil.Process(pid) for pid in self.pids]
        seconds = 0.0
        for process in {
            one.pid: one for parent in parents for one in (parent, *parent.children(recursive=True))
        }.values():
            try:
                seconds += sum(process.cpu_times()[:4])
            except psutil.NoSuchProcess:
                continue
        return seconds

    def run(self, dag_id: str, **conf: object) -> str:
        done = self.api.run(dag_id, conf, seconds=PATIENCE)
        assert done.state == "success", dag_id
        return done.run_id

    def executed(self, dag_id: str) -> int:
        """Run a DAG; return how many of its tasks had a process: what is skipped or mapped over nothing has none."""
        run_id = self.run(dag_id)
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        return sum(one["pid"] is not None for one in self.api.get(path, limit=100)["task_instances"])

    def used(self, runs: Mapping[str, int], idle: float) -> float:
        """Start so many runs of each DAG at once; return the processor seconds until all have ended, less idleness."""
        used, started = self.processor(), time.monotonic()
        begun = [self.api.trigger(dag_id) for dag_id, number in runs.items() for _ in range(number)]
        while self.api.runs(states=("queued", "running"), limit=1):
            assert time.monotonic() - started < PATIENCE, "runs do not end"
            time.sleep(LOOK_SECONDS)
        assert {self.api.read(run).state for run in begun[-1:]} == {"success"}
        return self.processor() - used - idle * (time.monotonic() - started)

    def ended(self, dag_id: str, run_id: str, task_id: str) -> float:
        """Return when a task ended, in seconds since 1970."""
        row = self.api.get(f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}")
        return datetime.fromisoformat(row["end_date"]).timestamp()

    def reports(self, dag_id: str, keys: list[str]) -> None:
        """Wait until there is a run for each key and all have ended well."""
        deadline = time.monotonic() + PATIENCE
        states: list[str] = []
        while time.monotonic() < deadline:
            states = [run.state for run in self.api.runs(dag_id, limit=200) if run.partition_key in keys]
            if len(states) >= len(keys) and set(states) <= {"success", "failed"}:
                break
            time.sleep(0.3)
        assert states == ["success"] * len(keys), states


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """The stack, stopped at the end; every DAG is paused but those of P6."""
    dags = tmp_path / "dags"
    dags.mkdir()
    for path in (PROJECT_DIR / "dags").glob("*.py"):
        (dags / path.name).symlink_to(path)
    for name in ("drawn", "sent"):
        (tmp_path / name).mkdir()
    (dags / "bench_dags.py").write_bytes(EMPTY.read_bytes())
    day = airflow_day.parse(tmp_path / "parse")
    for dag_id in day.shapes:
        (dags / f"{TWIN}{dag_id}.py").write_bytes(TWIN_DAG.read_bytes())
    shapes = {dag_id: {"tasks": shape.tasks} for dag_id, shape in day.shapes.items()}
    (tmp_path / "shapes.json").write_text(json.dumps(shapes), "utf-8")
    view = make_view("hr", "zh-CN")
    content = {"kind": view.kind, "view": view.model_dump(mode="json")}
    (tmp_path / "view.json").write_text(json.dumps(content), "utf-8")
    home = tmp_path / "home"
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AIRFLOW", "TRAINLOOP_"))]:
            if name != "TRAINLOOP_SECRET_KEY":
                patch.delenv(name)
        patch.setenv("TRAINLOOP_HOME", str(home))
        for number, name in enumerate(("AIRFLOW_PORT", "MAILBOX_PORT", "MAILBOX_SMTP_PORT", "FORMS_PORT")):
            patch.setenv(f"TRAINLOOP_{name}", str(38_080 + number))
        patch.setenv("AIRFLOW__CORE__DAGS_FOLDER", str(dags))
        patch.setenv("AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION", "True")
        get_settings.cache_clear()
        get_site.cache_clear()
        try:
            for _ in range(3):  # a loaded machine may need longer than one start allows
                done = subprocess.run(
                    [sys.executable, "-m", "trainloop", "up"], capture_output=True, text=True, check=False
                )
                if done.returncode == 0:
                    break
            assert done.returncode == 0, done.stdout + done.stderr
            with AirflowApi.from_settings(get_settings()) as api:
                twins = [f"{TWIN}{dag_id}" for dag_id in day.shapes]
                for dag_id in (*REAL, "bench_collect", "bench_report", "bench_deliver", "bench_empty", *twins):
                    api.pause(dag_id, is_paused=False)
                yield Stack(home, api, day)
        finally:
            local.down(get_settings())
    get_settings.cache_clear()
    get_site.cache_clear()


def reopen(number: int) -> list[str]:
    """Let the surveys of some classes be open and due to close, and no report made; return the classes."""
    last = workload.ended_classes(PEOPLE) - number * CLASSES
    codes = [f"S{place:06}" for place in range(last - CLASSES, last)]
    with engine.connect("owner") as connection:
        connection.execute(
            """update ops.survey_waves set state = 'open', closed_at = null, closes_at = '2026-11-02 01:00+00'
               where subject_id = any(%s)""",
            (codes,),
        )
    return codes


def ours(stack: Stack, number: int) -> list[float]:
    """Return the seconds from the close to each mail with a PDF."""
    codes = reopen(number)
    before = set((stack.home / "mailbox").rglob("*.eml"))
    run_id = stack.run("collect_course_evaluations")
    closed = stack.ended("collect_course_evaluations", run_id, "close_waves")
    stack.reports("report_course_evaluations", codes)
    stack.run("deliver_mail")
    found = []
    for path in set((stack.home / "mailbox").rglob("*.eml")) - before:
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        if any(part.get_content_type() == "application/pdf" for part in mail.iter_attachments()):
            found.append(path.stat().st_mtime - closed)
    assert found
    return found


def theirs(stack: Stack, number: int) -> list[float]:
    """Return the same of the empty chain, a file for a mail."""
    folder = stack.home.parent
    keys = [f"empty-{number}-{place}" for place in range(CLASSES)]
    run_id = stack.run("bench_collect", keys=keys)
    closed = stack.ended("bench_collect", run_id, "close_waves")
    stack.reports("bench_report", keys)
    stack.run("bench_deliver")
    return [(folder / "sent" / key).stat().st_mtime - closed for key in keys]


def check_twins(stack: Stack) -> None:
    """The real scans execute what `airflow_day` says, and what their twins do: with nothing found, and with a file."""
    shapes = stack.day.shapes
    for dag_id in stack.day.quarter:
        stack.api.pause(dag_id, is_paused=False)
        stack.run(dag_id)
        found = {"real": stack.executed(dag_id), "twin": stack.executed(f"{TWIN}{dag_id}")}
        assert found == dict.fromkeys(found, shapes[dag_id].quiet), (dag_id, found)
    path = stack.home / "inbox" / "employees" / "staff.csv"
    workload.write_employees(path, PEOPLE)
    os.utime(path, (time.time() - 60, time.time() - 60))
    assert stack.executed(airflow_day.INBOX) == shapes[airflow_day.INBOX].quiet + shapes[airflow_day.INBOX].found
    # A run under way would stand still with its DAG, and nothing real is to run beside the twins.
    stack.api.wait_until_quiet(PATIENCE)
    for dag_id in {*stack.day.quarter, *REAL}:
        stack.api.pause(dag_id, is_paused=True)


def empty_day(stack: Stack, classes: int) -> dict[str, float]:
    """Return the processor seconds of one empty day by parts, of a task in a chain, and of a second of idleness."""
    day = stack.day
    used, started = stack.processor(), time.monotonic()
    time.sleep(IDLE_SECONDS)
    idle = (stack.processor() - used) / (time.monotonic() - started)
    task = stack.used({"bench_empty": 1}, idle) / EMPTY_TASKS
    quarter = stack.used({f"{TWIN}{one}": runs * QUARTERS_A_ROUND for one, runs in day.quarter.items()}, idle)
    report = stack.used({f"{TWIN}{one}": REPORTS_A_ROUND for one in airflow_day.REPORTS}, idle) / REPORTS_A_ROUND
    return {
        "frequent scans": quarter / QUARTERS_A_ROUND * airflow_day.QUARTERS,
        "other DAGs of the day": stack.used({f"{TWIN}{one}": runs for one, runs in day.rest.items()}, idle),
        "reports of classes": report * classes,
        "what is found": task * sum(day.found.values()),
        "one empty task": task,
        "a second of idleness": idle,
    }


def work_seconds(journal: Journal) -> float | None:
    """Return the processor seconds of a day's work that `bench_growth` found in this run."""
    found = [one for one in journal.records if (one.code, one.people) == ("P7b", journal.people)]
    return float(found[-1].detail["day_seconds"]) if found else None


@pytest.mark.benchmark
@pytest.mark.timeout(4 * 3600)
def test_orchestration_and_the_way_of_a_report(stack: Stack, journal: Journal) -> None:
    """P6 in a company of 1,000; P5 for the day of the run's size."""
    stack.freeze()
    workload.found(PEOPLE)
    stack.run("deliver_mail")
    rounds = min(journal.rounds, 3)
    waits: dict[str, list[list[float]]] = {"ours": [], "empty": []}
    for number in range(rounds + 1):
        stack.freeze(number)  # a day each: nobody gets more than three mails a day
        for key, side in (("ours", ours), ("empty", theirs))[:: -1 if number % 2 else 1]:
            waits[key].append(side(stack, number))
    p95 = {key: [percentile(one, 95) for one in found[1:]] for key, found in waits.items()}
    journal.note(
        "P6",
        [one / other for one, other in zip(p95["ours"], p95["empty"], strict=True)],
        classes=CLASSES,
        p95_seconds={key: [round(one, 1) for one in found] for key, found in p95.items()},
    )
    stack.freeze()
    check_twins(stack)
    classes = len(workload.evaluated_on_a_day(journal.people))
    tasks = stack.day.tasks(classes)
    print(f"\n{sum(tasks.values())} tasks execute on the day: {tasks}")
    empty_day(stack, classes)  # warms up
    days = [empty_day(stack, classes) for _ in range(rounds)]
    seconds = {part: [round(one[part], 3) for one in days] for part in days[0]}
    orchestration = [sum(one[part] for part in PARTS) for one in days]
    print(f"processor seconds of an empty day: {[round(one, 1) for one in orchestration]}: {seconds}")
    if (work := work_seconds(journal)) is None:
        print("the share needs bench_growth in the run")
        return
    with_work = [sum(one[part] for part in PARTS if part != "frequent scans") for one in days]
    journal.note(
        "P5",
        [one / (one + work) for one in orchestration],
        people=journal.people,
        without_scans_that_find_nothing=[round(one / (one + work), 3) for one in with_work],
        tasks=tasks,
        tasks_together=sum(tasks.values()),
        processor_seconds=seconds,
        work_seconds=round(work, 1),
    )
