"""Private figures → the view of one person's 360 feedback: words, gaps, and where to begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from trainloop.config import Locale, Site
from trainloop.reporting import glyphs
from trainloop.reporting.assessment_view import AspectRow, AssessmentView, Comments, GroupColumn
from trainloop.reporting.catalogue import Catalogue, catalogue
from trainloop.reporting.document import DataRow
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.view import Fact, Figure, Point, Scale
from trainloop.statistics.refusal import reason_text
from trainloop.surveys.instrument import Instrument, Item

OTHERS, SELF, MERGED = "others", "self", "+"
_ORDER = (SELF, "manager", "peer", "report", "other")
_SCALE = Scale(low=1, high=5, ticks=(1, 2, 3, 4, 5))
# So many behaviours are named to practise and to keep: what a person can work on.
NAMED = 3
_NOTES = ("private", "groups", "agreement", "gap", "once", "cohort")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Feedback:
    """One private result as it stands in `confidential`: figures by (group, family, code, statistic)."""

    wave_code: str
    promoted_on: date
    computed_at: datetime
    site_version: str
    rater_count: int
    figures: Mapping[tuple[str, str, str, str], Row]
    comments: Mapping[str, Sequence[str]]

    def value(self, group: str, family: str, code: str, statistic: str = "mean") -> Decimal | None:
        row = self.figures.get((group, family, code, statistic))
        found: Decimal | None = None if row is None else row["value"]
        return found

    @property
    def groups(self) -> list[str]:
        """The groups that are shown, in the order of a table: self, manager, the others."""
        found = {group for group, family, _, _ in self.figures if family == "response"}
        return sorted(found, key=lambda group: _ORDER.index(group.partition(MERGED)[0]))


def build_view(feedback: Feedback, instrument: Instrument, site: Site, locale: Locale) -> AssessmentView:
    """Return the view in one language."""
    words = catalogue(locale)
    made_on = words.day(feedback.computed_at, site.company.zone)
    dimensions = [
        _row(feedback, words, "dimension", code, name.text(locale)) for code, name in instrument.dimensions.items()
    ]
    questions = [item for item in instrument.items if item.kind == "scale"]
    items = [_row(feedback, words, "item", item.code, item.text(locale)) for item in questions]
    has_items = any(row.others.is_shown for row in items)
    ranked = _ranked(feedback, questions)
    headline, evidence = _headline(feedback, words, instrument, locale)
    return AssessmentView(
        layout_sha256=layout_sha256(),
        locale=locale,
        audience="subject",
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(locale)),
        title=words("assessment.title"),
        audience_label=words("assessment.audience"),
        released_at=feedback.computed_at.astimezone(UTC).isoformat(timespec="seconds"),
        site_version=feedback.site_version,
        revision=words("assessment.revision", date=made_on),
        wave_code=feedback.wave_code,
        headline=headline,
        evidence=evidence,
        facts=_facts(feedback, words, site),
        columns=tuple(_column(feedback, words, group) for group in feedback.groups),
        scale=_SCALE,
        dimensions=tuple(dimensions),
        items=tuple(items),
        items_reason="" if has_items else words("assessment.items_reason"),
        practise=tuple(_point(feedback, words, instrument, item, locale) for item in ranked[:NAMED]),
        keep=tuple(_point(feedback, words, instrument, item, locale) for item in ranked[: -NAMED - 1 : -1]),
        comments=tuple(
            Comments(label=words(f"assessment.comment.{item}"), texts=tuple(map(glyphs.tidy, texts)))
            for item, texts in feedback.comments.items()
        ),
        comments_reason="" if feedback.comments else words(_no_comments(feedback, site)),
        quality_facts=_quality(feedback, words),
        notes=tuple(words(f"assessment.notes.{note}") for note in _NOTES),
        data_rows=_data_rows(feedback, words, instrument, locale),
    )


def _row(feedback: Feedback, words: Catalogue, family: str, code: str, label: str) -> AspectRow:
    own, others = (_figure(feedback, words, group, family, code) for group in (SELF, OTHERS))
    ends = [one.value for one in (own, others) if one.value is not None]
    gap = feedback.value(OTHERS, family, code, "gap")
    band = feedback.figures.get((OTHERS, "agreement", code, "band"), {}).get("text_value")
    return AspectRow(
        label=label,
        own=own,
        others=others,
        way=Figure(
            text=others.text,
            is_shown=others.is_shown,
            value=others.value,
            low=min(ends) if len(ends) == 2 else None,
            high=max(ends) if len(ends) == 2 else None,
        ),
        gap="–" if gap is None else words.number(gap, is_signed=True),
        groups=tuple(_figure(feedback, words, group, family, code) for group in feedback.groups)
        if family == "dimension"
        else (),
        agreement=words(f"assessment.band.{band}") if band else "–",
    )


def _figure(feedback: Feedback, words: Catalogue, group: str, family: str, code: str) -> Figure:
    row = feedback.figures.get((group, family, code, "mean"))
    if row is None or row["value"] is None:
        reason = reason_text(row["reason"] if row and row["reason"] else "no_answers", words.locale)
        return Figure(text=reason[0].upper() + reason[1:], is_shown=False)
    return Figure(text=words.number(row["value"]), is_shown=True, value=float(row["value"]))


def _ranked(feedback: Feedback, questions: Sequence[Item]) -> list[Item]:
    """Items by how others see them, lowest first; those the person overrates more come first among equals.

    Empty when too few items are shown to name any apart from the best ones.
    """
    known = [
        (value, -(feedback.value(OTHERS, "item", item.code, "gap") or Decimal(0)), position, item)
        for position, item in enumerate(questions)
        if (value := feedback.value(OTHERS, "item", item.code)) is not None
    ]
    return [item for *_, item in sorted(known, key=lambda line: line[:3])] if len(known) >= 2 * NAMED else []


def _point(feedback: Feedback, words: Catalogue, instrument: Instrument, item: Item, locale: Locale) -> Point:
    own = feedback.value(SELF, "item", item.code)
    others = feedback.value(OTHERS, "item", item.code)
    assert others is not None
    said = "" if own is None else words("assessment.practise.own", own=words.number(own))
    return Point(
        title=words("assessment.practise.title", item=item.text(locale)),
        detail=words(
            "assessment.practise.detail",
            dimension=instrument.dimensions[item.dimension or ""].text(locale),
            others=words.number(others),
            own=said,
        ),
    )


def _headline(feedback: Feedback, words: Catalogue, instrument: Instrument, locale: Locale) -> tuple[str, str]:
    shown = {code for code in instrument.dimensions if feedback.value(OTHERS, "dimension", code) is not None}
    if not shown:
        return words("assessment.headline.no_others"), words("assessment.evidence.none")
    gaps = {code: gap for code in shown if (gap := feedback.value(OTHERS, "dimension", code, "gap")) is not None}
    if not gaps:
        return words("assessment.headline.no_self"), ""
    code = max(sorted(gaps), key=lambda one: abs(gaps[one]))
    view = feedback.figures[OTHERS, "dimension", code, "view"]["text_value"]
    if view == "in_line":
        return words("assessment.headline.in_line"), words("assessment.evidence.in_line")
    row = feedback.figures[OTHERS, "dimension", code, "mean"]
    own = feedback.value(SELF, "dimension", code)
    assert own is not None
    evidence = words(
        "assessment.evidence.gap", own=words.number(own), others=words.number(row["value"]), n=row["rater_count"]
    )
    return words(f"assessment.headline.{view}", label=instrument.dimensions[code].text(locale)), evidence


def _counts(feedback: Feedback, groups: Sequence[str]) -> tuple[int, int]:
    asked, answered = (
        sum(int(feedback.value(group, "response", "raters", statistic) or 0) for group in groups)
        for statistic in ("invited_count", "answered_count")
    )
    return asked, answered


def _column(feedback: Feedback, words: Catalogue, group: str) -> GroupColumn:
    asked, answered = _counts(feedback, [group])
    return GroupColumn(
        label=words("assessment.joined").join(words(f"assessment.group.{part}") for part in group.split(MERGED)),
        counts=words("assessment.counts", answered=answered, invited=max(asked, answered)),
    )


def _facts(feedback: Feedback, words: Catalogue, site: Site) -> tuple[Fact, ...]:
    asked, answered = _counts(feedback, [group for group in feedback.groups if group != SELF])
    return (
        Fact(label=words("assessment.fact.promoted"), text=words.day(feedback.promoted_on, site.company.zone)),
        Fact(label=words("assessment.fact.asked"), text=words("assessment.people", count=max(asked, answered))),
        Fact(label=words("assessment.fact.answered"), text=words("assessment.people", count=answered)),
    )


def _no_comments(feedback: Feedback, site: Site) -> str:
    _, answered = _counts(feedback, [group for group in feedback.groups if group != SELF])
    is_shown = answered >= site.suppression.distribution_min
    return "assessment.comments_none" if is_shown else "assessment.comments_reason"


def _quality(feedback: Feedback, words: Catalogue) -> tuple[Fact, ...]:
    asked, answered = _counts(feedback, [group for group in feedback.groups if group != SELF])
    asked = max(asked, answered)
    rate = words.percent(round(Decimal(100 * answered) / asked, 1)) if asked else "–"
    return (
        Fact(label=words("assessment.quality.asked"), text=words.number(asked)),
        Fact(label=words("assessment.quality.answered"), text=words.number(answered)),
        Fact(label=words("assessment.quality.rate"), text=rate),
        Fact(label=words("assessment.quality.rules"), text=feedback.site_version),
    )


def _data_rows(feedback: Feedback, words: Catalogue, instrument: Instrument, locale: Locale) -> tuple[DataRow, ...]:
    names = {code: name.text(locale) for code, name in instrument.dimensions.items()}
    names |= {item.code: item.text(locale) for item in instrument.items}
    return tuple(
        DataRow(
            family=f"{group}:{family}",
            code=code,
            label=names.get(code, ""),
            statistic=statistic,
            value=f"{row['value']:f}" if row["value"] is not None else row["text_value"] or "",
            respondent_count=row["rater_count"],
            is_hidden=row["reason"] is not None,
            reason=reason_text(row["reason"], words.locale) if row["reason"] else "",
        )
        for (group, family, code, statistic), row in sorted(feedback.figures.items())
    )
