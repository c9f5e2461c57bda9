"""`up` and `down` of the local stack.

The order: PostgreSQL; both databases migrated, while the scheduler's libraries and the mailbox load beside; then
Airflow's components and the forms service; then wait until every one is healthy and every DAG is parsed. Everything
listens on loopback. Running `up` again starts what is missing and touches nothing else.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
import time
from collections.abc import Callable, Iterable

from trainloop.errors import PermanentError, TransientError
from trainloop.settings import PROJECT_DIR, Settings
from trainloop.stack import databases, ports
from trainloop.stack.airflow_api import AirflowApi, AirflowUnreachableError
from trainloop.stack.databases import AIRFLOW
from trainloop.stack.environment import airflow_environment
from trainloop.stack.layout import Layout, StackRecord
from trainloop.stack.processes import Component, stop_all
from trainloop.warehouse.embedded import EmbeddedServer
from trainloop.warehouse.migrations import require_known

COMMANDS: dict[str, tuple[str, ...]] = {
    "mailbox": (sys.executable, "-m", "trainloop.outbox.mailbox"),
    "forms": (sys.executable, "-m", "trainloop.forms"),
    "scheduler": (sys.executable, "-m", "trainloop.orchestration.scheduler"),
    "api-server": (*AIRFLOW, "api-server"),
    "dag-processor": (*AIRFLOW, "dag-processor"),
    "triggerer": (*AIRFLOW, "triggerer", "--skip-serve-logs"),
}
HEALTH_NAMES = {"scheduler": "scheduler", "dag-processor": "dag_processor", "triggerer": "triggerer"}
START_SECONDS = 180.0
Report = Callable[[str], None]


class StackStartError(TransientError):
    """After {seconds:.0f} s these parts are not healthy: {names}. Their logs are in {logs}.

    Run `trainloop up` again: it waits for what is still starting.
    """


class EngineRunsServicesError(PermanentError):
    """The services of this deployment are its container engine's; a second set beside them would do their work twice.

    Start: `docker compose up --detach`; stop: `docker compose stop`; look: `docker compose ps`.
    """


def belongs_to_an_engine() -> bool:
    """Whether this process stands in docker-compose.yml's deployment: only there Celery executes."""
    return "Celery" in os.environ.get("AIRFLOW__CORE__EXECUTOR", "")


def components(layout: Layout) -> dict[str, Component]:
    """Return the stack's processes by name, running or not."""
    return {name: Component(name, layout.pids / f"{name}.json", layout.logs / f"{name}.log") for name in COMMANDS}


def up(settings: Settings, report: Report = lambda _: None) -> StackRecord:
    """Start what is not running and return once everything is healthy; `report` is told each step."""
    if belongs_to_an_engine():
        raise EngineRunsServicesError
    layout = Layout(settings)
    # A key that is missing or short is told before anything runs.
    settings.secret()
    settings.forms_secret()
    with layout.locked():
        layout.create()
        layout.admin_password()
        record = _take_ports(settings, layout)
        parts = _parts(settings, layout)
        report("PostgreSQL")
        environment = airflow_environment(settings, layout, record)
        require_known()
        commands = _commands(layout, record)
        # These two need no tables to begin with: they load while the tables are made.
        for name in ("scheduler", "mailbox"):
            if name in parts:
                parts[name].start(commands[name], environment, PROJECT_DIR)
        report("migrations")
        _migrate(layout, record, environment, settings.environment)
        report("processes")
        for name, part in parts.items():
            part.start(commands[name], environment, PROJECT_DIR)
        _wait_until_healthy(AirflowApi(record.airflow_url, layout.admin_password()), parts.values(), layout, report)
    return record


def down(settings: Settings, report: Report = lambda _: None) -> list[str]:
    """Stop what `up` started, by pid, then the embedded server; return the names of what was running."""
    if belongs_to_an_engine():
        raise EngineRunsServicesError
    layout = Layout(settings)
    if not layout.home.exists():
        return []
    with layout.locked():
        report("processes")
        stopped = stop_all(list(components(layout).values()))
        report("PostgreSQL")
        if (layout.home / "postgres").exists() and EmbeddedServer.from_settings(settings).stop():
            stopped.append("PostgreSQL")
    return stopped


def running(settings: Settings) -> dict[str, int | None]:
    """Return the pid of each component, None when it does not run."""
    found = {name: part.running() for name, part in components(Layout(settings)).items()}
    return {name: process.pid if process else None for name, process in found.items()}


