"""`/u/<token>`: optional mail stopped with one click (RFC 8058) and resumed; a GET, as scanners make it, shows only."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from trainloop.forms import links, pages
from trainloop.forms.desk import Desk, Sent, again, language
from trainloop.forms.http import first

ONE_CLICK = "List-Unsubscribe"


def add_mail_pages(app: FastAPI, desk: Desk) -> None:
    @app.get("/u/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        kind, recipient_id = _recipient(desk, request, token)
        is_wanted = desk.store.gets_optional_mail(kind, recipient_id)
        if is_wanted is None:
            raise desk.unknown(request)
        return pages.mail_page(language(request), is_wanted=is_wanted)

    @app.post("/u/{token}")
    def change(request: Request, token: str, fields: Sent) -> Response:
        kind, recipient_id = _recipient(desk, request, token)
        is_wanted = first(fields, "action") == "resume" and ONE_CLICK not in fields
        if not desk.store.set_optional_mail(kind, recipient_id, is_wanted=is_wanted):
            raise desk.unknown(request)
        if ONE_CLICK in fields:
            # A mail program asked, and RFC 8058 forbids to redirect it.
            return pages.mail_page(language(request), is_wanted=False)
        return again(request, "changed")


def _recipient(desk: Desk, request: Request, token: str) -> tuple[str, str]:
    desk.admit(request, token)
    recipient = links.read_unsubscribe_token(token)
    if recipient is None:
        raise desk.unknown(request)
    return recipient
