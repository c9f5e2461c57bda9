"""`trainloop provision` against a real PostgreSQL and Airflow's FAB auth manager, as the init container runs it.

And the lifecycle board on the api-server that it prepared: every route, asked by each kind of login.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
import yaml
from psycopg import sql
from tests.board import world
from tests.board.conftest import every_route

from trainloop.settings import PROJECT_DIR, get_settings
from trainloop.stack import ports
from trainloop.stack.processes import Component, stop_all
from trainloop.warehouse.embedded import EmbeddedServer
from trainloop.warehouse.engine import role_password

pytestmark = pytest.mark.slow
COMPOSE = yaml.safe_load((PROJECT_DIR / "docker-compose.yml").read_text("utf-8"))
FERNET = "81HqDtbqAywKSOumSha3BhWNOdQ26slT6K0YaZeZyPs="
PASSWORD = "a password of the tests"  # of everybody below
# login → role; what HR may do is asked of Airflow's own auth manager, as its API does for every request.
LOGINS = {"hr": "HR", "viewer": "Viewer", "looker": "Board looker"}
MAKE_LOGINS_AND_ASK = f"""
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity as Entity, DagDetails
with get_application_builder() as builder:
    manager = builder.sm
    manager.bulk_sync_roles([{{"role": "Board looker", "perms": [("can_read", "Lifecycle Board")]}}])
    for login, role in {LOGINS!r}.items():
        address = f"{{login}}@example.com"
        manager.add_user(login, "Fake", login, address, role=manager.find_role(role), password={PASSWORD!r})
    user = manager.find_user("hr")
    from airflow.api_fastapi.app import create_auth_manager
    ask = create_auth_manager()
    ask.init()
    def dag(method, entity, name="ask_approvals"):
        return ask.is_authorized_dag(method=method, access_entity=entity, details=DagDetails(id=name), user=user)
    print("ANSWERS", {{
        "reads_runs": dag("GET", Entity.RUN, "report_course_evaluations"),
        "decides": dag("PUT", Entity.HITL_DETAIL),
        "decides_elsewhere": dag("PUT", Entity.HITL_DETAIL, "deliver_mail"),
        "clears": dag("PUT", Entity.TASK_INSTANCE),
        "triggers": dag("POST", Entity.RUN),
        "reads_code": dag("GET", Entity.CODE),
        "reads_xcom": dag("GET", Entity.XCOM),
        "reads_logs": dag("GET", Entity.TASK_LOGS),
        "reads_connections": ask.is_authorized_connection(method="GET", user=user),
    }})
"""
# HR owns one dataset's rows, by its login.
SITE = f"""
company: {{logo: {PROJECT_DIR / "include/trainloop/demo/logo.png"}}}
contacts:
  hr_data: {{name: HR data, email: hr-data@example.com, locale: en, kind: owner, airflow_users: [hr]}}
"""


@pytest.fixture(scope="module")
def deployment(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Two empty databases, Airflow's made by the compose file's own script, and the environment of the init service."""
    script = COMPOSE["configs"]["airflow-database"]["content"]
    script = re.sub(r"\$\{AIRFLOW_DATABASE_PASSWORD[^}]*\}", "airflowpassword", script)
    script = script.replace("create database airflow owner airflow", "create database deployed_airflow owner airflow")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        for statement in filter(None, map(str.strip, script.split(";"))):
            connection.execute(statement)
        connection.execute("create database deployed")
    host = server.url("x").rpartition("@")[2].partition("/")[0]
    home = tmp_path_factory.mktemp("deployment")
    (home / "site.yaml").write_text(SITE, "utf-8")
    yield {name: value for name, value in os.environ.items() if not name.startswith(("TRAINLOOP_", "AIRFLOW"))} | {
        "TRAINLOOP_ENVIRONMENT": "production",
        "TRAINLOOP_HOME": str(home),
        "TRAINLOOP_SITE_FILE": str(home / "site.yaml"),
        "TRAINLOOP_SECRET_KEY": "a key of the test suite, forty characters",
        "TRAINLOOP_FORMS_KEY": "another key of the test suite, 40 letters",
        "TRAINLOOP_WAREHOUSE_URL": server.url("deployed"),
        "TRAINLOOP_FORMS_DATABASE_URL": f"postgresql://trainloop_forms:formspassword@{host}/deployed",
        "AIRFLOW_HOME": str(home / "airflow"),
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_DIR / "dags"),
        "AIRFLOW__CORE__FERNET_KEY": FERNET,
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT_DIR / "plugins"),
        "AIRFLOW__API__WORKERS": "1",
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


