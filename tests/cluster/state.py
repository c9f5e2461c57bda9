"""What a warehouse says, as one hash a table: the same for two runs of the same weeks, however they were run."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

SCHEMAS = ["core", "confidential", "forms", "marts", "ops", "published"]
# Numbers that count attempts, random links, and hashes of what holds one.
VOLATILE_TYPES = {"bytea", "uuid"}
VOLATILE = re.compile(r"token|uri|uris|.+_uri|.+_hash|.+_sha256s?|sha256")
# Real time: when a report was announced, so that nobody announces it again for a while. A digest of two tasks that fell
# due at once may begin with either.
VOLATILE_COLUMNS = {("milestones", "emitted_at"), ("messages", "subject")}
# When this database was migrated, and which one it is.
LEFT_OUT = {"schema_migrations", "sender_leases"}
DIGITS = 9

COLUMNS = """
select table_schema, table_name, column_name, data_type
from information_schema.columns
join information_schema.tables using (table_schema, table_name)
where table_type = 'BASE TABLE' and table_schema = any (%s)
order by table_schema, table_name, ordinal_position
"""


def state(url: str) -> dict[str, str]:
    """Return one hash per table over its rows in a fixed order."""
    found: dict[str, str] = {}
    with psycopg.connect(url, row_factory=dict_row) as connection:
        columns: dict[tuple[str, str], list[str]] = {}
        for row in connection.execute(COLUMNS, (SCHEMAS,)):
            kept = columns.setdefault((row["table_schema"], row["table_name"]), [])
            if not _is_volatile(row):
                kept.append(row["column_name"])
        for (schema, table), names in columns.items():
            if table in LEFT_OUT or not names:
                continue
            query = sql.SQL("select to_jsonb(one) as row from (select {} from {}) as one").format(
                sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier(schema, table)
            )
            lines = sorted(json.dumps(_plain(row["row"]), sort_keys=True) for row in connection.execute(query))
            found[f"{schema}.{table} ({len(lines)} rows)"] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
    return found


def _is_volatile(column: dict[str, Any]) -> bool:
    name, kind = column["column_name"], column["data_type"]
    if kind in VOLATILE_TYPES or (column["table_name"], name) in VOLATILE_COLUMNS or VOLATILE.fullmatch(name):
        return True
    # Ids of people, classes and files that came from outside are text.
    return name.endswith(("_id", "_ids")) and kind in {"bigint", "integer", "ARRAY"}


def _plain(value: Any) -> Any:
    """Sums of answers in random order differ in their last digits; documents hold numbers of attempts, too."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if not (key.endswith("_id") and isinstance(one, int))}
        return {key: _plain(one) for key, one in kept.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value
