"""The Annual Training Review as it is printed: built from one published release and from nothing else (R39)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import ClassVar

from trainloop.config import Locale, Site
from trainloop.domain.plan_result import NO_CAUSE
from trainloop.domain.scorecard import LEVELS
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.document import Audience, Document, Tone, View
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.quality import rows_of_files
from trainloop.reporting.review_desk import OF_DEPARTMENTS, ORDER, TONES, Line, Review, ReviewDesk, Sheet, cells
from trainloop.reporting.view import Fact, FileRow

LEVEL_TONES: Mapping[str, Tone] = {"good": "good", "middle": "caution", "weak": "bad", "missing": "neutral"}
# Figures about single trainers stay with HR, those of one department with HR and its head.
HR_ONLY = frozenset({"trainer", *OF_DEPARTMENTS})


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


def build_view(review: Review, site: Site, audience: Audience, locale: Locale) -> ReviewView:
    """Return the review in one language for one audience: HR's holds the trainers' table, nobody else's does."""
    words = catalogue(locale)
    desk = ReviewDesk(review, words, site)
    suggested = {code: desk.text("course", code, "suggestion") for code in desk.codes("course")}
    codes = sorted(suggested, key=lambda code: (ORDER.index(suggested[code]), code))
    counts = {name: list(suggested.values()).count(name) for name in ORDER}
    sentence, tone, quality_notes = desk.quality()
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
        data_rows=tuple(
            desk.data_row(row) for row in review.figures.rows if audience == "hr" or row.family not in HR_ONLY
        ),
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
        quality_tone=tone,
        quality_notes=quality_notes,
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
        "reaction": desk.decimal("course", code, "reaction_mean", 1),
        "learning": desk.decimal("course", code, "learning_gain", 2),
        "behaviour": _behaviour(desk, code),
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
    number = int(desk.release.figures.value("course", code, "rule_number") or 0)
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


def _behaviour(desk: ReviewDesk, code: str) -> str:
    """Return the share of plans that were done; where a course has none, how often learners use it (1 to 5)."""
    if desk.release.figures.has("course", code, "behaviour_mean"):
        return desk.words("review.used", mean=desk.decimal("course", code, "behaviour_mean", 1))
    return desk.percent("course", code, "behaviour_pct")


def _results(desk: ReviewDesk, code: str) -> str:
    grade = desk.text("course", code, "results_grade")
    if grade == "–":
        return grade
    outcome = desk.text("course", code, "results_outcome") if grade in {"A", "B", "C"} else "none"
    return desk.words(f"review.outcome.{outcome}", grade=grade)


def _sheets(desk: ReviewDesk, audience: Audience) -> Iterator[Sheet]:
    yield desk.sheet("done", _done(desk), currency=desk.site.needs.currency)
    yield desk.sheet("needs", map(desk.need, desk.codes("need")))
    yield desk.sheet(
        "departments",
        (
            cells(desk.name("department", code), desk.text("department", code, "people_count"))
            for code in desk.codes("department")
        ),
    )
    yield desk.sheet("levels", (cells(code, desk.text("level", code, "people_count")) for code in desk.codes("level")))
    yield desk.sheet(
        "barriers",
        (
            cells(desk.words(f"review.barrier.{code}"), desk.text("barrier", code, "named_count"))
            for code in sorted(desk.codes("barrier"), key=lambda one: _by_weight(desk, one))
        ),
    )
    yield desk.sheet(
        "promises",
        (
            cells(
                desk.words(f"review.promise.{code}"),
                desk.text("promise", code, "asked_count"),
                desk.text("promise", code, "closed_count"),
            )
            for code in desk.codes("promise")
        ),
    )
    if audience == "hr":
        names = ("class_count", "hours", "answer_count")
        yield desk.sheet(
            "trainers",
            (
                cells(
                    desk.name("trainer", code),
                    *(desk.text("trainer", code, name) for name in names),
                    desk.decimal("trainer", code, "mean", 1),
                    desk.text("trainer", code, "verified_count"),
                )
                for code in desk.codes("trainer")
            ),
        )


def _by_weight(desk: ReviewDesk, blocker: str) -> tuple[bool, float]:
    """What most people named comes first, those whom nothing hindered last."""
    return blocker == NO_CAUSE, -float(desk.release.figures.value("barrier", blocker, "named_count") or 0)


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
        yield cells(desk.words(f"review.row.{name}"), desk.text("year", "all", name))
    for name in ("planned_amount", "committed_amount", "actual_amount"):
        yield cells(desk.words(f"review.row.{name}"), desk.amount("budget", "all", name))
    yield cells(desk.words("review.row.fund_pct"), _gauge(desk))


def _gauge(desk: ReviewDesk) -> str:
    row = desk.release.figures.row("budget", "all", "fund_pct")
    return desk.words(f"review.fund.{row.text_value}") if row.text_value else desk.percent("budget", "all", "fund_pct")


def _notes(desk: ReviewDesk) -> Iterator[str]:
    rules = desk.site.review
    facts = {
        "reaction": f"{rules.reaction.good:g} / {rules.reaction.weak:g}",
        "learning": f"{rules.learning.good:g} / {rules.learning.weak:g}",
        "behaviour": f"{rules.behaviour.good:g} / {rules.behaviour.weak:g}",
        "follow_up": f"{rules.follow_up.good:g} / {rules.follow_up.weak:g}",
        "mean_min": desk.site.suppression.mean_min,
        "version": desk.release.site_version,
    }
    for name in ("levels", "grades", "rules", "small", "version"):
        yield desk.words(f"review.note.{name}", **facts)
