"""The mailbox's pages: a list, one mail, its files; plus a small JSON address for tests and the demo.

A mail is a stranger's HTML. It is cleaned, shown in a sandboxed frame without scripts, and its own response forbids
scripts, forms and everything from outside; the pages around it escape every word of it.
"""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any, Literal
from urllib.parse import quote

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from trainloop.config import Locale, get_site
from trainloop.outbox.mailbox.clean import FONT_FACES, clean_html
from trainloop.outbox.mailbox.store import Store, Summary, attachment_content, body, pictures

PAGE_SIZE = 50
_TEXTS: dict[Locale, dict[str, str]] = {
    "zh-CN": {
        "title": "开发邮箱", "hint": "这里收下本机发出的全部邮件，不会送达任何真实收件人。",
        "search": "搜索收件人或主题", "find": "搜索", "count": "共 {count} 封", "found": "找到 {count} 封",
        "empty": "还没有邮件",
        "empty_hint": "outbox 发出第一封邮件后，会显示在这里。", "nothing": "没有符合的邮件", "all": "查看全部",
        "back": "返回列表", "to": "收件人", "from": "发件人", "date": "日期", "attachments": "附件", "html": "邮件",
        "text": "纯文本", "headers": "邮件头", "raw": "下载 .eml", "newer": "较新", "older": "较早", "open": "打开",
        "other": "English", "no_html": "这封邮件没有 HTML 正文。", "no_text": "这封邮件没有纯文本正文。",
    },
    "en": {
        "title": "Dev mailbox", "hint": "Every mail of this machine lands here; no real recipient gets it.",
        "search": "Search recipient or subject", "find": "Search", "count": "{count} mails", "found": "{count} found",
        "empty": "No mail yet", "empty_hint": "The first mail of the outbox will show up here.",
        "nothing": "No mail matches", "all": "Show all", "back": "Back to the list", "to": "To", "from": "From",
        "date": "Date", "attachments": "Attachments", "html": "Mail", "text": "Plain text", "headers": "Headers",
        "raw": "Download .eml", "newer": "Newer", "older": "Older", "open": "Open", "other": "中文",
        "no_html": "This mail has no HTML part.", "no_text": "This mail has no plain text part.",
    },
}  # fmt: skip
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "font-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def create_app(store: Store) -> FastAPI:
    """Return the web application over one store."""
    app = FastAPI(title="TrainLoop dev mailbox", docs_url=None, redoc_url=None, openapi_url=None)
    # A page of the open web must not read the mailbox through a host name that points at this machine.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]", "testserver"])
    app.get("/health")(lambda: {"status": "ok"})
    app.get("/style.css")(_style)
    app.get("/fonts/{face}")(_font)
    _add_pages(app, store)
    _add_files(app, store)
    return app


def _add_pages(app: FastAPI, store: Store) -> None:
    @app.get("/", response_class=HTMLResponse)
    def index(
        request: Request, search: str = "", page: int = Query(1, ge=1, le=100_000), lang: str = ""
    ) -> HTMLResponse:
        found = store.find(search)
        start = (page - 1) * PAGE_SIZE
        facts = {"mails": found[start : start + PAGE_SIZE], "count": len(found), "search": search, "page": page}
        return _page("list.html.j2", _locale(request, lang), **facts, has_older=len(found) > start + PAGE_SIZE)

    @app.get("/mails/{key}", response_class=HTMLResponse)
    def mail(request: Request, key: str, view: str = "html", lang: str = "") -> HTMLResponse:
        summary, message, _ = _found(store, key)
        headers = [(name, " ".join(str(value).split())) for name, value in message.items()]
        tab = view if view in {"html", "text", "headers"} else "html"
        facts = {"mail": summary, "view": tab, "headers": headers, "has_html": bool(body(message, "html"))}
        return _page("mail.html.j2", _locale(request, lang), **facts, text=body(message, "plain"))

    @app.get("/api/messages")
    def messages(to: str = "", limit: int = Query(1000, ge=1, le=100_000)) -> JSONResponse:
        wanted = to.strip().lower()
        found = [summary for summary in store.find() if not wanted or wanted in summary.to_addresses]
        return JSONResponse([_as_json(summary) for summary in found[:limit]], headers=_SAFE_HEADERS)


