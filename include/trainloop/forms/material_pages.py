"""`/m/<token>`: the materials of a class (R19) and the question box (R20).

Looking at the page changes nothing: mail scanners open links. A download is a POST of the page's own button, which
notes "opened"; the file is read from the material store and handed out only while it is the registered one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from trainloop import storage
from trainloop.config import Locale, get_site
from trainloop.delivery import asset_files
from trainloop.forms import links, pages
from trainloop.forms.answers import clean_text
from trainloop.forms.desk import Desk, Sent, Turned, again, language
from trainloop.forms.http import first
from trainloop.forms.words import words
from trainloop.storage import StoreFailedError

log = logging.getLogger(__name__)
MAX_QUESTION = 500
PURPOSE = "materials"
MEGABYTE = 1_048_576


def add_material_pages(app: FastAPI, desk: Desk) -> None:
    @app.get("/m/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        _, row, locale = _open(desk, request, token)
        text = words(locale)
        said = next((mark for mark in ("finished", "asked") if mark in request.query_params), "")
        return _page(token, row, locale, notice=text.say(f"materials_{said}_saved") if said else "")

    @app.post("/m/{token}")
    def use(request: Request, token: str, fields: Sent) -> Response:
        link, row, locale = _open(desk, request, token)
        if not links.is_own_page(token, first(fields, "form_token"), PURPOSE):
            return _page(token, row, locale, problem=words(locale).say("stale"), status=422)
        action, _, asset_code = first(fields, "action").partition(":")
        match action:
            case "open":
                return _download(desk, request, link, asset_code, locale)
            case "finish":
                days = get_site().pre_class.link_days_after_class
                desk.store.use_material(link, days, asset_code, "finished", is_noted=True)
                return again(request, "finished")
            case "ask":
                return _ask(desk, request, token, link, row, locale, clean_text(first(fields, "question")))
        return _page(token, row, locale)


def _open(desk: Desk, request: Request, token: str) -> tuple[bytes, Mapping[str, Any], Locale]:
    """Return an open link's class; any other link ends with the page that says how it stands."""
    link = desk.admit(request, token)
    row = desk.store.open_materials(link, get_site().pre_class.link_days_after_class)
    if row is None:
        raise desk.unknown(request)
    locale = language(request, row)
    if row["state"] != "open":
        raise Turned(desk.say(request, f"materials_{row['state']}", locale=locale, status=410))
    return link, row, locale


def _download(desk: Desk, request: Request, link: bytes, asset_code: str, locale: Locale) -> Response:
    rules = get_site().pre_class
    days = rules.link_days_after_class
    found = desk.store.use_material(link, days, asset_code, "opened", is_noted=False)
    place = asset_files.address_in_store(found["uri"]) if found else None
    if found is None or place is None or not _is_sound(found, rules.max_asset_mb * MEGABYTE):
        return desk.say(request, "material_gone", locale=locale, tone="bad", status=503, retry_after=3600)
    desk.store.use_material(link, days, asset_code, "opened", is_noted=True)
    name = quote(asset_files.name_of(found["uri"]))
    return StreamingResponse(
        storage.pieces(place),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


def _is_sound(found: Mapping[str, Any], max_bytes: int) -> bool:
    try:
        return asset_files.check(found["uri"], found["checksum"], max_bytes) == "sound"
    except StoreFailedError as error:
        log.warning("%s", error)
        return False


def _ask(
    desk: Desk, request: Request, token: str, link: bytes, row: Mapping[str, Any], locale: Locale, question: str
) -> Response:
    rules, text = get_site().pre_class, words(locale)
    problem = ""
    if not question:
        problem = text.say("question_empty")
    elif len(question) > MAX_QUESTION:
        problem = text.say("question_too_long", most=MAX_QUESTION, count=len(question))
    elif not desk.store.ask_question(link, rules.link_days_after_class, question, rules.max_questions_per_person):
        problem = text.say("question_too_many")
    if problem:
        return _page(token, row, locale, problem=problem, question=question, status=422)
    return again(request, "asked")


def _page(token: str, row: Mapping[str, Any], locale: Locale, **options: Any) -> HTMLResponse:
    may_ask = row["may_ask"] and row["question_count"] < get_site().pre_class.max_questions_per_person
    return pages.materials_page(
        row,
        locale,
        form_token=links.sign_page(token, PURPOSE),
        may_ask=may_ask,
        max_length=MAX_QUESTION,
        **options,
    )
