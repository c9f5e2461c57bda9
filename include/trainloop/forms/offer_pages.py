"""`/w/<token>`: a seat offered to one learner of the waitlist, accepted or declined once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from trainloop import faults
from trainloop.config import Locale
from trainloop.forms import links, pages, sheets
from trainloop.forms.desk import Desk, Sent, Turned, again, language
from trainloop.forms.http import first
from trainloop.forms.words import words

_STATUS = {"accepted": 200, "declined": 200, "expired": 410, "withdrawn": 410}


def add_offer_pages(app: FastAPI, desk: Desk) -> None:
    @app.get("/w/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        _, row, locale = _open(desk, request, token)
        return _page(token, row, locale)

    @app.post("/w/{token}")
    def answer(request: Request, token: str, fields: Sent) -> Response:
        link, row, locale = _open(desk, request, token)
        choice = first(fields, "choice")
        if not links.is_own_page(token, first(fields, "form_token"), "offer"):
            return _page(token, row, locale, problem="stale", status=400)
        if choice not in {"accept", "decline"}:
            return _page(token, row, locale, problem="problem_choose", status=422)
        faults.point("forms.offer.before_commit")
        desk.store.answer_offer(link, is_accepted=choice == "accept")
        faults.point("forms.offer.after_commit")
        return again(request, "sent")


def _open(desk: Desk, request: Request, token: str) -> tuple[bytes, Mapping[str, Any], Locale]:
    """Return an open offer; any other link ends with the page that says how it stands."""
    link = desk.admit(request, token)
    row = desk.store.open_offer(link)
    if row is None:
        raise desk.unknown(request)
    locale = language(request, row)
    if row["state"] != "open":
        tone: pages.Tone = "good" if row["state"] == "accepted" else "plain"
        raise Turned(desk.say(request, f"offer_{row['state']}", locale=locale, tone=tone, status=_STATUS[row["state"]]))
    return link, row, locale


def _page(token: str, row: Mapping[str, Any], locale: Locale, *, problem: str = "", status: int = 200) -> HTMLResponse:
    said = words(locale).say(problem) if problem else ""
    return sheets.offer_page(row, locale, form_token=links.sign_page(token, "offer"), problem=said, status=status)
