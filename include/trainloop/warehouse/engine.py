"""Connections to the warehouse, one role each.

`connect("intake")` opens a transaction as database role `trainloop_intake`. Where the role's address comes from is a
resolver: settings by default; Airflow tasks install one that looks at the Connection `trainloop_warehouse_<role>`
first (`trainloop.orchestration.warehouse`).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, get_args
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import DictRow, dict_row

from trainloop.errors import (
    TrainLoopError,
    TransientError,
    WarehouseAddressInvalidError,
    WarehouseFullError,
    WarehouseLoginRefusedError,
    WarehouseUnreachableError,
)
from trainloop.settings import Settings, get_settings

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

Role = Literal["owner", "intake", "planner", "statistics", "reporter", "sender", "board", "forms", "feedback", "purge"]
ROLES: tuple[Role, ...] = get_args(Role)
Connection = psycopg.Connection[DictRow]


def role_password(settings: Settings, role: str) -> str:
    """Return the password of a warehouse role, derived from the environment's secret key.

    A forms host of its own knows no key: there the password of role trainloop_forms is the one its address holds.
    """
    if role == "forms" and settings.forms_database_url is not None:
        given = urlsplit(settings.forms_database_url.get_secret_value()).password
        if given:
            return unquote(given)
    return hmac.new(settings.secret().encode(), f"warehouse-role:{role}".encode(), hashlib.sha256).hexdigest()


def owner_url(settings: Settings) -> str:
    """Return the owner's `postgresql://` URL: the setting, else the embedded server's."""
    if settings.warehouse_url is not None:
        return settings.warehouse_url.get_secret_value()
    from trainloop.warehouse.embedded import EmbeddedServer

    return EmbeddedServer.from_settings(settings).url("trainloop")


def settings_resolver(role: Role) -> str:
    """Return the URL of a role on the server named by the settings."""
    settings = get_settings()
    if role == "forms" and settings.forms_database_url is not None:
        return settings.forms_database_url.get_secret_value()
    url = owner_url(settings)
    if role == "owner":
        return url
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    netloc = f"trainloop_{role}:{quote(role_password(settings, role))}@{host}"
    return urlunsplit(parts._replace(netloc=netloc))


_resolvers: list[Callable[[Role], str]] = [settings_resolver]


def set_resolver(resolver: Callable[[Role], str]) -> None:
    """Let `resolver` say where each role's warehouse is, for the rest of this process."""
    _resolvers[:] = [resolver]


def url(role: Role) -> str:
    """Return the `postgresql://` URL of a role."""
    return _resolvers[-1](role)


def checked_url(role: Role) -> str:
    """Return the URL of a role once libpq can read it. Raises WarehouseAddressInvalidError, which does not show it."""
    address = url(role)
    try:
        conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        # libpq quotes the part it cannot read, which may be the password: neither shown nor chained.
        raise WarehouseAddressInvalidError(role=role) from None
    return address


@contextmanager
def connect(role: Role, *, autocommit: bool = False, **options: Any) -> Iterator[Connection]:
    """Open one connection as `role`; commit at the end of the block, roll back when it raises.

    Rows are dictionaries. Raises WarehouseUnreachableError (transient) when the server does not answer,
    WarehouseLoginRefusedError when it knows another password, WarehouseFullError when its disk refuses a page.
    """
    try:
        connection: Connection = psycopg.connect(
            checked_url(role),
            row_factory=dict_row,
            autocommit=autocommit,
            connect_timeout=10,
            application_name=f"trainloop-{role}",
            **options,
        )
    except psycopg.OperationalError as error:
        raise _unreachable(role, error) from error
    try:
        with connection:
            yield connection
    except psycopg.errors.DiskFull as error:
        raise WarehouseFullError from error


def _unreachable(role: str, error: psycopg.OperationalError) -> TrainLoopError:
    """Say why there is no connection; a wrong password is a person's to mend, waiting does not help."""
    detail = str(error).strip().splitlines()[0]
    # A login that is refused brings no SQLSTATE, only the server's words; in another language it counts as not there.
    kind = WarehouseLoginRefusedError if "authentication failed" in detail else WarehouseUnreachableError
    return kind(role=role, detail=detail)


@contextmanager
def alone(role: Role, key: str, busy: TransientError) -> Iterator[Connection]:
    """Open one transaction of `role`, the only one for a business key, whose reads are one snapshot.

    What is merged meanwhile is seen by the next run, wholly. Raises `busy` when another run holds the key, or has
    committed between our snapshot and our lock.
    """
    try:
        with connect(role) as connection:
            connection.execute("set transaction isolation level repeatable read")
            if not try_lock(connection, key):
                raise busy
            yield connection
    except (psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation) as error:
        raise busy from error


@contextmanager
def connect_to(address: str) -> Iterator[Connection]:
    """Open one connection to a database that is not the warehouse (Airflow's metadata, for backup and restore)."""
    try:
        connection = psycopg.connect(address, row_factory=dict_row, connect_timeout=10, application_name="trainloop")
    except psycopg.ProgrammingError:
        raise WarehouseAddressInvalidError(role="owner of Airflow's metadata") from None
    except psycopg.OperationalError as error:
        raise _unreachable("owner of Airflow's metadata", error) from error
    with connection:
        yield connection


def pool(role: Role, size: int) -> ConnectionPool[Connection]:
    """Return up to `size` lasting connections as `role`, closed until it is opened; each statement is a transaction.

    A connection that the server dropped is replaced before anybody gets it.
    """
    from psycopg_pool import ConnectionPool

    return ConnectionPool(
        lambda: checked_url(role),
        connection_class=psycopg.Connection[DictRow],
        kwargs={
            "row_factory": dict_row,
            "autocommit": True,
            "connect_timeout": 5,
            "application_name": f"trainloop-{role}",
            # Nobody waits longer at a page than for a wave that is being closed.
            "options": "-c statement_timeout=15s",
        },
        min_size=min(2, size),
        max_size=size,
        timeout=5,
        open=False,
        check=ConnectionPool.check_connection,
        name=f"trainloop-{role}",
    )


def lock(connection: Connection, key: str) -> None:
    """Take the advisory lock of a business key until this transaction ends; wait while somebody else holds it."""
    connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", (key,))


def try_lock(connection: Connection, key: str) -> bool:
    """Take the advisory lock of a business key until this transaction ends; False when somebody else holds it."""
    return not try_locks(connection, [key])


def try_locks(connection: Connection, keys: Sequence[str]) -> list[str]:
    """Take the advisory locks of business keys until this transaction ends; return those that somebody else holds."""
    rows = connection.execute(
        "select key from unnest(%s::text[]) as key where not pg_try_advisory_xact_lock(hashtextextended(key, 0))",
        ([*keys],),
    )
    return [row["key"] for row in rows]
