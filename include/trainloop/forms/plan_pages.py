"""`/p/<token>`: a learner's own action plan: how it stands, what was noted, and the week's update or the check-in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from trainloop import faults
from trainloop.config import Locale, get_site
from trainloop.domain.action_plan import Draft, asked_by, problems_of
from trainloop.domain.plain_number import plain_number
from trainloop.forms import links, pages
from trainloop.forms.answers import Filled, Problem, Question, Typed, judge, questions_of, typed_values
from trainloop.forms.desk import Desk, Sent, Turned, again, language
from trainloop.forms.http import first
from trainloop.forms.words import Words, words, zone_of
from trainloop.surveys.instrument import Instrument, load_instrument

PLAN = "action_plan"


@dataclass(frozen=True, slots=True)
class Page:
    """One open plan with the form its page has today."""

    token: str
    link: bytes
    row: Mapping[str, Any]
    instrument: Instrument
    questions: tuple[Question, ...]
    locale: Locale

    @property
    def facts(self) -> tuple[str, ...]:
        """What the page is bound to besides its link: on the day of the check-in it is another form."""
        return (self.row["plan_id"], self.instrument.code, self.instrument.version)


def add_plan_pages(app: FastAPI, desk: Desk) -> None:
    @app.get("/p/{token}")
    def show(request: Request, token: str) -> HTMLResponse:
        page = _open(desk, request, token)
        return _render(page, {}, notice="sent" if "sent" in request.query_params else "")

    @app.post("/p/{token}")
    def send(request: Request, token: str, fields: Sent) -> Response:
        page = _open(desk, request, token)
        typed = typed_values(page.questions, fields)
        if not links.is_own_page(token, first(fields, "form_token"), *page.facts):
            return _render(page, typed, notice="stale", status=400)
        filled = judge(page.questions, typed)
        if filled.problems:
            return _render(page, typed, problems=filled.problems, status=422)
        faults.point("forms.plan.before_commit")
        is_kept = desk.store.update_plan(page.link, page.instrument.code, said(filled))
        faults.point("forms.plan.after_commit")
        if not is_kept:
            _open(desk, request, token)
        return again(request, "sent")


def said(filled: Filled) -> dict[str, Any]:
    """Return a filled form as item → value."""
    return {
        row["item"]: next(row[kind] for kind in ("score", "choice", "free_text") if kind in row)
        for row in filled.answers
    }


def plan_days(desk: Desk, row: Mapping[str, Any], link: bytes) -> Mapping[str, Any] | None:
    """Return what the form of a plan is judged by; None for any other questionnaire."""
    return desk.store.plan_days(link) if row["instrument_code"] == PLAN else None


def plan_due_on(days: Mapping[str, Any] | None) -> date | None:
    """Return the day by which a plan is asked for; None when it is over, and for any other questionnaire."""
    working_days = get_site().survey_waves[PLAN].due_working_days
    if days is None or working_days is None:
        return None
    calendar_code = days["calendar_code"] or get_site().company.calendar_code
    return asked_by(days["ended_on"], working_days, calendar_code, days["today"])


def plan_problems(days: Mapping[str, Any] | None, filled: Filled) -> dict[str, Problem]:
    """Return what keeps a plan that was typed from being concrete; nothing for any other questionnaire."""
    if days is None:
        return {}
    typed = said(filled)
    draft = Draft(
        typed.get("goal"),
        _decimal(typed.get("baseline")),
        _decimal(typed.get("target")),
        date.fromisoformat(typed["due_on"]) if "due_on" in typed else None,
    )
    found = problems_of(draft, days["ended_on"], days["today"])
    return {field: Problem(problem, {}) for field, problem in found.items()}


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _open(desk: Desk, request: Request, token: str) -> Page:
    link = desk.admit(request, token)
    row = desk.store.open_plan(link)
    if row is None:
        raise desk.unknown(request)
    locale = language(request, row)
    if row["state"] != "open":
        raise Turned(desk.say(request, "plan_ended", locale=locale, status=410))
    instrument = load_instrument(row["instrument_code"])
    return Page(token, link, row, instrument, questions_of(instrument, {}), locale)


def _render(
    page: Page, typed: Typed, *, problems: Mapping[str, Problem] | None = None, notice: str = "", status: int = 200
) -> HTMLResponse:
    text, subject = words(page.locale), page.row["subject"]
    shown = [
        pages.question_view(number, question, typed, (problems or {}).get(question.item.code), text)
        for number, question in enumerate(page.questions, start=1)
    ]
    notices = {"sent": text.say("plan_sent"), "stale": text.say("stale")}
    return pages.render(
        "plan.html.j2",
        page.locale,
        status=status,
        title=text.say("plan_title"),
        about=text.about(subject),
        state=text.say(f"plan_state_{page.row['plan_state']}"),
        lines=plan_lines(subject, text),
        check_in=text.say("plan_check_in_on", day=text.day(page.row["check_in_due_on"])),
        person=text.say("named_person", person=page.row["person_name"]),
        history=_history(page, text),
        others=page.row["others"],
        form_title=page.instrument.title(page.locale),
        intro=page.instrument.intro.text(page.locale) if page.instrument.intro else "",
        questions=shown,
        problems=[question for question in shown if question.problem],
        count=len(page.questions),
        notice=notices.get(notice, ""),
        form_token=links.sign_page(page.token, *page.facts),
    )


def plan_lines(subject: Mapping[str, Any], text: Words) -> Sequence[tuple[str, str]]:
    """Return what a plan says, as (label, text): for its own page and for the manager's."""
    measure = text.say(
        "plan_measure_line",
        metric=subject["metric"],
        baseline=_shown(subject.get("baseline"), text),
        target=_shown(subject["target"], text),
    )
    now = text.say("plan_now", current=_shown(subject["current"], text)) if "current" in subject else ""
    lines = [
        (text.say("plan_goal"), subject["goal"]),
        (text.say("plan_measure"), " · ".join(part for part in (measure, now) if part)),
        (text.say("plan_first_step"), subject["first_step"]),
        (text.say("plan_support"), subject.get("support_needed", "")),
        (text.say("plan_evidence"), subject.get("evidence", "")),
        ("", text.say("plan_due", day=text.day(date.fromisoformat(subject["due_on"])))),
    ]
    return [(label, line) for label, line in lines if line]


def _history(page: Page, text: Words) -> list[tuple[str, str]]:
    zone = zone_of(page.row["timezone"])
    return [
        (
            text.day(datetime.fromisoformat(word["said_at"]).astimezone(zone).date()),
            " · ".join(
                part
                for part in (
                    text.say(f"plan_state_{word['state']}"),
                    text.say("plan_now", current=_shown(word["value"], text)) if word["value"] is not None else "",
                    word["note"] or "",
                )
                if part
            ),
        )
        for word in page.row["history"]
    ]


def _shown(value: Any, text: Words) -> str:
    return text.say("plan_unknown_value") if value is None else plain_number(Decimal(str(value)))
