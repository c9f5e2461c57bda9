"""The services of docker-compose.yml as processes of this machine: its commands and variables, other addresses.

Each service stands on a "machine" of its own: a folder with its own home, work directory, temporary files and logs.
What they share is what hosts share: addresses, and the inbox, archive, reports and materials as URIs.
"""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import yaml

from trainloop.settings import PROJECT_DIR, Settings
from trainloop.stack import ports
from trainloop.stack.airflow_api import AirflowApi, AirflowUnreachableError
from trainloop.stack.layout import Layout, StackRecord, fernet_key, long_key
from trainloop.stack.processes import Component, stop_all
from trainloop.warehouse.embedded import EmbeddedServer

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT_DIR / "docker-compose.yml").read_text("utf-8"))
VARIABLE = re.compile(r"\$\{([A-Z_0-9]+)(?::([?-])([^}]*))?\}")
# Service of the compose file → the processes that stand for it.
PROCESSES = {
    "redis": ("redis",),
    "mailbox": ("mailbox",),
    "forms": ("forms",),
    "api-server": ("api-server",),
    "scheduler": ("scheduler",),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer",),
    "worker": ("worker-1", "worker-2"),
}
SERVICE_OF = {process: service for service, processes in PROCESSES.items() for process in processes}
WORKERS = PROCESSES["worker"]
# Somebody who operates a cluster waits minutes for these; their meaning does not change with their length. The broker's
# visibility timeout stays what it is (a day): a task that outlives it is given to a second worker while it runs.
SHORT_TIMES = {
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "60",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
}
# Started by assets, and by mails that are due.
DRIVEN = ("plan_milestones", "report_course_evaluations", "deliver_mail")
# A new cluster runs the last scheduled time of each at once, on an empty warehouse. Then they stand still until their
# turn: a quarter of an hour of the real day would do work of a business day that the comparison does without.
SCANS = (
    "ingest_inbox", "score_vendors", "check_session_readiness", "prepare_class_sessions", "watch_class_day",
    "capture_class_day", "collect_survey_responses", "collect_course_evaluations",
)  # fmt: skip
SHARED = ("inbox", "archive", "reports", "materials", "data_docs", "backups")
START_SECONDS = 400.0


