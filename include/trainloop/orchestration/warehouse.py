"""Where tasks find the warehouse: the Airflow Connection of the role, else the settings."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from trainloop.errors import WarehouseConnectionTypeError

if TYPE_CHECKING:
    from trainloop.warehouse.engine import Role


def use_connections(_context: Any = None) -> None:
    """Let `engine.connect(role)` of this process follow the Connections (runs before every task)."""
    # Imported here: DAG files name this function, and a parse loads no database driver.
    from trainloop.warehouse import engine

    engine.set_resolver(connection_url)


@functools.cache
def connection_url(role: Role) -> str:
    """Return the `postgresql://` URL of a role: Connection `trainloop_warehouse_<role>`, else the settings' one.

    Raises WarehouseConnectionTypeError where the Connection leads to something else: its password and address were
    meant to be used, so the settings' are no answer.
    """
    from trainloop.warehouse.engine import settings_resolver

    connection_id = f"trainloop_warehouse_{role}"
    try:
        connection = BaseHook.get_connection(connection_id)
    except AirflowNotFoundException:
        return settings_resolver(role)
    scheme, _, rest = connection.get_uri().partition("://")
    if not scheme.startswith("postgres"):
        raise WarehouseConnectionTypeError(connection_id=connection_id, found=connection.conn_type)
    return f"postgresql://{rest}"
