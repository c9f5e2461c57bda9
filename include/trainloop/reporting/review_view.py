"""The Annual Training Review as it is printed: built from one published release and from nothing else (R39)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from trainloop.config import Locale, Site
from trainloop.domain.scorecard import LEVELS
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import Catalogue, catalogue
from trainloop.reporting.document import Audience, DataRow, Document, Tone, View
from trainloop.reporting.evidence import CheckedFile, Figures
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.quality import rows_of_files, verdict_on
from trainloop.reporting.view import Fact, FileRow
from trainloop.statistics.refusal import reason_text

# What is to be decided first.
ORDER = ("stop", "fix", "scale", "keep", "none")
TONES: Mapping[str, Tone] = {"stop": "bad", "fix": "caution", "scale": "good", "keep": "good", "none": "neutral"}
LEVEL_TONES: Mapping[str, Tone] = {"good": "good", "middle": "caution", "weak": "bad", "missing": "neutral"}
# What a review rests on: without a file of one, what it says about that is missing.
FEEDS = ("class_sessions", "courses", "attendance", "budgets", "session_costs", "kpi_facts")
# Figures about single trainers stay with HR.
HR_ONLY = frozenset({"trainer"})


class LevelView(View):
    text: str
    tone: Tone


class CourseRow(View):
    """One course: its five levels, what is suggested and why."""

    name: str
    classes: str
    levels: tuple[LevelView, ...]
    suggestion: str
    tone: Tone
    why: str


class Line(View):
    cells: tuple[str, ...]


class Sheet(View):
    """One table: its words are printed as they stand."""

    title: str
    lead: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    empty: str


class ReviewView(Document):
    """The review of one training year."""

    kind: ClassVar[str] = "training_review"
    template: ClassVar[str] = "training_review.html.j2"

    year: str
    name: str
    facts: tuple[Fact, ...]
    headline: str
    evidence: str
    decisions: tuple[str, ...]
    level_names: tuple[str, ...]
    courses: tuple[CourseRow, ...]
    sheets: tuple[Sheet, ...]
    quality_sentence: str
    quality_tone: Tone
    quality_notes: tuple[str, ...]
    files: tuple[FileRow, ...]
    notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"year": self.year}


@dataclass(frozen=True)
class Review:
    """One release as it was read: figures, names of what they are about, files behind them."""

    year: str
    revision_number: int
    released_at: datetime
    site_version: str
    figures: Figures
    names: Mapping[tuple[str, str], Mapping[str, Any]]
    files: tuple[CheckedFile, ...]


@dataclass(frozen=True)
class ReviewDesk:
    """One edition in the making."""

    review: Review
    words: Catalogue
    site: Site

    def name(self, kind: str, code: str) -> str:
        row = self.review.names.get((kind, code))
        text = self.words.either(row["name_zh"], row["name_en"]) if row else code
        return glyphs.mark_missing(text, self.words("words.symbol"))[0]

    def text(self, family: str, code: str, statistic: str, form: str = "{}") -> str:
        """Return a figure as printed, why it is hidden, or a dash where there is none."""
        figures = self.review.figures
        if not figures.has(family, code, statistic):
            return "–"
        row = figures.row(family, code, statistic)
        if row.reason:
            key = f"review.reason.{row.reason}"
            return self.words(key) if self.words.has(key) else reason_text(row.reason, self.words.locale)
        if row.text_value is not None:
            return row.text_value
        return "–" if row.value is None else form.format(self.words.number(row.value.normalize() + 0))

    def percent(self, family: str, code: str, statistic: str) -> str:
        return self.text(family, code, statistic, "{}" + self.words("format.percent_sign"))

    def codes(self, family: str) -> list[str]:
        return list(self.review.figures.codes(family))


def build_view(review: Review, site: Site, audience: Audience, locale: Locale) -> ReviewView:
    """Return the review in one language for one audience: HR's holds the trainers' table, nobody else's does."""
    words = catalogue(locale)
    desk = ReviewDesk(review, words, site)
    suggested = {code: desk.text("course", code, "suggestion") for code in desk.codes("course")}
    codes = sorted(suggested, key=lambda code: (ORDER.index(suggested[code]), code))
    counts = {name: list(suggested.values()).count(name) for name in ORDER}
    sentence, tone = verdict_on(review.files, words)
    no_feeds = _no_feeds(desk)
    return ReviewView(
        layout_sha256=layout_sha256(),
        locale=locale,
        audience=audience,
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(locale)),
        title=words("review.title"),
        audience_label=words(f"review.audience.{audience}"),
        released_at=review.released_at.astimezone(UTC).isoformat(timespec="seconds"),
        site_version=review.site_version,
        revision=words(
            "revision", number=review.revision_number, date=words.day(review.released_at, site.company.zone)
        ),
        data_rows=tuple(_data_rows(desk, audience)),
        year=review.year,
        name=words("review.name", year=review.year),
        facts=tuple(_facts(desk)),
        headline=words("review.headline", total=len(codes), **counts),
        evidence=words("review.evidence", next=int(review.year) + 1),
        decisions=tuple(_decisions(desk, codes, suggested)),
        level_names=tuple(words(f"review.level.{level}") for level in LEVELS),
        courses=tuple(_course(desk, code, suggested[code]) for code in codes),
        sheets=tuple(_sheets(desk, audience)),
        quality_sentence=sentence,
        quality_tone="caution" if tone == "good" and no_feeds else tone,
        quality_notes=(*no_feeds, words("review.note.sources")),
        files=rows_of_files(review.files, words, site.company.zone, with_names=audience == "hr"),
        notes=tuple(_notes(desk)),
    )


