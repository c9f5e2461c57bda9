"""The one clock of business time.

The row in `ops.clock` is empty in production: business time is the server's time. The demo and the tests set it and
step it. No business logic reads the operating system's clock or SQL `now()`; leases and file stability, which guard
processes and not business rules, use real time and say so.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from trainloop.config import get_site
from trainloop.warehouse.engine import Connection


def now(connection: Connection) -> datetime:
    """Return business time, aware, in UTC."""
    row = connection.execute("select ops.business_now() as now").fetchone()
    assert row is not None
    moment: datetime = row["now"]
    return moment.astimezone(UTC)


def today(connection: Connection) -> date:
    """Return the business date in the site's time zone."""
    return now(connection).astimezone(get_site().company.zone).date()


def freeze(connection: Connection, moment: datetime | None) -> None:
    """Set business time to `moment` (None = let it follow real time again)."""
    connection.execute("update ops.clock set frozen_at = %s", (moment,))
