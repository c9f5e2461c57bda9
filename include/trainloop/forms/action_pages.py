"""`/a/<token>`: something a person owes or decides, answered once. A forwarded link is no identity: no money here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from trainloop import faults
from trainloop.config import Locale, get_site
from trainloop.forms import links, pages
from trainloop.forms.answers import clean_text
from trainloop.forms.case_pages import case_lines
from trainloop.forms.desk import Desk, Sent, Turned, again, language
from trainloop.forms.http import first
from trainloop.forms.plan_pages import PLAN, plan_lines
from trainloop.forms.point_pages import appeal_lines
from trainloop.forms.words import ActionWords, actions, words

MAX_COMMENT = 1000


def add_action_pages(app: FastAPI, desk: Desk) -> None:
    @app.get("/a/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        _, row, action, locale = _open(desk, request, token)
        return _page(token, row, action, locale, lines=_lines(desk, row, locale))

    @app.post("/a/{token}")
    def send(request: Request, token: str, fields: Sent) -> Response:
        link, row, action, locale = _open(desk, request, token)
        lines = _lines(desk, row, locale)
        chosen, comment = first(fields, "choice"), clean_text(first(fields, "comment"))
        text = words(locale)
        choice = action.choice(chosen)
        problem = ""
        if not links.is_own_page(token, first(fields, "form_token"), row["kind"]):
            problem = text.say("stale")
        elif choice is None:
            problem = text.say("problem_choose")
        elif choice.needs_comment and not comment:
            problem = text.say("problem_comment_missing", choice=choice.label)
        elif len(comment) > MAX_COMMENT:
            problem = text.say("problem_too_long", most=MAX_COMMENT, count=len(comment))
        if problem:
            typed = {"chosen": chosen, "comment": comment, "lines": lines}
            return _page(token, row, action, locale, problem=problem, status=422, **typed)
        faults.point("forms.action.before_commit")
        is_written = desk.store.answer_action(link, chosen, comment)
        faults.point("forms.action.after_commit")
        if not is_written:
            _open(desk, request, token)
        return again(request, "sent")


def _open(desk: Desk, request: Request, token: str) -> tuple[bytes, Mapping[str, Any], ActionWords, Locale]:
    """Return an open action; any other link ends with the page that says how it stands."""
    link = desk.admit(request, token)
    row = desk.store.open_action(link)
    kinds = actions()
    if row is None or row["kind"] not in kinds:
        raise desk.unknown(request)
    locale = language(request, _with_locale(row))
    action = kinds[row["kind"]][locale]
    if row["state"] != "open":
        raise Turned(_ended_page(desk, request, row, action, locale))
    return link, row, action, locale


def _with_locale(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Contacts are no people of the master data: their language stands in the site file."""
    contact = get_site().contacts.get(row["person_id"]) if row["person_kind"] == "contact" else None
    return {"locale": contact.locale if contact else row["locale"]}


def _ended_page(
    desk: Desk, request: Request, row: Mapping[str, Any], action: ActionWords, locale: Locale
) -> HTMLResponse:
    if row["state"] == "done":
        choice = action.choice(row["choice"])
        answer = choice.label if choice else row["choice"] or ""
        text = words(locale)
        title = text.say("action_sent_title" if "sent" in request.query_params else "action_done_title")
        return pages.message_page(locale, title, text.say("action_done", choice=answer), tone="good")
    return desk.say(request, f"action_{row['state']}", locale=locale, status=410)


def _lines(desk: Desk, row: Mapping[str, Any], locale: Locale) -> Sequence[tuple[str, str]]:
    """Return what the answer is about, as (label, text), where it is more than a class or a quarter."""
    subject = row["subject"]
    if subject["kind"] == PLAN:
        return plan_lines(subject, words(locale))
    if subject["kind"] == "point_appeal" and (found := desk.store.appeal_details(subject["id"])):
        return appeal_lines(found, words(locale))
    if subject["kind"] == "practice_case" and (found := desk.store.case_details(subject["id"])):
        return case_lines(found, words(locale))
    return ()


def _page(token: str, row: Mapping[str, Any], action: ActionWords, locale: Locale, **options: Any) -> HTMLResponse:
    signed = links.sign_page(token, row["kind"])
    return pages.action_page(row, action, locale, form_token=signed, max_comment=MAX_COMMENT, **options)
