"""View models → HTML of a class day: the sign-in sheet, the incident form, an offered seat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import HTMLResponse

from trainloop.config import Locale
from trainloop.forms.answers import Question, Typed
from trainloop.forms.pages import question_view, render
from trainloop.forms.words import Words, words, zone_of
from trainloop.surveys.instrument import Instrument

STATUSES = ("present", "late", "early", "absent", "excused")


@dataclass(frozen=True, slots=True)
class Line:
    """One learner of a sheet with the status chosen so far."""

    employee_id: str
    name: str
    note: str
    status: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the class to choose."""

    number: int
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One reported incident."""

    incident_id: int
    title: str
    text: str
    standing: str
    is_open: bool


def sheet_page(
    row: Mapping[str, Any],
    days: Sequence[date],
    slot: int,
    statuses: Mapping[str, str],
    locale: Locale,
    *,
    today: date,
    link_path: str,
    form_token: str,
    notice: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Return the sheet of one day of a class."""
    text = words(locale)
    lines = [_line(learner, statuses, text) for learner in row["learners"]]
    return render(
        "sheet.html.j2",
        locale,
        status=status,
        title=text.say("sheet_title"),
        about=text.about(row["subject"]),
        venue=row["venue_code"] or "",
        person=text.say("named_person", person=row["holder_name"]) if row["holder_name"] else "",
        days=[_day(number, day, len(days), slot, text) for number, day in enumerate(days, start=1)],
        slot=slot,
        is_ahead=days[slot - 1] > today,
        lines=lines,
        choices=[(code, text.say(f"sheet_{code}")) for code in STATUSES],
        incidents=[_incident(incident, row, text) for incident in row["incidents"]],
        session_code=row["session_code"],
        link_path=link_path,
        notice=notice,
        form_token=form_token,
    )


def _line(learner: Mapping[str, Any], statuses: Mapping[str, str], text: Words) -> Line:
    on_leave = learner["is_on_leave"]
    note = text.say("sheet_on_leave") if on_leave else ""
    # Who took leave is excused unless somebody says that they came after all.
    return Line(learner["id"], learner["name"], note, statuses.get(learner["id"], "excused" if on_leave else ""))


def _day(number: int, day: date, count: int, slot: int, text: Words) -> Day:
    label = text.say("sheet_day_one" if count == 1 else "sheet_day", number=number, day=text.day(day))
    return Day(number, label, number == slot)


def _incident(incident: Mapping[str, Any], row: Mapping[str, Any], text: Words) -> IncidentLine:
    from trainloop.surveys.instrument import load_instrument

    items = {item.code: item for item in load_instrument("incident_report").items}
    labels = {
        (code, option.code): option.text(text.locale) for code in ("kind", "severity") for option in items[code].options
    }
    zone = ZoneInfo(row["class_timezone"])
    reported = datetime.fromisoformat(incident["reported_at"])
    at = text.moment(reported, zone)
    closed = incident["closed_at"]
    minutes = round((datetime.fromisoformat(closed) - reported).total_seconds() / 60) if closed else 0
    return IncidentLine(
        incident["id"],
        f"{labels['kind', incident['kind']]} · {labels['severity', incident['severity']]}",
        " — ".join(filter(None, (incident["description"], incident["action"]))),
        text.say("incident_closed_at", at=at, minutes=minutes) if closed else text.say("incident_open_since", at=at),
        not closed,
    )


def incident_page(
    row: Mapping[str, Any],
    instrument: Instrument,
    questions: Sequence[Question],
    typed: Typed,
    locale: Locale,
    *,
    learner: str,
    venue: str,
    is_closed: bool,
    problems: Mapping[str, str],
    link_path: str,
    form_token: str,
    notice: str,
    max_venue: int,
    status: int = 200,
) -> HTMLResponse:
    """Return the form of one incident; `problems` by field, in words."""
    text = words(locale)
    views = [
        replace(question_view(number, question, typed, None, text), problem=problems.get(question.field, ""))
        for number, question in enumerate(questions, start=1)
    ]
    return render(
        "incident.html.j2",
        locale,
        status=status,
        title=instrument.title(locale),
        about=text.about(row["subject"]),
        questions=views,
        learners=[(person["id"], person["name"]) for person in row["learners"]],
        learner=learner,
        venue=venue,
        is_closed=is_closed,
        problems=problems,
        labels={view.field: f"{view.number}. {view.text}" for view in views}
        | {"learner": text.say("incident_learner"), "venue": text.say("incident_venue")},
        max_venue=max_venue,
        link_path=link_path,
        notice=notice,
        form_token=form_token,
    )


def offer_page(
    row: Mapping[str, Any], locale: Locale, *, form_token: str, problem: str = "", status: int = 200
) -> HTMLResponse:
    """Return the page of an offered seat."""
    text = words(locale)
    return render(
        "offer.html.j2",
        locale,
        status=status,
        title=text.say("offer_title"),
        about=text.about(row["subject"]),
        when=text.say("offer_when", when=text.moment(row["starts_at"], ZoneInfo(row["class_timezone"]))),
        where=text.say("offer_where", venue=row["venue_code"]) if row["venue_code"] else "",
        until=text.say("offer_until", deadline=text.until(row["expires_at"], zone_of(row["timezone"]))),
        person=text.say("named_person", person=row["person_name"]),
        problem=problem,
        form_token=form_token,
    )