@pytest.fixture(scope="module")
def prepared(deployment: dict[str, str]) -> dict[str, str]:
    """The deployment after its first `trainloop provision`."""
    first = provision(deployment)
    assert first.returncode == 0, first.stdout + first.stderr
    return deployment


@pytest.fixture(scope="module")
def hr_answers(prepared: dict[str, str]) -> dict[str, bool]:
    """What the auth manager says of HR, once everybody of LOGINS has a login."""
    command = [sys.executable, "-c", MAKE_LOGINS_AND_ASK]
    told = subprocess.run(command, env=prepared, capture_output=True, text=True, check=False, timeout=180)
    assert "ANSWERS" in told.stdout, told.stderr[-2000:]
    answers: dict[str, bool] = ast.literal_eval(told.stdout.partition("ANSWERS")[2].strip().splitlines()[0])
    return answers


def test_a_deployment_is_prepared_once_and_again_at_every_release(
    server: EmbeddedServer, prepared: dict[str, str]
) -> None:
    """Databases, roles, Connections, HR's role, the first login; a second run keeps the password a person changed."""
    address = prepared["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace("+psycopg2", "")
    with psycopg.connect(address) as airflow:
        airflow.execute("update ab_user set password = 'changed by a person' where username = 'admin'")
    again = provision(prepared | {"AIRFLOW_ADMIN_PASSWORD": "another"})
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
        psycopg.connect(prepared["TRAINLOOP_FORMS_DATABASE_URL"]) as forms,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        forms.execute("select from core.employees")


def test_hr_watches_and_decides_but_changes_nothing_else(hr_answers: dict[str, bool]) -> None:
    """The role shipped in config/hr_role.yaml."""
    assert {name for name, may in hr_answers.items() if may} == {"reads_runs", "decides"}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TRAINLOOP_SECRET_KEY", "hushhush", "TRAINLOOP_SECRET_KEY has 8 characters"),
        ("TRAINLOOP_SITE_FILE", "/nowhere/site.yaml", "site file /nowhere/site.yaml is not valid"),
        ("AIRFLOW_ADMIN_EMAIL", "", "AIRFLOW_ADMIN_EMAIL: it is not set"),
        ("AIRFLOW__CORE__FERNET_KEY", "hushhush", "AIRFLOW__CORE__FERNET_KEY: it is not 32 bytes"),
        ("AIRFLOW__API_AUTH__JWT_SECRET", "hushhush", "AIRFLOW__API_AUTH__JWT_SECRET: 8 characters instead of 64"),
        ("TRAINLOOP_WAREHOUSE_URL", "postgresql://trainloop:hushhush@HOST/deployed", "TRAINLOOP_WAREHOUSE_URL (owner)"),
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql+psycopg2://airflow:hushhush@HOST/deployed_airflow",
         "for Airflow's metadata AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"),
    ],
)  # fmt: skip
def test_a_secret_or_file_that_cannot_be_is_named_before_anything_is_made(
    deployment: dict[str, str], name: str, value: str, words: str
) -> None:
    """In our words: neither a traceback of Airflow nor a failure in the first night."""
    host = deployment["TRAINLOOP_FORMS_DATABASE_URL"].rpartition("@")[2].partition("/")[0]
    told = provision(deployment | {name: value.replace("HOST", host)})
    assert told.returncode == 1
    assert words in " ".join(told.stderr.split())
    assert "Traceback" not in told.stderr
    assert "hush" not in told.stdout + told.stderr


def test_a_missing_owner_address_is_named(deployment: dict[str, str]) -> None:
    """Nothing is guessed: without the warehouse nothing is made."""
    told = provision({name: value for name, value in deployment.items() if name != "TRAINLOOP_WAREHOUSE_URL"})
    assert told.returncode != 0
    assert "TRAINLOOP_WAREHOUSE_URL" in told.stderr


