"""P5 and P6 in a real Airflow: what orchestration costs, and how long after a survey's close its report is in the mail.

P5: the processor seconds of Airflow (all components, their database, the forks of tasks) for one empty task, times the
tasks of a day by the real DAGs' own timetables, as a share of that and the day's work (`bench_growth` in the same run).
An idle Airflow is taken off and told beside.

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
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import psutil
import pytest
from tests.benchmarks import workload
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
CHAINS, CHAIN = 6, 4
REAL = ("collect_course_evaluations", "report_course_evaluations", "deliver_mail")
QUARTER_HOURS = {"*/15 * * * *": 96, "*/5 * * * *": 288}
# Tasks of the same shape as the three real DAGs that do nothing but draw one PDF a class.
EMPTY_DAGS = """
from pathlib import Path
from airflow.sdk import Asset, PartitionedAssetTimetable, dag, get_current_context, task

CLOSED = Asset("bench_closed")
FOLDER = Path("{folder}")

@dag(schedule=None, catchup=False, params={{"keys": []}})
def bench_collect():
    @task
    def open_waves(): return {{}}
    @task
    def remind(): return {{}}
    @task
    def close_waves(): return {{}}
    @task(outlets=[CLOSED])
    def start_reports():
        context = get_current_context()
        context["outlet_events"][CLOSED].add_partitions(context["params"]["keys"])
    open_waves() >> remind() >> close_waves() >> start_reports()

@dag(schedule=PartitionedAssetTimetable(assets=CLOSED), catchup=False, max_active_runs=8)
def bench_report():
    @task
    def evaluate(): return {{}}
    @task
    def render():
        from trainloop.reporting import sandbox
        from trainloop.reporting.kinds import read_document
        sandbox.render_all([read_document((FOLDER / "view.json").read_bytes())])
        (FOLDER / "drawn" / get_current_context()["dag_run"].partition_key).touch()
    evaluate() >> render()

@dag(schedule=None, catchup=False)
def bench_deliver():
    @task
    def compose(): return {{}}
    @task
    def send_and_sweep():
        for path in (FOLDER / "drawn").iterdir():
            (FOLDER / "sent" / path.name).touch()
            path.unlink()
    @task(trigger_rule="one_failed")
    def fail_the_run(): raise RuntimeError
    first, last = compose(), send_and_sweep()
    first >> last
    [first, last] >> fail_the_run()

@dag(schedule=None, catchup=False)
def bench_empty():
    for chain in range({chains}):
        before = None
        for place in range({chain}):
            @task(task_id=f"task_{{chain}}_{{place}}")
            def nothing(): return {{}}
            now = nothing()
            if before is not None:
                before >> now
            before = now

bench_collect(), bench_report(), bench_deliver(), bench_empty()
"""


class Stack:
    """A real stack of its own home, with the real DAGs and the empty ones."""

    def __init__(self, home: Path, api: AirflowApi) -> None:
        self.home, self.api = home, api
        server = EmbeddedServer.from_settings(get_settings())
        postmaster = int((server.data / "postmaster.pid").read_text("utf-8").split()[0])
        self.pids = [pid for pid in local.running(get_settings()).values() if pid is not None] + [postmaster]

    def freeze(self) -> None:
        """Let it be Monday, 2 November 2026, ten in the morning."""
        with engine.connect("owner") as connection:
            clock.freeze(connection, datetime(2026, 11, 2, 10, tzinfo=get_site().company.zone))

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
    text = EMPTY_DAGS.format(folder=tmp_path, chains=CHAINS, chain=CHAIN)
    (dags / "bench_dags.py").write_text(text, "utf-8")
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
                for dag_id in (*REAL, "bench_collect", "bench_report", "bench_deliver", "bench_empty"):
                    api.pause(dag_id, is_paused=False)
                yield Stack(home, api)
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


def empty_task(stack: Stack, rounds: int) -> tuple[list[float], float]:
    """Return the processor seconds of one empty task, round by round, and of a second of idleness."""
    stack.run("bench_empty")
    found = []
    for _ in range(rounds):
        used, started = stack.processor(), time.monotonic()
        time.sleep(IDLE_SECONDS)
        idle = (stack.processor() - used) / (time.monotonic() - started)
        used, started = stack.processor(), time.monotonic()
        stack.run("bench_empty")
        found.append((stack.processor() - used - idle * (time.monotonic() - started)) / (CHAINS * CHAIN))
    return found, idle


def work_seconds(journal: Journal) -> float | None:
    """Return the processor seconds of a day's work that `bench_growth` found in this run."""
    found = [one for one in journal.records if (one.code, one.people) == ("P7b", journal.people)]
    return float(found[-1].detail["day_seconds"]) if found else None


def tasks_of_a_day(stack: Stack, people: int) -> int:
    """Return how many tasks the real DAGs run on a day when one in fifty of the year's evaluations is reported."""
    dags = stack.api.get("/api/v2/dags", limit=200)["dags"]
    total = 0
    for one in dags:
        if one["dag_id"].startswith("bench_"):
            continue
        count = stack.api.get(f"/api/v2/dags/{one['dag_id']}/tasks")["total_entries"]
        runs = QUARTER_HOURS.get(one["timetable_summary"] or "", 1)
        if one["dag_id"] == "report_course_evaluations":
            runs = len(workload.evaluated_on_a_day(people))
        total += runs * count
    return total


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
        for key, side in (("ours", ours), ("empty", theirs))[:: -1 if number % 2 else 1]:
            waits[key].append(side(stack, number))
    p95 = {key: [percentile(one, 95) for one in found[1:]] for key, found in waits.items()}
    journal.note(
        "P6",
        [one / other for one, other in zip(p95["ours"], p95["empty"], strict=True)],
        classes=CLASSES,
        p95_seconds={key: [round(one, 1) for one in found] for key, found in p95.items()},
    )
    each, idle = empty_task(stack, rounds)
    count = tasks_of_a_day(stack, journal.people)
    if (work := work_seconds(journal)) is None:
        print(
            f"{count} tasks a day, {each} s for an empty one, {idle:.3f} cores idle; P5 needs bench_growth in the run"
        )
        return
    journal.note(
        "P5",
        [one * count / (one * count + work) for one in each],
        people=journal.people,
        tasks=count,
        processor_seconds_of_a_task=[round(one, 3) for one in each],
        work_seconds=round(work, 1),
        idle_cores=round(idle, 3),
    )
