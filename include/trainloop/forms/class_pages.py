"""`/c/<token>`: the sheet of a class day, for whoever runs the class: sign-in by day, incidents.

Every tap is a choice of a radio button and every save a POST, so the sheet works on any phone without a script. The
link shows names of learners and nothing else about them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from trainloop import faults
from trainloop.config import Locale, get_site
from trainloop.domain.calendar import local_date
from trainloop.domain.milestone import class_days
from trainloop.forms import links, sheets
from trainloop.forms.answers import clean_text, judge, questions_of, typed_values
from trainloop.forms.desk import SEE_OTHER, Desk, Sent, Turned, language
from trainloop.forms.http import Fields, first
from trainloop.forms.words import words
from trainloop.surveys.instrument import load_instrument

INSTRUMENT = "incident_report"
MAX_VENUE = 100


@dataclass(frozen=True, slots=True)
class Sheet:
    """One open sheet: its link, its class, its days and the language of its page."""

    token: str
    link: bytes
    row: Mapping[str, Any]
    locale: Locale

    @property
    def days(self) -> list[date]:
        company = get_site().company
        return class_days(self.row["starts_at"], self.row["ends_at"], company.zone, company.calendar_code)

    @property
    def today(self) -> date:
        return local_date(self.row["now"], get_site().company.zone)

    @property
    def learner_ids(self) -> frozenset[str]:
        return frozenset(learner["id"] for learner in self.row["learners"])

    def slot_of(self, text: str) -> int:
        """Return the chosen day of the class, else today's, else the last that has begun, from 1."""
        days = self.days
        if text.isdecimal() and 1 <= int(text) <= len(days):
            return int(text)
        return max((number for number, day in enumerate(days, start=1) if day <= self.today), default=1)

    def sign(self, purpose: str) -> str:
        return links.sign_page(self.token, purpose)


def add_class_pages(app: FastAPI, desk: Desk) -> None:
    _add_sheet(app, desk)
    _add_incidents(app, desk)


