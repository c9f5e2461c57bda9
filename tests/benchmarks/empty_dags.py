"""DAGs that do nothing, for `bench_orchestration`: copied into the folder of the DAGs it runs.

`shapes.json` beside that folder says how the real DAGs are made; each has a twin here of the same tasks, order, mapping
and trigger rules. What the first task hands on is empty, so a twin runs what its DAG runs when nothing is found.
"""

import json
from pathlib import Path

from airflow.sdk import DAG, Asset, PartitionedAssetTimetable, dag, get_current_context, task

CLOSED = Asset("bench_closed")
FOLDER = Path(__file__).parents[1]
CHAINS, CHAIN = 6, 4


@dag(schedule=None, catchup=False, params={"keys": []})
def bench_collect():
    @task
    def open_waves():
        return {}

    @task
    def remind():
        return {}

    @task
    def close_waves():
        return {}

    @task(outlets=[CLOSED])
    def start_reports():
        context = get_current_context()
        context["outlet_events"][CLOSED].add_partitions(context["params"]["keys"])

    open_waves() >> remind() >> close_waves() >> start_reports()


@dag(schedule=PartitionedAssetTimetable(assets=CLOSED), catchup=False, max_active_runs=8)
def bench_report():
    @task
    def evaluate():
        return {}

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
    def deliver():
        for path in (FOLDER / "drawn").iterdir():
            (FOLDER / "sent" / path.name).touch()
            path.unlink()

    deliver()


@dag(schedule=None, catchup=False)
def bench_empty():
    for chain in range(CHAINS):
        before = None
        for place in range(CHAIN):

            @task(task_id=f"task_{chain}_{place}")
            def nothing():
                return {}

            now = nothing()
            if before is not None:
                before >> now
            before = now


def twin(dag_id, tasks):
    """A DAG of the same shape whose tasks find nothing."""
    with DAG(f"bench_like_{dag_id}", schedule=None, catchup=False, max_active_runs=64) as made:
        done = {}
        for one in tasks:

            def nothing(found=None):
                return []

            decorated = (task.branch if one["kind"] == "branch" else task)(
                task_id=one["task_id"], trigger_rule=one["rule"]
            )(nothing)
            first, rest = one["upstream"][:1], one["upstream"]
            if one["kind"] == "mapped":
                done[one["task_id"]] = decorated.expand(found=done[first[0]])
                rest = one["upstream"][1:]
            else:
                done[one["task_id"]] = decorated()
            for before in rest:
                done[before] >> done[one["task_id"]]
    return made


bench_collect(), bench_report(), bench_deliver(), bench_empty()
for name, shape in json.loads((FOLDER / "shapes.json").read_text("utf-8")).items():
    globals()[f"bench_like_{name}"] = twin(name, shape["tasks"])