def _add_files(app: FastAPI, store: Store) -> None:
    @app.get("/mails/{key}/body", response_class=HTMLResponse)
    def mail_body(key: str) -> HTMLResponse:
        _, message, _ = _found(store, key)
        headers = _SAFE_HEADERS | {"Content-Security-Policy": _MAIL_POLICY}
        return HTMLResponse(clean_html(body(message, "html"), pictures(message)), headers=headers)

    @app.get("/mails/{key}/raw")
    def raw(key: str) -> PlainTextResponse:
        _, _, content = _found(store, key)
        headers = _SAFE_HEADERS | {"Content-Disposition": f'attachment; filename="{key}.eml"'}
        return PlainTextResponse(content, headers=headers, media_type="message/rfc822")

    @app.get("/mails/{key}/files/{number}")
    def file(key: str, number: int) -> Response:
        _, message, _ = _found(store, key)
        found = attachment_content(message, number)
        if found is None:
            raise HTTPException(404)
        described, content = found
        # Only a PDF is opened in the browser; anything else could run as a page of this address.
        is_pdf = described.media_type == "application/pdf" and content.startswith(b"%PDF-")
        kind = "inline" if is_pdf else "attachment"
        headers = _SAFE_HEADERS | {"Content-Disposition": f"{kind}; filename*=UTF-8''{quote(described.name, safe='')}"}
        return Response(
            content, media_type="application/pdf" if is_pdf else "application/octet-stream", headers=headers
        )


def _found(store: Store, key: str) -> Any:
    found = store.get(key)
    if found is None:
        raise HTTPException(404)
    return found


def _as_json(summary: Summary) -> dict[str, Any]:
    return {
        "id": summary.id,
        "to": list(summary.to_addresses),
        "from": summary.sender,
        "subject": summary.subject,
        "date": summary.sent_on.isoformat(),
        "links": list(summary.links),
        "attachments": [file.name for file in summary.files],
    }


def _locale(request: Request, lang: str) -> Locale:
    """Return the language asked for by `?lang=`, else the browser's, else the company's."""
    if lang in {"zh-CN", "en"}:
        return "en" if lang == "en" else "zh-CN"
    accepted = request.headers.get("accept-language", "").lower()
    if accepted.startswith("zh"):
        return "zh-CN"
    return "en" if accepted.startswith("en") else get_site().company.locale


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("trainloop.outbox.mailbox"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def _page(template: str, locale: Locale, **facts: Any) -> HTMLResponse:
    site = get_site()
    page = _environment().get_template(template)
    content = page.render(
        **facts,
        t=_TEXTS[locale],
        locale=locale,
        other_locale="zh-CN" if locale == "en" else "en",
        zone=site.company.zone,
    )
    return HTMLResponse(content, headers=_SAFE_HEADERS | {"Content-Security-Policy": _PAGE_POLICY})


def _style() -> Response:
    text = resources.files(__package__).joinpath("templates", "style.css").read_text("utf-8")
    text = FONT_FACES + text.replace("--brand: #1f5fa8", f"--brand: {get_site().company.colour}")
    return Response(text, media_type="text/css", headers=_SAFE_HEADERS | {"Cache-Control": "max-age=60"})


def _font(face: Literal["NotoSansSC-Regular.ttf", "NotoSansSC-Bold.ttf"]) -> Response:
    content = resources.files("trainloop.reporting").joinpath("fonts", face).read_bytes()
    # The frame of a mail has no origin of its own, so the font says that anybody may use it.
    headers = {"Access-Control-Allow-Origin": "*", "Cache-Control": "max-age=86400"}
    return Response(content, media_type="font/ttf", headers=headers)