def _add_sheet(app: FastAPI, desk: Desk) -> None:
    @app.get("/c/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        sheet = _open(desk, request, token)
        return _sheet_page(sheet, sheet.slot_of(request.query_params.get("slot", "")), request)

    @app.post("/c/{token}")
    def save(request: Request, token: str, fields: Sent) -> Response:
        sheet = _open(desk, request, token)
        slot = sheet.slot_of(first(fields, "slot"))
        if not links.is_own_page(token, first(fields, "form_token"), "sheet"):
            return _sheet_page(sheet, slot, request, typed=_statuses(sheet, fields), notice="stale", status=400)
        if sheet.days[slot - 1] > sheet.today:
            return _sheet_page(sheet, slot, request, status=422)
        faults.point("forms.sheet.before_commit")
        written = desk.store.sign_in(sheet.link, slot, _statuses(sheet, fields))
        faults.point("forms.sheet.after_commit")
        if written is None:
            _open(desk, request, token)
        return _back(request, token, f"slot={slot}&saved={written or 0}")


def _add_incidents(app: FastAPI, desk: Desk) -> None:
    @app.get("/c/{token}/incident")
    def ask(request: Request, token: str) -> HTMLResponse:
        return _incident_page(_open(desk, request, token), {})

    @app.post("/c/{token}/incident")
    def report(request: Request, token: str, fields: Sent) -> Response:
        sheet = _open(desk, request, token)
        if not links.is_own_page(token, first(fields, "form_token"), "incident"):
            return _incident_page(sheet, fields, notice="stale", status=400)
        said, problems = _read_incident(sheet, fields)
        if problems:
            return _incident_page(sheet, fields, problems=problems, status=422)
        faults.point("forms.incident.before_commit")
        is_written = desk.store.report_incident(sheet.link, said, is_closed=bool(first(fields, "is_closed")))
        faults.point("forms.incident.after_commit")
        if not is_written:
            _open(desk, request, token)
        return _back(request, token, "reported=1")

    @app.post("/c/{token}/close")
    def close(request: Request, token: str, fields: Sent) -> Response:
        sheet = _open(desk, request, token)
        number = first(fields, "incident")
        if not links.is_own_page(token, first(fields, "form_token"), "sheet"):
            return _sheet_page(sheet, sheet.slot_of(""), request, notice="stale", status=400)
        if number.isascii() and number.isdecimal() and len(number) < 16:
            desk.store.close_incident(sheet.link, int(number))
        return _back(request, token, "closed=1")


def _open(desk: Desk, request: Request, token: str) -> Sheet:
    """Return an open sheet; any other link ends with the page that says how it stands."""
    link = desk.admit(request, token)
    row = desk.store.open_desk(link)
    if row is None:
        raise desk.unknown(request)
    locale = language(request, row)
    if row["state"] != "open":
        raise Turned(desk.say(request, f"sheet_{row['state']}", locale=locale, status=410))
    return Sheet(token, link, row, locale)


def _back(request: Request, token: str, query: str) -> RedirectResponse:
    """Return the redirect to the sheet: reloading it sends nothing twice."""
    chosen = request.query_params.get("lang", "")
    keeps = f"&lang={chosen}" if chosen in {"zh-CN", "en"} else ""
    return RedirectResponse(f"/c/{token}?{query}{keeps}", status_code=SEE_OTHER)


def _statuses(sheet: Sheet, fields: Fields) -> dict[str, str]:
    """Return what was chosen for learners of the sheet; anything else that was sent is no answer."""
    chosen = {learner: first(fields, f"s_{learner}") for learner in sorted(sheet.learner_ids)}
    return {learner: status for learner, status in chosen.items() if status in sheets.STATUSES}


def _sheet_page(
    sheet: Sheet,
    slot: int,
    request: Request,
    *,
    typed: Mapping[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> HTMLResponse:
    text = words(sheet.locale)
    query = request.query_params
    if notice:
        notice = text.say(notice)
    elif query.get("saved", "").isdecimal():
        notice = text.say("sheet_saved", count=int(query["saved"]))
    elif "reported" in query or "closed" in query:
        notice = text.say("incident_reported" if "reported" in query else "incident_closed")
    known = {entry["employee_id"]: entry["status"] for entry in sheet.row["entries"] if entry["slot"] == slot}
    return sheets.sheet_page(
        sheet.row, sheet.days, slot, known | dict(typed or {}), sheet.locale,
        today=sheet.today, link_path=f"/c/{sheet.token}",
        form_token=sheet.sign("sheet"), notice=notice, status=status,
    )  # fmt: skip


def _read_incident(sheet: Sheet, fields: Fields) -> tuple[dict[str, str], dict[str, str]]:
    """Return what was reported, and what is wrong with it by field, in words."""
    text = words(sheet.locale)
    questions = questions_of(load_instrument(INSTRUMENT), {})
    typed = typed_values(questions, fields)
    problems = {
        question.field: text.say(f"problem_{problem.key}", **problem.facts)
        for question in questions
        if (problem := judge(questions, typed).problems.get(question.item.code))
    }
    said = {question.item.code: (typed.get(question.item.code) or ("",))[0] for question in questions}
    said["learner"], said["venue"] = first(fields, "learner"), clean_text(first(fields, "venue"))
    if said["learner"] not in sheet.learner_ids:
        said["learner"] = ""
        if said["kind"] == "leave":
            problems["learner"] = text.say("problem_learner")
    if said["kind"] != "venue":
        said["venue"] = ""
    elif not said["venue"]:
        problems["venue"] = text.say("problem_venue")
    elif len(said["venue"]) > MAX_VENUE:
        problems["venue"] = text.say("problem_too_long", most=MAX_VENUE, count=len(said["venue"]))
    return said, problems


def _incident_page(
    sheet: Sheet,
    fields: Fields,
    *,
    problems: Mapping[str, str] | None = None,
    notice: str = "",
    status: int = 200,
) -> HTMLResponse:
    instrument = load_instrument(INSTRUMENT)
    questions = questions_of(instrument, {})
    return sheets.incident_page(
        sheet.row, instrument, questions, typed_values(questions, fields), sheet.locale,
        learner=first(fields, "learner"), venue=clean_text(first(fields, "venue")),
        is_closed=bool(first(fields, "is_closed")), problems=problems or {},
        link_path=f"/c/{sheet.token}", form_token=sheet.sign("incident"),
        notice=words(sheet.locale).say(notice) if notice else "", status=status, max_venue=MAX_VENUE,
    )  # fmt: skip
