"""The view of the monthly results: what plans came to by department and course, and what was in the way (R34, R40)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import ClassVar

from trainloop.config import Locale, Site
from trainloop.domain.action_plan import PlanState
from trainloop.domain.plan_result import month_days
from trainloop.plans.published import COURSE, DEPARTMENT, MONTH_PRODUCT
from trainloop.plans.published import MONTH_UNIT as UNIT
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import Catalogue, catalogue
from trainloop.reporting.document import Document, Tone, View
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.plan_parts import PlanDesk, Results
from trainloop.reporting.quality import rows_of_files
from trainloop.reporting.view import Bars, Fact, Figure, FileRow, Point


class UnitRow(View):
    """One department or course."""

    name: str
    plans: str
    done: Figure
    verified: Figure
    cause: str


class MonthlyView(Document):
    """The results of one month."""

    kind: ClassVar[str] = MONTH_PRODUCT
    template: ClassVar[str] = "monthly_results.html.j2"

    month: str
    period: str
    name: str
    facts: tuple[Fact, ...]
    headline: str
    evidence: str
    tone: Tone
    done: Figure
    verified: Figure
    states: Bars
    causes: Bars
    decide: tuple[Point, ...]
    departments: tuple[UnitRow, ...]
    courses: tuple[UnitRow, ...]
    stories: tuple[str, ...]
    quality_sentence: str
    quality_tone: Tone
    files: tuple[FileRow, ...]
    quality_facts: tuple[Fact, ...]
    notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"month": self.month}


@dataclass(frozen=True)
class MonthResults:
    """The results of one month, and the names of departments and courses by unit."""

    month: str
    results: Results
    names: Mapping[str, tuple[str, str]]


def month_text(month: str, words: Catalogue) -> str:
    """Return a month (2026-02) as a reader says it."""
    return words.month(month_days(month)[0])


def build_view(found: MonthResults, site: Site, locale: Locale) -> MonthlyView:
    """Return the report in one language; it goes to HR, heads read their own figures in their mail."""
    words, results = catalogue(locale), found.results
    desk = PlanDesk(results, words, site)
    sentence, tone = desk.quality()
    labels = {unit: desk.name(words.either(*pair)) for unit, pair in found.names.items()}
    return MonthlyView(
        layout_sha256=layout_sha256(),
        locale=locale,
        audience="hr",
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(locale)),
        title=words("plans.monthly.title"),
        audience_label=words("plans.audience.hr"),
        month=found.month,
        period=month_text(found.month, words),
        name=words("plans.monthly.name", month=month_text(found.month, words)),
        released_at=results.released_at.astimezone(UTC).isoformat(timespec="seconds"),
        site_version=results.site_version,
        revision=words(
            "revision", number=results.revision_number, date=words.day(results.released_at, site.company.zone)
        ),
        facts=_facts(desk),
        headline=_headline(desk),
        evidence=_evidence(desk),
        tone=desk.tone(UNIT),
        done=desk.rate(UNIT, "done_pct"),
        verified=desk.rate(UNIT, "verified_pct"),
        states=desk.states(UNIT),
        causes=desk.causes(UNIT),
        decide=tuple(_decide(desk, labels)),
        departments=tuple(_units(desk, DEPARTMENT, labels)),
        courses=tuple(_units(desk, COURSE, labels)),
        stories=desk.stories(),
        quality_sentence=sentence,
        quality_tone=tone,
        files=rows_of_files(results.files, words, site.company.zone, with_names=True),
        quality_facts=desk.quality_facts(UNIT, UNIT),
        notes=(words("plans.note.month"), *desk.notes()),
        data_rows=tuple(desk.data_rows(labels)),
    )


def _facts(desk: PlanDesk) -> tuple[Fact, ...]:
    words = desk.words
    texts = {
        "classes": words.number(desk.count(UNIT, "class_count")),
        "plans": words.number(desk.plans(UNIT)),
        "released": words.day(desk.results.released_at, desk.site.company.zone),
    }
    return tuple(Fact(label=words(f"plans.fact.{name}"), text=text) for name, text in texts.items())


def _headline(desk: PlanDesk) -> str:
    words, done, verified = desk.words, desk.rate(UNIT, "done_pct"), desk.rate(UNIT, "verified_pct")
    if not done.is_shown:
        return words("plans.monthly.headline_hidden", plans=desk.plans(UNIT))
    return words("plans.monthly.headline", done=done.text, verified=verified.text)


def _evidence(desk: PlanDesk) -> str:
    words = desk.words
    names = ("class", "asked", "plan", "checked_in")
    return words("plans.monthly.evidence", **{name: words.number(desk.count(UNIT, f"{name}_count")) for name in names})


def _decide(desk: PlanDesk, labels: Mapping[str, str]) -> Iterator[Point]:
    words = desk.words
    cause = desk.leading(UNIT)
    if cause is not None:
        yield Point(
            title=words(f"plans.decide.cause_{cause}"),
            detail=words("plans.decide.cause_detail", share=desk.share_text(UNIT, cause)),
            advice=words(f"plans.advice.{cause}"),
        )
    rates = [(desk.rate(unit, "done_pct").value, unit) for unit in desk.figures.codes("plan") if ":" in unit]
    weak = [
        labels.get(unit, unit)
        for value, unit in sorted((value, unit) for value, unit in rates if value is not None)
        if value < desk.site.plan_results.weak_pct
    ]
    if weak:
        names = words("format.list_separator").join(words("format.quoted", text=name) for name in weak[:3])
        yield Point(title=words("plans.decide.weak", names=names), detail="", advice=words("plans.advice.weak"))
    waiting = desk.state_count(UNIT, PlanState.DONE)
    if waiting:
        title = words("plans.decide.confirm", count=words.number(waiting))
        yield Point(title=title, detail="", advice=words("plans.advice.confirm"))


def _units(desk: PlanDesk, kind: str, labels: Mapping[str, str]) -> Iterator[UnitRow]:
    """Yield the departments or courses, those with figures first, the weakest first among them."""
    rows = []
    for unit in desk.figures.codes("plan"):
        if not unit.startswith(kind):
            continue
        cause = desk.leading(unit)
        said = "" if cause is None else f"{desk.words(f'plans.cause.{cause}')} {desk.share_text(unit, cause)}"
        rows.append(
            UnitRow(
                name=labels.get(unit, desk.words("plans.monthly.unknown")),
                plans=desk.words.number(desk.plans(unit)),
                done=desk.rate(unit, "done_pct"),
                verified=desk.rate(unit, "verified_pct"),
                cause=said or "–",
            )
        )
    yield from sorted(rows, key=lambda row: (not row.done.is_shown, row.done.value or 0, row.name))
