"""`/f/<token>`: a questionnaire shown, kept as a draft, sent once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from trainloop import faults
from trainloop.config import Locale
from trainloop.domain.survey import pseudonym
from trainloop.forms import links, pages
from trainloop.forms.answers import Question, judge, questions_of, typed_values
from trainloop.forms.desk import Desk, Sent, Turned, again, language
from trainloop.forms.http import first
from trainloop.forms.plan_pages import plan_days, plan_due_on, plan_problems
from trainloop.forms.words import words, zone_of
from trainloop.settings import get_settings
from trainloop.surveys.instrument import Instrument, load_instrument

_STATUS = {"used": 200, "closed": 410, "withdrawn": 410, "replaced": 410, "not_asked": 410, "early": 403}
_LANGUAGES: Mapping[str, Locale] = {"lang-zh-CN": "zh-CN", "lang-en": "en"}


@dataclass(frozen=True, slots=True)
class Sheet:
    """One open questionnaire: its link, how it stands, and what it asks."""

    token: str
    link: bytes
    row: Mapping[str, Any]
    instrument: Instrument
    questions: tuple[Question, ...]
    locale: Locale
    plan_days: Mapping[str, Any] | None = None

    @property
    def page_facts(self) -> tuple[str, ...]:
        """What a page is bound to besides its link: a questionnaire that changed is shown anew."""
        return (self.row["wave_code"], self.instrument.version)

    def page(self, typed: Mapping[str, tuple[str, ...]], **options: Any) -> HTMLResponse:
        """Return the questionnaire with what was typed."""
        signed = links.sign_page(self.token, *self.page_facts)
        return pages.form_page(
            self.row,
            self.instrument,
            self.questions,
            typed,
            self.locale,
            form_token=signed,
            due_on=plan_due_on(self.plan_days),
            **options,
        )


def add_survey_pages(app: FastAPI, desk: Desk) -> None:
    @app.get("/f/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        sheet = _open(desk, request, token)
        notice = "saved" if "saved" in request.query_params else ""
        return sheet.page(_draft(sheet), notice=notice)

    @app.post("/f/{token}")
    def send(request: Request, token: str, fields: Sent) -> Response:
        sheet = _open(desk, request, token, is_sending=True)
        typed = typed_values(sheet.questions, fields)
        action = first(fields, "action")
        if action in _LANGUAGES:
            return _in_language(sheet, _LANGUAGES[action]).page(typed)
        if not links.is_own_page(token, first(fields, "form_token"), *sheet.page_facts):
            return sheet.page(typed, notice="stale", status=400)
        if action == "save":
            return _save(desk, request, sheet, typed)
        return _submit(desk, request, sheet, typed)


def _open(desk: Desk, request: Request, token: str, *, is_sending: bool = False) -> Sheet:
    """Return an open questionnaire; any other link ends with the page that says how it stands."""
    link = desk.admit(request, token)
    row = desk.store.open_form(link, links.draft_id(token))
    if row is None:
        raise desk.unknown(request)
    instrument = load_instrument(row["instrument_code"])
    locale = language(request, row)
    if row["state"] != "open":
        is_own_sending = row["state"] == "used" and (is_sending or "sent" in request.query_params)
        raise Turned(_closed_page(desk, request, row, instrument, locale, is_own_sending))
    return Sheet(token, link, row, instrument, _questions(desk, instrument), locale, plan_days(desk, row, link))


def _closed_page(
    desk: Desk, request: Request, row: Mapping[str, Any], instrument: Instrument, locale: Locale, is_sent: bool
) -> HTMLResponse:
    if is_sent:
        return desk.say(request, "sent", locale=locale, tone="good")
    text, zone = words(locale), zone_of(row["timezone"])
    facts = {
        "title": instrument.title(locale),
        "deadline": text.until(row["closes_at"], zone),
        "opens": text.moment(row["opens_at"], zone),
    }
    tone: pages.Tone = "good" if row["state"] == "used" else "plain"
    return desk.say(request, row["state"], locale=locale, tone=tone, status=_STATUS[row["state"]], facts=facts)


def _questions(desk: Desk, instrument: Instrument) -> tuple[Question, ...]:
    wanted = any(item.options_from for item in instrument.items)
    return questions_of(instrument, {"training_topics": desk.store.topics()} if wanted else {})


def _draft(sheet: Sheet) -> dict[str, tuple[str, ...]]:
    """Return what was kept; a draft of another version of the questionnaire gives what still fits."""
    sealed = sheet.row["sealed"]
    opened = links.open_draft(sheet.token, sealed) if sealed is not None else None
    kept: dict[str, Sequence[str]] = json.loads(opened) if opened else {}
    return {code: tuple(values) for code, values in kept.items()}


def _in_language(sheet: Sheet, locale: Locale) -> Sheet:
    return replace(sheet, locale=locale)


def _save(desk: Desk, request: Request, sheet: Sheet, typed: Mapping[str, tuple[str, ...]]) -> Response:
    sealed = links.seal_draft(sheet.token, json.dumps(typed, ensure_ascii=False).encode())
    if not desk.store.keep_draft(sheet.link, links.draft_id(sheet.token), sealed):
        # It closed or was sent in another window meanwhile: the page says which.
        _open(desk, request, sheet.token)
    return again(request, "saved")


def _submit(desk: Desk, request: Request, sheet: Sheet, typed: Mapping[str, tuple[str, ...]]) -> Response:
    filled = judge(sheet.questions, typed)
    problems = {**filled.problems, **plan_problems(sheet.plan_days, filled)}
    if problems:
        return sheet.page(typed, problems=problems, status=422)
    person = sheet.row["employee_id"]
    name = pseudonym(person, get_settings().pseudonym_key()) if person else None
    faults.point("forms.submit.before_commit")
    is_taken = desk.store.submit(sheet.link, links.draft_id(sheet.token), filled, name)
    faults.point("forms.submit.after_commit")
    if not is_taken:
        _open(desk, request, sheet.token, is_sending=True)
    return again(request, "sent")
