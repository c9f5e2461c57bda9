"""`/k/<token>`: a learner's own practice case (R36): written once with consent, shown, and taken back at any time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from trainloop import faults
from trainloop.config import Locale
from trainloop.forms import links, pages
from trainloop.forms.answers import clean_text
from trainloop.forms.desk import Desk, Sent, Turned, again, language
from trainloop.forms.http import Fields, first
from trainloop.forms.words import Words, words, zone_of

PURPOSE = "practice_case"
PARTS = ("title", "situation", "action", "result", "lesson")
MOST = {"title": 80, "situation": 1500, "action": 1500, "result": 1500, "lesson": 1500}
_SHOWN = {"written", "commented", "published"}


def add_case_pages(app: FastAPI, desk: Desk) -> None:
    @app.get("/k/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        _, row, locale = _open(desk, request, token)
        return _page(token, row, locale)

    @app.post("/k/{token}")
    def send(request: Request, token: str, fields: Sent) -> Response:
        link, row, locale = _open(desk, request, token)
        text = words(locale)
        if not links.is_own_page(token, first(fields, "form_token"), PURPOSE):
            return _page(token, row, locale, typed=_typed(fields), problem=text.say("stale"), status=422)
        if row["state"] in _SHOWN:
            if first(fields, "act") == "withdraw":
                desk.store.withdraw_case(link)
            return again(request, "sent")
        typed = _typed(fields)
        if problem := _problem(typed, text):
            return _page(token, row, locale, typed=typed, problem=problem, status=422)
        faults.point("forms.case.before_commit")
        desk.store.write_case(link, {name: typed[name] for name in PARTS}, is_named=typed["name"] == "named")
        faults.point("forms.case.after_commit")
        return again(request, "sent")


def _open(desk: Desk, request: Request, token: str) -> tuple[bytes, Mapping[str, Any], Locale]:
    """Return a case that may be written or taken back; any other link ends with the page that says how it stands."""
    link = desk.admit(request, token)
    row = desk.store.open_case(link)
    if row is None:
        raise desk.unknown(request)
    locale = language(request, row)
    if row["state"] not in _SHOWN | {"invited"}:
        raise Turned(desk.say(request, f"case_{row['state']}", locale=locale, status=410))
    return link, row, locale


def _typed(fields: Fields) -> dict[str, str]:
    return {name: clean_text(first(fields, name)) for name in (*PARTS, "name", "consent")}


def _problem(typed: Mapping[str, str], text: Words) -> str:
    for name in PARTS:
        if not typed[name]:
            return text.say("case_missing", part=text.say(f"case_{name}"))
        if len(typed[name]) > MOST[name]:
            return text.say("problem_too_long", most=MOST[name], count=len(typed[name]))
    if typed["name"] not in {"named", "unnamed"}:
        return text.say("case_missing", part=text.say("case_name"))
    return "" if typed["consent"] == "yes" else text.say("case_no_consent")


def _page(
    token: str,
    row: Mapping[str, Any],
    locale: Locale,
    *,
    typed: Mapping[str, str] | None = None,
    problem: str = "",
    status: int = 200,
) -> HTMLResponse:
    text = words(locale)
    outcome = "good" if row["is_success"] else "other"
    return pages.render(
        "case.html.j2",
        locale,
        status=status,
        title=text.say("case_heading"),
        about=row["course_zh" if locale == "zh-CN" else "course_en"],
        goal=text.say("case_goal", goal=row["goal"]) if row["goal"] else "",
        intro=text.say(f"case_intro_{outcome}"),
        person=text.say("named_person", person=row["person_name"]),
        until=text.say("case_until", moment=text.until(row["invited_until"], zone_of(row["timezone"]))),
        state=row["state"],
        said=[(text.say(f"case_{name}"), row[name]) for name in (*PARTS, "trainer_comment") if row[name]],
        parts=PARTS,
        most=MOST,
        typed=typed or dict.fromkeys((*PARTS, "name", "consent"), ""),
        problem=problem,
        form_token=links.sign_page(token, PURPOSE),
    )


def case_lines(found: Mapping[str, Any], text: Words) -> list[tuple[str, str]]:
    """Return what a case says, as (label, text), for the page of whoever comments or decides."""
    lines = [(text.say("case_author"), found["author"] or text.say("case_unnamed"))]
    lines += [(text.say(f"case_{name}"), found[name]) for name in (*PARTS, "trainer_comment") if found[name]]
    return lines
