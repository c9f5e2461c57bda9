"""Sections → the exact bytes of one mail.

The same input gives the same bytes: Message-ID, Date and MIME boundaries are derived from what the mail says, not drawn
at random, so a frozen mail can be proven and a second copy is recognised as one by mail programs.
"""

from __future__ import annotations

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

from trainloop.config import Locale, Site
from trainloop.outbox.recipients import Recipient, clean_name
from trainloop.outbox.wording import Section, common

_MAX_SUBJECT = 200


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
        text = common("digest_subject", locale, count=len(sections), first=sections[0].heading)
    return clean_name(text[:_MAX_SUBJECT]) if len(text) <= _MAX_SUBJECT else f"{clean_name(text[:_MAX_SUBJECT])}…"


def build(sections: Sequence[Section], attachments: Sequence[Attachment], envelope: Envelope, site: Site) -> bytes:
    """Return the mail as an SMTP server gets it: HTML with a text alternative, CRLF lines, ASCII headers."""
    subject = subject_of(sections, envelope)
    page = _page(sections, attachments, envelope, site, subject)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(clean_name(site.mail.sender_name), addr_spec=site.mail.sender_email)
    message["To"] = Address(envelope.recipient.name, addr_spec=envelope.recipient.address or "")
    if reply_to := next(iter(site.contacts_of("hr").values()), None):
        message["Reply-To"] = Address(clean_name(reply_to.name), addr_spec=reply_to.email)
    message["Subject"] = subject
    message["Date"] = envelope.sent_on
    message["Message-ID"] = envelope.message_id
    message["Auto-Submitted"] = "auto-generated"
    message["Content-Language"] = envelope.recipient.locale
    message.set_content(_template("mail.txt.j2").render(page).strip() + "\n", cte="base64")
    message.add_alternative(_template("mail.html.j2").render(page), subtype="html", cte="base64")
    for attachment in attachments:
        main, _, sub = attachment.media_type.partition("/")
        message.add_attachment(attachment.content, maintype=main, subtype=sub, filename=attachment.name)
    _fix_boundaries(message, envelope.message_id)
    return message.as_bytes()


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
        },
    }


def _fix_boundaries(message: EmailMessage, seed: str) -> None:
    for number, part in enumerate(message.walk()):
        if part.is_multipart():
            digest = hashlib.sha256(f"{seed}/{number}".encode()).hexdigest()[:32]
            part.set_boundary(f"=_{digest}")


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
