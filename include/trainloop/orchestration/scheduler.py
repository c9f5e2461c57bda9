"""The local scheduler, with the heavy libraries loaded before its workers fork: `python -m …orchestration.scheduler`.

LocalExecutor forks its workers from the scheduler and each task from a worker. A library imported here is in every task
at once; imported in the task, Great Expectations alone costs each intake task 6 s. The pages are shared until written,
so eight workers do not hold eight copies. DAG files and the other components stay light.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import sys

PRELOADED = (
    "great_expectations",
    "scipy.stats",
    "statsmodels.stats.proportion",
    # What every task of Airflow loads between its fork and our first line: 70 ms of 400.
    "airflow.sdk.execution_time.supervisor",
    "airflow.dag_processing.dagbag",
    "airflow.providers.standard.decorators.python",
    "jinja2",
    "babel.dates",
    "babel.numbers",
    "openpyxl",
    "psycopg",
    "pydantic_settings",
    "email_validator",
)
MIGRATION_SECONDS = 180


def preload() -> None:
    """Import what tasks need; a library that is not there fails in the task that needs it, with its own message."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    for name in PRELOADED:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    # Objects of the parent are never garbage in a child: not looking at them keeps their pages shared.
    gc.freeze()


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
