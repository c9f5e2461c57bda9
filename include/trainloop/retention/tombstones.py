"""Who was erased is remembered by a keyed hash: in `ops.erased_people` and as a small file beside the archive.

The file outlives the database: one that is restored from before the erasure finds it and erases again. An employee is
known by the employee number; a trainer who is no employee by the trainer's code, which may equal somebody's number.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from trainloop import storage
from trainloop.settings import get_settings
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

Reason = Literal["request", "left"]


def trainer_key(trainer_id: str) -> str:
    """Return what stands for a trainer who is no employee; the contract of `trainers` says the same to intake."""
    return f"trainer:{trainer_id}"


@dataclass(frozen=True)
class Tombstone:
    """The memory of one erasure; `alias` is what the person is called since then."""

    hash: str
    alias: str
    reason: Reason
    requested_by: str
    erased_at: str

    @classmethod
    def of(cls, person: str, reason: Reason, requested_by: str, now: datetime) -> Tombstone:
        digest = person_hash(person)
        return cls(digest, f"erased-{digest[:16]}", reason, requested_by, now.isoformat())

    def keep(self) -> None:
        """Write the file that outlives the database; the same person again is the same file."""
        storage.keep(_uri(self.hash), json.dumps(self.__dict__).encode())

    def remember(self, connection: Connection) -> None:
        values = {**self.__dict__, "person_hash": bytes.fromhex(self.hash)}
        connection.execute(statement("retention", "remember"), values)


def person_hash(person: str) -> str:
    """Return the keyed hash of an employee number or of `trainer_key`."""
    return hmac.new(get_settings().erasure_key(), person.encode(), hashlib.sha256).hexdigest()


def forget(connection: Connection, person: str) -> bool:
    """Take the memory of an erasure back; return whether there was one."""
    digest = person_hash(person)
    done = connection.execute("delete from ops.erased_people where person_hash = %s", (bytes.fromhex(digest),))
    if done.rowcount:
        storage.remove([_uri(digest)])
    return bool(done.rowcount)


def kept() -> list[Tombstone]:
    """Return what the files say; raise StoreFailedError where the archive does not tell."""
    uris = [one["uri"] for one in storage.listing(_folder()) if one["name"].endswith(".json")]
    return [Tombstone(**json.loads(storage.read(uri))) for uri in uris]


def remembered(connection: Connection) -> set[str]:
    """Return the hashes that the database knows."""
    return {row["hash"] for row in connection.execute(statement("retention", "remembered"))}


def _folder() -> str:
    return f"{get_settings().folder_uri('archive')}/.erased-people"


def _uri(digest: str) -> str:
    return f"{_folder()}/{digest}.json"
