"""The view of one class day: counts first, then the people who were not simply there, then what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from trainloop.config import Locale, Site
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import Catalogue, catalogue
from trainloop.reporting.document import Audience, DataRow, Document, Tone, View
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.view import Fact

ATTENDED = ("present", "late", "early")
STATUSES = (*ATTENDED, "absent", "excused", "unknown")


class PersonRow(View):
    """One learner who was not simply there."""

    name: str
    status: str
    tone: Tone


class IncidentRow(View):
    """One incident of the day."""

    at: str
    kind: str
    text: str
    closed: str
    tone: Tone


class ClassLogView(Document):
    """The log of one class day."""

    kind: ClassVar[str] = "class_log"
    template: ClassVar[str] = "class_log.html.j2"

    session_code: str
    name: str
    facts: tuple[Fact, ...]
    headline: str
    evidence: str
    tone: Tone
    counts: tuple[Fact, ...]
    people: tuple[PersonRow, ...]
    people_sentence: str
    incidents: tuple[IncidentRow, ...]
    platform: tuple[Fact, ...]
    uses: tuple[Fact, ...]
    notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"session_code": self.session_code}


def build_view(row: Mapping[str, Any], site: Site, audience: Audience, locale: Locale) -> ClassLogView:
    """Return the log of one row of `ops.class_days_to_log`."""
    words = catalogue(locale)
    zone = ZoneInfo(row["timezone"])
    counts = dict.fromkeys(STATUSES, 0)
    for learner in row["learners"]:
        counts[learner["status"] or "unknown"] += 1
    attended, total = sum(counts[status] for status in ATTENDED), len(row["learners"])
    rate = words.percent(_round(Decimal(100 * attended) / total)) if total else "–"
    hours = _round(attended * row["course_hours"] / row["day_count"])
    people = tuple(_people(row, words))
    is_open = any(incident["closed_at"] is None for incident in row["incidents"])
    course = glyphs.tidy(words.either(row["course_zh"], row["course_en"]))
    incident_key = "class_log.incidents_open" if is_open else "class_log.incidents_count"
    nobody_key = "class_log.everybody" if row["has_attendance"] else "class_log.no_sheet"
    headline = words("class_log.headline", attended=attended, total=total, rate=rate)
    return ClassLogView(
        layout_sha256=layout_sha256(),
        locale=locale,
        audience=audience,
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(locale)),
        title=words("class_log.title"),
        audience_label=words(f"class_log.audience_{audience}"),
        # What the day was, not when it was drawn: the same day drawn again is the same file.
        released_at=row["ends_at"].astimezone(UTC).isoformat(timespec="seconds"),
        site_version=site.version,
        revision=words.day(row["held_on"]),
        data_rows=tuple(
            DataRow(
                family="attendance",
                code=f"day_{row['day_number']}",
                label=words(f"class_log.status.{status}"),
                statistic="count",
                value=str(count),
                respondent_count=None,
                is_hidden=False,
                reason="",
            )
            for status, count in counts.items()
        ),
        session_code=row["session_code"],
        name=course,
        facts=tuple(_facts(row, words, zone)),
        headline=headline if row["has_attendance"] else words("class_log.headline_none"),
        evidence=words(incident_key, count=len(row["incidents"])),
        tone="caution" if is_open or not row["has_attendance"] else "good",
        counts=(
            *(Fact(label=words(f"class_log.status.{one}"), text=words.number(counts[one])) for one in STATUSES),
            Fact(label=words("class_log.hours"), text=words.number(hours)),
        ),
        people=people,
        people_sentence="" if people else words(nobody_key),
        incidents=tuple(_incidents(row, words, zone)),
        platform=tuple(
            Fact(label=glyphs.tidy(one["check"]), text=words(f"class_log.check_{'ok' if one['is_ok'] else 'failed'}"))
            for one in row["checks"]
        ),
        uses=tuple(
            Fact(label=words(f"class_log.use.{kind}"), text=words.number(int(row["uses"][kind])))
            for kind in ("turn", "quiz", "poll", "chat", "breakout")
            if kind in row["uses"]
        ),
        notes=(words("class_log.note_readers"), words("class_log.note_rate"), words("class_log.note_later")),
    )


def _round(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.1"))


def _facts(row: Mapping[str, Any], words: Catalogue, zone: ZoneInfo) -> Iterator[Fact]:
    venue = glyphs.tidy(row["venue_code"]) if row["venue_code"] else "–"
    texts = {
        "session": glyphs.tidy(row["session_code"]),
        "date": words.period(row["starts_at"], row["ends_at"], zone),
        "day": words("class_log.day_of", number=row["day_number"], count=row["day_count"]),
        "venue": venue,
        "trainer": glyphs.tidy(row["trainer_name"]),
        "manager": glyphs.tidy(row["manager_name"]) if row["manager_name"] else words("class_log.no_manager"),
    }
    for name, text in texts.items():
        yield Fact(label=words(f"class_log.fact.{name}"), text=text)


def _people(row: Mapping[str, Any], words: Catalogue) -> Iterator[PersonRow]:
    if not row["has_attendance"]:
        return
    tones: Mapping[str, Tone] = {"absent": "bad", "late": "caution", "early": "caution"}
    for status in ("absent", "excused", "late", "early", "unknown"):
        for learner in row["learners"]:
            if (learner["status"] or "unknown") == status:
                name = glyphs.mark_missing(glyphs.tidy(learner["name"]), words("words.symbol"))[0]
                yield PersonRow(
                    name=name, status=words(f"class_log.status.{status}"), tone=tones.get(status, "neutral")
                )


def _incidents(row: Mapping[str, Any], words: Catalogue, zone: ZoneInfo) -> Iterator[IncidentRow]:
    for one in row["incidents"]:
        reported = datetime.fromisoformat(one["reported_at"])
        closed = words("class_log.open")
        if one["closed_at"] is not None:
            spent = datetime.fromisoformat(one["closed_at"]) - reported
            closed = words("class_log.closed_after", minutes=round(spent.total_seconds() / 60))
        text = " — ".join(filter(None, (one["person"], one["text"])))
        yield IncidentRow(
            at=words.moment(reported, zone),
            kind=words(f"class_log.kind.{one['kind']}") + " · " + words(f"class_log.severity.{one['severity']}"),
            text=glyphs.mark_missing(glyphs.tidy(text), words("words.symbol"))[0] or "–",
            closed=closed,
            tone="good" if one["closed_at"] else "caution",
        )