class Topology:
    """The cluster in one folder; `start` everything, `kill` one process, `start_one` again, `stop` everything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.machines = folder / "machines"
        self.server = EmbeddedServer(folder / "postgres", secrets.token_hex(16))
        self.ports: dict[str, int] = {}
        for number, name in enumerate(("airflow", "forms", "mailbox", "mailbox_smtp", "redis", "scheduler_health")):
            self.ports[name] = ports.choose(28080 + 100 * number, set(self.ports.values()))
        self._chosen = self._values_of_env_file()
        self.parts = {
            name: Component(name, self._machine(name) / "process.json", folder / "logs" / f"{name}.log")
            for name in SERVICE_OF
        }

    def start(self) -> None:
        """Bring up databases and broker, provision, then everything else; return once all of it is healthy."""
        (self.folder / "logs").mkdir(parents=True, exist_ok=True)
        self._make_databases()
        for name in ("redis", "mailbox"):
            self.start_one(name)
        self._provision()
        for name in self.parts:
            self.start_one(name)
        self._wait_until_healthy()

    def stop(self) -> None:
        """Stop all processes by their ids, then the databases."""
        stop_all(list(self.parts.values()), seconds=20)
        self.server.stop()

    def start_one(self, name: str) -> None:
        """Start a process that does not run, as the engine's restart policy does."""
        machine = self._machine(name)
        for folder in ("work", "temporary", "logs", "airflow"):
            (machine / folder).mkdir(parents=True, exist_ok=True)
        self.parts[name].start(self._command(name), self.environment(name), machine / "work")

    def kill(self, name: str) -> None:
        """SIGKILL to a process and to everything it started, as when its machine loses power."""
        for process in self.parts[name].family():
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def end(self, name: str) -> None:
        """Let a process end in its own way, as `docker compose stop` does."""
        stop_all([self.parts[name]], seconds=20)

    def holder_of(self, client_port: int) -> str | None:
        """Return which of the processes holds a connection, known by its port on this side."""
        for name, part in self.parts.items():
            for process in part.family():
                try:
                    if any(one.laddr.port == client_port for one in process.net_connections("tcp")):
                        return name
                except psutil.Error:
                    continue
        return None

    def environment(self, name: str) -> dict[str, str]:
        """Return the variables of a process: the compose file's, with this machine's addresses, folders and times."""
        service = SERVICE_OF.get(name, name)
        machine = self._machine(name)
        given = COMPOSE["services"][service].get("environment", {})
        own = {key: self._here(str(value), machine) for key, value in given.items() if value is not None}
        own |= {key: value for key, value in self._chosen.items() if key in given}
        # What the image sets.
        own |= {"TRAINLOOP_HOME": str(machine), "AIRFLOW_HOME": str(machine / "airflow")}
        if any(key.startswith("AIRFLOW__") for key in own):
            own |= SHORT_TIMES | {
                "AIRFLOW__API__HOST": "127.0.0.1",
                "AIRFLOW__API__PORT": str(self.ports["airflow"]),
                "AIRFLOW__API__WORKERS": "1",
                "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
                "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_HOST": "127.0.0.1",
                "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_SERVER_PORT": str(self.ports["scheduler_health"]),
                "NO_PROXY": "127.0.0.1",
            }
        inherited = {
            key: os.environ[key] for key in ("PATH", "PYTHONPATH", "HOME", "LANG", "USER") if key in os.environ
        }
        return inherited | {"TMPDIR": str(machine / "temporary"), "PYTHONUNBUFFERED": "1"} | own

    def settings(self) -> dict[str, str]:
        """Return the variables of whoever stands outside, with the owner's address: the test."""
        names = [f"TRAINLOOP_{name.upper()}_URI" for name in SHARED]
        names += ["TRAINLOOP_SECRET_KEY", "TRAINLOOP_FORMS_KEY", "TRAINLOOP_FORMS_URL", "TRAINLOOP_SITE_FILE"]
        home = self._machine("outside")
        home.mkdir(parents=True, exist_ok=True)
        Layout(Settings(home=home)).write_record(StackRecord(ports=dict(self.ports)))
        return {name: self._chosen[name] for name in names} | {
            "TRAINLOOP_ENVIRONMENT": "production",
            "TRAINLOOP_HOME": str(home),
            "TRAINLOOP_WAREHOUSE_URL": self.server.url("trainloop"),
        }

    def api(self) -> AirflowApi:
        """Return a session of the first administrator, as FAB knows it."""
        url, password = f"http://127.0.0.1:{self.ports['airflow']}", self._chosen["AIRFLOW_ADMIN_PASSWORD"]
        return AirflowApi(url, password, patience_seconds=START_SECONDS)

    def _values_of_env_file(self) -> dict[str, str]:
        """Fill in what the second half of .env.example asks for."""
        shared = {f"TRAINLOOP_{name.upper()}_URI": (self.folder / "shared" / name).as_uri() for name in SHARED}
        return shared | {
            "TRAINLOOP_SECRET_KEY": secrets.token_hex(32),
            "TRAINLOOP_FORMS_KEY": secrets.token_hex(32),
            "TRAINLOOP_FORMS_URL": f"http://127.0.0.1:{self.ports['forms']}",
            "TRAINLOOP_SITE_FILE": str(PROJECT_DIR / "include" / "trainloop" / "demo" / "site.yaml"),
            "AIRFLOW_URL": f"http://127.0.0.1:{self.ports['airflow']}",
            "AIRFLOW_API_SECRET_KEY": long_key(),
            "AIRFLOW_JWT_SECRET": long_key(),
            "AIRFLOW_FERNET_KEY": fernet_key(),
            "AIRFLOW_DATABASE_PASSWORD": secrets.token_hex(16),
            "AIRFLOW_ADMIN_EMAIL": "admin@example.com",
            "AIRFLOW_ADMIN_PASSWORD": secrets.token_hex(16),
            "AIRFLOW_CONN_SMTP_DEFAULT": (
                f"smtp://127.0.0.1:{self.ports['mailbox_smtp']}/?disable_ssl=true&disable_tls=true&timeout=10"
            ),
            "FORMS_DATABASE_PASSWORD": secrets.token_hex(16),
            "POSTGRES_PASSWORD": self.server.password,
            "REDIS_PASSWORD": secrets.token_hex(16),
            "WORKER_CONCURRENCY": "3",
        }

    def _here(self, text: str, machine: Path) -> str:
        """Fill in the variables of the compose file and lead its names and folders to this machine."""

        def value(match: re.Match[str]) -> str:
            name, kind, rest = match.groups()
            return self._chosen.get(name, rest) if kind == "-" else self._chosen[name]

        filled = VARIABLE.sub(value, text.replace("$$", "$"))
        for there, here in {
            "postgres:5432": f"127.0.0.1:{self.server.port}",
            "redis:6379": f"127.0.0.1:{self.ports['redis']}",
            "api-server:8080": f"127.0.0.1:{self.ports['airflow']}",
            "/opt/trainloop": str(PROJECT_DIR),
            "/var/log/airflow": str(machine / "logs"),
            "/var/lib/trainloop": str(machine),
        }.items():
            filled = filled.replace(there, here)
        return filled

    def _command(self, name: str) -> tuple[str, ...]:
        """Return the compose file's command with this machine's programs and ports."""
        machine, service = self._machine(name), SERVICE_OF[name]
        words = [self._here(word, machine) for word in COMPOSE["services"][service]["command"]]
        program = {"python": sys.executable, "airflow": str(Path(sys.executable).with_name("airflow"))}
        words[0] = program.get(words[0], words[0])
        match name:
            case "redis":
                words[-1] += f" --bind 127.0.0.1 --port {self.ports['redis']} --dir {machine}"
            case "forms":
                words = [_replaced(word, {"0.0.0.0": "127.0.0.1", "8030": str(self.ports["forms"])}) for word in words]  # noqa: S104
            case "mailbox":
                places = {"0.0.0.0": "127.0.0.1", "1025": str(self.ports["mailbox_smtp"])}  # noqa: S104
                words = [_replaced(word, places | {"8025": str(self.ports["mailbox"])}) for word in words]
            case "worker-1" | "worker-2":
                # Their log servers would listen on all addresses; the files are read where they lie.
                words += ["--celery-hostname", f"celery@{name}", "--skip-serve-logs"]
            case "triggerer":
                words += ["--skip-serve-logs"]
        return tuple(words)

    def _make_databases(self) -> None:
        """The compose file's own script makes Airflow's role and database."""
        self.server.ensure_running()
        script = self._here(COMPOSE["configs"]["airflow-database"]["content"], self.folder)
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            connection.execute("drop database airflow")
            for statement in filter(None, map(str.strip, script.split(";"))):
                connection.execute(statement)  # type: ignore[arg-type]

    def _provision(self) -> None:
        machine = self._machine("init")
        machine.mkdir(parents=True, exist_ok=True)
        command = [str(Path(sys.executable).with_name("trainloop")), *COMPOSE["services"]["init"]["command"][1:]]
        done = subprocess.run(
            command, env=self.environment("init"), cwd=machine, capture_output=True, text=True, check=False, timeout=180
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def _wait_until_healthy(self) -> None:
        dag_ids = {path.stem for path in (PROJECT_DIR / "dags").glob("*.py")}
        until = time.monotonic() + START_SECONDS
        missing: set[str] = {"everything"}
        with self.api() as api:
            while missing:
                for part in self.parts.values():
                    part.require_alive()
                assert time.monotonic() < until, missing
                time.sleep(1)
                try:
                    missing = {name for name, state in api.health().items() if state != "healthy"}
                    missing = missing or dag_ids - api.dag_ids()
                except AirflowUnreachableError:
                    continue
            for dag_id in (*DRIVEN, *SCANS):
                api.pause(dag_id, is_paused=False)
            api.wait_until_quiet(START_SECONDS)
            for dag_id in SCANS:
                api.pause(dag_id, is_paused=True)

    def _machine(self, name: str) -> Path:
        return self.machines / name


def _replaced(word: str, places: Mapping[str, str]) -> str:
    return places.get(word, word)
