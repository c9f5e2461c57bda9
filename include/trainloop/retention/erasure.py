"""Erasure on request and of leavers: a person becomes an alias that leads nowhere, in one transaction.

First a small file beside the archive says so (`tombstones`), then the warehouse follows. A kill in between is mended by
the next purge, and so is a database restored from before: it finds the file and erases again. A trainer who is no
employee keeps the trainer's code, which classes are called by, and nothing else. What stays with others for some days:
mails that name the person (mail bodies' days) and archived files (raw files' days).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from psycopg import sql

from trainloop import clock, faults, storage
from trainloop.config import get_site
from trainloop.domain.survey import pseudonym
from trainloop.errors import PermanentError
from trainloop.retention import tombstones
from trainloop.retention.holdings import Holding, holdings
from trainloop.retention.tombstones import Reason, Tombstone, trainer_key
from trainloop.settings import get_settings
from trainloop.warehouse.engine import Connection, connect
from trainloop.warehouse.keyed import key_blocks
from trainloop.warehouse.statements import statement

# What is found by a hash, a code or a state, before ids become aliases: of anybody, …
_OF_ANYBODY = (
    "notices",
    "messages",
    "trainer_mails",
    "duties",
    "subjects",
    "mentions",
    "quotes",
)
# … of employees, and of trainers who are none.
_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    "employee": (
        "invitations",
        "cases",
        "plan_notes",
        "plan_entries",
        "texts",
        "pseudonym",
        "waiting",
        "results",
        "quarantined",
        "parked",
    ),
    "trainer": ("trainer_quarantined", "trainer_parked"),
}


class PersonUnknownError(PermanentError):
    """Nobody in the master data has this employee id. Check it (leading zeros count) in the employees file."""


class TrainerUnknownError(PermanentError):
    """No trainer has this code. Check it in the trainers file (讲师编号)."""


class TrainerIsEmployeeError(PermanentError):
    """This trainer is an employee. Erase or export the person by the employee id (工号), without --trainer."""


class PersonNotErasedError(PermanentError):
    """This person was not erased, so there is nothing to undo. Check the id (leading zeros count)."""


@dataclass(frozen=True)
class Erasure:
    """Who a person is now, and how many rows each place gave."""

    alias: str
    counts: dict[str, int]


def erase(employee_id: str, requested_by: str, reason: Reason = "request") -> Erasure:
    """Erase one person now; running it again changes nothing. Raises PersonUnknownError."""
    with connect("purge", autocommit=True) as connection:
        known = connection.execute("select from core.employees where employee_id = %s", (employee_id,)).fetchone()
        if known is None:
            tombstone = Tombstone.of(employee_id, reason, requested_by, clock.now(connection))
            if tombstone.hash in tombstones.remembered(connection):
                return Erasure(tombstone.alias, {})
            raise PersonUnknownError
        return _erase(connection, employee_id, requested_by, reason)


def erase_trainer(trainer_id: str, requested_by: str) -> Erasure:
    """Erase a trainer who is no employee; running it again changes nothing.

    Raises TrainerUnknownError, TrainerIsEmployeeError.
    """
    with connect("purge", autocommit=True) as connection:
        check_trainer(connection, trainer_id)
        stone = Tombstone.of(trainer_key(trainer_id), "request", requested_by, clock.now(connection))
        values = {"trainer_id": trainer_id}
        if connection.execute(statement("retention", "is_trainer_erased"), values).fetchone() is not None:
            return Erasure(stone.alias, {})
        stone.keep()
        faults.point("retention.remembered")
        return _apply_trainer(connection, trainer_id, stone)


def check_trainer(connection: Connection, trainer_id: str) -> None:
    """Raise TrainerUnknownError, or TrainerIsEmployeeError for somebody who is known by an employee number."""
    row = connection.execute("select employee_id from core.trainers where trainer_id = %s", (trainer_id,)).fetchone()
    if row is None:
        raise TrainerUnknownError
    if row["employee_id"] is not None:
        raise TrainerIsEmployeeError


def undo(person: str) -> None:
    """Let a person be known again (hired anew, wrong person erased): files may bring new rows; what is gone stays gone.

    person: an employee number or `trainer_key`. Raises PersonNotErasedError.
    """
    with connect("purge") as connection:
        if not tombstones.forget(connection, person):
            raise PersonNotErasedError


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
    missing = {stone.hash: stone for stone in tombstones.kept()}
    if not missing:
        return 0
    inner, outer = key_blocks(get_settings().erasure_key())
    values = {"inner": inner, "outer": outer, "hashes": [bytes.fromhex(one) for one in missing]}
    people = connection.execute(statement("retention", "find_people"), values).fetchall()
    for row in people:
        _apply(connection, row["employee_id"], missing[row["hash"]])
    values["prefix"] = trainer_key("")
    trainers = connection.execute(statement("retention", "find_trainers"), values).fetchall()
    for row in trainers:
        _apply_trainer(connection, row["trainer_id"], missing[row["hash"]])
    for one in set(missing) - tombstones.remembered(connection):
        missing[one].remember(connection)
    return len(people) + len(trainers)


def missing_tombstones(connection: Connection) -> int:
    """Return how many erased people the database remembers without a file: such an archive may lack later ones, too."""
    return len(tombstones.remembered(connection) - {stone.hash for stone in tombstones.kept()})


def _erase(connection: Connection, employee_id: str, requested_by: str, reason: Reason) -> Erasure:
    stone = Tombstone.of(employee_id, reason, requested_by, clock.now(connection))
    stone.keep()
    faults.point("retention.remembered")
    return _apply(connection, employee_id, stone)


def _apply(connection: Connection, employee_id: str, stone: Tombstone) -> Erasure:
    """Take an employee out of everything, with what the person is as a trainer."""
    known = {"alias": stone.alias, "pseudonym": pseudonym(employee_id, get_settings().pseudonym_key())}
    return _take_out(connection, "employee", employee_id, known, stone)


def _apply_trainer(connection: Connection, trainer_id: str, stone: Tombstone) -> Erasure:
    return _take_out(connection, "trainer", trainer_id, {"alias": trainer_id}, stone)


def _take_out(
    connection: Connection,
    kind: Literal["employee", "trainer"],
    person_id: str,
    known: Mapping[str, Any],
    stone: Tombstone,
) -> Erasure:
    identity = connection.execute(statement("retention", f"{kind}_identity"), {"person_id": person_id}).fetchone()
    assert identity is not None
    now = clock.now(connection)
    values = {**identity, **known, "person_id": person_id, "now": now, "today": clock.today(connection)}
    places = holdings().people if kind == "employee" else holdings().trainers
    counts: dict[str, int] = {}
    documents = connection.execute(statement("retention", f"erase_{kind}_reports"), values).fetchall()
    storage.remove(row["uri"] for row in documents)
    with connection.transaction():
        ids = {"now": now, "report_ids": [row["report_id"] for row in documents]}
        counts["documents"] = connection.execute(statement("retention", "erase_reports_done"), ids).rowcount
        for name in (*_OF_ANYBODY, *_OF_KIND[kind]):
            counts[name] = connection.execute(statement("retention", f"erase_{name}"), values).rowcount
        for table, holding in places.items():
            if holding.erase == "keep":
                continue
            counts[table] = _alias(connection, table, holding, values, is_deleting=stone.reason == "request")
        if kind == "employee":
            connection.execute(statement("retention", "erase_employment"), values)
        stone.remember(connection)
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
        own = [sql.SQL("{} = %(person_id)s").format(sql.Identifier(holding.own))]
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
        change = sql.SQL("update {table} set {column} = %(alias)s where {column} = %(person_id)s")
        changed += connection.execute(change.format(table=name, column=sql.Identifier(column)), values).rowcount
    for column in holding.lists:
        change = sql.SQL(
            "update {table} set {column} = array_replace({column}, %(person_id)s, %(alias)s)"
            " where {column} @> array[%(person_id)s]"
        )
        changed += connection.execute(change.format(table=name, column=sql.Identifier(column)), values).rowcount
    for column in holding.documents:
        change = sql.SQL(
            "update {table} set {column} = replace({column}::text, to_json(%(person_id)s::text)::text,"
            " to_json(%(alias)s::text)::text)::jsonb"
            " where strpos({column}::text, to_json(%(person_id)s::text)::text) > 0"
        )
        changed += connection.execute(change.format(table=name, column=sql.Identifier(column)), values).rowcount
    return changed
