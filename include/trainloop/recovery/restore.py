"""Restore a backup: checks first, then one transaction a database, and nobody may send until a person says so.

Order: the manifest is judged, every file compared with its checksum, the target looked at; the warehouse is replaced
together with the sender's lease laid down; it is migrated to this release; whoever was erased since is erased again;
Airflow's metadata follow. Killed at any moment: run it again with --replace.
"""

from __future__ import annotations

import importlib.metadata
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass

from psycopg import sql
from psycopg.types.json import Jsonb

from trainloop import faults, storage
from trainloop.errors import PermanentError
from trainloop.outbox.leases import RESTORED, in_doubt
from trainloop.recovery.backup import AIRFLOW_SCHEMAS, WAREHOUSE_SCHEMAS
from trainloop.recovery.dumps import load
from trainloop.recovery.manifest import (
    AIRFLOW,
    REFERENCES,
    WAREHOUSE,
    Manifest,
    Place,
    key_fingerprint,
    read,
    require_sound,
)
from trainloop.retention.erasure import erase_again, missing_tombstones
from trainloop.settings import Settings
from trainloop.warehouse import migrations
from trainloop.warehouse.engine import Connection, connect, connect_to, url
from trainloop.warehouse.statements import statement

# The new database, the old one until its space is given back, and the log of the one transaction.
DISK_SHARE = 1.5


class BackupNewerError(PermanentError):
    """Backup {backup_id} needs {what} {found}, this release has {known}. Restore it with the release that took it."""


class TargetNotEmptyError(PermanentError):
    """{what} is not empty. A restore replaces all of it: say --replace, after a backup of what is there."""


class TargetInUseError(PermanentError):
    """{what} is in use by {programs}. Stop them first (`trainloop down`; with compose: `docker compose stop` of all but
    postgres), then restore.
    """


class OtherKeyError(PermanentError):
    """Backup {backup_id} was taken under another secret key. Links, pseudonyms, erased people and drafts hang on it.

    Set TRAINLOOP_SECRET_KEY (or <home>/secrets.json) to the key of then. If it is lost for good, say --other-key: open
    links end, later answers are not linked to earlier ones, people erased before are unknown to later files.
    """


class DiskTooSmallError(PermanentError):
    """The restore needs about {wanted_gb:.1f} GB in {folder}, {free_gb:.1f} GB are free. Nothing was changed."""


@dataclass(frozen=True)
class Restored:
    """What a restore did and what a person has to look at."""

    manifest: Manifest
    migrations: tuple[str, ...]
    erased_again: int
    forgotten_tombstones: int
    missing_files: dict[str, int]
    in_doubt: int
    has_airflow: bool


@dataclass(frozen=True)
class Wishes:
    """What the person who restores has decided."""

    by: str
    replace: bool = False
    other_key: bool = False
    without_airflow: bool = False


def restore(
    settings: Settings,
    uri: str,
    airflow_url: str | None,
    wishes: Wishes,
    report: Callable[[str], None] = lambda _: None,
) -> Restored:
    """Bring both databases back to a backup. Raises before anything is changed, or leaves each database whole."""
    place = Place(uri)
    manifest = read(place)
    report("checksums")
    _require_known(manifest)
    if manifest.key_fingerprint != key_fingerprint(settings) and not wishes.other_key:
        raise OtherKeyError(backup_id=manifest.backup_id)
    require_sound(place, manifest)
    wants_airflow = AIRFLOW in manifest.files and airflow_url is not None and not wishes.without_airflow
    _require_disk(settings, manifest)
    with connect("owner") as connection:
        _require_free(connection, "The warehouse", WAREHOUSE_SCHEMAS, replace=wishes.replace)
        version = connection.info.server_version // 10000
        if version < manifest.postgres_major:
            _refuse(manifest, "PostgreSQL", str(manifest.postgres_major), str(version))
        migrations.create_roles(connection)
    if wants_airflow and airflow_url is not None:
        with connect_to(airflow_url) as connection:
            _require_free(connection, "Airflow's database", AIRFLOW_SCHEMAS, replace=wishes.replace)
    report("warehouse")
    faults.point("restore.before_load")
    with storage.local_copy(f"{place.uri}/{WAREHOUSE}") as path:
        load(path, url("owner"), WAREHOUSE_SCHEMAS, afterwards=_lay_down_leases(settings, manifest, wishes.by))
    faults.point("restore.loaded")
    ran = migrations.migrate()
    erased, forgotten = _erase_again()
    if wants_airflow and airflow_url is not None:
        report("Airflow")
        with storage.local_copy(f"{place.uri}/{AIRFLOW}") as path:
            load(path, airflow_url, AIRFLOW_SCHEMAS)
    faults.point("restore.both_loaded")
    report("files")
    missing = _missing_files(place)
    with connect("owner") as connection:
        doubtful = sum(row["mails"] for row in in_doubt(connection))
        detail = Jsonb({"in_doubt": doubtful, "erased_again": erased, "missing": missing})
        facts = {"by": wishes.by, "backup_id": manifest.backup_id, "detail": detail}
        connection.execute(statement("recovery", "audit"), facts)
    return Restored(manifest, tuple(ran), erased, forgotten, missing, doubtful, wants_airflow)


