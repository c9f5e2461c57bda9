"""The view of the 30-day Action Plan Report of one class: how many plans stand where, and what was in the way (R32)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import ClassVar

from trainloop.config import Locale, Site
from trainloop.domain.action_plan import PlanState
from trainloop.domain.plan_result import CAUSES, NO_CAUSE
from trainloop.plans.published import CLASS_PRODUCT
from trainloop.plans.published import CLASS_UNIT as UNIT
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.document import Audience, Document, Tone
from trainloop.reporting.evidence import ClassSession
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.plan_parts import PlanDesk, Results
from trainloop.reporting.quality import rows_of_files
from trainloop.reporting.view import Bars, Fact, Figure, FileRow, Point

_SHOWN_ON_PAGE_1 = 3


class PlanReportView(Document):
    """The plans of one class session, 30 days after it."""

    kind: ClassVar[str] = CLASS_PRODUCT
    template: ClassVar[str] = "action_plans.html.j2"

    course_name: str
    session_code: str
    facts: tuple[Fact, ...]
    headline: str
    evidence: str
    tone: Tone
    done: Figure
    verified: Figure
    states: Bars
    causes: Bars
    causes_lead: str
    decide: tuple[Point, ...]
    stories: tuple[str, ...]
    stories_reason: str
    quality_sentence: str
    quality_tone: Tone
    files: tuple[FileRow, ...]
    quality_facts: tuple[Fact, ...]
    notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"session_code": self.session_code}


@dataclass(frozen=True)
class ClassResults:
    """The results of one class, and the class."""

    session: ClassSession
    results: Results


def build_view(found: ClassResults, site: Site, audience: Audience, locale: Locale) -> PlanReportView:
    """Return one edition. A trainer reads of the obstacles that a course can change; the others are the business's."""
    words, session, results = catalogue(locale), found.session, found.results
    desk = PlanDesk(results, words, site)
    trainer_causes = site.plan_results.trainer_causes
    told = trainer_causes if audience == "trainer" else (NO_CAUSE, *CAUSES)
    sentence, tone = desk.quality()
    stories = desk.stories()
    return PlanReportView(
        layout_sha256=layout_sha256(),
        locale=locale,
        audience=audience,
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(locale)),
        title=words("plans.title"),
        audience_label=words(f"plans.audience.{audience}"),
        course_name=glyphs.tidy(words.either(session.course_name_zh, session.course_name_en)),
        session_code=session.session_code,
        released_at=results.released_at.astimezone(UTC).isoformat(timespec="seconds"),
        site_version=results.site_version,
        revision=words(
            "revision", number=results.revision_number, date=words.day(results.released_at, site.company.zone)
        ),
        facts=_facts(desk, session),
        headline=_headline(desk),
        evidence=_evidence(desk),
        tone=desk.tone(UNIT),
        done=desk.rate(UNIT, "done_pct"),
        verified=desk.rate(UNIT, "verified_pct"),
        states=desk.states(UNIT),
        causes=desk.causes(UNIT, told),
        causes_lead=words(f"plans.causes_lead.{audience}"),
        decide=tuple(_decide(desk, audience))[:_SHOWN_ON_PAGE_1] or (_nothing(desk),),
        stories=stories,
        stories_reason="" if stories else _no_stories(desk),
        quality_sentence=sentence,
        quality_tone=tone,
        files=rows_of_files(results.files, words, site.company.zone, with_names=audience == "hr"),
        quality_facts=desk.quality_facts(UNIT, UNIT),
        notes=desk.notes(),
        data_rows=tuple(desk.data_rows({}, frozenset((NO_CAUSE, *CAUSES)) - frozenset(told))),
    )


def _facts(desk: PlanDesk, session: ClassSession) -> tuple[Fact, ...]:
    words = desk.words
    texts = {
        "session": glyphs.tidy(session.session_code),
        "trainer": glyphs.tidy(session.trainer_name),
        "date": words.period(session.starts_at, session.ends_at, session.zone),
        "released": words.day(desk.results.released_at, desk.site.company.zone),
    }
    return tuple(Fact(label=words(f"fact.{name}"), text=text) for name, text in texts.items())


def _headline(desk: PlanDesk) -> str:
    words, done, verified = desk.words, desk.rate(UNIT, "done_pct"), desk.rate(UNIT, "verified_pct")
    if not desk.count(UNIT, "plan_count"):
        return words("plans.headline.none", asked=desk.count(UNIT, "asked_count"))
    if not done.is_shown:
        return words("plans.headline.too_few", plans=desk.plans(UNIT), minimum=desk.site.suppression.mean_min)
    return words(f"plans.headline.{desk.tone(UNIT)}", done=done.text, verified=verified.text)


def _evidence(desk: PlanDesk) -> str:
    words = desk.words
    return words(
        "plans.evidence",
        asked=words.number(desk.count(UNIT, "asked_count")),
        plans=words.number(desk.count(UNIT, "plan_count")),
        checked_in=words.number(desk.count(UNIT, "checked_in_count")),
    )


def _decide(desk: PlanDesk, audience: Audience) -> Iterator[Point]:
    """Yield what to agree on, the most pressing first: an obstacle, plans that wait for a word, people without one."""
    words = desk.words
    mine = desk.site.plan_results.trainer_causes if audience == "trainer" else CAUSES
    cause = desk.leading(UNIT, mine)
    if cause is not None:
        yield Point(
            title=words(f"plans.decide.cause_{cause}"),
            detail=words("plans.decide.cause_detail", share=desk.share_text(UNIT, cause)),
            advice=words(f"plans.advice.{cause}"),
        )
    waiting = desk.state_count(UNIT, PlanState.DONE)
    if waiting and audience != "trainer":
        yield _point(desk, "confirm", waiting)
    stuck = sum(desk.state_count(UNIT, state) or 0 for state in (PlanState.AT_RISK, PlanState.LATE))
    if stuck:
        yield _point(desk, "stuck", stuck)
    without = desk.count(UNIT, "asked_count") - desk.count(UNIT, "plan_count")
    if without > 0:
        yield _point(desk, "no_plan", without)


def _point(desk: PlanDesk, name: str, count: int) -> Point:
    title = desk.words(f"plans.decide.{name}", count=desk.words.number(count))
    return Point(title=title, detail="", advice=desk.words(f"plans.advice.{name}"))


def _nothing(desk: PlanDesk) -> Point:
    name = "nothing" if desk.states(UNIT).shares else "few"
    return Point(title=desk.words(f"plans.decide.{name}"), detail="", advice=desk.words(f"plans.advice.{name}"))


def _no_stories(desk: PlanDesk) -> str:
    minimum = desk.site.suppression.distribution_min
    name = "none" if desk.plans(UNIT) >= minimum else "too_few"
    return desk.words(f"plans.stories.{name}", minimum=minimum)
