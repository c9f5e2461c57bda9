"""What every DAG must be, whoever writes it. Each rule names the DAGs that break it."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator
from typing import Any

import pytest

from trainloop.config import get_site
from trainloop.orchestration import defaults, tags
from trainloop.settings import PROJECT_DIR

pytestmark = pytest.mark.slow

DAGS_DIR = PROJECT_DIR / "dags"
FILES = sorted(DAGS_DIR.glob("*.py"))
SLICE = {
    "ingest_inbox",
    "collect_survey_responses",
    "plan_milestones",
    "collect_course_evaluations",
    "report_course_evaluations",
    "deliver_mail",
    "audit_warehouse",
    "replay_quarantine",
}
# Runs that wait: for other classes' reports, for people's decisions.
ACTIVE_RUNS = {
    "report_course_evaluations": 8,
    "report_performance_90d": 8,
    "report_action_plans_30d": 8,
    "ask_approvals": 64,
}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
UNDEFINED_WITHOUT_DATE = re.compile(
    r"\b(logical_date|execution_date|ds|ts|data_interval_(start|end)|prev_ds|next_ds)\b"
)


def tasks_of(dags: dict[str, Any]) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Every task with the arguments it was made with (a mapped task keeps them apart)."""
    for dag_id, dag in dags.items():
        for task in dag.tasks:
            yield f"{dag_id}.{task.task_id}", task, getattr(task, "partial_kwargs", None) or vars(task)


def test_every_dag_of_the_catalogue_is_there(dags: dict[str, Any]) -> None:
    """The DAGs of this slice exist, and each file holds the one DAG of its name."""
    assert set(dags) >= SLICE
    assert {path.stem for path in FILES} == set(dags)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_dag_id_is_the_file_and_the_function(path: Any) -> None:
    """Whoever reads a name in the UI finds the file, and in it the function."""
    functions = [node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)]
    assert functions == [path.stem]


def test_tags_are_closed_and_name_one_stage(dags: dict[str, Any]) -> None:
    """A tag that nobody else uses finds nothing."""
    for dag_id, dag in dags.items():
        assert len(dag.tags & tags.STAGES) == 1, dag_id
        assert dag.tags <= tags.STAGES | tags.EFFECTS, dag_id


def test_a_dag_that_says_it_mails_carries_the_tag(dags: dict[str, Any]) -> None:
    """HR filters by `sends-mail` to see what may reach people: manual and tag say the same."""
    for dag_id, dag in dags.items():
        mails_line = next(line for line in dag.doc_md.splitlines() if line.startswith("- **Mails**"))
        assert (tags.SENDS_MAIL in dag.tags) == (not mails_line.endswith("nobody.")), dag_id


def test_manual_tells_everything_in_both_languages(dags: dict[str, Any]) -> None:
    """The docstring is the manual: reads, writes, mails, when not to run it, how to re-run; then in Chinese."""
    for dag_id, dag in dags.items():
        english, _, chinese = dag.doc_md.partition("\n---\n")
        for heading in ("**Reads**", "**Writes**", "**Mails**", "**Do not run it**", "**Re-run it**"):
            assert heading in english, f"{dag_id}: {heading}"
        for heading in ("**读取**", "**写入**", "**邮件**", "**何时不要运行**", "**重跑**"):
            assert heading in chinese, f"{dag_id}: {heading}"
        assert CHINESE.search(dag.dag_display_name), dag_id


def test_one_default_args_for_all(dags: dict[str, Any]) -> None:
    """Retries, the incident callback and the warehouse's address are the same everywhere."""
    for dag_id, dag in dags.items():
        assert dag.default_args == defaults.DEFAULT_ARGS, dag_id


def test_every_task_retries_by_error_type_and_reports_incidents(dags: dict[str, Any]) -> None:
    """No task opts out of the policy; only the watcher, which repeats another task's failure, is silent."""
    for name, task, arguments in tasks_of(dags):
        assert arguments["retry_policy"] is defaults.DEFAULT_ARGS["retry_policy"], name
        if task.task_id != "fail_the_run":
            assert arguments["retries"] == defaults.RETRIES, name
            assert arguments["on_failure_callback"], name


def test_no_task_mails_by_airflow(dags: dict[str, Any]) -> None:
    """Airflow's own mails go out as airflow@airflow with the task's repr as subject; ours go by the outbox."""
    for name, _, arguments in tasks_of(dags):
        assert not arguments.get("email"), name
    for path in FILES:
        assert "email_on" not in path.read_text(), path.name