def _require_known(manifest: Manifest) -> None:
    """Refuse what only a newer release can read."""
    known = {path.stem for path in migrations.files()}
    if newer := sorted(set(manifest.migrations) - known):
        _refuse(manifest, "migration", newer[-1], max(known))
    installed = importlib.metadata.version("apache-airflow")
    if manifest.airflow_version and _numbers(manifest.airflow_version) > _numbers(installed):
        _refuse(manifest, "Airflow", manifest.airflow_version, installed)


def _refuse(manifest: Manifest, what: str, found: str, known: str) -> None:
    raise BackupNewerError(backup_id=manifest.backup_id, what=what, found=found, known=known)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")[:3] if part.isdigit()]


def _require_disk(settings: Settings, manifest: Manifest) -> None:
    """Only the embedded server's disk can be looked at from here."""
    if settings.warehouse_url is not None:
        return
    folder = settings.home.absolute()
    wanted, free = manifest.needed_bytes * DISK_SHARE, shutil.disk_usage(folder).free
    if free < wanted:
        raise DiskTooSmallError(wanted_gb=wanted / 1e9, free_gb=free / 1e9, folder=folder)


def _require_free(connection: Connection, what: str, schemas: tuple[str, ...], *, replace: bool) -> None:
    programs = connection.execute(statement("recovery", "sessions")).fetchall()
    if programs:
        told = ", ".join(f"{row['program']} ({row['sessions']})" for row in programs)
        raise TargetInUseError(what=what, programs=told)
    row = connection.execute(statement("recovery", "tables"), {"schemas": list(schemas)}).fetchone()
    if row and row["tables"] and not replace:
        raise TargetNotEmptyError(what=what)


def _lay_down_leases(settings: Settings, manifest: Manifest, by: str) -> str:
    """The same transaction that brings the queue back takes the right to send it."""
    query = sql.SQL(statement("recovery", "lay_down_leases")).format(
        environment=sql.Literal(settings.environment),
        identity=sql.Literal(f"{RESTORED}{manifest.backup_id}"),
        taken_at=sql.Literal(manifest.taken_at.isoformat()),
        by=sql.Literal(by),
    )
    return query.as_string(None)


def _erase_again() -> tuple[int, int]:
    """Erase whoever was erased since the backup; return that count, and how many erasures have no file here."""
    with connect("purge", autocommit=True) as connection:
        return erase_again(connection), missing_tombstones(connection)


def _missing_files(place: Place) -> dict[str, int]:
    """Return how many files of each kind the warehouse leads to and nobody finds at their URI."""
    folders: dict[str, set[str]] = {}
    missing: dict[str, int] = {}
    with storage.local_copy(f"{place.uri}/{REFERENCES}") as path, path.open("rb") as file:
        for line in file:
            row = json.loads(line)
            folder, _, name = row["uri"].rpartition("/")
            if folder not in folders:
                folders[folder] = set(Place(folder).names())
            if name not in folders[folder]:
                missing[row["kind"]] = missing.get(row["kind"], 0) + 1
    return missing
