"""The 90-day Performance Report as it is printed: built from what is published and from nothing else (R37, R38)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import Any, ClassVar, cast

from trainloop.config import Locale, Site
from trainloop.domain.performance import Weakness
from trainloop.domain.performance_words import weakness_text
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import Catalogue, catalogue, opened
from trainloop.reporting.document import Audience, DataRow, Document, Tone, View
from trainloop.reporting.evidence import CheckedFile, ClassSession, Figures, Release
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.performance_figures import IndicatorDesk
from trainloop.reporting.performance_return import ReturnChapter, chapter
from trainloop.reporting.quality import rows_of_files, verdict_on
from trainloop.reporting.view import Course, Fact, FileRow

TONES: Mapping[str, Tone] = {"A": "good", "B": "good", "C": "caution", "D": "bad", "E": "bad"}


class Level(View):
    """One group: how many, its level before and after, its growth."""

    group: str
    people: str
    teams: str
    before: str
    after: str
    growth: str


class LeftOut(View):
    who: str
    reason: str
    count: str


class Raise(View):
    """What keeps the grade down, and what would raise it."""

    weakness: str
    remedy: str


class IndicatorChapter(View):
    """One indicator: its sentence and what stands behind it."""

    name: str
    verdict: str
    grade: str
    grade_label: str
    tone: Tone
    learners: str
    comparison: str
    difference: str
    lead: str
    course: Course | None
    no_course: str
    before: str
    after: str
    levels: tuple[Level, ...]
    checks: tuple[Fact, ...]
    left_out: tuple[LeftOut, ...]
    raises: tuple[Raise, ...]
    cautions: tuple[str, ...]


class PerformanceView(Document):
    """The report of one class session; `returns` is HR's."""

    kind: ClassVar[str] = "performance_90d"
    template: ClassVar[str] = "performance.html.j2"

    session_code: str
    name: str
    facts: tuple[Fact, ...]
    headline: str
    evidence: str
    indicators: tuple[IndicatorChapter, ...]
    returns: ReturnChapter | None
    quality_sentence: str
    quality_tone: Tone
    files: tuple[FileRow, ...]
    notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"session_code": self.session_code}


@dataclass(frozen=True)
class Performance:
    """What is published about one class after 90 days, the names around it, the files behind it."""

    release: Release
    session: ClassSession
    figures: Figures
    definitions: Mapping[str, Mapping[str, Any]]
    files: tuple[CheckedFile, ...]

    def kpi_codes(self) -> list[str]:
        """Return the indicators, the key one first."""
        codes = list(self.figures.codes("effect"))
        return sorted(codes, key=lambda code: (self.figures.row("effect", code, "is_key").text_value != "yes", code))


def build_view(found: Performance, site: Site, audience: Audience, locale: Locale) -> PerformanceView:
    """Return the report in one language for one audience."""
    words = catalogue(locale)
    desks = [IndicatorDesk(found.figures, code, found.definitions[code], words, site) for code in found.kpi_codes()]
    first = desks[0] if desks else None
    sentence, tone = verdict_on(found.files, words)
    return PerformanceView(
        layout_sha256=layout_sha256(),
        locale=locale,
        audience=audience,
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(locale)),
        title=words("performance.title"),
        audience_label=words(f"performance.audience.{audience}"),
        released_at=found.release.released_at.astimezone(UTC).isoformat(timespec="seconds"),
        site_version=found.release.site_version,
        revision=words(
            "revision",
            number=found.release.revision_number,
            date=words.day(found.release.released_at, site.company.zone),
        ),
        data_rows=tuple(_data_rows(found, words, audience)),
        session_code=found.session.session_code,
        name=glyphs.tidy(words.either(found.session.course_name_zh, found.session.course_name_en)),
        facts=tuple(_facts(found, words, len(desks))),
        headline=first.verdict() if first else words("performance.no_indicator"),
        evidence=_evidence(first, words) if first else "",
        indicators=tuple(_indicator(desk) for desk in desks),
        returns=chapter(first, found.figures) if first and audience == "hr" else None,
        quality_sentence=sentence,
        quality_tone=tone,
        files=rows_of_files(found.files, words, site.company.zone, with_names=audience == "hr"),
        notes=tuple(_notes(found, words, site)),
    )


def _evidence(desk: IndicatorDesk, words: Catalogue) -> str:
    return words("performance.evidence", grade=desk.grade, meaning=words(f"performance.meaning.{desk.grade}"))


