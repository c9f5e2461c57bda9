"""The deployment files agree with the code: no engine runs here, so each claim is looked up where it is true."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from trainloop.settings import PROJECT_DIR, Settings
from trainloop.stack import local
from trainloop.stack.environment import airflow_environment
from trainloop.stack.layout import Layout, StackRecord
from trainloop.warehouse.embedded import SERVER_SETTINGS

COMPOSE = yaml.safe_load((PROJECT_DIR / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if service["image"] == "trainloop"}
EXAMPLE = (PROJECT_DIR / ".env.example").read_text("utf-8")
DOCKERFILE = (PROJECT_DIR / "Dockerfile").read_text("utf-8")
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_0-9]+)(:[?-][^}]*)?\}")


SITE = "./site:/etc/trainloop:ro"


def environment(name: str) -> dict[str, str | None]:
    return SERVICES[name].get("environment", {})


def test_the_file_is_valid_by_the_compose_specification() -> None:
    """Checked against the specification's own schema (tests/stack/compose-spec.json, Apache-2.0)."""
    schema = json.loads(Path(__file__).with_name("compose-spec.json").read_text("utf-8"))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(COMPOSE)
    assert [error.message for error in errors] == []
    assert SERVICES.keys() >= {
        "postgres", "redis", "init", "api-server", "scheduler", "dag-processor", "triggerer", "worker", "forms",
    }  # fmt: skip


def test_no_secret_has_a_default_and_a_missing_one_is_named() -> None:
    """Whatever is called a password, secret, key or address stops the start and says its name; only S3 is optional."""
    text = (PROJECT_DIR / "docker-compose.yml").read_text("utf-8")
    used = VARIABLE.findall(text)
    assert len({name for name, _ in used}) > 15
    for name, rest in used:
        if name.startswith("FORMS_AWS_"):
            assert rest == ":-", name
        elif re.search(r"PASSWORD|SECRET|KEY|CONN_SMTP|_URL$|EMAIL", name):
            assert rest.startswith(f":?set {name} in .env"), name
        else:
            assert rest.startswith(":-"), name
    for match in re.finditer(r"(?i)^\s+\S*(password|secret|key)\S*:[ \t]*(\S.*)$", text, re.MULTILINE):
        assert match[2].startswith(("${", "&", "*")), match[0]


def test_every_variable_to_fill_in_stands_in_the_example_file() -> None:
    """Whoever deploys reads one file."""
    text = (PROJECT_DIR / "docker-compose.yml").read_text("utf-8")
    assert {name for name, _ in VARIABLE.findall(text)} <= set(re.findall(r"^#? ?([A-Z_0-9]+)=", EXAMPLE, re.MULTILINE))


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_setting_a_service_gets_exists(name: str) -> None:
    """A TRAINLOOP_ variable is a setting of ours, an AIRFLOW__ one an option Airflow knows."""
    from airflow.configuration import conf

    for variable in environment(name):
        if variable.startswith("TRAINLOOP_"):
            assert variable.removeprefix("TRAINLOOP_").lower() in Settings.model_fields, variable
        elif variable.startswith("AIRFLOW__"):
            section, option = variable.removeprefix("AIRFLOW__").lower().split("__")
            assert conf.has_option(section, option) or option in conf.configuration_description.get(section, {}).get(
                "options", {}
            ), variable


