"""`trainloop provision` against a real PostgreSQL and Airflow's FAB auth manager, as the init container runs it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import yaml
from psycopg import sql

from trainloop.settings import PROJECT_DIR, get_settings
from trainloop.warehouse.embedded import EmbeddedServer
from trainloop.warehouse.engine import role_password

pytestmark = pytest.mark.slow
COMPOSE = yaml.safe_load((PROJECT_DIR / "docker-compose.yml").read_text("utf-8"))
FERNET = "81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs="
# What HR may do is asked of Airflow's own auth manager, as its API does for every request.
ASK_AUTH_MANAGER = """
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity as Entity, DagDetails
with get_application_builder() as builder:
    manager = builder.sm
    user = manager.find_user("hr") or manager.add_user(
        "hr", "Hu", "Rong", "hr@example.com", role=manager.find_role("HR"), password="a password"
    )
    from airflow.api_fastapi.app import create_auth_manager
    ask = create_auth_manager()
    ask.init()
    def dag(method, entity, name="ask_approvals"):
        return ask.is_authorized_dag(method=method, access_entity=entity, details=DagDetails(id=name), user=user)
    print("ANSWERS", {
        "reads_runs": dag("GET", Entity.RUN, "report_course_evaluations"),
        "decides": dag("PUT", Entity.HITL_DETAIL),
        "decides_elsewhere": dag("PUT", Entity.HITL_DETAIL, "deliver_mail"),
        "clears": dag("PUT", Entity.TASK_INSTANCE),
        "triggers": dag("POST", Entity.RUN),
        "reads_code": dag("GET", Entity.CODE),
        "reads_xcom": dag("GET", Entity.XCOM),
        "reads_logs": dag("GET", Entity.TASK_LOGS),
        "reads_connections": ask.is_authorized_connection(method="GET", user=user),
    })
"""


@pytest.fixture
def deployment(server: EmbeddedServer, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Two empty databases, Airflow's made by the compose file's own script, and the environment of the init service."""
    script = COMPOSE["configs"]["airflow-database"]["content"]
    script = re.sub(r"\$\{AIRFLOW_DATABASE_PASSWORD[^}]*\}", "airflowpassword", script)
    script = script.replace("create database airflow owner airflow", "create database deployed_airflow owner airflow")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for statement in filter(None, map(str.strip, script.split(";"))):
            connection.execute(statement)
        connection.execute("create database deployed")
    host = server.url("x").rpartition("@")[2].partition("/")[0]
    yield {name: value for name, value in os.environ.items() if not name.startswith(("TRAINLOOP_", "AIRFLOW"))} | {
        "TRAINLOOP_ENVIRONMENT": "production",
        "TRAINLOOP_HOME": str(tmp_path),
        "TRAINLOOP_SECRET_KEY": "a key of the test suite, forty characters",
        "TRAINLOOP_FORMS_KEY": "another key of the test suite, 40 letters",
        "TRAINLOOP_WAREHOUSE_URL": server.url("deployed"),
        "TRAINLOOP_FORMS_DATABASE_URL": f"postgresql://trainloop_forms:formspassword@{host}/deployed",
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_DIR / "dags"),
        "AIRFLOW__CORE__FERNET_KEY": FERNET,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__API__SECRET_KEY": "s" * 40,
        "AIRFLOW__API_AUTH__JWT_SECRET": "j" * 70,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://airflow:airflowpassword@{host}/deployed_airflow",
        "AIRFLOW_ADMIN_EMAIL": "admin@example.com",
        "AIRFLOW_ADMIN_PASSWORD": "the first password",
    }
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        # Roles belong to the server: other tests know this one by the password of the suite's own key.
        password = sql.Literal(role_password(get_settings(), "forms"))
        connection.execute(sql.SQL("alter role trainloop_forms password {}").format(password))
        connection.execute("drop database deployed with (force)")
        connection.execute("drop database deployed_airflow with (force)")
        connection.execute("drop role airflow")


def provision(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trainloop", "provision"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=180)


def test_a_deployment_is_prepared_once_and_again_at_every_release(
    server: EmbeddedServer, deployment: dict[str, str]
) -> None:
    """Databases, roles, Connections, HR's role, the first login; a second run keeps the password a person changed."""
    first = provision(deployment)
    assert first.returncode == 0, first.stdout + first.stderr
    address = deployment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    with psycopg.connect(address) as airflow:
        airflow.execute("update ab_user set password = 'changed by a person' where username = 'admin'")
    again = provision(deployment | {"AIRFLOW_ADMIN_PASSWORD": "another"})
    assert again.returncode == 0, again.stdout + again.stderr
    assert "up to date" in again.stdout
    with psycopg.connect(address) as airflow:
        connections = [row[0] for row in airflow.execute("select conn_id from connection order by conn_id")]
        users = airflow.execute("select username, password from ab_user").fetchall()
    assert connections == [
        f"trainloop_warehouse_{role}"
        for role in ("board", "feedback", "intake", "planner", "purge", "reporter", "sender", "statistics")
    ]
    assert users == [("admin", "changed by a person")]
    with psycopg.connect(server.url("deployed")) as warehouse:
        assert warehouse.execute("select environment from ops.sender_leases").fetchall() == [("production",)]
    with (
        psycopg.connect(deployment["TRAINLOOP_FORMS_DATABASE_URL"]) as forms,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        forms.execute("select from core.employees")
    _hr_watches_and_decides_but_changes_nothing_else(deployment)


def _hr_watches_and_decides_but_changes_nothing_else(deployment: dict[str, str]) -> None:
    """The role shipped in config/hr_role.yaml."""
    command = [sys.executable, "-c", ASK_AUTH_MANAGER]
    told = subprocess.run(command, env=deployment, capture_output=True, text=True, check=False, timeout=180)
    assert "ANSWERS" in told.stdout, told.stderr[-2000:]
    answers = eval(told.stdout.partition("ANSWERS")[2])  # noqa: S307 - printed by the lines above
    assert {name for name, may in answers.items() if may} == {"reads_runs", "decides"}


def test_a_missing_owner_address_is_named(deployment: dict[str, str]) -> None:
    """Nothing is guessed: without the warehouse nothing is made."""
    del deployment["TRAINLOOP_WAREHOUSE_URL"]
    told = provision(deployment)
    assert told.returncode != 0
    assert "TRAINLOOP_WAREHOUSE_URL" in told.stderr