def _commands(layout: Layout, record: StackRecord) -> dict[str, tuple[str, ...]]:
    host = ("--host", "127.0.0.1", "--port", str(record.ports["forms"]))
    commands = COMMANDS | {"forms": (*COMMANDS["forms"], *host)}
    if "mailbox" not in record.ports:
        return commands
    smtp, web = str(record.ports["mailbox_smtp"]), str(record.ports["mailbox"])
    options = ("--smtp-port", smtp, "--web-port", web, "--folder", str(layout.mailbox))
    return commands | {"mailbox": (*COMMANDS["mailbox"], *options)}


def _parts(settings: Settings, layout: Layout) -> dict[str, Component]:
    """Production mails by its own Connection: there is no dev mailbox."""
    return {
        name: part
        for name, part in components(layout).items()
        if name != "mailbox" or settings.environment != "production"
    }


def _take_ports(settings: Settings, layout: Layout) -> StackRecord:
    """Keep the ports of what runs; choose free ones, from the settings' on, for what does not."""
    record = layout.read_record()
    parts = components(layout)
    wanted = {"airflow": ("api-server", settings.airflow_port), "forms": ("forms", settings.forms_port)}
    if settings.environment != "production":
        wanted["mailbox"] = ("mailbox", settings.mailbox_port)
        wanted["mailbox_smtp"] = ("mailbox", settings.mailbox_smtp_port)
    # Tasks and the scheduler know these addresses, so nothing moves while any part of the stack runs.
    is_up = any(part.running() for part in parts.values())
    chosen: dict[str, int] = {}
    for key, (name, port) in wanted.items():
        kept = record.ports.get(key)
        if kept is not None and (parts[name].running() or is_up or ports.is_free(kept)):
            chosen[key] = kept
        else:
            chosen[key] = ports.choose(port, set(chosen.values()))
    record = StackRecord(chosen, record.airflow_version)
    layout.write_record(record)
    return record


def _migrate(layout: Layout, record: StackRecord, environment: dict[str, str], environment_name: str) -> None:
    """Bring both databases to this release; Airflow's 7 s are spent once per Airflow version."""
    version = importlib.metadata.version("apache-airflow")
    airflow_url = environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].replace(
        "postgresql+psycopg2://", "postgresql://", 1
    )
    is_known = record.airflow_version == version and _has_table(airflow_url, "public.dag_run")
    log = layout.logs / "airflow-db-migrate.log"
    process = None if is_known else databases.start_airflow_migration(environment, log)
    try:
        databases.migrate_warehouse(environment_name, by="trainloop up")
    finally:
        if process is not None:
            process.wait()
    if process is not None:
        databases.require_migrated(process, log)
    record.airflow_version = version
    layout.write_record(record)


def _has_table(url: str, name: str) -> bool:
    """Whether the database has a table (it may have been replaced since its tables were made)."""
    import psycopg

    with psycopg.connect(url, connect_timeout=10) as connection:
        row = connection.execute("select to_regclass(%s) is not null", (name,)).fetchone()
    return bool(row and row[0])


def _wait_until_healthy(api: AirflowApi, parts: Iterable[Component], layout: Layout, report: Report) -> None:
    started = time.monotonic()
    parts = list(parts)
    dag_ids = {path.stem for path in (PROJECT_DIR / "dags").glob("*.py")}
    missing: set[str] = set()
    while time.monotonic() - started < START_SECONDS:
        for part in parts:
            part.require_alive()
        missing = _unhealthy(api, {part.name for part in parts}, dag_ids, layout)
        if not missing:
            api.close()
            return
        report(", ".join(sorted(missing)))
        time.sleep(0.3)
    raise StackStartError(seconds=START_SECONDS, names=", ".join(sorted(missing)), logs=layout.logs)


def _unhealthy(api: AirflowApi, names: set[str], dag_ids: set[str], layout: Layout) -> set[str]:
    """Return the names of what is not ready yet; a DAG that does not parse counts once the others are there."""
    waiting = set()
    if "mailbox" in names and not _answers(layout.read_record().mailbox_url + "/health"):
        waiting.add("mailbox")
    if "forms" in names and not _answers(layout.read_record().forms_url + "/health"):
        waiting.add("forms")
    try:
        health = api.health()
    except AirflowUnreachableError:
        return waiting | (names - {"mailbox", "forms"})
    waiting |= {name for name, key in HEALTH_NAMES.items() if health.get(key) != "healthy"}
    if waiting or dag_ids <= api.dag_ids():
        return waiting
    errors = api.get("/api/v2/importErrors", limit=10)["import_errors"]
    if errors:
        # A broken DAG is for its author to see in the UI; the stack itself is up.
        return set()
    return {"DAG parsing"}


def _answers(url: str) -> bool:
    import httpx

    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False
