"""The layer table of the architecture holds in the code."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from trainloop.settings import PROJECT_DIR

# Tests are no package (import mode importlib), so the table beside this file is loaded by its path.
_spec = importlib.util.spec_from_file_location("layers", Path(__file__).with_name("layers.py"))
assert _spec is not None
assert _spec.loader is not None
layers = importlib.util.module_from_spec(_spec)
sys.modules["layers"] = layers
_spec.loader.exec_module(layers)

FILES = [path for path in layers.python_files(layers.PACKAGE_DIR) if path != layers.PACKAGE_DIR / "__init__.py"]
IMPORTS = [found for path in FILES for found in layers.imports_of(path)]
SQL_START = re.compile(r"^\s*(select|insert|update|delete|with|create|alter|drop)\s", re.IGNORECASE)

# What a DAG file imports anyway.
_AIRFLOW_DOORS = ("airflow.sdk", "airflow.providers.standard")


def test_there_is_something_to_check() -> None:
    """A rule over nothing holds always: the scan must see the packages and their imports."""
    assert len(FILES) > 60
    assert len(IMPORTS) > 400
    assert {"intake", "surveys", "outbox", "reporting", "orchestration"} <= {layers.package_of(path) for path in FILES}


def test_every_package_has_a_row_in_the_table() -> None:
    """A new package is a decision about who may know whom."""
    assert {layers.package_of(path) for path in FILES} <= layers.MAY_IMPORT.keys()


def test_packages_import_only_what_the_table_allows() -> None:
    """Work packages know the layers below and each other only by the doors named in the table."""
    broken = [
        str(found)
        for found in IMPORTS
        if found.module.startswith("trainloop.")
        and not layers.is_allowed(layers.package_of(found.path), found.module.removeprefix("trainloop."))
    ]
    assert broken == []


def test_only_orchestration_dags_and_plugins_know_airflow() -> None:
    """Everything else runs, and is tested, without Airflow."""
    broken = [
        str(found)
        for found in IMPORTS
        if found.module.split(".")[0] == "airflow" and layers.package_of(found.path) not in layers.AIRFLOW_ALLOWED
    ]
    assert broken == []


@pytest.mark.parametrize("package", layers.FORBIDDEN_LIBRARIES)
def test_pure_packages_touch_no_database_file_or_clock(package: str) -> None:
    """Domain and statistics are functions of their arguments."""
    own = [found for found in IMPORTS if layers.package_of(found.path) == package]
    assert own, package
    broken = [str(found) for found in own if found.module.split(".")[0] in layers.FORBIDDEN_LIBRARIES[package]]
    clock = re.compile(r"\b(date\.today|datetime\.now|datetime\.utcnow|time\.time)\(")
    broken += [str(path) for path in FILES if layers.package_of(path) == package and clock.search(path.read_text())]
    assert broken == []


def test_only_the_warehouse_package_opens_postgresql() -> None:
    """A connection is asked for by role: nobody else knows an address or a password."""
    opens = re.compile(r"\b(psycopg\.connect|create_engine|asyncpg\.connect|ConnectionPool)\(")
    broken = [
        str(path.relative_to(PROJECT_DIR))
        for path in FILES
        if layers.package_of(path) not in layers.CONNECTS_ALLOWED and opens.search(path.read_text())
    ]
    assert broken == []


def test_heavy_libraries_are_imported_where_they_are_used() -> None:
    """What costs seconds to import is imported inside functions by all that the command line and the DAGs load."""
    doors = {"cli", "commands", "orchestration", "stack", "contracts", "config", "settings", "clock", "warehouse"}
    heavy = {"great_expectations", "statsmodels", "scipy", "pandas", "weasyprint", "jieba", "airflow"}
    broken = [
        str(found)
        for found in IMPORTS
        if found.is_top_level
        and layers.package_of(found.path)
        in doors - ({"orchestration"} if found.module.startswith(_AIRFLOW_DOORS) else set())
        and found.module.split(".")[0] in heavy
    ]
    assert broken == []


def test_dags_call_into_orchestration_and_one_entry_point_a_task() -> None:
    """A DAG file is a table of contents: no SQL, no driver, no private helper of a package."""
    files = layers.python_files(PROJECT_DIR / "dags")
    assert files
    for path in files:
        for found in layers.imports_of(path):
            assert found.module.split(".")[0] in {"airflow", "trainloop"}, str(found)
            assert not found.module.split(".")[-1].startswith("_"), str(found)
        code = path.read_text().split('"""', 2)[2]
        assert not any(SQL_START.match(line.strip(" \"'")) for line in code.splitlines()), path.name


def test_plugins_import_little() -> None:
    """Plugin code loads in every Airflow process."""
    own = ("trainloop.board", "trainloop.orchestration", "trainloop.domain.calendar", "trainloop.settings")
    allowed = ("airflow", *own)
    for path in layers.python_files(PROJECT_DIR / "plugins"):
        for found in layers.imports_of(path):
            is_library = found.module.split(".")[0] in sys.stdlib_module_names
            assert is_library or found.module.startswith(allowed), str(found)