@pytest.fixture
def api_server(prepared: dict[str, str], hr_answers: dict[str, bool]) -> Iterator[str]:
    """The address of the api-server container's process, with a class, a PDF, a mail and two files to correct."""
    home = Path(prepared["TRAINLOOP_HOME"])
    url = f"http://127.0.0.1:{ports.choose(18180, set())}"
    server = Component("api-server", home / "api-server.json", home / "api-server.log")
    command = (sys.executable, "-m", "airflow", "api-server", "--host", "127.0.0.1", "--port", url.rpartition(":")[2])
    server.start(command, prepared, PROJECT_DIR)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TRAINLOOP_WAREHOUSE_URL", prepared["TRAINLOOP_WAREHOUSE_URL"])
            get_settings.cache_clear()
            world.found_company()
            world.add_class("2026-C001", world.TODAY, ("class_log", 0, "pending"))
            world.add_report(home, "2026-C001", "class_manager")
            world.add_report(home, "2026-C001", "trainer")
            world.add_mail("survey_invitation", "failed")
            world.add_file("employees", held_rows=1)
            world.add_file("courses", held_rows=1)
        get_settings.cache_clear()
        while not _is_healthy(url):
            server.require_alive()
            time.sleep(0.3)
        yield url
    finally:
        stop_all([server], seconds=3)


def _is_healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v2/monitor/health", timeout=5, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def signed_in(url: str, login: str) -> httpx.Client:
    """A browser that holds the login's cookie, as after Airflow's login form."""
    answer = httpx.post(
        f"{url}/auth/token", json={"username": login, "password": PASSWORD}, timeout=30, trust_env=False
    )
    assert answer.status_code == 201, answer.text
    cookies = {"_token": answer.json()["access_token"]}
    return httpx.Client(base_url=f"{url}/lifecycle-board", cookies=cookies, timeout=30, trust_env=False)


@pytest.mark.timeout(180)
def test_the_board_of_a_deployment_opens_to_the_role_of_hr_and_to_nobody_else(
    server: EmbeddedServer, prepared: dict[str, str], api_server: str
) -> None:
    """Every route: 401 without a login or with a made-up one, 403 for a viewer of Airflow, a page for HR.

    Whoever may only look reads the same pages; rows to correct leave for the data owner alone. A change needs the
    right and a form of this person's page, and leaves its trail.
    """
    hr, viewer, looker = (signed_in(api_server, login) for login in LOGINS)
    board = f"{api_server}/lifecycle-board"
    nobody = httpx.Client(base_url=board, timeout=30, trust_env=False)
    forger = httpx.Client(base_url=board, timeout=30, trust_env=False, cookies={"_token": "e30.e30.e30"})
    for method, path in every_route():
        people = (nobody, forger, viewer, looker, hr)
        statuses = [client.request(method, path).status_code for client in people]
        opened = [200, 200] if "quarantine" not in path else [403, 200]
        assert statuses == [401, 401, 403, *(opened if method == "GET" else [403, 403])], path
    # Not the trainer's own edition, not the rows of a dataset that somebody else owns.
    assert hr.get("/reports/2.pdf").status_code == 404
    assert hr.get("/quarantine/2.xlsx").status_code == 403

    token = re.findall('name="form_token" value="([0-9a-f]{64})"', hr.get("/outbox").text)[0]
    for client, form_token in ((hr, "0" * 64), (looker, token), (viewer, token), (nobody, token)):
        refused = client.post("/outbox/hold", data={"template": "seat_offer", "form_token": form_token})
        assert refused.status_code in {401, 403}
    held = hr.post("/outbox/hold", data={"template": "seat_offer", "form_token": token})
    assert held.status_code == 303
    with psycopg.connect(prepared["TRAINLOOP_WAREHOUSE_URL"]) as warehouse:
        assert warehouse.execute("select template from ops.held_templates").fetchall() == [("seat_offer",)]
        trail = warehouse.execute("select actor, action, subject_id from ops.audit_entries where action ~ '^board'")
        assert trail.fetchall() == [("airflow:hr", "board.hold", "seat_offer")]
