"""What the pages share: who may look a link up, which language a page speaks, how a request ends early."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from trainloop.config import Locale
from trainloop.forms import pages
from trainloop.forms.http import Fields, Tries, client_of, read_fields
from trainloop.forms.links import link_hash
from trainloop.forms.store import Store
from trainloop.forms.words import locale_of, words

SEE_OTHER = 303
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,200}")
Sent = Annotated[Fields, Depends(read_fields)]


class Turned(Exception):  # noqa: N818 - no failure: the request ends with a page that says why
    """The request ends here with a page."""

    def __init__(self, page: HTMLResponse) -> None:
        super().__init__()
        self.page = page


class Desk:
    """What the handlers share: the warehouse, the counters, and how a link is looked up."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.tries = Tries()

    def admit(self, request: Request, token: str) -> bytes:
        """Return the hash of a link that may be looked up; raise Turned for what is no link or comes too often."""
        if not self.tries.may_guess(client_of(request)):
            raise Turned(self.say(request, "busy", status=429, retry_after=Tries.seconds()))
        if not _TOKEN.fullmatch(token):
            raise self.unknown(request)
        link = link_hash(token)
        if not self.tries.may_open(link):
            raise Turned(self.say(request, "busy", status=429, retry_after=Tries.seconds()))
        return link

    def unknown(self, request: Request) -> Turned:
        """Return the end of a request for a link that nobody was given, and count it."""
        self.tries.note_unknown(client_of(request))
        return Turned(self.say(request, "unknown", status=404))

    def say(
        self,
        request: Request,
        key: str,
        *,
        locale: Locale | None = None,
        tone: pages.Tone = "plain",
        status: int = 200,
        retry_after: int | None = None,
        facts: Mapping[str, object] | None = None,
    ) -> HTMLResponse:
        """Return the page that says one of `words.yaml`'s texts under its title."""
        text = words(locale or language(request))
        return pages.message_page(
            text.locale,
            text.say(f"{key}_title"),
            text.say(key, **(facts or {})),
            tone=tone,
            status=status,
            retry_after=retry_after,
        )


def language(request: Request, row: Mapping[str, Any] | None = None) -> Locale:
    """Return the language of a page: chosen, the person's own, or the browser's."""
    person = row["locale"] if row else None
    return locale_of(request.query_params.get("lang", ""), request.headers.get("accept-language", ""), person)


def again(request: Request, mark: str) -> RedirectResponse:
    """Return the redirect to the page's own address: reloading it sends nothing twice."""
    chosen = request.query_params.get("lang", "")
    keeps = f"&lang={chosen}" if chosen in {"zh-CN", "en"} else ""
    return RedirectResponse(f"{request.url.path}?{mark}=1{keeps}", status_code=SEE_OTHER)