def test_a_container_and_the_local_stack_run_airflow_alike(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `trainloop up` found out about Airflow (measured values, switches) holds in containers too."""
    for variable in [name for name in os.environ if name in environment("worker") or name.startswith("AIRFLOW__")]:
        monkeypatch.delenv(variable)
    layout = Layout(Settings(home=home))
    layout.create()
    record = StackRecord({"airflow": 8080, "forms": 8030})
    here = airflow_environment(Settings(home=home, airflow_database_url="postgresql://a:b@h/airflow"), layout, record)
    elsewhere = environment("worker")
    differs = {
        "AIRFLOW__CORE__AUTH_MANAGER", "AIRFLOW__CORE__EXECUTOR", "AIRFLOW__CORE__DAGS_FOLDER",
        "AIRFLOW__CORE__PLUGINS_FOLDER", "AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "AIRFLOW__LOGGING__BASE_LOG_FOLDER",
    }  # fmt: skip
    same = {
        name: value
        for name, value in here.items()
        if name in elsewhere and name not in differs and "${" not in str(elsewhere[name])
    }
    assert len(same) >= 8
    assert {name: elsewhere[name] for name in same} == same
    only_here = {name for name in here if name.startswith("AIRFLOW__")} - elsewhere.keys()
    # One machine binds to loopback and shares its processors; the simple auth manager is the local one.
    assert only_here == {
        "AIRFLOW__API__HOST", "AIRFLOW__API__PORT", "AIRFLOW__API__WORKERS", "AIRFLOW__CORE__PARALLELISM",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS",
    }  # fmt: skip


def test_the_servers_log_holds_no_more_in_a_container_than_here() -> None:
    """A statement that fails has rows and, where roles get them, passwords in it."""
    kept_out = {
        f"{name}={value}" for name, value in SERVER_SETTINGS.items() if name.startswith("log_") and "zone" not in name
    }
    assert len(kept_out) == 2
    assert kept_out <= set(SERVICES["postgres"]["command"])


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(OURS))
def test_every_command_is_known_to_its_program(name: str) -> None:
    """The program takes the words and options the container gives it."""
    command = SERVICES[name]["command"]
    words = [word for word in command if not word.startswith("-")]
    match command:
        case ["trainloop", verb]:
            ask = [sys.executable, "-m", "trainloop", verb, "--help"]
        case ["airflow", verb]:
            ask = [sys.executable, "-m", "airflow", verb, "--help"]
        case ["python", "-m", "trainloop.orchestration.worker"]:
            ask = [sys.executable, "-m", "airflow", "celery", "worker", "--help"]
        case ["python", "-m", module, *_]:
            ask = [sys.executable, "-m", module, "--help"]
    told = subprocess.run(ask, capture_output=True, text=True, check=False, timeout=120)
    assert told.returncode == 0, (words, told.stderr[-500:])
    assert all(option in told.stdout for option in command if option.startswith("--"))


def test_health_checks_ask_where_the_code_answers() -> None:
    """Ports and paths are those of the processes: `local` asks the same pages of the same programs."""
    from trainloop.forms.app import create_app
    from trainloop.forms.store import Store

    def asked(name: str) -> str:
        return " ".join(SERVICES[name]["healthcheck"]["test"])

    assert all("healthcheck" in service for name, service in SERVICES.items() if name != "init")
    assert "/health" in {route.path for route in create_app(Store()).routes if hasattr(route, "path")}
    assert "127.0.0.1:8030/health" in asked("forms")
    assert "8030" in SERVICES["forms"]["command"]
    assert "127.0.0.1:8025/health" in asked("mailbox")
    assert "8025" in SERVICES["mailbox"]["command"]
    assert "127.0.0.1:8080/api/v2/monitor/health" in asked("api-server")
    from airflow.configuration import conf

    assert f":{conf.get('scheduler', 'scheduler_health_check_server_port')}/health" in asked("scheduler")
    assert environment("scheduler")["AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK"] == "True"
    assert set(local.COMMANDS) <= set(SERVICES)


def test_the_forms_service_knows_two_secrets_and_reaches_no_broker() -> None:
    """Employees' browsers reach it: it is the one to be broken into (DECISIONS, what the forms service may know)."""
    secrets = {name for name in environment("forms") if re.search(r"KEY|SECRET|PASSWORD|DATABASE|CONN", name)}
    # The last two reach the course materials where an S3 store has them, by a login of their own.
    assert secrets == {
        "TRAINLOOP_FORMS_KEY", "TRAINLOOP_FORMS_DATABASE_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY",
    }  # fmt: skip
    assert environment("forms")["AWS_SECRET_ACCESS_KEY"] == "${FORMS_AWS_SECRET_ACCESS_KEY:-}"
    assert SERVICES["forms"]["networks"] == ["warehouse"]
    assert "warehouse" not in SERVICES["redis"]["networks"]
    assert SERVICES["forms"]["volumes"] == ["materials:/var/lib/trainloop/materials:ro", SITE]
    assert "TRAINLOOP_MATERIALS_URI" in environment("forms")
    for name in ("init", "worker", "api-server"):
        assert "materials:/var/lib/trainloop/materials" in SERVICES[name]["volumes"]


def test_a_setting_in_the_env_file_reaches_the_workers_or_is_the_containers_own() -> None:
    """Left out here, it would be read on one machine and silently not in a deployment: links would lead nowhere."""
    passed = {
        name.removeprefix("TRAINLOOP_").lower() for name in environment("worker") if name.startswith("TRAINLOOP_")
    }
    # The image's folder and ports, the addresses of init and of the forms service.
    own = {
        "home", "warehouse_url", "airflow_database_url", "postgres_port", "airflow_port", "mailbox_port",
        "mailbox_smtp_port", "forms_host", "forms_port", "forms_database_url", "forms_trusted_proxies",
    }  # fmt: skip
    assert Settings.model_fields.keys() - passed == own


def test_only_the_init_service_is_the_owner_of_the_warehouse() -> None:
    """Everybody else works by the Connections of their roles."""
    assert {name for name in OURS if "TRAINLOOP_WAREHOUSE_URL" in environment(name)} == {"init"}


def test_services_restart_are_limited_and_keep_their_data_in_named_volumes() -> None:
    """A host that reboots has everything again; one service cannot eat the machine."""
    for name, service in SERVICES.items():
        assert service["restart"] in {"unless-stopped", "on-failure"}
        assert service["deploy"]["resources"]["limits"].keys() == {"cpus", "memory"}
        for volume in service.get("volumes", []):
            assert volume == SITE or volume.split(":")[0] in COMPOSE["volumes"], (name, volume)
        for port in service.get("ports", []):
            assert port.startswith(("${PUBLISH_ADDRESS:-127.0.0.1}:", "127.0.0.1:"))
    for name in OURS:
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


def test_whoever_reads_the_site_file_sees_the_folder_it_lies_in() -> None:
    """A company's contacts and rules are in no image; the example file names the path that containers see."""
    readers = {name for name in OURS if "TRAINLOOP_SITE_FILE" in environment(name)}
    assert readers == OURS - {"mailbox"}
    assert all(SITE in SERVICES[name]["volumes"] for name in readers)
    assert "TRAINLOOP_SITE_FILE=/etc/trainloop/site.yaml" in EXAMPLE


def test_the_dockerfile_passes_its_linter() -> None:
    """hadolint, with every exception and its reason in the file."""
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert program is not None
    told = subprocess.run([program, PROJECT_DIR / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout) == (0, "")


def test_the_image_holds_what_runs_and_nothing_secret() -> None:
    """An ordinary user, the PDF libraries of `make setup`, the folders the code reads; no .env, tests or data."""
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE) == ["50000"]
    needed = re.findall(r"needs \S+ (\S+)", (PROJECT_DIR / ".ci" / "system-packages").read_text("utf-8"))
    assert needed
    assert all(package in DOCKERFILE for package in needed)
    kept = re.findall(r"^!(\S+)", (PROJECT_DIR / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    folders = {name for name in kept if (PROJECT_DIR / name).is_dir()}
    assert folders == {name for name in ("dags", "include", "plugins", "sql") if (PROJECT_DIR / name).is_dir()}
    assert all(re.search(rf"^COPY .*\b{name}\b", DOCKERFILE, re.MULTILINE) for name in folders)
    assert (PROJECT_DIR / ".dockerignore").read_text("utf-8").splitlines()[1] == "*"
    assert "compileall" in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE
