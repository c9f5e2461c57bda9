"""`/d/<token>`: one party's step of a dispute; `/o/<token>`: the door by which trainer or business head opens one.

Statements, design, registration, decision and signature are one page each: what is known so far, the questions, one
button. What cannot be is refused with a sentence and a record; nothing that was typed is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from trainloop import faults
from trainloop.config import Locale, get_site
from trainloop.domain.dispute import Registration, pilot_windows, registration_problem, shares_problem
from trainloop.forms import dispute_sheets, links
from trainloop.forms.answers import Question, judge, questions_of, typed_values
from trainloop.forms.desk import Desk, Sent, Turned, again, language
from trainloop.forms.http import Fields, first
from trainloop.forms.words import Words, words
from trainloop.surveys.dispute_forms import dispute_forms

PILOT: Final = "dispute_pilot"
SIGNATURE: Final = "sign_agreed_plan"
# What a registration chooses from the warehouse's lists: field and list.
PICKS: Final[Mapping[str, str]] = {
    "session_code": "sessions",
    "kpi_code": "kpis",
    "pilot_department_code": "departments",
    "comparison_department_code": "departments",
}
NEEDS_COMMENT: Final = {"disagree", "object"}


@dataclass(frozen=True, slots=True)
class Step:
    """One open step: its link, what the warehouse says of it, the language and the questions of its page."""

    token: str
    link: bytes
    row: Mapping[str, Any]
    locale: Locale

    @property
    def kind(self) -> str:
        return str(self.row["kind"])

    @property
    def questions(self) -> tuple[Question, ...]:
        return questions_of(dispute_forms()[self.kind], {})

    @property
    def text(self) -> Words:
        return words(self.locale)


def add_dispute_pages(app: FastAPI, desk: Desk) -> None:
    _add_steps(app, desk)
    _add_door(app, desk)


def _add_steps(app: FastAPI, desk: Desk) -> None:
    @app.get("/d/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        return _page(_open(desk, request, token), {})

    @app.post("/d/{token}")
    def send(request: Request, token: str, fields: Sent) -> Response:
        step = _open(desk, request, token)
        if not links.is_own_page(token, first(fields, "form_token"), step.kind):
            return _page(step, fields, notice=step.text.say("stale"), status=400)
        said, problems = _read(step, fields)
        if problems:
            return _page(step, fields, problems=problems, status=422)
        faults.point("forms.dispute.before_commit")
        outcome = _write(desk, step, said, first(fields, "identity").strip())
        faults.point("forms.dispute.after_commit")
        if outcome == "closed":
            _open(desk, request, token)
            return desk.say(request, "dispute_closed", locale=step.locale, status=410)
        if outcome != "ok":
            field = "identity" if outcome == "wrong_person" else "session_code"
            said_why = {field: step.text.say(f"dispute_refused_{outcome}")}
            return _page(step, fields, problems=said_why, status=403 if outcome == "wrong_person" else 409)
        return again(request, "sent")


def _open(desk: Desk, request: Request, token: str) -> Step:
    """Return an open step; any other link ends with the page that says how it stands.

    A registration stays open for a better one until data of the pilot are there: then its page shows what is locked.
    """
    link = desk.admit(request, token)
    row = desk.store.open_dispute(link)
    if row is None:
        raise desk.unknown(request)
    locale = language(request, _with_locale(row))
    step = Step(token, link, row, locale)
    if row["state"] == "open" or (
        row["state"] == "done" and row["kind"] == PILOT and "sent" not in request.query_params
    ):
        return step
    if row["state"] == "done":
        facts = dispute_sheets.facts_of(row, step.text)
        raise Turned(dispute_sheets.done_page(row, locale, facts, just_sent="sent" in request.query_params))
    raise Turned(desk.say(request, f"action_{row['state']}", locale=locale, status=410))


def _with_locale(row: Mapping[str, Any]) -> Mapping[str, Any]:
    contact = get_site().contacts.get(row["person_id"]) if row["person_kind"] == "contact" else None
    return {"locale": contact.locale if contact else row["locale"]}


def _read(step: Step, fields: Fields) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what was said, and what is wrong with it by field, in words."""
    text, questions = step.text, step.questions
    typed = typed_values(questions, fields)
    filled = judge(questions, typed)
    problems = {
        question.field: text.say(f"problem_{problem.key}", **problem.facts)
        for question in questions
        if (problem := filled.problems.get(question.item.code))
    }
    said = {question.item.code: (typed.get(question.item.code) or (None,))[0] for question in questions}
    if step.kind == "dispute_design" and not problems:
        shares = [_number(said[name]) for name in ("framework_pct", "tools_pct", "simulation_pct")]
        if wrong := shares_problem(*shares):
            problems["q_simulation_pct"] = text.say(
                f"dispute_{wrong}", total=f"{sum(shares, Decimal(0)).normalize():f}"
            )
        said |= dict(zip(("framework_pct", "tools_pct", "simulation_pct"), map(str, shares), strict=True))
    if said.get("choice") in NEEDS_COMMENT and not said.get("comment"):
        problems["q_comment"] = text.say("dispute_comment_missing")
    if step.kind == SIGNATURE and not first(fields, "identity").strip():
        problems["identity"] = text.say("dispute_identity_missing")
    if step.kind == PILOT:
        for name, listed in PICKS.items():
            said[name] = first(fields, name)
            if said[name] not in {one["code"] for one in step.row[listed]}:
                problems[name] = text.say("problem_choose")
        if not problems and (refused := registration_problem(_registration(step.row, said))):
            problems["comparison_department_code" if refused == "same_team" else "q_threshold"] = text.say(
                f"dispute_refused_{refused}"
            )
    return {name: value for name, value in said.items() if value not in {None, ""}}, problems


