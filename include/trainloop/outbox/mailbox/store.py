"""Mails as .eml files in one folder, with what a list shows of them in memory."""

from __future__ import annotations

import base64
import contextlib
import email
import email.policy
import itertools
import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

_ID = re.compile(r"^\d{20}-\d{6}$")


@dataclass(frozen=True, slots=True)
class File:
    """One attachment; its number is its address."""

    number: int
    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Summary:
    """One mail as the list shows it."""

    id: str
    sender: str
    to: str
    to_addresses: tuple[str, ...]
    subject: str
    sent_on: datetime
    size_bytes: int
    files: tuple[File, ...]
    links: tuple[str, ...]

    def matches(self, words: Sequence[str]) -> bool:
        """Whether every word occurs in the recipient or the subject."""
        text = f"{self.to} {self.subject} {self.sender}".casefold()
        return all(word in text for word in words)


class Store:
    """The folder of mails. Safe to use from the SMTP thread and the web thread at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._count = itertools.count()
        self._summaries: dict[str, Summary] = {}
        for leftover in folder.glob(".*.eml.part"):
            leftover.unlink()
        for path in sorted(folder.glob("*.eml")):
            if _ID.match(path.stem):
                self._summaries[path.stem] = summarise(path.stem, path.read_bytes())

    def add(self, content: bytes) -> str:
        """Keep one mail; it is there whole or not at all. Return its id."""
        key = f"{time.time_ns():020d}-{next(self._count) % 1_000_000:06d}"
        draft = self._folder / f".{key}.eml.part"
        draft.write_bytes(content)
        draft.rename(self._folder / f"{key}.eml")
        summary = summarise(key, content)
        with self._lock:
            self._summaries[key] = summary
        return key

    def find(self, search: str = "") -> list[Summary]:
        """Return the mails whose recipient or subject holds every word of `search`, newest first."""
        words = search.casefold().split()
        with self._lock:
            known = list(self._summaries.values())
        return [summary for summary in reversed(known) if summary.matches(words)]

    def get(self, key: str) -> tuple[Summary, EmailMessage, bytes] | None:
        """Return a mail by its id, None when there is none; ids are looked up, never used as paths unseen."""
        with self._lock:
            summary = self._summaries.get(key)
        if summary is None:
            return None
        content = (self._folder / f"{summary.id}.eml").read_bytes()
        return summary, parse(content), content

    def clear(self) -> int:
        """Throw every mail away; return how many there were."""
        with self._lock:
            keys = list(self._summaries)
            self._summaries.clear()
        for key in keys:
            with contextlib.suppress(FileNotFoundError):
                Path(self._folder / f"{key}.eml").unlink()
        return len(keys)


class Catcher:
    """aiosmtpd's handler: takes every mail for everybody."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        content = envelope.content
        self._store.add(content if isinstance(content, bytes) else str(content).encode())
        return "250 kept"


def parse(content: bytes) -> EmailMessage:
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def summarise(key: str, content: bytes) -> Summary:
    """Return what the list shows; a mail too broken to parse is shown as such, never refused."""
    received = datetime.fromtimestamp(int(key[:20]) / 1e9, UTC)
    try:
        message = parse(content)
        to, subject, sender = (_text(message, name) for name in ("To", "Subject", "From"))
        addresses = tuple(address.addr_spec.lower() for address in getattr(message["To"], "addresses", ()))
        sent_on = getattr(message["Date"], "datetime", None) or received
        files = tuple(attachments(message))
        links = tuple(links_of(message))
    except (ValueError, LookupError, TypeError, AttributeError):
        to, subject, sender, addresses, sent_on, files, links = "?", "(unreadable mail)", "?", (), received, (), ()
    if sent_on.tzinfo is None:
        sent_on = sent_on.replace(tzinfo=UTC)
    return Summary(key, sender, to, addresses, subject, sent_on, len(content), files, links)


def _text(message: EmailMessage, name: str) -> str:
    return " ".join(str(message[name] or "").split())


def attachments(message: EmailMessage) -> Iterator[File]:
    """Yield the attached files in order."""
    for number, part in enumerate(message.iter_attachments()):
        content = part.get_payload(decode=True)
        size = len(content) if isinstance(content, bytes) else 0
        yield File(number, part.get_filename() or f"attachment-{number + 1}", part.get_content_type(), size)


def attachment_content(message: EmailMessage, number: int) -> tuple[File, bytes] | None:
    """Return one attached file, None when there is none of that number."""
    for file, part in zip(attachments(message), message.iter_attachments(), strict=True):
        if file.number == number:
            content = part.get_payload(decode=True)
            return file, content if isinstance(content, bytes) else b""
    return None


def pictures(message: EmailMessage) -> dict[str, str]:
    """Return the PNG pictures that a mail's page shows, as addresses that hold them, by Content-ID."""
    parts = [part for part in message.walk() if part["Content-ID"] and part.get_content_type() == "image/png"]
    return {
        str(part["Content-ID"]).strip("<> "): f"data:image/png;base64,{base64.b64encode(part.get_content()).decode()}"
        for part in parts
    }


def body(message: EmailMessage, kind: str) -> str:
    """Return the HTML or plain text of a mail, empty when it has none."""
    part = message.get_body((kind,))
    if part is None:
        return ""
    try:
        content: str = part.get_content()
    except (LookupError, UnicodeError):
        raw = part.get_payload(decode=True)
        content = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""
    return content


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for name, value in attrs if name == "href" and value]


def links_of(message: EmailMessage) -> list[str]:
    """Return the addresses a reader can click on, in order, once each."""
    parser = _Links()
    parser.feed(body(message, "html"))
    return list(dict.fromkeys(link for link in parser.found if link.startswith(("http://", "https://"))))