def _facts(desk: ReviewDesk) -> Iterator[Fact]:
    words = desk.words
    texts = {
        "classes": f"{desk.text('year', 'all', 'held_count')} / {desk.text('year', 'all', 'planned_count')}",
        "hours": f"{desk.text('year', 'all', 'held_hours')} / {desk.text('year', 'all', 'planned_hours')}",
        "people": desk.text("year", "all", "people_count"),
        "rate": desk.percent("year", "all", "rate_pct"),
    }
    for name, text in texts.items():
        yield Fact(label=words(f"review.fact.{name}"), text=text)


def _decisions(desk: ReviewDesk, codes: list[str], suggested: Mapping[str, str]) -> Iterator[str]:
    for name in ("stop", "fix", "scale"):
        chosen = [desk.name("course", code) for code in codes if suggested[code] == name]
        if chosen:
            yield desk.words(f"review.decide.{name}", courses=desk.words("format.list_separator").join(chosen))
    none = [desk.name("course", code) for code in codes if suggested[code] == "none"]
    if none:
        yield desk.words("review.decide.none", courses=desk.words("format.list_separator").join(none))


def _course(desk: ReviewDesk, code: str, suggestion: str) -> CourseRow:
    words = desk.words
    standings = {level: desk.text("course", code, f"{level}_standing") for level in LEVELS}
    figures: Mapping[str, str] = {
        "reaction": desk.text("course", code, "reaction_mean"),
        "learning": desk.text("course", code, "learning_gain"),
        "behaviour": desk.percent("course", code, "behaviour_pct"),
        "results": _results(desk, code),
        "returns": desk.percent("course", code, "returns_pct"),
    }
    levels = tuple(
        LevelView(
            text=words("review.missing") if figures[level] == "–" else figures[level],
            tone=LEVEL_TONES[standings[level]],
        )
        for level in LEVELS
    )
    missing = [words(f"review.level.{level}") for level in LEVELS if standings[level] == "missing"]
    number = int(desk.review.figures.value("course", code, "rule_number") or 0)
    why = words("review.no_rule")
    if number:
        rule = desk.site.review.rules[number - 1]
        why = words("format.list_separator").join(
            words(f"review.level.{level}") + " " + words(f"review.standing.{standings[level]}")
            for level in LEVELS
            if level in rule.when and standings[level] != "missing"
        )
    if missing:
        why += words("review.not_known", levels=words("format.list_separator").join(missing))
    return CourseRow(
        name=desk.name("course", code),
        classes=words(
            "review.classes_of",
            classes=desk.text("course", code, "class_count"),
            learners=desk.text("course", code, "learner_count"),
        ),
        levels=levels,
        suggestion=words(f"review.suggestion.{suggestion}"),
        tone=TONES[suggestion],
        why=why,
    )


def _results(desk: ReviewDesk, code: str) -> str:
    grade = desk.text("course", code, "results_grade")
    if grade == "–":
        return grade
    outcome = desk.text("course", code, "results_outcome") if grade in {"A", "B", "C"} else "none"
    return desk.words(f"review.outcome.{outcome}", grade=grade)


