"""The local scheduler, with what tasks import loaded before its workers fork: `python -m …orchestration.scheduler`.

LocalExecutor forks its workers from the scheduler and each task from a worker. What is imported here is in every task
at once; imported in the task, Great Expectations alone costs each intake task 6 s, and our own modules cost every task
0.2 s of processor time, more than all that Airflow does for it. The pages are shared until written, so eight workers do
not hold eight copies. DAG files are read anew by each task; changed modules need a new scheduler.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import importlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

from trainloop.settings import PROJECT_DIR

PRELOADED = (
    "great_expectations",
    "scipy.stats",
    "statsmodels.stats.proportion",
    # What every task of Airflow loads between its fork and our first line: 80 ms of 400.
    "airflow.sdk.definitions.asset.metadata",
    "airflow.sdk.execution_time.cache",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.timeout",
    "airflow.dag_processing.dagbag",
    "airflow.providers.standard.decorators.python",
    "jinja2.ext",
    # What our first lines ask for where they need it.
    "trainloop.warehouse.embedded",
    "chinese_calendar",
    "babel.dates",
    "babel.numbers",
    "openpyxl",
    "psycopg",
    "pydantic_settings",
    "email_validator",
)
MIGRATION_SECONDS = 180


def preload() -> None:
    """Import what tasks need."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    for name in (*PRELOADED, *named_in_dags(PROJECT_DIR / "dags")):
        # What cannot be imported fails in its task; a name may also be that of a function in a module.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    # Objects of the parent are never garbage in a child: not looking at them keeps their pages shared.
    gc.freeze()


def named_in_dags(folder: Path) -> Iterator[str]:
    """Yield the modules of this package that DAG files import, at their top or in a task; nothing of a broken file."""
    for path in sorted(folder.glob("*.py")):
        with contextlib.suppress(SyntaxError, UnicodeDecodeError):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("trainloop."):
                    yield from (f"{node.module}", *(f"{node.module}.{one.name}" for one in node.names))


def main() -> None:
    """Run `airflow scheduler`; task logs are read from disk, so no log server opens a port on all addresses."""
    preload()
    from airflow.__main__ import main as airflow
    from airflow.utils.db import check_migrations

    # `trainloop up` starts us while Airflow's tables are still being made: both take seconds.
    check_migrations(MIGRATION_SECONDS)  # type: ignore[no-untyped-call]
    sys.argv = ["airflow", "scheduler", "--skip-serve-logs"]
    airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