def _number(text: Any) -> Decimal:
    return Decimal(str(text).replace(",", ".").replace("，", "."))


def _registration(row: Mapping[str, Any], said: Mapping[str, Any]) -> Registration:
    session = next(one for one in row["sessions"] if one["code"] == said["session_code"])
    kpi = next(one for one in row["kpis"] if one["code"] == said["kpi_code"])
    ends_on, days = date.fromisoformat(session["ends_on"]), int(said["window_days"])
    known = row["registration"]
    return Registration(
        row["dispute_id"],
        known["version"] + 1 if known else 1,
        session["code"],
        kpi["code"],
        kpi["direction"],
        f"{_number(said['threshold']):f}",
        kpi["unit"],
        said["pilot_department_code"],
        said["comparison_department_code"],
        ends_on,
        days,
        *pilot_windows(ends_on, days, kpi["grain"]),
    )


def _write(desk: Desk, step: Step, said: Mapping[str, Any], identity: str) -> str:
    if step.kind == PILOT:
        return desk.store.register_pilot(step.link, _registration(step.row, said).canonical_json(), said)
    contact = get_site().contacts.get(step.row["person_id"]) if step.row["person_kind"] == "contact" else None
    is_known = contact is not None and contact.email.casefold() == identity.casefold()
    return desk.store.answer_dispute(step.link, said, identity, is_contact_known=is_known)


def _page(
    step: Step, fields: Fields, *, problems: Mapping[str, str] | None = None, notice: str = "", status: int = 200
) -> HTMLResponse:
    return dispute_sheets.step_page(
        step.row,
        dispute_forms()[step.kind],
        step.questions,
        fields,
        step.locale,
        picks=PICKS if step.kind == PILOT else {},
        is_signature=step.kind == SIGNATURE,
        problems=problems or {},
        notice=notice,
        form_token=links.sign_page(step.token, step.kind),
        status=status,
    )


def _add_door(app: FastAPI, desk: Desk) -> None:
    @app.get("/o/{token}")
    def show_door(request: Request, token: str) -> HTMLResponse:
        person, row, locale = _door(desk, request, token)
        return dispute_sheets.door_page(row, locale, form_token=links.sign_page(token, person[1]))

    @app.post("/o/{token}")
    def open_dispute(request: Request, token: str, fields: Sent) -> Response:
        person, row, locale = _door(desk, request, token)
        text, head, reason = words(locale), first(fields, "head"), first(fields, "reason")
        problem = ""
        if not links.is_own_page(token, first(fields, "form_token"), person[1]):
            problem = text.say("stale")
        elif head not in {one["id"] for one in row["heads"]} or reason not in dispute_sheets.REASONS:
            problem = text.say("problem_choose")
        if problem:
            return dispute_sheets.door_page(
                row,
                locale,
                form_token=links.sign_page(token, person[1]),
                chosen=(head, reason),
                problem=problem,
                status=422,
            )
        rules = get_site().disputes
        faults.point("forms.dispute_door.before_commit")
        dispute_id = desk.store.begin_dispute(person, rules.door_days, head, reason, rules.contact)
        faults.point("forms.dispute_door.after_commit")
        return again(request, "sent") if dispute_id else desk.say(request, "dispute_closed", locale=locale, status=410)


def _door(desk: Desk, request: Request, token: str) -> tuple[tuple[str, str, str], Mapping[str, Any], Locale]:
    """Return who stands at a door, about what; what is under way already is shown instead."""
    desk.admit(request, token)
    person = links.read_door_token(token)
    row = desk.store.open_dispute_door(person, get_site().disputes.door_days) if person else None
    if person is None or row is None:
        raise desk.unknown(request)
    locale = language(request, row)
    if row["dispute_id"]:
        key = "dispute_opened" if "sent" in request.query_params else "dispute_under_way"
        raise Turned(desk.say(request, key, locale=locale, tone="good", facts={"dispute": row["dispute_id"]}))
    return person, row, locale
