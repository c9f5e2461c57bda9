"""One turn of the sender: what waits leaves, what is due is composed, and leaves as well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from trainloop.outbox import composer, mailer
from trainloop.outbox.transport import Transport

Counts = dict[str, int]


def deliver(
    open_transport: Callable[[], Transport], as_of: date | None = None, *, allow_send: bool = False
) -> dict[str, Counts]:
    """Sweep, send, compose and send what was composed; return the counts of each: swept, backlog, composed, fresh.

    What was composed before leaves first, so that it leaves even when composing fails or is killed; composing in its
    turn waits for no mail server and no setting. Raises like `mailer.deliver_due` and `composer.compose_due`.
    """
    swept = mailer.sweep()
    try:
        backlog = mailer.deliver_due(open_transport())
    finally:
        composed = composer.compose_due(as_of, allow_send)
    fresh = mailer.deliver_due(open_transport()) if composed["composed_messages"] else {}
    return {"swept": swept, "backlog": backlog, "composed": composed, "fresh": fresh}