def test_behind_a_task_that_runs_always_stands_a_watcher(dags: dict[str, Any]) -> None:
    """A leaf with ALL_DONE or NONE_SKIPPED makes a run green although a task before it failed."""
    for dag_id, dag in dags.items():
        always = {task.task_id: task for task in dag.tasks if task.trigger_rule in ("all_done", "none_skipped")}
        if always:
            watched = dag.get_task("fail_the_run").upstream_task_ids
            assert watched >= always.keys(), dag_id
            for task in always.values():
                assert task.upstream_task_ids <= watched, f"{dag_id}.{task.task_id}"


def test_a_frequent_scan_that_finds_nothing_runs_one_task(dags: dict[str, Any]) -> None:
    """Every executed task costs Airflow more than a look at the warehouse: what follows the first is mapped, chosen by
    it, or skipped with it.
    """
    frequent = {
        dag_id: dag
        for dag_id, dag in dags.items()
        if getattr(getattr(dag.timetable, "timetable", dag.timetable), "expression", "").startswith("*/")
    }
    assert len(frequent) >= 5
    for dag_id, dag in frequent.items():
        [first] = [task for task in dag.tasks if not task.upstream_task_ids]
        chosen = first.downstream_task_ids if first.inherits_from_skipmixin else set()
        for task in dag.tasks:
            waits = task.is_mapped or task.task_id in chosen or task.trigger_rule in ("none_skipped", "one_failed")
            assert task is first or waits, f"{dag_id}.{task.task_id}"


def test_every_decision_that_is_carried_out_here_has_a_rule_and_a_task(dags: dict[str, Any]) -> None:
    """A kind that is misspelt would never take effect; one without a task would stop the scan."""
    kinds = runpy.run_path(str(DAGS_DIR / "ask_approvals.py"))["CARRIED_OUT_BY"]
    assert kinds.keys() <= get_site().approvals.keys()
    assert set(kinds.values()) | {"find_open"} == dags["ask_approvals"].get_task("follow_up").downstream_task_ids


def test_schedules_are_explicit_and_in_site_time(dags: dict[str, Any]) -> None:
    """05:30 means 05:30 where the company is; nothing is caught up, no scan overlaps itself."""
    zone = get_site().company.timezone
    for dag_id, dag in dags.items():
        assert dag.catchup is False, dag_id
        assert dag.max_active_runs == ACTIVE_RUNS.get(dag_id, 1), dag_id
        cron = getattr(dag.timetable, "timetable", dag.timetable)
        if hasattr(cron, "expression"):
            assert str(cron.timezone) == zone, dag_id


def test_every_scheduled_scan_takes_a_business_date(dags: dict[str, Any]) -> None:
    """`as_of` repeats a day by hand; a scan that mails employees asks before it sends what is past."""
    from airflow.sdk.exceptions import ParamValidationError

    for dag_id in ("plan_milestones", "collect_course_evaluations", "deliver_mail", "audit_warehouse"):
        as_of = dags[dag_id].params.get_param("as_of")
        assert as_of.resolve("2026-03-01") == "2026-03-01", dag_id
        with pytest.raises(ParamValidationError):
            as_of.resolve("yesterday")
    for dag_id in ("collect_course_evaluations", "deliver_mail"):
        assert dags[dag_id].params["allow_send"] is False, dag_id


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_dag_uses_what_runs_without_a_date_do_not_have(path: Any) -> None:
    """In asset-triggered, partitioned and manual runs `ds` and its like are undefined: the task would fail."""
    code = path.read_text().split('"""', 2)[2]
    assert not UNDEFINED_WITHOUT_DATE.search(code), path.name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_parse_imports_nothing_heavy(path: Any) -> None:
    """A DAG file is parsed every half minute: only airflow.sdk and our orchestration at the top."""
    tree = ast.parse(path.read_text())
    top = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in top:
        assert isinstance(node, ast.ImportFrom), path.name
        assert str(node.module).startswith(("airflow.sdk", "trainloop.orchestration")), f"{path.name}: {node.module}"


@pytest.mark.parametrize(
    ("scan", "report", "event"),
    [
        ("collect_course_evaluations", "report_course_evaluations", "evaluation_closed"),
        ("track_performance_90d", "report_performance_90d", "performance_due"),
        ("check_in_action_plans", "report_action_plans_30d", "action_plans_due"),
    ],
)
def test_report_runs_are_one_per_class_session(dags: dict[str, Any], scan: str, report: str, event: str) -> None:
    """The scan emits the session code as partition key, the report DAG runs for that key."""
    timetable = dags[report].timetable
    assert type(timetable).__name__ == "PartitionedAssetTimetable"
    outlets = dags[scan].get_task("start_reports").outlets
    assert [asset.name for asset in outlets] == [timetable.asset_condition.name] == [event]


def test_the_catalogue_is_fresh() -> None:
    """`dags/README.md` is generated: a stale one lies to its readers."""
    from trainloop.commands.pages import stale_pages

    stale = [str(path.relative_to(PROJECT_DIR)) for path in stale_pages()]
    assert stale == [], "run `make docs`"
