"""Least privilege: each warehouse role reads and writes its layers and nothing else."""

from __future__ import annotations

import psycopg
import pytest

from trainloop.warehouse import engine
from trainloop.warehouse.engine import Role

FORBIDDEN: list[tuple[Role, str]] = [
    ("board", "select * from core.employees"),
    ("board", "select * from confidential.answers"),
    ("board", "select * from marts.evaluation_figures"),
    ("board", "select row_values from ops.quarantined_rows"),
    ("board", "select mime_bytes from ops.messages"),
    ("board", "select token from ops.invitations"),
    ("board", "select * from ops.resource_findings"),
    ("board", "select * from core.class_sessions"),
    ("board", "select * from core.enrollments"),
    ("board", "update ops.messages set state = 'composed'"),
    ("board", "update ops.milestones set state = 'done'"),
    ("reporter", "select * from confidential.answers"),
    ("reporter", "select * from marts.evaluation_figures"),
    ("reporter", "select * from core.employees"),
    ("sender", "select * from confidential.responses"),
    ("sender", "update core.employees set email = 'x@example.com'"),
    ("planner", "select * from confidential.answers"),
    ("statistics", "select name from core.employees"),
    ("statistics", "select email from core.employees"),
    ("statistics", "select token from ops.invitations"),
    ("intake", "select * from published.figures"),
    ("intake", "select employee_id, token from ops.invitations"),
    ("forms", "select * from core.employees"),
    ("forms", "select * from ops.invitations"),
]


@pytest.mark.parametrize(("role", "query"), FORBIDDEN)
def test_role_is_refused_what_is_not_its_business(warehouse: str, role: Role, query: str) -> None:
    """The database itself says no, whatever the code above it does."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), engine.connect(role) as connection:
        connection.execute(query)


@pytest.mark.parametrize("role", [role for role in engine.ROLES if role != "owner"])
def test_no_working_role_may_change_the_schema_or_become_another(warehouse: str, role: Role) -> None:
    """Only migrations change the schema; only intake makes tables, in raw and staging."""
    with engine.connect(role) as connection:
        row = connection.execute(
            """select rolsuper or rolcreaterole or rolcreatedb as is_mighty,
                      has_schema_privilege('public', 'create') as may_create
               from pg_roles where rolname = current_user"""
        ).fetchone()
    assert row == {"is_mighty": False, "may_create": False}
