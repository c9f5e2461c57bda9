"""`trainloop provision`: what a deployment does once before its services start, and again at every release.

Both databases are migrated, the roles of the warehouse get their passwords, a new warehouse may send, and Airflow
learns its Connections, the HR role and its first administrator (`trainloop.orchestration.logins`, a process of its own
since only orchestration knows Airflow). Safe to run again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from trainloop.errors import PermanentError, SettingMissingError
from trainloop.settings import PROJECT_DIR, Settings
from trainloop.stack import databases
from trainloop.stack.preflight import require_ready
from trainloop.warehouse.engine import ROLES, url

# The owner migrates and lends the sender's lease; forms live outside Airflow.
CONNECTED = tuple(role for role in ROLES if role not in {"owner", "forms"})


class LoginsNotMadeError(PermanentError):
    """Airflow's Connections, roles and logins were not made. Mend the cause and run it again. The log ends: {tail}"""


def provision(settings: Settings) -> list[str]:
    """Bring databases, roles, Connections and logins to this release; return the migrations that ran."""
    if settings.warehouse_url is None:
        raise SettingMissingError(
            name="TRAINLOOP_WAREHOUSE_URL", remedy="Set it to the address of the warehouse's owner (postgresql://…)."
        )
    require_ready(settings, os.environ)
    with TemporaryDirectory() as folder:
        log = Path(folder) / "airflow.log"
        process = databases.start_airflow_migration(os.environ, log)
        try:
            names = databases.migrate_warehouse(settings.environment, by="trainloop provision")
        finally:
            process.wait()
        databases.require_migrated(process, log)
    _make_logins()
    return names


def _make_logins() -> None:
    """Run the Airflow side; the addresses of the roles go through its environment, where no process list shows them."""
    addresses = {f"AIRFLOW_LOGIN_{role.upper()}": url(role) for role in CONNECTED}
    command = (sys.executable, "-m", "trainloop.orchestration.logins", *CONNECTED)
    done = subprocess.run(
        command, env=os.environ | addresses, cwd=PROJECT_DIR, capture_output=True, text=True, check=False
    )
    if done.returncode:
        tail = (done.stdout + done.stderr).strip().splitlines()[-15:]
        raise LoginsNotMadeError(tail="\n".join(tail))
