"""Least privilege as data: every role against every table, compared with what the database really grants."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from trainloop.warehouse import engine

RULES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("roles.yaml").read_text("utf-8"))
ALLOWED: dict[str, dict[str, str]] = RULES["allowed"]
GRANTED = """
select space.nspname || '.' || class.relname as thing, substr(role.rolname, 11) as role,
    concat(
        case when has_table_privilege(role.oid, class.oid, 'select') then 'r'
            when has_any_column_privilege(role.oid, class.oid, 'select') then 'c' end,
        case when has_any_column_privilege(role.oid, class.oid, 'insert') then 'a' end,
        case when has_any_column_privilege(role.oid, class.oid, 'update') then 'w' end,
        case when has_table_privilege(role.oid, class.oid, 'delete') then 'd' end,
        case when has_table_privilege(role.oid, class.oid, 'truncate') then 't' end
    ) as may
from pg_class as class
join pg_namespace as space on space.oid = class.relnamespace
cross join pg_roles as role
where class.relkind in ('r', 'v', 'p') and starts_with(role.rolname, 'trainloop_')
    and space.nspname in ('core', 'confidential', 'marts', 'published', 'forms', 'ops')
order by 1, 2
"""


@pytest.fixture
def granted(warehouse: str) -> dict[str, dict[str, str]]:
    """Table → role → letters, as the database answers."""
    found: dict[str, dict[str, str]] = {}
    with engine.connect("owner") as connection:
        for row in connection.execute(GRANTED):
            roles = found.setdefault(row["thing"], {})
            if row["may"]:
                roles[row["role"]] = row["may"]
    return found


def test_every_table_says_who_may_do_what_and_the_database_agrees(granted: dict[str, dict[str, str]]) -> None:
    """A table without a line fails, and so does a grant that is more or less than its line."""
    assert len(granted) > 150
    assert granted.keys() - ALLOWED.keys() == set(), "new tables need a line in roles.yaml"
    assert ALLOWED.keys() - granted.keys() == set(), "roles.yaml names tables that are gone"
    assert {table: roles for table, roles in granted.items() if roles != ALLOWED[table]} == {}


@pytest.mark.parametrize("rule", RULES["never"], ids=lambda rule: rule["what"].replace(" ", "-"))
def test_no_role_may_ever(rule: dict[str, Any], granted: dict[str, dict[str, str]]) -> None:
    """Whatever a line allows, these are never anybody else's business; tried against the real grants."""
    tables = [table for table in granted if any(_matches(table, pattern) for pattern in rule["tables"])]
    assert tables
    barred = set(rule.get("not", [role for role in engine.ROLES if role not in {"owner", *rule.get("only", [])}]))
    broken = [
        f"{role} may {letter} {table}"
        for table in tables
        for role, may in granted[table].items()
        for letter in may
        if role in barred and letter in rule["may"]
    ]
    assert broken == []


def _matches(table: str, pattern: str) -> bool:
    return table.startswith(pattern.removesuffix("*")) if pattern.endswith("*") else table == pattern
