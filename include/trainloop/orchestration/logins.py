"""Airflow's Connections, the HR role and the first administrator: `python -m trainloop.orchestration.logins <role>…`.

Each role's address comes in the variable AIRFLOW_LOGIN_<ROLE>. With the FAB auth manager the role of HR is brought to
what `trainloop/config/hr_role.yaml` grants, and while nobody has a login, the administrator of AIRFLOW_ADMIN_USER,
AIRFLOW_ADMIN_EMAIL and AIRFLOW_ADMIN_PASSWORD is made. Passwords that people changed since are left alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from importlib import resources

from trainloop.yaml_text import read_yaml


def define_connections(roles: Iterable[str]) -> None:
    """Write the Connection `trainloop_warehouse_<role>` of each role, new or as it is now."""
    from airflow.models.connection import Connection
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    told = "The warehouse as role {}; written by `trainloop provision`"
    with create_session() as session:
        for role in roles:
            connection_id = f"trainloop_warehouse_{role}"
            session.execute(delete(Connection).where(Connection.conn_id == connection_id))
            address = os.environ[f"AIRFLOW_LOGIN_{role.upper()}"]
            session.add(Connection(connection_id, uri=address, description=told.format(role)))


def define_logins() -> None:
    """Bring HR's role to its definition and make the first administrator where nobody can log in yet."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    definition = read_yaml(resources.files("trainloop.config").joinpath("hr_role.yaml").read_text("utf-8"))
    granted = [(action, resource) for resource, actions in definition["may"].items() for action in actions]
    with get_application_builder() as builder:
        manager = builder.sm
        manager.sync_roles()
        manager.bulk_sync_roles([{"role": definition["name"], "perms": granted}])
        if manager.get_all_users():
            return
        manager.add_user(
            username=os.environ.get("AIRFLOW_ADMIN_USER", "admin"),
            first_name="Airflow",
            last_name="Admin",
            email=os.environ["AIRFLOW_ADMIN_EMAIL"],
            role=manager.find_role("Admin"),
            password=os.environ["AIRFLOW_ADMIN_PASSWORD"],
        )


def main(roles: list[str]) -> None:
    """Define Connections, and logins where the FAB auth manager keeps them."""
    from airflow.configuration import conf

    define_connections(roles)
    if conf.get("core", "auth_manager").endswith("FabAuthManager"):
        define_logins()


if __name__ == "__main__":
    main(sys.argv[1:])