def _facts(found: Performance, words: Catalogue, indicator_count: int) -> Iterator[Fact]:
    session = found.session
    texts = {
        "session": glyphs.tidy(session.session_code),
        "held_on": words.period(session.starts_at, session.ends_at, session.zone),
        "attended": words.number(found.figures.count("class", "class", "attended_count")),
        "indicators": words.number(indicator_count),
        "trainer": glyphs.mark_missing(glyphs.tidy(session.trainer_name), words("words.symbol"))[0],
    }
    for name, text in texts.items():
        yield Fact(label=words(f"performance.fact.{name}"), text=text)


def _indicator(desk: IndicatorDesk) -> IndicatorChapter:
    words = desk.words
    before, after = desk.window_names()
    course = desk.course()
    reason = "chart_selected" if desk.is_selected else "chart_too_few"
    return IndicatorChapter(
        name=desk.name,
        verdict=desk.verdict(),
        grade=desk.grade,
        grade_label=words("performance.grade", grade=desk.grade),
        tone=TONES[desk.grade],
        learners=desk.from_to("learners"),
        comparison=desk.from_to("comparison"),
        difference=desk.difference(),
        lead=desk.lead(),
        course=course,
        no_course="" if course else words("performance.chart_hidden", reason=words(f"performance.{reason}")),
        before=before,
        after=after,
        levels=tuple(
            Level(
                group=words(f"performance.arm.{arm}"),
                people=words.number(desk.count("arm", f"{arm}_count")),
                teams=words.number(desk.count("arm", f"{arm}_teams")),
                before=desk.level("arm", f"{arm}_pre"),
                after=desk.level("arm", f"{arm}_post"),
                growth=desk.percent("growth", f"{arm}_pct"),
            )
            for arm in ("learners", "comparison")
        ),
        checks=tuple(desk.checks()),
        left_out=tuple(_left_out(desk)),
        raises=tuple(_raises(desk)),
        cautions=tuple(_cautions(desk)),
    )


def _left_out(desk: IndicatorDesk) -> Iterator[LeftOut]:
    for row in desk.rows("excluded"):
        role, _, reason = row.statistic.partition(":")
        yield LeftOut(
            who=desk.words(f"performance.role.{role}"),
            reason=opened(desk.words(f"performance.reason.{reason}")),
            count=desk.words.number(row.value or Decimal(0)),
        )


def _raises(desk: IndicatorDesk) -> Iterator[Raise]:
    for row in sorted(desk.rows("weakness"), key=lambda one: int(one.statistic)):
        what, remedy = weakness_text(cast("Weakness", row.text_value), desk.words.locale)
        yield Raise(weakness=opened(what), remedy=opened(remedy))


def _cautions(desk: IndicatorDesk) -> Iterator[str]:
    if desk.is_selected:
        yield desk.words("performance.selected")
    if desk.figures.row("class", "class", "is_declared_late").text_value == "yes":
        yield desk.words("performance.declared_late")
    for row in sorted(desk.rows("caution"), key=lambda one: int(one.statistic)):
        # A study that found its effect was not too small to find it.
        if row.text_value == "low_power" and desk.outcome in {"improved", "worsened"}:
            continue
        yield opened(weakness_text(cast("Weakness", row.text_value), desk.words.locale)[0])


def _notes(found: Performance, words: Catalogue, site: Site) -> Iterator[str]:
    rules = site.impact
    facts = {
        "months": rules.window_months,
        "days": rules.window_days,
        "coverage": words.percent(Decimal(str(round(100 * rules.min_coverage)))),
        "teams": rules.min_teams,
        "mean_min": site.suppression.mean_min,
        "version": found.release.site_version,
    }
    for name in ("windows", "groups", "estimator", "privacy", "later", "version"):
        yield words(f"performance.note.{name}", **facts)


def _data_rows(found: Performance, words: Catalogue, audience: Audience) -> Iterator[DataRow]:
    for row in found.figures.rows:
        if audience != "hr" and row.family in {"return", "cost"}:
            continue
        definition = found.definitions.get(row.code)
        yield DataRow(
            family=row.family,
            code=row.code,
            label=glyphs.tidy(words.either(definition["name_zh"], definition["name_en"])) if definition else "",
            statistic=row.statistic,
            value=row.text_value or ("" if row.value is None else f"{row.value:f}"),
            respondent_count=row.respondent_count,
            is_hidden=row.is_hidden,
            reason=row.reason or "",
        )
