"""Who may see and do what on the board. Airflow mounts plugin apps without authentication: every route asks here.

The board knows nothing of Airflow: whoever mounts it hands in a `Doorman` that says who sent a request and which rights
that person has. A doorman that fails lets nobody in. Changes come as POST with a form token that only a page of this
person can hold, since a cookie travels with every request of a browser.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from trainloop.forms.http import BodyTooLargeError, Fields, first, read_fields
from trainloop.settings import get_settings

log = logging.getLogger(__name__)

# see: HR, engineers, admins. act: hold, release and retry mails. engineer: technical detail and any quarantined row.
Right = Literal["see", "act", "engineer"]
TOKEN_FIELD = "form_token"  # noqa: S105 - the name of a field


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person: the id and name Airflow knows, and what they may do here."""

    user_id: str
    name: str
    rights: frozenset[Right]

    def may(self, right: Right) -> bool:
        return right in self.rights


# Returns the visitor of a request, None for nobody. Raises when it cannot tell.
Doorman = Callable[[Request], Awaitable[Visitor | None]]


class NotSignedInError(Exception):
    """Nobody is signed in."""


class NotAllowedError(Exception):
    """The person, or the way the request came, has no right to this."""


class GuardFailedError(Exception):
    """Who is asking cannot be told."""


async def _visitor(request: Request) -> Visitor:
    doorman: Doorman = request.app.state.doorman
    try:
        visitor = await doorman(request)
    except Exception as error:
        # The type only: the message of a foreign error may hold a token.
        log.error("the board cannot tell who is asking: %s", type(error).__name__)  # noqa: TRY400
        raise GuardFailedError from error
    if visitor is None:
        raise NotSignedInError
    return visitor


def _needs(right: Right) -> Callable[[Request], Awaitable[Visitor]]:
    async def allowed(request: Request) -> Visitor:
        visitor = await _visitor(request)
        if not visitor.may("see") or not visitor.may(right):
            raise NotAllowedError
        return visitor

    return allowed


async def _acting(request: Request) -> Submission:
    visitor = await _needs("act")(request)
    origin = request.headers.get("sec-fetch-site", "same-origin")
    if origin not in {"same-origin", "none"}:
        raise NotAllowedError
    try:
        fields = await read_fields(request)
    except BodyTooLargeError as error:
        raise NotAllowedError from error
    if not await run_in_threadpool(is_token_of, visitor, first(fields, TOKEN_FIELD)):
        raise NotAllowedError
    return Submission(visitor, fields)


@dataclass(frozen=True, slots=True)
class Submission:
    """A form sent by a page of the board, its token checked."""

    visitor: Visitor
    fields: Fields

    def field(self, name: str) -> str:
        return first(self.fields, name)


Sees = Annotated[Visitor, Depends(_needs("see"))]
Acts = Annotated[Submission, Depends(_acting)]


def token_of(visitor: Visitor, now: datetime | None = None) -> str:
    """Return the token of a person's forms of this day."""
    day = (now or datetime.now(UTC)).date()
    return _signed(visitor.user_id, day.isoformat())


def is_token_of(visitor: Visitor, token: str) -> bool:
    """Say whether a token stood in a page of this person, made today or yesterday (a page opened before midnight)."""
    now = datetime.now(UTC)
    return any(hmac.compare_digest(token_of(visitor, now - timedelta(days=age)), token) for age in (0, 1))


def _signed(user_id: str, day: str) -> str:
    key = hmac.new(get_settings().secret().encode(), b"board", hashlib.sha256).digest()
    return hmac.new(key, f"{user_id}\n{day}".encode(), hashlib.sha256).hexdigest()
