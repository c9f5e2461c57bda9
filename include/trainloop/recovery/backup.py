"""Take a backup: both databases, the list of files they lead to, the manifest last.

The warehouse's dump, counts and references are one moment (one snapshot); Airflow's metadata follow a little later and
need not agree: the warehouse plans by itself. Not in a backup, and kept elsewhere: the secret key, the archive and the
documents (files at URIs of their own).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from trainloop import faults, storage
from trainloop.errors import PermanentError, TransientError
from trainloop.recovery.dumps import dump
from trainloop.recovery.manifest import (
    AIRFLOW,
    MANIFEST,
    NAME,
    REFERENCES,
    WAREHOUSE,
    Manifest,
    Piece,
    Place,
    key_fingerprint,
    write,
)
from trainloop.settings import Settings
from trainloop.storage import Draft, StoreFailedError
from trainloop.warehouse.engine import Connection, connect, connect_to, url
from trainloop.warehouse.statements import statement

WAREHOUSE_SCHEMAS = ("raw", "staging", "core", "confidential", "marts", "published", "forms", "ops")
AIRFLOW_SCHEMAS = ("public",)


class BackupRunsError(TransientError):
    """Another backup of this warehouse is being taken. Wait for it and look at `trainloop status`."""


class BackupNotWrittenError(PermanentError):
    """The backup could not be written to {uri}: {detail}. What was written of it is removed; older backups are whole.

    Free space there, or name another place: `trainloop backup <uri>`.
    """


class NothingToBackUpError(PermanentError):
    """There is no warehouse to back up: its tables were never made. `trainloop up` makes them."""


@dataclass(frozen=True)
class Taken:
    """A whole backup and what was tidied up after it."""

    uri: str
    manifest: Manifest
    removed: tuple[str, ...]


def backup(settings: Settings, uri: str, by: str, airflow_url: str | None, keep_days: int | None = None) -> Taken:
    """Write a backup below `uri`; with `keep_days`, older whole ones of this environment go after it is whole.

    Raises BackupNotWrittenError (full disk, no rights), DumpFailedError, BackupRunsError.
    """
    base = Place(uri)
    with connect("owner", autocommit=True) as lock:
        if not _is_ours(lock):
            raise NothingToBackUpError
        if not _lock(lock):
            raise BackupRunsError
        # Moments of backups are of the machine, not of the business clock: they guard data, not a rule.
        taken_at = datetime.now(UTC).replace(microsecond=0)
        place = base.below(f"{settings.environment}-{taken_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}")
        try:
            manifest = _fill(settings, place, taken_at, airflow_url)
            faults.point("backup.before_manifest")
            write(place, manifest)
        except StoreFailedError as error:
            with suppress(StoreFailedError):
                place.remove()
            raise BackupNotWrittenError(uri=base.uri, detail=error.facts["detail"]) from error
        except PermanentError:
            with suppress(StoreFailedError):
                place.remove()
            raise
        faults.point("backup.whole")
        size_bytes = sum(piece.size_bytes for piece in manifest.files.values())
        facts = {"backup_id": manifest.backup_id, "uri": place.uri, "taken_at": taken_at, "size_bytes": size_bytes}
        lock.execute(statement("recovery", "record_backup"), {**facts, "by": by})
        removed = _tidy(base, settings.environment, manifest, keep_days)
    return Taken(place.uri, manifest, removed)


def has_table(airflow_url: str, name: str) -> bool:
    """Whether a database has a table."""
    with connect_to(airflow_url) as connection:
        row = connection.execute("select to_regclass(%s) is not null as is_there", (name,)).fetchone()
    return bool(row and row["is_there"])


def _fill(settings: Settings, place: Place, taken_at: datetime, airflow_url: str | None) -> Manifest:
    place.make()
    pieces: dict[str, Piece] = {}
    has_airflow = airflow_url is not None and has_table(airflow_url, "public.dag_run")
    with connect("owner") as connection:
        # Everything of the warehouse is read as of this moment, by us and by pg_dump.
        connection.execute("set transaction isolation level repeatable read read only")
        facts = connection.execute(statement("recovery", "facts")).fetchone()
        assert facts is not None
        holds = connection.execute(statement("recovery", "holds")).fetchone()
        assert holds is not None
        with storage.drafted(place.uri) as draft:
            pieces[WAREHOUSE] = dump(url("owner"), WAREHOUSE_SCHEMAS, draft, facts["snapshot"])
            draft.keep_as(WAREHOUSE)
        faults.point("backup.dumped")
        with storage.drafted(place.uri) as draft:
            pieces[REFERENCES] = _write_references(connection, draft)
            draft.keep_as(REFERENCES)
    if has_airflow and airflow_url is not None:
        with storage.drafted(place.uri) as draft:
            pieces[AIRFLOW] = dump(airflow_url, AIRFLOW_SCHEMAS, draft)
            draft.keep_as(AIRFLOW)
    return Manifest(
        backup_id=place.uri.rpartition("/")[2],
        taken_at=taken_at,
        environment=settings.environment,
        release=importlib.metadata.version("trainloop"),
        migrations=tuple(facts["migrations"]),
        postgres_major=facts["postgres_major"],
        airflow_version=importlib.metadata.version("apache-airflow") if has_airflow else None,
        key_fingerprint=key_fingerprint(settings),
        needed_bytes=facts["size_bytes"],
        holds=holds,
        files=pieces,
    )


def _write_references(connection: Connection, target: Draft) -> Piece:
    digest, size_bytes = hashlib.sha256(), 0
    for row in connection.execute(statement("recovery", "references")):
        line = json.dumps(row).encode() + b"\n"
        target.write(line)
        digest.update(line)
        size_bytes += len(line)
    return Piece(sha256=digest.hexdigest(), size_bytes=size_bytes)


def _tidy(base: Place, environment: str, newest: Manifest, keep_days: int | None) -> tuple[str, ...]:
    """Remove what earlier backups of this environment left half-written, and whole ones that are too old."""
    removed = []
    for name in base.names():
        found = NAME.match(name)
        if found is None or found["environment"] != environment or name == newest.backup_id:
            continue
        taken_at = datetime.strptime(found["taken"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        is_old = keep_days is not None and taken_at < newest.taken_at - timedelta(days=keep_days)
        if is_old or MANIFEST not in base.below(name).names():
            base.below(name).remove()
            removed.append(name)
    return tuple(removed)


def _is_ours(connection: Connection) -> bool:
    row = connection.execute("select to_regclass('ops.sender_leases') is not null as is_ours").fetchone()
    return bool(row and row["is_ours"])


def _lock(connection: Connection) -> bool:
    """One backup at a time; the lock ends with the connection."""
    query = "select pg_try_advisory_lock(hashtextextended('trainloop-backup', 0)) as is_taken"
    row = connection.execute(query).fetchone()
    return bool(row and row["is_taken"])
