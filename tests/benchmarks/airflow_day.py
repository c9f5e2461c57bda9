"""What Airflow executes on a heavy day, derived from the real DAGs: their timetables, their tasks, what is conditional.

The day is Monday, 2 November 2026, the first working day of a month: daily, weekly and first-of-the-month DAGs all run.
Found nothing, a DAG executes the tasks that no mapping, branch or trigger rule takes out. Daily DAGs find work in every
task. For the scans of each quarter of an hour what is found on the day is added: a file of every dataset of the inbox,
each in a run of its own; one approval that is asked in Airflow, looked at all day and carried out; a run of the sender
for every daily task that plans notices; the plans of milestones after class sessions changed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainloop.contracts import all_contracts
from trainloop.settings import PROJECT_DIR

QUARTERS = 96
SENDER, INBOX = "deliver_mail", "ingest_inbox"
# One run a class, on a heavy day of as many classes each: when it is evaluated, after 30 and after 90 days.
REPORTS = ("report_course_evaluations", "report_action_plans_30d", "report_performance_90d")
SCRIPT = """
import json
from datetime import datetime, timedelta
from airflow.serialization.decoders import decode_timetable
from airflow.serialization.encoders import encode_timetable
from airflow.timetables.base import TimeRestriction
import pendulum
from trainloop.config import get_site
from trainloop.orchestration.approval import WAKE_EVERY
from trainloop.orchestration.catalogue import load_dags
from trainloop.settings import PROJECT_DIR

begins = pendulum.datetime(2026, 11, 2, tz=get_site().company.timezone)
within = TimeRestriction(begins, begins.add(days=1).subtract(microseconds=1), True)

def runs_of(timetable):
    timetable, found, last = decode_timetable(encode_timetable(timetable)), 0, None
    while (info := timetable.next_dagrun_info(last_automated_data_interval=last, restriction=within)) is not None:
        found, last = found + 1, info.data_interval
    return found

def kind_of(task):
    return "mapped" if task.is_mapped else "branch" if task.inherits_from_skipmixin else "task"

def shape_of(dag):
    always, tasks = set(), []
    for task in dag.topological_sort():
        before = sorted(task.upstream_task_ids)
        chosen = any(kind_of(dag.get_task(one)) == "branch" for one in before)
        rule = str(getattr(task.trigger_rule, "value", task.trigger_rule))
        follows = rule == "all_done" or (rule == "all_success" and set(before) <= always)
        if follows and not chosen and not task.is_mapped:
            always.add(task.task_id)
        outlets = {one.name for one in task.outlets}
        tasks.append({
            "task_id": task.task_id, "upstream": before, "kind": kind_of(task), "rule": rule,
            "is_always": task.task_id in always, "tells_sender": "planned_notices" in outlets,
        })
    return {"runs": runs_of(dag.timetable), "tasks": tasks}

shapes = {dag_id: shape_of(dag) for dag_id, dag in load_dags(PROJECT_DIR / "dags").items()}
print(json.dumps({"looks": timedelta(days=1) // WAKE_EVERY, "shapes": shapes}))
"""


@dataclass(frozen=True)
class Shape:
    """One DAG: how often it runs on the day by the clock, and its tasks in an order they can run in."""

    runs: int
    tasks: list[dict[str, Any]]

    @property
    def quiet(self) -> int:
        """How many tasks execute when nothing is found."""
        return sum(one["is_always"] for one in self.tasks)

    @property
    def found(self) -> int:
        """How many more execute when something is found and nothing fails, of a mapped task one."""
        return sum(not one["is_always"] and one["rule"] != "one_failed" for one in self.tasks)


@dataclass(frozen=True)
class Day:
    """The day by parts: what runs every quarter of an hour, the other DAGs of the day, what is found."""

    shapes: Mapping[str, Shape]
    quarter: Mapping[str, int]
    rest: Mapping[str, int]
    found: Mapping[str, int]

    def tasks(self, classes: int) -> dict[str, int]:
        """Return the executed tasks of each part when each kind of report falls due for so many classes."""
        report = sum(self.shapes[one].quiet for one in REPORTS)
        return {
            "frequent scans": QUARTERS * sum(runs * self.shapes[one].quiet for one, runs in self.quarter.items()),
            "other DAGs of the day": sum(runs * self.shapes[one].quiet for one, runs in self.rest.items()),
            "reports of classes": classes * report,
        } | dict(self.found)


def parse(folder: Path) -> Day:
    """Return the day of the real DAGs, parsed in a process of its own that has its Airflow home in `folder`."""
    environment = os.environ | {"AIRFLOW_HOME": str(folder), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False, cwd=PROJECT_DIR
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    return day_of({dag_id: Shape(**shape) for dag_id, shape in told["shapes"].items()}, told["looks"])


def day_of(shapes: Mapping[str, Shape], looks: int) -> Day:
    """Put the day together; `looks`: how often a task that waits for a decision wakes in a day."""
    quarter = {one: shape.runs // QUARTERS for one, shape in shapes.items() if shape.runs >= QUARTERS}
    rest = {one: shape.runs for one, shape in shapes.items() if 0 < shape.runs < QUARTERS}
    files = sum(contract.entry == "inbox" for contract in all_contracts())
    woken = sum(task["tells_sender"] for one in rest for task in shapes[one].tasks)
    # An approval is asked by two tasks, looked at, and carried out by one of those that follow the branch.
    found = {
        "files of all datasets": files * shapes[INBOX].found,
        "an approval asked, looked at, carried out": 2 + looks + 1,
        "the sender woken by notices": woken * shapes[SENDER].quiet,
        "milestones planned again": shapes["plan_milestones"].quiet,
    }
    return Day(shapes, quarter, rest, found)
