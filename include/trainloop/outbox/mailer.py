"""Frozen mails → the mail server. What may be promised (RFC 1047): never lost, at most one extra byte-identical copy.

`deliver_due` claims what is due, asks once more whether it is wanted, and sends it; two senders at once never share a
mail. A server that is down leaves the queue as it is and raises nothing: the next run continues in order. `sweep` takes
over what a dead sender held, closes what came too late and tells HR about it once a day.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

from trainloop import clock, faults
from trainloop.config import Site, get_site
from trainloop.outbox import hours
from trainloop.outbox.courier import Courier
from trainloop.outbox.leases import holds_lease
from trainloop.outbox.ledger import FLUSH_EVERY, Claim, Ledger, sender_name
from trainloop.outbox.notices import Notice, plan
from trainloop.outbox.transport import Transport
from trainloop.settings import get_settings
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

logger = logging.getLogger(__name__)

_BY_INDEX = "set local enable_sort to off; set local enable_hashjoin to off; set local enable_mergejoin to off"
_ENDS = ("sent", "composed", "uncertain", "failed", "bounced")


def deliver_due(transport: Transport, *, flush_every: int = FLUSH_EVERY) -> dict[str, int]:
    """Send every mail that is due; return counts: sent, deferred, uncertain, failed, bounced, suppressed, queued …

    `has_lease` 0: this database may not send (restored or cloned, see `trainloop.outbox.leases`) and nothing was tried.
    `is_server_down` 1: the server takes no mail now; everything else is as it was. Raises MailLoginRefusedError or
    SenderRefusedError when a setting is wrong, after putting back what it held.
    """
    site = get_site()
    counts: Counter[str] = Counter(has_lease=1, is_server_down=0, suppressed=0)
    with engine.connect("sender", autocommit=True) as connection:
        if not holds_lease(connection):
            logger.warning("outbox: this database holds no lease for %s: nothing is sent", get_settings().environment)
            return {"has_lease": 0, "sent": 0, "queued": _queued(connection)}
        counts.update(_sweep(connection, site))
        ledger = Ledger(site.mail.lease_seconds, flush_every)
        courier = Courier(transport, ledger, site.mail, counts)
        try:
            _send_all(connection, courier, site)
        finally:
            transport.close()
            ledger.close()
        counts["queued"] = _queued(connection)
    result = {key: counts[key] for key in counts if key not in _ENDS}
    result |= {("deferred" if end == "composed" else end): counts[end] for end in _ENDS}
    logger.info("outbox delivered: %s", result)
    return result


def sweep() -> dict[str, int]:
    """Take over what dead senders held, close what is too late, plan HR's notice about it; return counts."""
    with engine.connect("sender", autocommit=True) as connection:
        return _sweep(connection, get_site())


def _sweep(connection: Connection, site: Site) -> dict[str, int]:
    with connection.transaction():
        taken_over = connection.execute(statement("outbox", "take_over")).rowcount
        expired = connection.execute(statement("outbox", "expire_messages")).rowcount
        now = clock.now(connection)
        expired += connection.execute(statement("outbox", "expire_notices"), {"now": now}).rowcount
        planned = 0
        if connection.execute(statement("outbox", "untold_expired")).fetchone() is not None:
            today = clock.today(connection).isoformat()
            planned = plan(
                connection,
                [
                    Notice("mail_backlog_expired", "outbox", today, "contact", contact)
                    for contact in site.contacts_of("hr")
                ],
            )
        faults.point("outbox.before_sweep_commit")
    return {"taken_over": taken_over, "expired": expired, "notices_planned": planned}


def _send_all(connection: Connection, courier: Courier, site: Site) -> None:
    facts = {
        "environment": get_settings().environment,
        "cap": site.mail.max_per_person_and_day,
        "limit": site.mail.batch_size,
        "sender": sender_name(),
        "lease_seconds": site.mail.lease_seconds,
    }
    zones = connection.execute(statement("outbox", "queue_zones")).fetchall()
    while not courier.counts["is_server_down"]:
        now = clock.now(connection)
        windows = [hours.window(now, row["timezone"], row["calendar_code"], site.mail) for row in zones]
        claims = _claim(connection, courier.counts, facts | _opened(windows) | {"now": now})
        if claims is None:
            return
        left = list(claims)
        try:
            left = courier.send(claims, lambda ids: _read(connection, ids), now)
        finally:
            _release(connection, left)


def _opened(windows: Sequence[hours.Window]) -> dict[str, list[Any]]:
    opened = [window for window in windows if window.is_open]
    return {
        "timezones": [window.timezone for window in opened],
        "calendars": [window.calendar_code for window in opened],
        "day_starts": [window.day_starts_at for window in opened],
    }


def _claim(connection: Connection, counts: Counter[str], facts: dict[str, Any]) -> list[Claim] | None:
    """Return the next mails in order, None when there are none; those nobody wants any more are suppressed at once."""
    faults.point("outbox.before_claim")
    with connection.transaction():
        # A batch asks indexes about its own mails: the queue is walked in order and left at the limit, a mail's
        # recipient is looked up. What the planner prefers where it knows no statistics, sorting the whole queue and
        # joining whole tables for each batch, made each of 100,000 mails three times as dear as each of 10,000.
        connection.execute(_BY_INDEX)
        rows = connection.execute(statement("outbox", "claim"), facts).fetchall()
        if not rows:
            return None
        ids = {"message_ids": [row["message_id"] for row in rows]}
        unwanted = {row["message_id"] for row in connection.execute(statement("outbox", "suppress_unwanted"), ids)}
        faults.point("outbox.before_claim_commit")
    faults.point("outbox.after_claim")
    counts["suppressed"] += len(unwanted)
    rows.sort(key=lambda row: (row["next_attempt_at"], row["message_id"]))
    return [Claim(address=row.pop("recipient_address"), **row) for row in rows if row["message_id"] not in unwanted]


def _read(connection: Connection, message_ids: Sequence[int]) -> dict[int, bytes]:
    wanted = {"message_ids": list(message_ids)}
    # Binary results: bytea as text is twice as long and has to be parsed.
    with connection.cursor(binary=True) as cursor:
        return {
            row["message_id"]: row["mime_bytes"] for row in cursor.execute(statement("outbox", "message_bytes"), wanted)
        }


def _release(connection: Connection, claims: Sequence[Claim]) -> None:
    if claims:
        connection.execute(
            statement("outbox", "release"),
            {
                "message_ids": [claim.message_id for claim in claims],
                "fences": [claim.fence_number for claim in claims],
            },
        )


def _queued(connection: Connection) -> int:
    row = connection.execute(statement("outbox", "queue_length")).fetchone()
    assert row is not None
    queued: int = row["queued"]
    return queued
