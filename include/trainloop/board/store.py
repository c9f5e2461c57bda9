"""What the board reads: named statements as role board, each a transaction; changes with their audit entry."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.types.json import Jsonb

from trainloop import clock
from trainloop.config import get_site
from trainloop.domain import calendar
from trainloop.errors import TransientError
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

if TYPE_CHECKING:
    from psycopg_pool import ConnectionPool

Row = dict[str, Any]
CONNECTIONS = 4


class StoreUnreachableError(TransientError):
    """The warehouse does not answer: {detail}. Start it with `trainloop up`; the next request asks again."""


class Store:
    """A few lasting connections, opened at the first question: most Airflow processes never ask one."""

    def __init__(self) -> None:
        self._pool: ConnectionPool[Connection] | None = None
        self._opening = threading.Lock()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
            self._pool = None

    def rows(self, name: str, area: str = "board", /, **values: Any) -> list[Row]:
        """Return the rows of a statement."""
        with self._connection() as connection:
            return connection.execute(statement(area, name), values).fetchall()

    def row(self, name: str, area: str = "board", /, **values: Any) -> Row | None:
        """Return the first row of a statement."""
        with self._connection() as connection:
            return connection.execute(statement(area, name), values).fetchone()

    def now(self) -> datetime:
        with self._connection() as connection:
            return clock.now(connection)

    def today(self) -> date:
        return calendar.local_date(self.now(), get_site().company.zone)

    def change(self, name: str, by: str, action: str, subject: tuple[str, str], values: Mapping[str, Any]) -> list[Row]:
        """Run a changing statement; when it changed something, it and its audit entry are one commit."""
        with self._connection() as connection, connection.transaction():
            changed = connection.execute(statement("board", name), values).fetchall()
            if changed:
                entry = {"by": by, "action": action, "kind": subject[0], "id": subject[1]}
                detail = Jsonb({"count": len(changed)})
                connection.execute(statement("board", "insert_audit"), entry | {"detail": detail})
            return changed

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        from psycopg_pool import PoolTimeout

        try:
            with self._opened().connection() as connection:
                yield connection
        except (psycopg.OperationalError, PoolTimeout) as error:
            raise StoreUnreachableError(detail=type(error).__name__) from error

    def _opened(self) -> ConnectionPool[Connection]:
        with self._opening:
            if self._pool is None:
                self._pool = engine.pool("board", CONNECTIONS)
                self._pool.open()
            return self._pool
