"""Who may send: one environment on one database.

A restored or cloned database carries the same queue as its original; if it could send, everybody would get everything
twice. So sending needs a lease that is bound to the database's identity (cluster, history since the last restore,
database), and a copy differs in at least one of them. The lease is granted once, when the warehouse is created, or by a
person who moves it: `trainloop outbox lease`. Working roles may read leases, only the owner writes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainloop import clock
from trainloop.errors import PermanentError
from trainloop.outbox.desk import require_template
from trainloop.settings import get_settings
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

# The identity in the lease of a restored database; no database has it, so nobody holds that lease.
RESTORED = "restored:"


class LeaseInDoubtError(PermanentError):
    """This database was restored from backup {backup_id}: {count} mails and notices may have left before.

    Look at them with `trainloop outbox in-doubt`, then say `trainloop outbox lease --discard-queued` (drop them; --keep
    <kind> for those that must go) or `trainloop outbox lease --send-queued` (people may get them twice).
    """


class NothingInDoubtError(PermanentError):
    """Environment {environment} may send from this database already: its queue is live, so nothing of it is dropped.

    To keep a kind of mail from leaving, say `trainloop outbox hold <template>`.
    """


def grant_lease(
    environment: str, by: str, *, discard_queued: bool | None = None, keep: Sequence[str] = ()
) -> dict[str, int]:
    """Let `environment` send mail from this database; return the counts of discarded notices and messages.

    `discard_queued` is for a database restored from a backup: what was due before this moment was probably sent by the
    original, so it is dropped (reason `before_lease`), the kinds of `keep` aside, and what is decided from now on goes
    out. There a choice is asked for: raises LeaseInDoubtError. Raises NothingInDoubtError where `environment` may send
    already, TemplateUnknownError for a kind to keep that no mail has.
    """
    for kind in keep:
        require_template(kind)
    with engine.connect("owner") as connection:
        facts = {"environment": environment, "by": by, "now": clock.now(connection), "keep": list(keep)}
        backup_id = restored_from(connection)
        if discard_queued and holds_lease(connection, environment):
            raise NothingInDoubtError(environment=environment)
        if backup_id is not None and discard_queued is None:
            count = sum(row["mails"] for row in in_doubt(connection))
            if count:
                raise LeaseInDoubtError(backup_id=backup_id, count=count)
        discarded = {"discarded_notices": 0, "discarded_messages": 0}
        if discard_queued:
            discarded["discarded_messages"] = connection.execute(
                statement("outbox", "discard_messages"), facts
            ).rowcount
            discarded["discarded_notices"] = connection.execute(statement("outbox", "discard_notices"), facts).rowcount
        connection.execute(statement("outbox", "end_restored_leases"), {"prefix": f"{RESTORED}%"})
        connection.execute(statement("outbox", "grant_lease"), facts)
    return discarded


def restored_from(connection: Connection) -> str | None:
    """Return the backup this database was restored from, while nobody may send from it; None otherwise."""
    row = connection.execute(statement("outbox", "restored_lease"), {"prefix": f"{RESTORED}%"}).fetchone()
    return None if row is None else str(row["database_identity"]).removeprefix(RESTORED)


def in_doubt(connection: Connection) -> list[dict[str, Any]]:
    """Return what a restored database would send and its original may have sent: a row for each kind, no recipient."""
    return connection.execute(statement("outbox", "in_doubt"), {"now": clock.now(connection)}).fetchall()


def grant_first_lease(environment: str, by: str) -> bool:
    """Let `environment` send from a warehouse that nobody has ever sent from; False when somebody holds a lease.

    A warehouse made here is no copy of another one. A restored or cloned one carries its original's lease, so it stays
    silent until a person moves the lease.
    """
    with engine.connect("owner") as connection:
        facts = {"environment": environment, "by": by, "now": clock.now(connection)}
        return connection.execute(statement("outbox", "grant_first_lease"), facts).rowcount == 1


def holds_lease(connection: Connection, environment: str | None = None) -> bool:
    """Whether an environment, this one unless named, may send from the database of `connection`."""
    facts = {"environment": environment or get_settings().environment}
    row = connection.execute(statement("outbox", "holds_lease"), facts).fetchone()
    return row is not None
