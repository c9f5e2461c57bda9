"""Erasure on request and of leavers: a person becomes an alias that leads nowhere, in one transaction.

First a small file beside the archive says so (keyed hash, alias, day), then the warehouse follows. A kill in between is
mended by the next purge, and so is a database restored from before: it finds the file and erases again. What stays with
others for some days: mails that name the person (mail bodies' days) and archived files (raw files' days).
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from psycopg import sql

from trainloop import clock, faults, storage
from trainloop.config import get_site
from trainloop.domain.survey import pseudonym
from trainloop.errors import PermanentError
from trainloop.retention.holdings import Holding, holdings
from trainloop.settings import get_settings
from trainloop.warehouse.engine import Connection, connect
from trainloop.warehouse.keyed import key_blocks
from trainloop.warehouse.statements import statement

Reason = Literal["request", "left"]
# What is found by a hash, a code or a state, before ids become aliases.
_BEFORE = (
    "invitations",
    "notices",
    "messages",
    "trainer_mails",
    "duties",
    "cases",
    "subjects",
    "mentions",
    "quotes",
    "plan_notes",
    "plan_entries",
    "texts",
    "pseudonym",
    "waiting",
    "results",
    "quarantined",
    "parked",
)


class PersonUnknownError(PermanentError):
    """Nobody in the master data has this employee id. Check it (leading zeros count) in the employees file."""


class PersonNotErasedError(PermanentError):
    """This employee id was not erased, so there is nothing to undo. Check it (leading zeros count)."""


@dataclass(frozen=True)
class Erasure:
    """Who a person is now, and how many rows each place gave."""

    alias: str
    counts: dict[str, int]


@dataclass(frozen=True)
class _Tombstone:
    hash: str
    alias: str
    reason: Reason
    requested_by: str
    erased_at: str

    @classmethod
    def of(cls, employee_id: str, reason: Reason, requested_by: str, now: datetime) -> _Tombstone:
        digest = _hash(employee_id)
        return cls(digest, f"erased-{digest[:16]}", reason, requested_by, now.isoformat())

    @property
    def uri(self) -> str:
        return f"{_folder()}/{self.hash}.json"


def erase(employee_id: str, requested_by: str, reason: Reason = "request") -> Erasure:
    """Erase one person now; running it again changes nothing. Raises PersonUnknownError."""
    with connect("purge", autocommit=True) as connection:
        known = connection.execute("select from core.employees where employee_id = %s", (employee_id,)).fetchone()
        if known is None:
            tombstone = _Tombstone.of(employee_id, reason, requested_by, clock.now(connection))
            if tombstone.hash in _remembered(connection):
                return Erasure(tombstone.alias, {})
            raise PersonUnknownError
        return _erase(connection, employee_id, requested_by, reason)


def undo(employee_id: str) -> None:
    """Let a person be known again (hired anew, wrong person erased): files may bring new rows; what is gone stays gone.

    Raises PersonNotErasedError.
    """
    with connect("purge") as connection:
        if not connection.execute(
            "delete from ops.erased_people where person_hash = %s", (bytes.fromhex(_hash(employee_id)),)
        ).rowcount:
            raise PersonNotErasedError
        storage.remove([f"{_folder()}/{_hash(employee_id)}.json"])


def forget_leavers(connection: Connection, now: datetime) -> int:
    """Make everybody who left long enough ago an alias; return how many people."""
    zone = get_site().company.timezone
    values = {"before": now - timedelta(days=get_site().retention.leavers), "zone": zone}
    rows = connection.execute(statement("retention", "leavers"), values).fetchall()
    for row in rows:
        _erase(connection, row["employee_id"], "retention", "left")
    return len(rows)


def erase_again(connection: Connection) -> int:
    """Erase whoever was erased before and is known by name all the same: after a restore, or a kill half-way."""
    missing = {stone.hash: stone for stone in _tombstones()}
    if not missing:
        return 0
    inner, outer = key_blocks(get_settings().erasure_key())
    values = {"inner": inner, "outer": outer, "hashes": [bytes.fromhex(one) for one in missing]}
    rows = connection.execute(statement("retention", "find_people"), values).fetchall()
    for row in rows:
        stone = missing[row["hash"]]
        _apply(connection, row["employee_id"], stone)
    for one in set(missing) - _remembered(connection):
        _remember(connection, missing[one])
    return len(rows)


def missing_tombstones(connection: Connection) -> int:
    """Return how many erased people the database remembers without a file: such an archive may lack later ones, too."""
    return len(_remembered(connection) - {stone.hash for stone in _tombstones()})


def _erase(connection: Connection, employee_id: str, requested_by: str, reason: Reason) -> Erasure:
    stone = _Tombstone.of(employee_id, reason, requested_by, clock.now(connection))
    _keep(stone)
    faults.point("retention.remembered")
    return _apply(connection, employee_id, stone)


def _apply(connection: Connection, employee_id: str, stone: _Tombstone) -> Erasure:
    now, today = clock.now(connection), clock.today(connection)
    values: dict[str, Any] = {
        "employee_id": employee_id,
        "alias": stone.alias,
        "now": now,
        "today": today,
        "pseudonym": pseudonym(employee_id, get_settings().pseudonym_key()),
    }
    counts: dict[str, int] = {}
    documents = connection.execute(statement("retention", "erase_reports"), values).fetchall()
    storage.remove(row["uri"] for row in documents)
    with connection.transaction():
        ids = {"now": now, "report_ids": [row["report_id"] for row in documents]}
        counts["documents"] = connection.execute(statement("retention", "erase_reports_done"), ids).rowcount
        for name in _BEFORE:
            counts[name] = connection.execute(statement("retention", f"erase_{name}"), values).rowcount
        for table, holding in holdings().people.items():
            counts[table] = _alias(connection, table, holding, values, is_deleting=stone.reason == "request")
        connection.execute(statement("retention", "erase_employment"), values)
        _remember(connection, stone)
        for holding_name, found in counts.items():
            proof = {"now": now, "rule": f"erasure:{stone.reason}", "holding": holding_name, "row_count": found}
            connection.execute(statement("retention", "count"), proof)
        faults.point("retention.erasing")
    return Erasure(stone.alias, {name: found for name, found in counts.items() if found})


def _alias(connection: Connection, table: str, holding: Holding, values: dict[str, Any], *, is_deleting: bool) -> int:
    """Take the person out of one table; return how many rows changed."""
    name = sql.Identifier(*table.split("."))
    changed = 0
    if holding.own is not None:
        own = [sql.SQL("{} = %(employee_id)s").format(sql.Identifier(holding.own))]
        own += [
            sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(text))
            for column, text in holding.when.items()
        ]
        where = sql.SQL(" and ").join(own)
        if holding.erase == "delete" and is_deleting:
            changed += connection.execute(sql.SQL("delete from {} where {}").format(name, where), values).rowcount
        else:
            sets = [sql.SQL("{} = %(alias)s").format(sql.Identifier(holding.own))]
            sets += [
                sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(text))
                for column, text in holding.empty.items()
            ]
            update = sql.SQL("update {} set {} where {}").format(name, sql.SQL(", ").join(sets), where)
            changed += connection.execute(update, values).rowcount
    for column in holding.named:
        change = sql.SQL("update {table} set {column} = %(alias)s where {column} = %(employee_id)s")
        changed += connection.execute(change.format(table=name, column=sql.Identifier(column)), values).rowcount
    for column in holding.lists:
        change = sql.SQL(
            "update {table} set {column} = array_replace({column}, %(employee_id)s, %(alias)s)"
            " where {column} @> array[%(employee_id)s]"
        )
        changed += connection.execute(change.format(table=name, column=sql.Identifier(column)), values).rowcount
    for column in holding.documents:
        change = sql.SQL(
            "update {table} set {column} = replace({column}::text, to_json(%(employee_id)s::text)::text,"
            " to_json(%(alias)s::text)::text)::jsonb"
            " where strpos({column}::text, to_json(%(employee_id)s::text)::text) > 0"
        )
        changed += connection.execute(change.format(table=name, column=sql.Identifier(column)), values).rowcount
    return changed


def _hash(employee_id: str) -> str:
    return hmac.new(get_settings().erasure_key(), employee_id.encode(), hashlib.sha256).hexdigest()


def _folder() -> str:
    return f"{get_settings().folder_uri('archive')}/.erased-people"


def _keep(stone: _Tombstone) -> None:
    """Write the file that outlives the database; the same person again is the same file."""
    storage.keep(stone.uri, json.dumps(stone.__dict__).encode())


def _tombstones() -> list[_Tombstone]:
    """Return who was erased; raise StoreFailedError where the archive does not tell."""
    kept = [one["uri"] for one in storage.listing(_folder()) if one["name"].endswith(".json")]
    return [_Tombstone(**json.loads(storage.read(uri))) for uri in kept]


def _remembered(connection: Connection) -> set[str]:
    return {row["hash"] for row in connection.execute(statement("retention", "remembered"))}


def _remember(connection: Connection, stone: _Tombstone) -> None:
    values = {**stone.__dict__, "person_hash": bytes.fromhex(stone.hash)}
    connection.execute(statement("retention", "remember"), values)
