"""The board meets Airflow: what its plugin registers, and which rights the two auth managers give to whom."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from importlib import resources
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="trainloop-plugin-tests-"))
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")

from trainloop.orchestration import board_access
from trainloop.orchestration.board_access import visitor_of
from trainloop.settings import PROJECT_DIR
from trainloop.warehouse import engine

PLUGIN = PROJECT_DIR / "plugins" / "lifecycle_board.py"


def test_the_plugin_registers_pages_a_place_in_the_navigation_and_a_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """One application, guarded by itself, one entry that leads to it; on every task a link back and one to its PDFs."""
    # The board in Airflow asks the Connections where the warehouse is; the tests after this one must not.
    monkeypatch.setattr(engine, "_resolvers", list(engine._resolvers))
    spec = importlib.util.spec_from_file_location("lifecycle_board_plugin", PLUGIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    plugin = module.LifecycleBoard
    (app,), (view,) = plugin.fastapi_apps, plugin.external_views
    assert view["destination"] == "nav"
    assert view["href"].startswith(app["url_prefix"])
    link, reports = plugin.global_operator_extra_links
    for run_class, address in (("2026-C001", "/sessions/2026-C001"), (None, "/"), ("../x", "/sessions/..%2Fx")):
        monkeypatch.setattr(board_access, "class_of_run", lambda *_, found=run_class: found)
        key = SimpleNamespace(dag_id="d", run_id="r")
        assert link.get_link(None, ti_key=key) == app["url_prefix"] + address
        assert reports.get_link(None, ti_key=key) == (f"{app['url_prefix']}{address}#documents" if run_class else "")
    assert module.LateBoard()._built().title == "TrainLoop lifecycle board"


def test_the_plugin_is_light_in_processes_that_serve_no_page() -> None:
    """Every Airflow process loads it: neither the board nor what it needs may come along."""
    code = f"""
import sys, runpy
import airflow.plugins_manager
before = set(sys.modules)
runpy.run_path({str(PLUGIN)!r})
new = {{name.split('.')[0] + '.' + '.'.join(name.split('.')[1:2]) for name in set(sys.modules) - before}}
print(sorted(name for name in new if name.startswith(('trainloop', 'jinja2', 'psycopg', 'fastapi'))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip().splitlines()[-1] == "[]"


SIMPLE: list[tuple[str | None, set[str]]] = [
    (None, set()),
    ("viewer", {"see"}),
    ("user", {"see", "act"}),
    ("op", {"see", "act", "engineer"}),
    ("admin", {"see", "act", "engineer"}),
]


@pytest.mark.parametrize(("role", "rights"), SIMPLE)
def test_simple_auth_manager_gives_rights_by_role(role: str | None, rights: set[str]) -> None:
    """Demo: without a role nobody sees anything; a viewer looks, a user acts, op and admin are engineers."""
    from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    user = SimpleAuthManagerUser(username="somebody", role=role)
    assert visitor_of(SimpleAuthManager(), user).rights == rights


def fab_user(*permissions: tuple[str, str]) -> Any:
    """A user of FAB's own model, never saved."""
    from airflow.providers.fab.auth_manager.models import Action, Permission, Resource, Role, User

    actions = {name: Action(name=name) for name in {action for action, _ in permissions}}
    things = {name: Resource(name=name) for name in {resource for _, resource in permissions}}
    role = Role(name="tested")
    role.permissions = [Permission(action=actions[action], resource=things[thing]) for action, thing in permissions]
    return User(id=7, username="somebody", roles=[role])


def hr_permissions() -> list[tuple[str, str]]:
    definition = yaml.safe_load(resources.files("trainloop.config").joinpath("hr_role.yaml").read_text("utf-8"))
    return [(action, resource) for resource, actions in definition["may"].items() for action in actions]


ENGINEER = [("can_edit", "Connections"), ("can_read", "DAGs"), ("can_edit", "DAGs")]
VIEWER = [
    ("can_read", "Configurations"),
    ("can_read", "DAGs"),
    ("can_read", "DAG Runs"),
    ("can_read", "Website"),
    ("can_read", "Task Logs"),
]


@pytest.mark.parametrize(
    ("permissions", "rights"),
    [
        (hr_permissions(), {"see", "act"}),
        (ENGINEER, {"see", "act", "engineer"}),
        (VIEWER, set()),
        ([], set()),
        ([("can_read", "Lifecycle Board")], {"see"}),
        # Whoever lost the right to decide has lost the right to act, too.
        ([one for one in hr_permissions() if one[1] != "DAG:ask_approvals"], {"see"}),
    ],
)
def test_fab_auth_manager_gives_rights_by_the_shipped_hr_role(
    permissions: list[tuple[str, str]], rights: set[str]
) -> None:
    """Production: HR sees and acts by its role's definition; a plain viewer of Airflow sees nothing of the board."""
    from airflow.providers.fab.auth_manager.fab_auth_manager import FabAuthManager

    assert visitor_of(FabAuthManager(), fab_user(*permissions)).rights == rights
