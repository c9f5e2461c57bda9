"""Templates of the board, rendered in the visitor's language with addresses below wherever it is mounted."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from trainloop.board.guard import TOKEN_FIELD, Visitor, token_of
from trainloop.board.store import Store
from trainloop.board.words import words
from trainloop.config import Locale, get_site
from trainloop.forms.words import locale_of

LANGUAGE_COOKIE = "trainloop_board_language"
PAGES = ("overview", "sessions", "needs", "data", "outbox", "approvals", "trainers")
ICONS = {
    "done": "✓",
    "done_late": "✓",
    "pending": "○",
    "due": "◔",
    "overdue": "!",
    "expired": "✗",
    "skipped": "–",
}


class Pages:
    """Renders pages for one store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def show(self, request: Request, visitor: Visitor, page: str, **facts: Any) -> HTMLResponse:
        """Return a page of the board; `page` is also the entry of the menu it belongs to."""
        locale = language_of(request)
        today = self.store.today()
        own = {"visitor": visitor, "form_token": token_of(visitor), "token_field": TOKEN_FIELD, "today": today}
        menu = facts.pop("menu", page)
        return _answer(request, locale, f"{page}.html.j2", 200, own | {"menu": menu, "pages": PAGES} | facts)

    @staticmethod
    def say(request: Request, key: str, status: int) -> HTMLResponse:
        """Return a page that only says something; it asks no database."""
        return _answer(request, language_of(request), "message.html.j2", status, {"key": key, "pages": ()})


def language_of(request: Request) -> Locale:
    """Return the language of a page: the one chosen on it or before, else the browser's, else the site's."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
    return locale_of(chosen, request.headers.get("accept-language", ""))


def base_of(request: Request) -> str:
    """Return the path the board is mounted at, without a trailing slash."""
    return str(request.scope.get("root_path", "")).rstrip("/")


def airflow_of(request: Request) -> str:
    """Return the path of Airflow itself: what the board's mount point follows."""
    return base_of(request).rpartition("/")[0]


@functools.cache
def style() -> str:
    """Return the style sheet in the company's colour."""
    return _static("style.css").replace("#1f5fa8", get_site().company.colour)


@functools.cache
def plain_style() -> str:
    """Return the few rules of pages that stand without the style sheet, which needs a login as every route does."""
    return _static("plain.css").replace("#1f5fa8", get_site().company.colour)


@functools.cache
def icon() -> str:
    return _static("icon.svg").replace("#1f5fa8", get_site().company.colour)


@functools.cache
def script() -> str:
    return _static("board.js")


def standing(row: Any, today: Any) -> str:
    """Return how a milestone stands: done, done_late, pending, due, overdue, expired or skipped."""
    if row["state"] == "done":
        return "done_late" if row["is_late"] else "done"
    if row["reason"] == "later_step_stands_in":
        # Nobody missed anything: the class was announced after its day, and the next step covers it.
        return "skipped"
    if row["state"] == "pending":
        return "overdue" if row["due_on"] < today else "due" if row["due_on"] == today else "pending"
    return str(row["state"])


def _answer(request: Request, locale: Locale, template: str, status: int, facts: dict[str, Any]) -> HTMLResponse:
    text, base = words(locale), base_of(request)
    other = "zh-CN" if locale == "en" else "en"
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    shared = {
        "text": text,
        "t": text.say,
        "locale": locale,
        "other_locale": other,
        "other_address": "?" + urlencode([*query, ("lang", other)]),
        "base": base,
        "airflow": airflow_of(request),
        "company": get_site().company.name(locale),
        "has_logo": get_site().company.logo is not None,
        "icons": ICONS,
        "plain_style": plain_style(),
    }
    page = HTMLResponse(_environment().get_template(template).render(shared | facts), status_code=status)
    if request.query_params.get("lang"):
        page.set_cookie(
            LANGUAGE_COOKIE, locale, max_age=365 * 86400, path=base or "/", samesite="lax", httponly=True,
            secure=request.url.scheme == "https",
        )  # fmt: skip
    return page


def _static(name: str) -> str:
    return resources.files(__package__).joinpath("static", name).read_text("utf-8")


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("trainloop.board"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
