"""Where tasks find the warehouse: the Airflow Connection of the role, else the settings."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

if TYPE_CHECKING:
    from trainloop.warehouse.engine import Role


def use_connections(_context: Any = None) -> None:
    """Let `engine.connect(role)` of this process follow the Connections (runs before every task)."""
    # Imported here: DAG files name this function, and a parse loads no database driver.
    from trainloop.warehouse import engine

    engine.set_resolver(connection_url)


@functools.cache
def connection_url(role: Role) -> str:
    """Return the `postgresql://` URL of a role: Connection `trainloop_warehouse_<role>`, else the settings' one."""
    from trainloop.warehouse.engine import settings_resolver

    try:
        connection = BaseHook.get_connection(f"trainloop_warehouse_{role}")
    except AirflowNotFoundException:
        return settings_resolver(role)
    scheme, _, rest = connection.get_uri().partition("://")
    return f"postgresql://{rest}" if scheme.startswith("postgres") else settings_resolver(role)
