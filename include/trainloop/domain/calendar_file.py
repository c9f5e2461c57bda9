"""An event as a calendar file (iCalendar, RFC 5545): pure text, the same event gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

_STAMP: Final = "%Y%m%dT%H%M%SZ"
_LINE: Final = 75


@dataclass(frozen=True, slots=True)
class Event:
    """One event; `uid` names it for good, so that a calendar replaces what it knows of it."""

    uid: str
    summary: str
    starts_at: datetime
    ends_at: datetime
    place: str = ""
    description: str = ""


def calendar_file(event: Event) -> bytes:
    """Return the file: UTC times, escaped text, lines of at most 75 octets, CR LF."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//TrainLoop//trainer events//EN",
        "METHOD:PUBLISH",
        "BEGIN:VEVENT",
        f"UID:{_text(event.uid)}",
        # The moment of the event, not of the writing: the same event is the same file.
        f"DTSTAMP:{_moment(event.starts_at)}",
        f"DTSTART:{_moment(event.starts_at)}",
        f"DTEND:{_moment(event.ends_at)}",
        f"SUMMARY:{_text(event.summary)}",
        *([f"LOCATION:{_text(event.place)}"] if event.place else []),
        *([f"DESCRIPTION:{_text(event.description)}"] if event.description else []),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "".join(f"{_folded(line)}\r\n" for line in lines).encode()


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_STAMP)


def _text(words: str) -> str:
    """Return a value of type TEXT; control characters fall away, so that no value can begin a line of its own."""
    for plain, escaped in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\r\n", "\\n"), ("\n", "\\n")):
        words = words.replace(plain, escaped)
    return "".join(letter for letter in words if letter.isprintable())


def _folded(line: str) -> str:
    """Return a line folded so that no part is longer than 75 octets; letters stay whole."""
    parts, size = [""], 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _LINE:
            parts.append("")
            size = 1
        parts[-1] += letter
        size += width
    return "\r\n ".join(parts)
