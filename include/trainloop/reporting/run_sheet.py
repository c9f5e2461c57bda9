"""The run sheet (R21): what a class manager holds in hand on the day, on two or three pages. It is nobody's report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from trainloop.config import Locale, get_site
from trainloop.domain.readiness import RESOURCES, sentence
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import Catalogue, catalogue
from trainloop.reporting.document import DataRow, Document, Tone, View
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.view import Fact

Row = Mapping[str, Any]


class CheckLine(View):
    """One thing to look at, ticked or open."""

    tone: Tone
    text: str


class PersonLine(View):
    """One learner: where they come from, where they sit, whether they prepared."""

    name: str
    department: str
    level: str
    group: str
    prework: str


class GroupLine(View):
    """One group and its people."""

    label: str
    people: str


class RunSheetView(Document):
    """The run sheet of one class session."""

    kind: ClassVar[str] = "run_sheet"
    template: ClassVar[str] = "run_sheet.html.j2"

    session_code: str
    name: str
    facts: tuple[Fact, ...]
    headline: str
    evidence: str
    timings: tuple[Fact, ...]
    contacts: tuple[Fact, ...]
    problems: tuple[CheckLine, ...]
    checks: tuple[CheckLine, ...]
    groups: tuple[GroupLine, ...]
    groups_note: str
    people: tuple[PersonLine, ...]
    notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"session_code": self.session_code}


@dataclass(frozen=True)
class Sheet:
    """What stands about one class in the warehouse; rows of `sql/statements/run_sheets.sql`."""

    session: Row
    learners: Sequence[Row]
    grouping: Row | None
    bookings: Sequence[Row]
    problems: Sequence[Row]
    made_at: datetime


def build_run_sheet(sheet: Sheet, locale: Locale, revision_number: int) -> RunSheetView:
    """Return the view in one language."""
    words, company, session = catalogue(locale), get_site().company, sheet.session
    zone = ZoneInfo(session["timezone"])
    course = glyphs.tidy(words.either(session["course_zh"], session["course_en"]))
    prepared = [row for row in sheet.learners if row["prework_count"]]
    finished = sum(row["left_count"] == 0 for row in prepared)
    return RunSheetView(
        layout_sha256=layout_sha256(),
        locale=locale,
        audience="class_manager",
        colour=company.colour,
        company=glyphs.tidy(company.name(locale)),
        title=words("run_sheet.title"),
        audience_label=words("run_sheet.audience"),
        released_at=sheet.made_at.astimezone(UTC).isoformat(timespec="seconds"),
        site_version=get_site().version,
        revision=words("revision", number=revision_number, date=words.day(sheet.made_at, company.zone)),
        session_code=session["session_code"],
        name=course,
        facts=(
            Fact(label=words("fact.session"), text=session["session_code"]),
            Fact(label=words("fact.date"), text=words.period(session["starts_at"], session["ends_at"], zone)),
            Fact(label=words("run_sheet.fact.time"), text=_hours(session, zone)),
            Fact(label=words("run_sheet.fact.place"), text=_place(session, words)),
            Fact(label=words("fact.trainer"), text=glyphs.tidy(session["trainer_name"])),
        ),
        headline=words("run_sheet.open", count=len(sheet.problems)) if sheet.problems else words("run_sheet.ready"),
        evidence=_expected(session, len(sheet.learners), words),
        timings=_timings(session, zone, words),
        contacts=_contacts(session, words),
        problems=tuple(CheckLine(tone="bad", text=_problem(row, words)) for row in sheet.problems),
        checks=tuple(_booking(row, words) for row in sheet.bookings),
        groups=_groups(sheet.learners, words),
        groups_note=_groups_note(sheet, words),
        people=tuple(_person(row, words) for row in sheet.learners),
        notes=tuple(words(f"run_sheet.notes.{name}") for name in ("sign_in", "incident", "privacy")),
        data_rows=(
            _count("confirmed", len(sheet.learners)),
            _count("prework_finished", finished),
            _count("prework_asked", len(prepared)),
            _count("problems", len(sheet.problems)),
            _count("groups", sheet.grouping["group_count"] if sheet.grouping else 0),
        ),
    )


def _hours(session: Row, zone: ZoneInfo) -> str:
    return "–".join(f"{session[name].astimezone(zone):%H:%M}" for name in ("starts_at", "ends_at"))


def _place(session: Row, words: Catalogue) -> str:
    if session["venue_code"]:
        return glyphs.tidy(session["venue_code"])
    return words("mode.online") if session["mode"] == "online" else words("run_sheet.place_open")


def _expected(session: Row, confirmed: int, words: Catalogue) -> str:
    seats = "" if session["capacity"] is None else words("run_sheet.seats", count=session["capacity"])
    if session["low_count"] is None:
        return words("run_sheet.confirmed", count=confirmed) + seats
    return words("run_sheet.expected", count=confirmed, low=session["low_count"], high=session["high_count"]) + seats


def _timings(session: Row, zone: ZoneInfo, words: Catalogue) -> tuple[Fact, ...]:
    starts, ends = session["starts_at"].astimezone(zone), session["ends_at"].astimezone(zone)
    moments = {
        "open": starts - timedelta(minutes=45),
        "sign_in": starts - timedelta(minutes=15),
        "begin": starts,
        "end": ends,
        "sign_out": ends + timedelta(minutes=15),
    }
    return tuple(
        Fact(label=f"{moment:%H:%M}", text=words(f"run_sheet.timing.{name}")) for name, moment in moments.items()
    )


def _contacts(session: Row, words: Catalogue) -> tuple[Fact, ...]:
    lines = [(words("run_sheet.contact.trainer"), session["trainer_name"], session["trainer_email"])]
    if session["manager_id"]:
        lines.append((words("run_sheet.contact.manager"), session["manager_name"], session["manager_email"]))
    lines += [
        (words("run_sheet.contact.incident"), contact.name, contact.email)
        for contact in get_site().contacts_of("hr").values()
    ]
    return tuple(Fact(label=label, text=glyphs.tidy(f"{name} · {email or '–'}")) for label, name, email in lines)


def _problem(row: Row, words: Catalogue) -> str:
    detail = {
        name: words.day(date.fromisoformat(value)) if name.endswith("_on") else value
        for name, value in row["detail"].items()
    }
    return glyphs.tidy(sentence(row["kind"], detail, words.locale))


def _booking(row: Row, words: Catalogue) -> CheckLine:
    item = "" if row["item_code"] == "-" else f" {row['item_code']}"
    state = "confirmed_booking" if row["is_confirmed"] else "not_confirmed"
    text = words(f"run_sheet.{state}", resource=RESOURCES[row["kind"]][words.locale] + item)
    return CheckLine(tone="good" if row["is_confirmed"] else "caution", text=glyphs.tidy(text[0].upper() + text[1:]))


def _groups(learners: Sequence[Row], words: Catalogue) -> tuple[GroupLine, ...]:
    groups: dict[int, list[str]] = {}
    for row in learners:
        if row["group_number"] is not None:
            groups.setdefault(row["group_number"], []).append(row["name"])
    return tuple(
        GroupLine(
            label=words("run_sheet.group", number=number),
            people=glyphs.tidy(words("format.list_separator").join(names)),
        )
        for number, names in sorted(groups.items())
    )


def _groups_note(sheet: Sheet, words: Catalogue) -> str:
    grouping = sheet.grouping
    if grouping is None or grouping["refusal"] == "nobody_confirmed":
        return words("run_sheet.nobody")
    if grouping["refusal"]:
        names = {row["employee_id"]: row["name"] for row in sheet.learners}
        pairs = [words("run_sheet.pair", manager=names.get(one, one), report=names.get(other, other))
                 for one, other in grouping["conflicts"]]  # fmt: skip
        return glyphs.tidy(words("run_sheet.not_apart", pairs=words("format.list_separator").join(pairs)))
    note = words("run_sheet.balance", departments=grouping["department_spread"], levels=grouping["level_spread"])
    if grouping["score_spread"] is not None:
        note += words("run_sheet.balance_score", score=words.number(grouping["score_spread"], 1))
    return note


def _person(row: Row, words: Catalogue) -> PersonLine:
    prework = "–"
    if row["prework_count"]:
        prework = words("run_sheet.done") if not row["left_count"] else words("run_sheet.left", count=row["left_count"])
    return PersonLine(
        name=glyphs.tidy(row["name"]),
        department=glyphs.tidy(words.either(row["department_zh"], row["department_en"]) or row["department_code"]),
        level=row["job_level"],
        group="–" if row["group_number"] is None else f"{row['group_number']}",
        prework=prework,
    )


def _count(code: str, value: int) -> DataRow:
    return DataRow(
        family="run_sheet", code=code, label="", statistic="count", value=f"{value}", respondent_count=None,
        is_hidden=False, reason="",
    )  # fmt: skip
