"""Sections → the exact bytes of one mail.

The same input gives the same bytes: Message-ID, Date and MIME boundaries are derived from what the mail says, not drawn
at random, so a frozen mail can be proven and a second copy is recognised as one by mail programs.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from importlib import resources
from typing import Any

from jinja2 import FunctionLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment

from trainloop.config import Locale, Logo, Site
from trainloop.outbox.recipients import Recipient, clean_name
from trainloop.outbox.wording import Section, common

_MAX_SUBJECT = 200
_LOGO_ID = "logo@trainloop"
_LOGO_HEIGHT = 28
_LINE = 76
_WORD_BYTES = 39


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail: its bytes and their sha256 as registered when the mail was decided."""

    name: str
    media_type: str
    content: bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a mail is besides its words."""

    message_id: str
    sent_on: datetime
    recipient: Recipient
    is_optional: bool
    is_survey: bool
    first_deadline: str = ""
    unsubscribe_url: str = ""


def message_id(environment: str, keys: Sequence[Sequence[object]], site: Site) -> str:
    """Return the Message-ID of a set of notices: the same decisions give the same id, in this environment only."""
    text = "\n".join([environment, *sorted("\x1f".join(map(str, key)) for key in keys)])
    digest = hashlib.sha256(text.encode()).hexdigest()[:40]
    return f"<{digest}@{site.mail.sender_email.rpartition('@')[2]}>"


def subject_of(sections: Sequence[Section], envelope: Envelope) -> str:
    """Return the subject: the section's own, or how many things a digest holds."""
    locale = envelope.recipient.locale
    if len(sections) == 1:
        text = sections[0].subject
    elif envelope.is_survey:
        text = common("digest_survey_subject", locale, count=len(sections), deadline=envelope.first_deadline)
    else:
        facts = {"count": len(sections), "first": sections[0].heading, "deadline": envelope.first_deadline}
        text = common("digest_subject", locale, **facts)
    return clean_name(text[:_MAX_SUBJECT]) if len(text) <= _MAX_SUBJECT else f"{clean_name(text[:_MAX_SUBJECT])}…"


def build(sections: Sequence[Section], attachments: Sequence[Attachment], envelope: Envelope, site: Site) -> bytes:
    """Return the mail as an SMTP server gets it: HTML with a text alternative, CRLF lines, ASCII headers."""
    subject = subject_of(sections, envelope)
    page = _page(sections, attachments, envelope, site, subject)
    seed = envelope.message_id
    shown = _part("text/html", _template("mail.html.j2").render(page))
    if site.company.logo:
        shown = _multipart(f"{seed}/page", "related", [shown, _logo_part(site.company.logo)])
    words = [_part("text/plain", _template("mail.txt.j2").render(page).strip() + "\n"), shown]
    content = _multipart(f"{seed}/words", "alternative", words)
    if attachments:
        content = _multipart(f"{seed}/files", "mixed", [content, *map(_file_part, attachments)])
    headers = [
        _mailbox("From", site.mail.sender_name, site.mail.sender_email),
        _folded("To", Address(envelope.recipient.name, addr_spec=envelope.recipient.address or "")),
        *[_mailbox("Reply-To", contact.name, contact.email) for contact in list(site.contacts_of("hr").values())[:1]],
        _subject(subject),
        _header("Date", envelope.sent_on),
        _folded("Message-ID", envelope.message_id),
        _header("Auto-Submitted", "auto-generated"),
        _header("Content-Language", envelope.recipient.locale),
        *_unsubscribe(envelope),
        b"MIME-Version: 1.0\r\n",
    ]
    return b"".join(headers) + content


def _unsubscribe(envelope: Envelope) -> list[bytes]:
    """Return the headers by which a mail program stops optional mail with one click (RFC 2369, RFC 8058)."""
    if not envelope.unsubscribe_url:
        return []
    # Written as it is: a folded or encoded address is none.
    line = f"List-Unsubscribe: <{envelope.unsubscribe_url}>\r\n".encode("ascii")
    return [line, _header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]


def _folded(name: str, value: Any) -> bytes:
    """Return a header line as the SMTP policy encodes and folds it; it refuses line breaks in values."""
    _, header = SMTP.header_store_parse(name, value)
    return SMTP.fold_binary(name, header)


