"""The twin of a real DAG, for `bench_orchestration`: copied into its folder as `bench_like_<DAG>.py`, a file a DAG.

`shapes.json` beside that folder says how the real ones are made; a twin has the same tasks, order, mapping and trigger
rules. What the first task hands on is empty, so a twin runs what its DAG runs when nothing is found.
"""

import json
from pathlib import Path

from airflow.sdk import DAG, task

NAME = Path(__file__).stem
SHAPES = json.loads((Path(__file__).parents[1] / "shapes.json").read_text("utf-8"))


def nothing(found=None):
    return []


with DAG(NAME, schedule=None, catchup=False, max_active_runs=64):
    done = {}
    for one in SHAPES[NAME.removeprefix("bench_like_")]["tasks"]:
        decorated = (task.branch if one["kind"] == "branch" else task)(
            task_id=one["task_id"], trigger_rule=one["rule"]
        )(nothing)
        rest = one["upstream"]
        if one["kind"] == "mapped":
            done[one["task_id"]] = decorated.expand(found=done[rest[0]])
            rest = rest[1:]
        else:
            done[one["task_id"]] = decorated()
        for before in rest:
            done[before] >> done[one["task_id"]]
