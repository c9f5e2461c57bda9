"""The shapes every kind shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from trainloop.config import Locale, Site, get_site
from trainloop.outbox.hours import zone_of
from trainloop.outbox.recipients import Recipient
from trainloop.outbox.wording import day_text, deadline_text, moment_text
from trainloop.warehouse.engine import Connection


@dataclass(frozen=True, slots=True)
class Due:
    """One planned notice that may be composed now, with its recipient."""

    notice_id: int
    kind: str
    family: str
    subject_kind: str
    subject_id: str
    recipient: Recipient
    step: str
    sequence_number: int
    is_optional: bool
    is_urgent: bool
    not_after: datetime | None
    facts: Mapping[str, Any]

    @property
    def key(self) -> tuple[object, ...]:
        """The business key: what the Message-ID is made of."""
        return (self.kind, self.subject_kind, self.subject_id, *self.recipient.key, self.step, self.sequence_number)

    @property
    def locale(self) -> Locale:
        return self.recipient.locale

    @property
    def zone(self) -> ZoneInfo:
        return zone_of(self.recipient.timezone)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A registered artefact to attach: where it is and what it must hash to."""

    name: str
    media_type: str
    uri: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Workbook:
    """The XLSX of a file's rows in quarantine, built when the mail is composed."""

    name: str
    file_id: int


@dataclass(frozen=True, slots=True)
class Content:
    """What a template needs; `deadline` is when the thing asked for closes."""

    context: Mapping[str, Any]
    files: tuple[StoredFile | Workbook, ...] = ()
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A notice that cannot be written: dropped with the reason, or left for the next run when it may still be."""

    reason: str
    is_for_good: bool = True


Written = Content | Unwritable
Writer = Callable[[Connection, Sequence[Due]], dict[int, Written]]


@dataclass(frozen=True, slots=True)
class Kind:
    """How notices of a kind become content: one query per batch. Merged kinds are one section however many they are."""

    write: Writer
    is_merged: bool = False


@dataclass(frozen=True, slots=True)
class Tile:
    """A number at the top of a mail."""

    label: str
    value: str
    note: str = ""


def class_context(row: Mapping[str, Any], due: Due) -> dict[str, Any]:
    """Return the words about a class session that most mails need: course, held_on, trainer, session_code."""
    locale = due.locale
    return {
        "course": row["course_zh"] if locale == "zh-CN" else row["course_en"],
        "session_code": row["session_code"],
        "trainer": row["trainer_name"],
        "held_on": day_text(row["ends_at"].astimezone(zone_of(row["session_timezone"])).date(), locale),
    }


def until(moment: datetime, due: Due) -> str:
    """Return a deadline on the recipient's wall clock."""
    return deadline_text(moment, due.zone, due.locale)


def at(moment: datetime, due: Due) -> str:
    """Return a moment on the recipient's wall clock."""
    return moment_text(moment, due.zone, due.locale)


def site() -> Site:
    """Return the company's rules."""
    return get_site()
