"""The environment variables of a local Airflow: one set, shared by all its components."""

from __future__ import annotations

import json
import os

from trainloop.settings import PROJECT_DIR, Settings
from trainloop.stack.layout import Layout, StackRecord, fernet_key, long_key
from trainloop.warehouse.embedded import EmbeddedServer


def airflow_database_url(settings: Settings) -> str:
    """Return the `postgresql+psycopg2://` URL of Airflow's metadata (bare `postgresql://` would mean psycopg 3)."""
    if settings.airflow_database_url is not None:
        url = settings.airflow_database_url.get_secret_value()
    else:
        url = EmbeddedServer.from_settings(settings).url("airflow")
    return url.replace("postgresql://", "postgresql+psycopg2://", 1)


def airflow_environment(settings: Settings, layout: Layout, record: StackRecord) -> dict[str, str]:
    """Return the whole environment of Airflow's processes; a variable the user has set already wins."""
    port = record.ports["airflow"]
    cpus = os.cpu_count() or 2
    own = {
        "AIRFLOW_HOME": str(layout.airflow_home),
        "AIRFLOW__API__BASE_URL": record.airflow_url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__SECRET_KEY": layout.secret("api-secret-key", long_key),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": layout.secret("jwt-secret", long_key),
        "AIRFLOW__CORE__AUTH_MANAGER": (
            "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager"
        ),
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(PROJECT_DIR / "dags"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{record.airflow_url}/execution/",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__FERNET_KEY": layout.secret("fernet-key", fernet_key),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # Workers are forked in advance and idle ones cost memory only.
        "AIRFLOW__CORE__PARALLELISM": str(max(4, min(8, 2 * cpus))),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PROJECT_DIR / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(layout.passwords_file),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
            f"{user}:{role}" for user, role in layout.logins().items()
        ),
        # A changed file is parsed within seconds whatever this says; all files every 30 s took a quarter of a core.
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "300",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": airflow_database_url(settings),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(layout.task_logs),
        # A chain of tasks pays the scheduler's idle sleep between any two: 1.15 s each by default, 0.3–0.5 s so.
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        # The supervisor of a task that failed or was skipped may miss its end and look again only after this interval.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "GX_ANALYTICS_ENABLED": "false",
        # Tasks run side by side; a thread pool per task would only make them wait for each other.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "TRAINLOOP_HOME": str(layout.home),
    }
    # Links in mails lead to the forms service where it is, unless people reach it by an address of its own.
    if "forms" in record.ports and settings.forms_url == Settings.model_fields["forms_url"].default:
        own["TRAINLOOP_FORMS_URL"] = record.forms_url
    if "mailbox_smtp" in record.ports:
        own["AIRFLOW_CONN_SMTP_DEFAULT"] = json.dumps({
            "conn_type": "smtp",
            "host": "127.0.0.1",
            "port": record.ports["mailbox_smtp"],
            "extra": {"disable_ssl": True, "disable_tls": True, "timeout": 10},
        })
    # Where the processes find each other is decided here and nowhere else.
    fixed = ("AIRFLOW_HOME", "AIRFLOW__API__", "AIRFLOW__API_AUTH__", "AIRFLOW__CORE__EXECUTION_API", "TRAINLOOP_HOME")
    given = {name: value for name, value in os.environ.items() if not (name in own and name.startswith(fixed))}
    # Without it every Airflow process compiles its 2,000 modules at each start: 3 s more.
    given.pop("PYTHONDONTWRITEBYTECODE", None)
    return own | given