def _subject(subject: str) -> bytes:
    """Return the subject so that every reader sees its spaces: the policy loses those between two encoded words, and
    begins a subject that does not fit its line with one.
    """
    lines: list[str] = []
    if subject.isascii() and "=?" not in subject:
        for word in subject.split(" "):
            room = _LINE - (0 if len(lines) > 1 else len("Subject: "))
            if lines and len(lines[-1]) + 1 + len(word) <= room:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
    else:
        words = [""]
        for letter in subject:
            if len((words[-1] + letter).encode()) > _WORD_BYTES:
                words.append("")
            words[-1] += letter
        lines = [f"=?utf-8?b?{base64.b64encode(word.encode()).decode()}?=" for word in words]
    return b"Subject: " + "\r\n ".join(lines).encode("ascii") + b"\r\n"


# Parsing and folding cost ten times what writing the body costs; most headers are the same in every mail of a run.
@functools.lru_cache(maxsize=256)
def _header(name: str, value: str | datetime) -> bytes:
    return _folded(name, value)


@functools.lru_cache(maxsize=256)
def _mailbox(name: str, display_name: str, address: str) -> bytes:
    return _folded(name, Address(clean_name(display_name), addr_spec=address))


def _part(media_type: str, text: str) -> bytes:
    body = base64.encodebytes(text.encode()).replace(b"\n", b"\r\n")
    head = f'Content-Type: {media_type}; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return head.encode("ascii") + body


@functools.lru_cache(maxsize=1)
def _logo_part(logo: Logo) -> bytes:
    """Return the picture that the page shows by its Content-ID."""
    body = base64.encodebytes(logo.content).replace(b"\n", b"\r\n")
    head = (
        "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{_LOGO_ID}>\r\nContent-Disposition: inline\r\n\r\n"
    )
    return head.encode("ascii") + body


def _file_part(attachment: Attachment) -> bytes:
    main, _, sub = attachment.media_type.partition("/")
    part = EmailMessage(policy=SMTP)
    part.set_content(attachment.content, maintype=main, subtype=sub, filename=attachment.name, disposition="attachment")
    del part["MIME-Version"]
    return part.as_bytes()


def _multipart(seed: str, kind: str, parts: Sequence[bytes]) -> bytes:
    """Return the parts between boundaries made of the Message-ID: base64 bodies cannot contain one."""
    boundary = f"=_{hashlib.sha256(seed.encode()).hexdigest()[:32]}"
    pieces = [f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()]
    for part in parts:
        pieces += [f"--{boundary}\r\n".encode(), part, b"" if part.endswith(b"\r\n") else b"\r\n"]
    return b"".join([*pieces, f"--{boundary}--\r\n".encode()])


def _page(
    sections: Sequence[Section], attachments: Sequence[Attachment], envelope: Envelope, site: Site, subject: str
) -> dict[str, Any]:
    recipient = envelope.recipient
    locale: Locale = recipient.locale
    heading = ""
    if len(sections) > 1:
        heading = common(
            "digest_survey_heading" if envelope.is_survey else "digest_heading", locale, count=len(sections)
        )
    reasons = list(dict.fromkeys(section.reason for section in sections))
    return {
        "locale": locale,
        "subject": subject,
        "preview": sections[0].paragraphs[0] if sections[0].paragraphs else subject,
        "company": site.company.name(locale),
        "logo": _logo(site),
        "colour": site.company.colour,
        "on_colour": _readable_on(site.company.colour),
        "heading": heading,
        "greeting": common("greeting", locale, name=recipient.name),
        "intro": common("digest_intro", locale),
        "sections": sections,
        "attachments": [attachment.name for attachment in attachments],
        "words": {
            "button_hint": common("button_hint", locale),
            "attachments": common("attachments", locale),
            "list_separator": common("list_separator", locale),
            "why": common("why", locale, reason=common("list_separator", locale).join(reasons)),
            "footer": common("optional" if envelope.is_optional else "mandatory", locale),
            "unsubscribe": common("unsubscribe", locale),
            "unsubscribe_url": envelope.unsubscribe_url,
        },
    }


def _logo(site: Site) -> dict[str, object] | None:
    logo = site.company.logo
    return {"id": _LOGO_ID, "width": logo.width_at(_LOGO_HEIGHT), "height": _LOGO_HEIGHT} if logo else None


@functools.cache
def _readable_on(colour: str) -> str:
    """Return white or near-black, whichever reads better on the company's colour (WCAG contrast)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#ffffff" if 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.06 else "#18202a"


@functools.cache
def _template(name: str) -> Template:
    folder = resources.files(__package__).joinpath("templates")
    environment = ImmutableSandboxedEnvironment(
        loader=FunctionLoader(lambda path: folder.joinpath(path).read_text("utf-8")),
        autoescape=name.endswith(".html.j2"),
        undefined=StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)
