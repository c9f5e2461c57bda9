"""Drafts → the bytes of their mails."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import psycopg
from jinja2 import TemplateError

from trainloop.config import get_site
from trainloop.errors import TransientError
from trainloop.forms import links
from trainloop.outbox import attachments as files
from trainloop.outbox import mime
from trainloop.outbox.digest import Draft
from trainloop.outbox.kinds import KINDS
from trainloop.outbox.kinds.alert import merge_incidents
from trainloop.outbox.kinds.content import Content, Due, Unwritable, Written, until
from trainloop.outbox.wording import Section, section
from trainloop.settings import get_settings
from trainloop.warehouse.engine import Connection

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of some notices: a mail (columns of `ops.messages`), dropped with a reason, or neither: they wait.

    `problem` names what engineers should hear about.
    """

    notice_ids: tuple[int, ...]
    mail: dict[str, Any] | None = None
    dropped: str = ""
    waits: bool = False
    problem: str = ""
    message_id: int | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """A notice with everything its mail needs."""

    due: Due
    content: Content
    attachments: tuple[mime.Attachment, ...]


def write(connection: Connection, drafts: Sequence[Draft], now: datetime) -> list[Outcome]:
    """Return the outcome of every notice of the drafts; contents are fetched once per kind for all of them."""
    contents = _contents(connection, [due for draft in drafts for due in draft.notices])
    outcomes: list[Outcome] = []
    for draft in drafts:
        ready: list[Ready] = []
        for due in draft.notices:
            found = _complete(connection, due, contents[due.notice_id])
            if isinstance(found, Unwritable):
                reason = found.reason if found.is_for_good else ""
                problem = "AttachmentChanged" if reason == "attachment_changed" else ""
                outcomes.append(Outcome((due.notice_id,), dropped=reason, waits=not found.is_for_good, problem=problem))
            else:
                ready.append(found)
        if ready:
            outcomes.append(_mail_or_wait(ready, now))
    return outcomes


def _mail_or_wait(ready: Sequence[Ready], now: datetime) -> Outcome:
    """Return the mail; a text that cannot be written must not keep everybody else's mail from leaving."""
    try:
        return _mail(ready, now)
    except (TemplateError, LookupError, ValueError, TypeError):
        ids = tuple(item.due.notice_id for item in ready)
        logger.exception("notices %s: their mail cannot be written", ids)
        return Outcome(ids, waits=True, problem="MailUnwritable")


def _contents(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    contents: dict[int, Written] = {}
    by_kind = sorted(notices, key=lambda due: due.kind)
    for kind, group in groupby(by_kind, key=lambda due: due.kind):
        contents |= KINDS[kind].write(connection, list(group))
    return contents


def _complete(connection: Connection, due: Due, written: Written) -> Ready | Unwritable:
    """Return the notice with its content and files, or why it cannot be mailed."""
    if isinstance(written, Unwritable):
        return written
    if not written.files:
        return Ready(due, written, ())
    try:
        # A savepoint: what fails while a workbook is built takes back itself only.
        with connection.transaction():
            loaded = tuple(files.load(connection, file, due.locale) for file in written.files)
    except files.AttachmentChangedError:
        return Unwritable("attachment_changed")
    except (TransientError, psycopg.Error, LookupError, ValueError):
        logger.warning("notice %s: its attachment cannot be had yet", due.notice_id, exc_info=True)
        return Unwritable("attachment_unreachable", is_for_good=False)
    return Ready(due, written, loaded)


def _mail(ready: Sequence[Ready], now: datetime) -> Outcome:
    site = get_site()
    dues = [item.due for item in ready]
    first = dues[0]
    recipient = first.recipient
    sections = _sections(ready)
    attached = list({file.sha256: file for item in ready for file in item.attachments}.values())
    deadlines = [item.content.deadline for item in ready if item.content.deadline is not None]
    environment = get_settings().environment
    is_optional = all(due.is_optional for due in dues)
    envelope = mime.Envelope(
        message_id=mime.message_id(environment, [due.key for due in dues], site),
        sent_on=now.replace(microsecond=0),
        recipient=recipient,
        is_optional=is_optional,
        is_survey=all(due.family == "survey" for due in dues),
        first_deadline=until(min(deadlines), first) if deadlines else "",
        unsubscribe_url=links.address("u", links.unsubscribe_token(*recipient.key)) if is_optional else "",
    )
    ends = [due.not_after for due in dues]
    return Outcome(
        tuple(due.notice_id for due in dues),
        mail={
            "recipient_kind": recipient.kind,
            "recipient_id": recipient.id,
            "recipient_address": recipient.address,
            "template": first.kind if len({due.kind for due in dues}) == 1 else "digest",
            "locale": recipient.locale,
            "timezone": recipient.timezone,
            "calendar_code": recipient.calendar_code,
            "is_urgent": first.is_urgent,
            "subject": mime.subject_of(sections, envelope),
            "mime_message_id": envelope.message_id,
            "mime_bytes": mime.build(sections, attached, envelope, site),
            "attachment_sha256s": [file.sha256 for file in attached],
            # A digest helps as long as one of its notices does.
            "not_after": max(end for end in ends if end is not None) if all(ends) else None,
        },
    )


def _sections(ready: Sequence[Ready]) -> list[Section]:
    sections: list[Section] = []
    merged: dict[str, list[Content]] = {}
    for item in ready:
        if KINDS[item.due.kind].is_merged:
            merged.setdefault(item.due.kind, []).append(item.content)
        else:
            sections.append(section(item.due.kind, item.due.locale, item.content.context))
    locale = ready[0].due.locale
    return [section(kind, locale, merge_incidents(contents).context) for kind, contents in merged.items()] + sections
