"""The DAGs as the dag processor parses them, without a database."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import pytest

from trainloop.settings import PROJECT_DIR

# Before anything imports airflow: it makes its home at import.
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="trainloop-dag-tests-"))
os.environ["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
os.environ["AIRFLOW__CORE__UNIT_TEST_MODE"] = "False"

DAGS_DIR = PROJECT_DIR / "dags"


@pytest.fixture(scope="session")
def dags() -> dict[str, Any]:
    """All DAGs by id; parsing none of them is a failure of its own."""
    from trainloop.orchestration.catalogue import load_dags

    found = load_dags(DAGS_DIR)
    assert found, "no DAG found: the policy would hold of nothing"
    return found
