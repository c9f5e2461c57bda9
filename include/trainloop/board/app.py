"""The board's web application. Every route has its guard in its first parameter; a test walks them all."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from trainloop.board import desk_pages, document_pages, overview, pages, session_pages
from trainloop.board.guard import Doorman, GuardFailedError, NotAllowedError, NotSignedInError, Sees
from trainloop.board.pages import Pages
from trainloop.board.store import Store, StoreUnreachableError
from trainloop.config import get_site
from trainloop.forms import pages as forms_pages
from trainloop.forms.http import HEADERS, SafeHeaders

# Airflow shows the board in a frame of its own pages. One style may stand in a page: that of pages without a login.
POLICY = (
    "default-src 'none'; style-src 'self' 'sha256-{style}'; script-src 'self'; img-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)


class BoardHeaders(SafeHeaders):
    """The security headers of the forms service, but framed by Airflow itself and by nobody else."""

    def __init__(self, app: Any) -> None:
        super().__init__(app, is_https=False)
        digest = hashlib.sha256(pages.plain_style().encode()).digest()
        self.headers = HEADERS | {
            "Content-Security-Policy": POLICY.format(style=base64.b64encode(digest).decode()),
            "X-Frame-Options": "SAMEORIGIN",
            "Referrer-Policy": "same-origin",
        }


def create_app(doorman: Doorman, store: Store | None = None) -> FastAPI:
    """Return the application; `doorman` says who sent a request."""
    app = FastAPI(title="TrainLoop lifecycle board", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.doorman = doorman
    app.add_middleware(BoardHeaders)
    shown = Pages(store or Store())
    overview.add_pages(app, shown)
    session_pages.add_pages(app, shown)
    document_pages.add_pages(app, shown)
    desk_pages.add_pages(app, shown)
    _add_assets(app)
    _add_endings(app)
    return app


def _add_assets(app: FastAPI) -> None:
    @app.get("/static/style.css")
    def style(_visitor: Sees) -> Response:
        return _asset(pages.style(), "text/css")

    @app.get("/static/board.js")
    def script(_visitor: Sees) -> Response:
        return _asset(pages.script(), "text/javascript")

    @app.get("/static/fonts/{face}")
    def font(_visitor: Sees, face: Literal["NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"]) -> Response:
        return _asset(forms_pages.font(face), "font/ttf")

    @app.get("/static/logo.png")
    def logo(_visitor: Sees) -> Response:
        shown = get_site().company.logo
        if shown is None:
            raise HTTPException(404)
        return _asset(shown.content, "image/png")

    @app.get("/static/icon.svg")
    def icon(_visitor: Sees) -> Response:
        return _asset(pages.icon(), "image/svg+xml")


def _asset(content: str | bytes, media_type: str) -> Response:
    return Response(content, media_type=media_type, headers={"Cache-Control": "private, max-age=600"})


def _add_endings(app: FastAPI) -> None:
    endings: dict[type[Exception], tuple[str, int]] = {
        NotSignedInError: ("not_signed_in", 401),
        NotAllowedError: ("not_allowed", 403),
        GuardFailedError: ("guard_failed", 503),
        StoreUnreachableError: ("down", 503),
        RequestValidationError: ("bad_filter", 422),
    }

    async def end(request: Request, error: Exception) -> Response:
        key, status = next(ending for kind, ending in endings.items() if isinstance(error, kind))
        return Pages.say(request, key, status)

    for kind in endings:
        app.add_exception_handler(kind, end)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return Pages.say(request, "document_gone" if error.detail == "document_gone" else "not_found", 404)
        return Response(status_code=error.status_code, headers=error.headers)
