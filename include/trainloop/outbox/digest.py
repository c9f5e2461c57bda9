"""Which notices of one person share a mail, and which wait: caps and digests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from trainloop.outbox.kinds.content import Due

# A storm of alerts is one mail; what fails later is the next one.
ALERT_INTERVAL = timedelta(hours=1)
# What asks a person for something: a survey call, an own act that is owed.
ASKING = frozenset({"survey", "request"})


@dataclass(frozen=True, slots=True)
class Recent:
    """A message that its recipient got today or is about to get."""

    composed_at: datetime
    is_queued: bool
    families: frozenset[str]


@dataclass(frozen=True, slots=True)
class Draft:
    """The notices of one mail to one person."""

    notices: tuple[Due, ...]


def bundle(
    notices: Sequence[Due], recent: Sequence[Recent], now: datetime, day_starts_at: datetime, cap: int
) -> list[Draft]:
    """Return the mails a person gets now; notices in none of them wait for the next run or day.

    Urgent notices go alone and at once. What asks for something (survey calls, requests) shares one digest a day,
    alerts one an hour, incidents always share a mail. Everything else is a mail of its own while the day's cap allows;
    the last mail of the day takes all that is left, so that a cap delays only what comes after it.
    """
    urgent = [Draft((notice,)) for notice in notices if notice.is_urgent]
    calm = [notice for notice in notices if not notice.is_urgent]
    today = [message for message in recent if message.composed_at >= day_starts_at or message.is_queued]
    room = cap - len(today)
    if room <= 0 or not calm:
        return urgent
    asking = [notice for notice in calm if notice.family in ASKING]
    if any(message.families & ASKING for message in today):
        asking = []
    alerts = [notice for notice in calm if notice.family == "alert"]
    if any("alert" in message.families and message.composed_at > now - ALERT_INTERVAL for message in recent):
        alerts = []
    others = [notice for notice in calm if notice.family not in ASKING | {"alert"}]
    groups = [[notice] for notice in others]
    groups = ([alerts] if alerts else []) + groups + ([asking] if asking else [])
    if len(groups) > room:
        kept = groups[: room - 1]
        groups = [*kept, [notice for group in groups[room - 1 :] for notice in group]]
    return urgent + [Draft(tuple(group)) for group in groups]
