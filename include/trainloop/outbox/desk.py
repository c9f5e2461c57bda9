"""What a person may see and do at the outbox: `trainloop outbox list|hold|release|retry`. No address, no words."""

from __future__ import annotations

from typing import Any

from trainloop import clock
from trainloop.errors import PermanentError
from trainloop.outbox.kinds import KINDS
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement


class TemplateUnknownError(PermanentError):
    """There is no mail template {template}. Correct the name. Known are: {known}."""


class NotRetryableError(PermanentError):
    """Message {message_id} is not among the failed, expired or uncertain ones. `trainloop outbox list` shows those."""


def list_messages(state: str | None = None, limit: int = 50) -> list[dict[str, Any]]:
    """Return the newest messages: ids, template, language, state, times, the server's last answer."""
    with engine.connect("sender") as connection:
        return connection.execute(statement("outbox", "list_messages"), {"state": state, "limit": limit}).fetchall()


def require_template(template: str) -> None:
    """Raise TemplateUnknownError for a name that no mail has: a typo must not pass for what was meant."""
    known = {*KINDS, "digest"}
    if template not in known:
        raise TemplateUnknownError(template=template, known=", ".join(sorted(known)))


def hold(template: str, by: str) -> int:
    """Hold back every mail of a template until `release`; return 1 when it was not held before."""
    require_template(template)
    with engine.connect("sender") as connection:
        facts = {"template": template, "by": by, "now": clock.now(connection)}
        return connection.execute(statement("outbox", "hold_template"), facts).rowcount


def release(template: str) -> int:
    """Let the mails of a template leave again; return 1 when it was held."""
    require_template(template)
    with engine.connect("sender") as connection:
        return connection.execute(statement("outbox", "release_template"), {"template": template}).rowcount


def retry(message_id: int) -> dict[str, int]:
    """Put a failed, expired or uncertain message back into the queue, with the same bytes.

    An expired one gets a new chance without a date: who asks for it knows that it is late.
    """
    with engine.connect("sender") as connection:
        row = connection.execute(statement("outbox", "retry_message"), {"message_id": message_id}).fetchone()
    if row is None:
        raise NotRetryableError(message_id=message_id)
    return {"message_id": row["message_id"], "attempt_count": row["attempt_count"]}
