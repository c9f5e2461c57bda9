"""The web application: kinds of links, each with a GET that shows; where there is something to do, a POST that acts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException

from trainloop.config import get_site
from trainloop.forms import pages
from trainloop.forms.action_pages import add_action_pages
from trainloop.forms.case_pages import add_case_pages
from trainloop.forms.class_pages import add_class_pages
from trainloop.forms.desk import Desk, Turned
from trainloop.forms.dispute_pages import add_dispute_pages
from trainloop.forms.http import BodyTooLargeError, SafeHeaders
from trainloop.forms.mail_pages import add_mail_pages
from trainloop.forms.material_pages import add_material_pages
from trainloop.forms.offer_pages import add_offer_pages
from trainloop.forms.plan_pages import add_plan_pages
from trainloop.forms.point_pages import add_point_pages
from trainloop.forms.result_pages import add_result_pages
from trainloop.forms.store import Store, StoreUnreachableError
from trainloop.forms.survey_pages import add_survey_pages
from trainloop.settings import get_settings


def create_app(store: Store) -> FastAPI:
    """Return the application over one store, which it opens and closes."""

    @asynccontextmanager
    async def opened(_app: FastAPI) -> AsyncIterator[None]:
        with store:
            yield

    app = FastAPI(title="TrainLoop forms", docs_url=None, redoc_url=None, openapi_url=None, lifespan=opened)
    app.add_middleware(SafeHeaders, is_https=get_settings().forms_url.startswith("https:"))
    desk = Desk(store)
    add_survey_pages(app, desk)
    add_action_pages(app, desk)
    add_result_pages(app, desk)
    add_point_pages(app, desk)
    add_case_pages(app, desk)
    add_class_pages(app, desk)
    add_offer_pages(app, desk)
    add_material_pages(app, desk)
    add_dispute_pages(app, desk)
    add_plan_pages(app, desk)
    add_mail_pages(app, desk)
    _add_service_pages(app, desk)
    _add_endings(app, desk)
    return app


def _add_service_pages(app: FastAPI, desk: Desk) -> None:
    @app.get("/health")
    def health() -> JSONResponse:
        is_alive = desk.store.is_alive()
        return JSONResponse({"status": "ok" if is_alive else "warehouse unreachable"}, 200 if is_alive else 503)

    @app.get("/style.css")
    def style() -> Response:
        return Response(pages.style(), media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})

    @app.get("/fonts/{face}")
    def font(face: Literal["NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"]) -> Response:
        return Response(pages.font(face), media_type="font/ttf", headers={"Cache-Control": "public, max-age=604800"})

    @app.get("/icon.svg")
    def icon() -> Response:
        return Response(pages.icon(), media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=604800"})

    @app.get("/logo.png")
    def logo() -> Response:
        shown = get_site().company.logo
        if shown is None:
            return Response(status_code=404)
        return Response(shown.content, media_type="image/png", headers={"Cache-Control": "public, max-age=3600"})

    @app.get("/robots.txt")
    def robots() -> Response:
        return Response("User-agent: *\nDisallow: /\n", media_type="text/plain")


def _add_endings(app: FastAPI, desk: Desk) -> None:
    @app.exception_handler(Turned)
    async def turned(_request: Request, turn: Turned) -> HTMLResponse:
        return turn.page

    @app.exception_handler(BodyTooLargeError)
    async def too_large(request: Request, _: BodyTooLargeError) -> HTMLResponse:
        return desk.say(request, "large", tone="bad", status=413)

    @app.exception_handler(StoreUnreachableError)
    async def down(request: Request, _: StoreUnreachableError) -> HTMLResponse:
        return desk.say(request, "down", tone="bad", status=503, retry_after=60)

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        # An address that is no link at all (a browser's icons) is no guess at one.
        if error.status_code == 404:
            return desk.say(request, "unknown", status=404)
        return Response(status_code=error.status_code, headers=error.headers)
