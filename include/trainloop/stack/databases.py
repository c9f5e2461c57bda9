"""Both databases brought to this release: the warehouse by our migrations, Airflow's metadata by its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from trainloop.errors import PermanentError
from trainloop.settings import PROJECT_DIR

AIRFLOW = (sys.executable, "-m", "airflow")


class AirflowMigrationError(PermanentError):
    """Airflow's tables could not be made. Mend the cause and run it again. Its log ends: {tail}"""


def migrate_warehouse(environment_name: str, by: str) -> list[str]:
    """Run the warehouse's migrations; a warehouse made here may send mail. Return what ran. Safe to run at once."""
    from trainloop.outbox.leases import grant_first_lease
    from trainloop.warehouse.migrations import migrate

    names = migrate()
    grant_first_lease(environment_name, by)
    return names


def start_airflow_migration(environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start `airflow db migrate`, which makes the login tables of the auth manager too."""
    with log.open("wb") as file:
        command = (*AIRFLOW, "db", "migrate")
        return subprocess.Popen(command, env=environment, stdout=file, stderr=subprocess.STDOUT, cwd=PROJECT_DIR)


def require_migrated(process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for the migration; raise AirflowMigrationError with the end of its log when it failed."""
    if process.wait():
        tail = log.read_text(errors="replace").splitlines()[-15:]
        raise AirflowMigrationError(tail="\n".join(tail))
