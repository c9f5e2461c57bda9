"""P6's chain without work, and one to count idle tasks by, for `bench_orchestration`: copied into its folder."""

from pathlib import Path

from airflow.sdk import Asset, PartitionedAssetTimetable, dag, get_current_context, task

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


bench_collect(), bench_report(), bench_deliver(), bench_empty()
