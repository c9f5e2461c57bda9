"""Migrations: the road from an empty database to `sql/schema.sql`, a numbered file a step, each one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import psycopg
from psycopg import sql

from trainloop.errors import MigrationChangedError, SchemaNewerError, ServerTooOldError
from trainloop.settings import get_settings
from trainloop.warehouse.engine import ROLES, connect, role_password
from trainloop.warehouse.statements import SQL_DIR

OLDEST_SERVER = 160000
_LOCK = "select pg_advisory_lock(hashtextextended('trainloop-migrate', 0))"
_LEDGER = """
create schema if not exists ops;
create table if not exists ops.schema_migrations (
    name text primary key,
    sha256 text not null,
    applied_at timestamptz not null default clock_timestamp()
)"""


def files() -> list[Path]:
    """Return the migration files in order."""
    return sorted((SQL_DIR / "migrations").glob("[0-9]*.sql"))


def migrate() -> list[str]:
    """Bring the warehouse to this release; return the names of the migrations that ran.

    Safe to call from many processes at once. Raises SchemaNewerError when the database knows a migration this
    release does not have, MigrationChangedError when an applied file was edited.
    """
    with connect("owner", autocommit=True) as connection:
        if connection.info.server_version < OLDEST_SERVER:
            raise ServerTooOldError(found=connection.info.server_version // 10000)
        connection.execute(_LOCK)
        create_roles(connection)
        connection.execute(_LEDGER)
        applied = {
            row["name"]: row["sha256"] for row in connection.execute("select name, sha256 from ops.schema_migrations")
        }
        _refuse_newer(applied)
        return [path.stem for path in files() if _apply(connection, path, applied)]


def applied_here() -> list[str]:
    """Return the migrations the warehouse has, in order; none where it was never made."""
    with connect("owner") as connection:
        row = connection.execute("select to_regclass('ops.schema_migrations') is not null as is_there").fetchone()
        if not (row and row["is_there"]):
            return []
        query = "select name from ops.schema_migrations order by name"
        return [str(found["name"]) for found in connection.execute(query)]


def require_known() -> None:
    """Refuse a warehouse of a newer release before anything is started on it. Raises SchemaNewerError."""
    _refuse_newer(applied_here())


def _refuse_newer(applied: Iterable[str]) -> None:
    known = {path.stem for path in files()}
    if newer := sorted(set(applied) - known):
        raise SchemaNewerError(found=newer[-1], known=max(known))


def _apply(connection: psycopg.Connection[dict[str, object]], path: Path, applied: dict[str, str]) -> bool:
    text = path.read_text("utf-8")
    digest = hashlib.sha256(text.encode()).hexdigest()
    if path.stem in applied:
        if applied[path.stem] != digest:
            raise MigrationChangedError(name=path.stem)
        return False
    with connection.transaction():
        connection.execute(text)
        connection.execute("insert into ops.schema_migrations (name, sha256) values (%s, %s)", (path.stem, digest))
    return True


def create_roles(connection: psycopg.Connection[dict[str, object]]) -> None:
    """Create the login role of each layer, or set its password to the one this environment's key gives."""
    settings = get_settings()
    known = {row["rolname"] for row in connection.execute("select rolname from pg_roles")}
    for role in ROLES:
        if role == "owner":
            continue
        name = f"trainloop_{role}"
        verb = sql.SQL("alter" if name in known else "create")
        connection.execute(
            sql.SQL("{} role {} login password {}").format(
                verb, sql.Identifier(name), sql.Literal(role_password(settings, role))
            )
        )