def _sheets(desk: ReviewDesk, audience: Audience) -> Iterator[Sheet]:
    yield _sheet(desk, "done", _done(desk))
    yield _sheet(desk, "needs", _needs(desk))
    yield _sheet(
        desk,
        "departments",
        (
            _cells(desk.name("department", code), desk.text("department", code, "people_count"))
            for code in desk.codes("department")
        ),
    )
    yield _sheet(
        desk, "levels", (_cells(code, desk.text("level", code, "people_count")) for code in desk.codes("level"))
    )
    yield _sheet(
        desk,
        "barriers",
        (
            _cells(desk.words(f"review.barrier.{code}"), desk.text("barrier", code, "named_count"))
            for code in desk.codes("barrier")
        ),
    )
    yield _sheet(
        desk,
        "promises",
        (
            _cells(
                desk.words(f"review.promise.{code}"),
                desk.text("promise", code, "asked_count"),
                desk.text("promise", code, "closed_count"),
            )
            for code in desk.codes("promise")
        ),
    )
    if audience == "hr":
        names = ("class_count", "hours", "answer_count", "mean", "verified_count")
        yield _sheet(
            desk,
            "trainers",
            (
                _cells(desk.name("trainer", code), *(desk.text("trainer", code, name) for name in names))
                for code in desk.codes("trainer")
            ),
        )


def _cells(*cells: str) -> Line:
    return Line(cells=cells)


def _sheet(desk: ReviewDesk, name: str, lines: Iterator[Line]) -> Sheet:
    words = desk.words
    return Sheet(
        title=words(f"review.sheet.{name}.title"),
        lead=words(f"review.sheet.{name}.lead"),
        columns=tuple(words(f"review.sheet.{name}.columns").split("|")),
        lines=tuple(lines),
        empty=words("review.empty"),
    )


def _done(desk: ReviewDesk) -> Iterator[Line]:
    for name in (
        "planned_count",
        "held_count",
        "cancelled_count",
        "ahead_count",
        "planned_hours",
        "held_hours",
        "people_count",
        "seat_count",
        "answer_count",
    ):
        yield _cells(desk.words(f"review.row.{name}"), desk.text("year", "all", name))
    for name in ("planned_amount", "committed_amount", "actual_amount"):
        row = desk.review.figures.has("budget", "all", name)
        amount = desk.review.figures.value("budget", "all", name) if row else None
        yield _cells(desk.words(f"review.row.{name}"), "–" if amount is None else desk.words.number(Decimal(amount), 0))
    yield _cells(desk.words("review.row.fund_pct"), _gauge(desk))


def _gauge(desk: ReviewDesk) -> str:
    row = desk.review.figures.row("budget", "all", "fund_pct")
    return desk.words(f"review.fund.{row.text_value}") if row.text_value else desk.percent("budget", "all", "fund_pct")


def _needs(desk: ReviewDesk) -> Iterator[Line]:
    for code in desk.codes("need"):
        yield _cells(
            desk.name("topic", code),
            desk.words(f"review.verdict.{desk.text('need', code, 'verdict')}"),
            desk.words(f"review.funding.{desk.text('need', code, 'funding')}"),
            desk.text("need", code, "class_count"),
        )


def _no_feeds(desk: ReviewDesk) -> tuple[str, ...]:
    words, found = desk.words, {file.dataset for file in desk.review.files}
    missing = [words(f"dataset.{dataset}") for dataset in FEEDS if dataset not in found]
    return (words("review.no_feed", feeds=words("format.list_separator").join(missing)),) if missing else ()


def _notes(desk: ReviewDesk) -> Iterator[str]:
    rules = desk.site.review
    facts = {
        "reaction": f"{rules.reaction.good:g} / {rules.reaction.weak:g}",
        "learning": f"{rules.learning.good:g} / {rules.learning.weak:g}",
        "behaviour": f"{rules.behaviour.good:g} / {rules.behaviour.weak:g}",
        "mean_min": desk.site.suppression.mean_min,
        "version": desk.review.site_version,
    }
    for name in ("levels", "grades", "rules", "small", "version"):
        yield desk.words(f"review.note.{name}", **facts)


def _data_rows(desk: ReviewDesk, audience: Audience) -> Iterator[DataRow]:
    kinds = {"course": "course", "need": "topic", "department": "department", "trainer": "trainer"}
    for row in desk.review.figures.rows:
        if audience != "hr" and row.family in HR_ONLY:
            continue
        yield DataRow(
            family=row.family,
            code=row.code,
            label=desk.name(kinds[row.family], row.code) if row.family in kinds else "",
            statistic=row.statistic,
            value=row.text_value or ("" if row.value is None else f"{row.value:f}"),
            respondent_count=row.respondent_count,
            is_hidden=row.is_hidden,
            reason=row.reason or "",
        )
