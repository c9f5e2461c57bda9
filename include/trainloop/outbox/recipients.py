"""Who a notice goes to: address, name, language, time zone and calendar, looked up when the mail is composed.

People come from the master data, contacts (functional mailboxes of HR, data owners, engineers) from the site file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from email_validator import EmailNotValidError, validate_email

from trainloop.config import Locale, get_site
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

Key = tuple[str, str]
_MAX_NAME = 120


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person or functional mailbox; `address` is None when mail cannot go there."""

    kind: str
    id: str
    name: str
    address: str | None
    locale: Locale
    timezone: str
    calendar_code: str
    contact_kind: str = ""

    @property
    def key(self) -> Key:
        return self.kind, self.id


def resolve(connection: Connection, keys: Iterable[Key]) -> dict[Key, Recipient]:
    """Return the recipients of these (kind, id) pairs that exist, in one query for the people among them."""
    wanted = list(keys)
    found = {("contact", key): contact for key, contact in _contacts().items()}
    kinds, ids = [kind for kind, _ in wanted], [item for _, item in wanted]
    for row in connection.execute(statement("outbox", "recipients"), {"kinds": kinds, "ids": ids}):
        found[row["recipient_kind"], row["recipient_id"]] = _person(row)
    return {key: found[key] for key in wanted if key in found}


def _contacts() -> dict[str, Recipient]:
    site = get_site()
    return {
        key: Recipient(
            kind="contact",
            id=key,
            name=clean_name(contact.name),
            address=valid_address(contact.email),
            locale=contact.locale,
            timezone=site.company.timezone,
            calendar_code=site.company.calendar_code,
            contact_kind=contact.kind,
        )
        for key, contact in site.contacts.items()
    }


def _person(row: dict[str, Any]) -> Recipient:
    return Recipient(
        kind=row["recipient_kind"],
        id=row["recipient_id"],
        name=clean_name(row["name"]),
        address=valid_address(row["email"] or ""),
        locale="en" if row["locale"] == "en" else "zh-CN",
        timezone=row["timezone"],
        calendar_code=row["calendar_code"],
    )


def valid_address(text: str) -> str | None:
    """Return the address as an SMTP server takes it (ASCII), None when it is none.

    A domain without a dot is fine inside a company; line breaks, several addresses and display names are not.
    """
    try:
        found = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, globally_deliverable=False, strict=True
        )
    except EmailNotValidError:
        return None
    return found.ascii_email


def clean_name(text: str) -> str:
    """Return a name safe for a header and a page: one short line, no control or direction-changing letters."""
    visible = "".join(" " if unicodedata.category(letter) in {"Cc", "Cf", "Zl", "Zp"} else letter for letter in text)
    return " ".join(visible.split())[:_MAX_NAME]
