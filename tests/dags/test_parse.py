"""What a parse of a DAG file loads, seen from outside in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainloop.settings import PROJECT_DIR

pytestmark = pytest.mark.slow

HEAVY = {
    "pandas",
    "numpy",
    "scipy",
    "statsmodels",
    "great_expectations",
    "weasyprint",
    "psycopg",
    "openpyxl",
    "jieba",
    "smtplib",
}
SCRIPT = """
import json, runpy, sys
import airflow.sdk, airflow.sdk.exceptions
from airflow.sdk import DAG, BaseHook, Param, TriggerRule, ExceptionRetryPolicy, AssetAlias, dag, task
before = set(sys.modules)
for path in sys.argv[1:]:
    runpy.run_path(path)
print(json.dumps(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""


def test_parsing_all_dags_loads_no_driver_and_no_library_for_numbers(tmp_path: Path) -> None:
    """No driver, pandas, Great Expectations, WeasyPrint or smtplib at parse: each would cost every parse its import."""
    files = sorted(str(path) for path in (PROJECT_DIR / "dags").glob("*.py"))
    environment = os.environ | {"AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *files], env=environment, capture_output=True, text=True, check=True
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert "trainloop" in loaded
    assert not loaded & HEAVY
