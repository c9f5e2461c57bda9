"""What changed about a class since its people were last told, and whom that concerns how urgently. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

# cancelled and reinstated stand alone: whoever does not come need not know the room.
Change = Literal["cancelled", "reinstated", "moved", "venue", "mode"]


@dataclass(frozen=True, slots=True)
class Announced:
    """A class as its people know it. `file_venue_code` and `incident_at` tell which word about the room is newer."""

    starts_at: datetime
    ends_at: datetime
    timezone: str
    mode: str
    venue_code: str | None
    file_venue_code: str | None
    incident_at: datetime | None
    is_cancelled: bool


def as_it_stands(row: Mapping[str, Any], before: Announced | None) -> Announced:
    """Return the class as it stands now: `row` has its file's columns and the newest incident about its room.

    The room is the newest word: an incident that was not known yet, else the file where it changed, else what was told.
    """
    venue = row["file_venue_code"]
    if before is None or before.file_venue_code == row["file_venue_code"]:
        venue = before.venue_code if before else venue
        if row["incident_at"] is not None and row["incident_at"] != (before.incident_at if before else None):
            venue = row["incident_venue_code"]
    return Announced(
        row["starts_at"],
        row["ends_at"],
        row["timezone"],
        row["mode"],
        venue,
        row["file_venue_code"],
        row["incident_at"],
        row["is_cancelled"],
    )


def changes(before: Announced, after: Announced) -> tuple[Change, ...]:
    """Return what people have to be told, empty when nothing they would act on changed."""
    if after.is_cancelled or before.is_cancelled:
        if after.is_cancelled == before.is_cancelled:
            return ()
        return ("cancelled",) if after.is_cancelled else ("reinstated",)
    found: list[Change] = []
    if (before.starts_at, before.ends_at) != (after.starts_at, after.ends_at):
        found.append("moved")
    # A room that was not known is news only when one was.
    if before.venue_code != after.venue_code and after.venue_code is not None:
        found.append("venue")
    if before.mode != after.mode:
        found.append("mode")
    return tuple(found)


def is_ahead(before: Announced, after: Announced, now: datetime) -> bool:
    """Whether anybody can still act on the change: the class is not over, or it would not be had it not changed."""
    if after.is_cancelled:
        return before.starts_at > now
    return after.ends_at > now


def is_urgent(before: Announced, after: Announced, now: datetime, within: timedelta) -> bool:
    """Whether the mail may not wait for working hours: the old or the new class begins soon."""
    begins = before.starts_at if after.is_cancelled else min(before.starts_at, after.starts_at)
    return begins - now <= within
