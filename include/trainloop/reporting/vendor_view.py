"""The vendors' scorecard for HR: who may be chosen, on what evidence, and whom each need could be given to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import ClassVar

from trainloop.config import Locale, Site
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.desk import Desk, Released
from trainloop.reporting.document import DataRow, Document, Tone, View
from trainloop.reporting.evidence import Figures
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.quality import rows_of_files, verdict_on
from trainloop.reporting.view import Fact, FileRow
from trainloop.statistics.refusal import reason_text

TONES: Mapping[str, Tone] = {"may_be_chosen": "good", "no_licence": "bad", "not_scored": "caution"}
# Below this two raters' marks say more about the raters than about the vendor (Koo & Li 2016: poor below 0.5).
POOR_AGREEMENT = Decimal("0.5")


class VendorRow(View):
    """One vendor: `criteria` in the order of the columns."""

    name: str
    kind: str
    score: str
    percent: float
    raters: str
    criteria: tuple[str, ...]
    licence: str
    history: str
    verdict: str
    tone: Tone


class MatchRow(View):
    """One topic with the vendors it could be given to, best first."""

    topic: str
    need_type: str
    choices: str


class VendorView(Document):
    """The scorecard of one quarter."""

    kind: ClassVar[str] = "vendor_scores"
    template: ClassVar[str] = "vendor_scores.html.j2"

    quarter: str
    period: str
    name: str
    facts: tuple[Fact, ...]
    headline: str
    evidence: str
    criteria: tuple[str, ...]
    vendors: tuple[VendorRow, ...]
    matches: tuple[MatchRow, ...]
    classes: tuple[str, ...]
    quality_sentence: str
    quality_tone: Tone
    files: tuple[FileRow, ...]
    notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"quarter": self.quarter}


@dataclass(frozen=True)
class Scoring(Released):
    """The scores of one quarter, with names of vendors, courses and classes."""

    quarter: str


class _Desk(Desk):
    def value(self, code: str, statistic: str) -> Decimal | None:
        figures = self.release.figures
        return figures.value("vendor", code, statistic) if figures.has("vendor", code, statistic) else None

    def text(self, code: str, statistic: str) -> str:
        """Return a vendor's figure as printed, or a dash."""
        figures = self.release.figures
        if not figures.has("vendor", code, statistic):
            return "–"
        row = figures.row("vendor", code, statistic)
        if row.text_value is not None:
            return row.text_value
        return "–" if row.value is None else self.words.number(row.value)

    def refusal(self, code: str) -> str:
        """Return why a vendor has no score, as the rest of a line; empty when it has one."""
        reason = self.release.figures.row("vendor", code, "score").reason
        return f" · {reason_text(reason, self.words.locale)}" if reason else ""


def build_view(scoring: Scoring, site: Site, locale: Locale) -> VendorView:
    """Return the scorecard in one language."""
    words = catalogue(locale)
    desk = _Desk(scoring, words, site)
    criteria = list(site.resources.vendor_criteria)
    criteria += sorted(_other_criteria(scoring.figures) - set(criteria))
    rows = sorted(
        (_vendor(desk, code, criteria) for code in scoring.figures.codes("vendor")),
        key=lambda row: (("good", "caution", "bad").index(row.tone), -row.percent, row.name),
    )
    choosable = [row for row in rows if row.tone == "good"]
    headline = (
        words(
            "vendors.headline", count=len(choosable), total=len(rows), best=choosable[0].name, score=choosable[0].score
        )
        if choosable
        else words("vendors.headline_none", total=len(rows))
    )
    sentence, tone = verdict_on(desk.release.files, desk.words)
    period = words("vendors.period", year=scoring.quarter[:4], number=scoring.quarter[-1])
    return VendorView(
        layout_sha256=layout_sha256(),
        locale=locale,
        audience="hr",
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(locale)),
        title=words("vendors.title"),
        audience_label=words("vendors.audience"),
        released_at=scoring.released_at.astimezone(UTC).isoformat(timespec="seconds"),
        site_version=scoring.site_version,
        revision=words(
            "revision", number=scoring.revision_number, date=words.day(scoring.released_at, site.company.zone)
        ),
        data_rows=tuple(_data_rows(desk)),
        quarter=scoring.quarter,
        period=period,
        name=words("vendors.name", period=period),
        facts=_facts(desk, len(rows), len(choosable)),
        headline=headline,
        evidence=_agreement(desk),
        criteria=tuple(_criterion(desk, code) for code in criteria),
        vendors=tuple(rows),
        matches=tuple(_matches(desk)),
        classes=tuple(_classes(desk)),
        quality_sentence=sentence,
        quality_tone=tone,
        files=rows_of_files(scoring.files, words, site.company.zone, with_names=True),
        notes=_notes(desk),
    )


def _other_criteria(figures: Figures) -> set[str]:
    return {row.statistic.partition(":")[2] for row in figures.rows if row.statistic.startswith("criterion:")}


def _criterion(desk: _Desk, code: str) -> str:
    known = desk.site.resources.vendor_criteria.get(code)
    return known.text(desk.words.locale) if known else glyphs.mark_missing(code, desk.words("words.symbol"))[0]


def _vendor(desk: _Desk, code: str, criteria: Sequence[str]) -> VendorRow:
    words = desk.words
    verdict = desk.text(code, "verdict")
    known = desk.release.names.get(("vendor", code), {})
    licence = words(f"vendors.licence.{desk.text(code, 'licence')}")
    if known.get("on_day") is not None:
        licence = words("vendors.licence_until", licence=licence, date=words.day(known["on_day"]))
    shrunk = desk.value(code, "history_shrunk")
    history = (
        words("vendors.no_history")
        if shrunk is None
        else words(
            "vendors.history",
            shrunk=words.number(shrunk),
            mean=desk.text(code, "history_mean"),
            n=desk.text(code, "history_n"),
        )
    )
    return VendorRow(
        name=desk.name("vendor", code),
        kind=words(f"vendors.kind.{known.get('detail', 'consultancy')}") + desk.refusal(code),
        score=desk.text(code, "score"),
        percent=float(desk.value(code, "score") or 0),
        raters=desk.text(code, "rater_count"),
        criteria=tuple(desk.text(code, f"criterion:{criterion}") for criterion in criteria),
        licence=licence,
        history=history,
        verdict=words(f"vendors.verdict.{verdict}"),
        tone=TONES[verdict],
    )


def _facts(desk: _Desk, total: int, choosable: int) -> tuple[Fact, ...]:
    words, figures = desk.words, desk.release.figures
    return (
        Fact(label=words("vendors.fact.vendors"), text=words.number(total)),
        Fact(label=words("vendors.fact.choosable"), text=words.number(choosable)),
        Fact(label=words("vendors.fact.raters"), text=words.number(figures.count("round", "all", "raters"))),
        Fact(label=words("vendors.fact.scored_on"), text=words.day(desk.release.released_at, desk.site.company.zone)),
    )


def _agreement(desk: _Desk) -> str:
    words, row = desk.words, desk.release.figures.row("round", "all", "icc_single")
    if row.value is None:
        return words("vendors.agreement_unknown", reason=reason_text(row.reason or "no_answers", words.locale))
    key = "vendors.agreement_poor" if row.value < POOR_AGREEMENT else "vendors.agreement"
    return words(key, icc=words.number(row.value))


def _matches(desk: _Desk) -> Iterator[MatchRow]:
    words, figures = desk.words, desk.release.figures
    for code in figures.codes("match"):
        chosen = sorted(
            (row.statistic, row.text_value)
            for row in figures.rows
            if (row.family, row.code) == ("match", code) and row.statistic.startswith("choice:")
        )
        names = [
            words("vendors.choice", name=desk.name("vendor", vendor or ""), score=desk.text(vendor or "", "score"))
            for _, vendor in chosen
        ]
        yield MatchRow(
            topic=desk.name("topic", code),
            need_type=words(f"vendors.need_type.{figures.row('match', code, 'need_type').text_value}"),
            choices=words("format.list_separator").join(names) or words("vendors.no_choice"),
        )


def _classes(desk: _Desk) -> Iterator[str]:
    words, figures = desk.words, desk.release.figures
    for code in figures.codes("class"):
        known = desk.release.names.get(("class", code))
        vendor = figures.row("class", code, "vendor").text_value or ""
        yield words(
            "vendors.class_to_come",
            session=code,
            course=desk.name("class", code),
            date=words.day(known["on_day"]) if known else "–",
            vendor=desk.name("vendor", vendor),
            licence=words(f"vendors.licence.{figures.row('class', code, 'licence').text_value}").lower(),
        )


def _notes(desk: _Desk) -> tuple[str, ...]:
    words, rules = desk.words, desk.site.resources
    weights = words("format.list_separator").join(
        f"{one.text(words.locale)} {words.number(Decimal(f'{one.weight:g}'))}" for one in rules.vendor_criteria.values()
    )
    kinds = words("format.list_separator").join(
        words(
            "vendors.note_fit",
            need=words(f"vendors.need_type.{need}"),
            kinds=" → ".join(words(f"vendors.kind.{kind}") for kind in fitting),
        )
        for need, fitting in rules.need_types.items()
    )
    return (
        words("vendors.note_score", weights=weights, raters=rules.vendor_min_raters),
        words("vendors.note_licence"),
        words("vendors.note_agreement"),
        words(
            "vendors.note_history",
            sigma=words.number(Decimal(f"{rules.history_sigma:g}")),
            tau=words.number(Decimal(f"{rules.history_tau:g}")),
        ),
        words("vendors.note_match", kinds=kinds),
        words("vendors.note_version", version=desk.release.site_version),
    )


def _data_rows(desk: _Desk) -> Iterator[DataRow]:
    for row in desk.release.figures.rows:
        kind = {"vendor": "vendor", "match": "topic", "class": "class"}.get(row.family)
        yield DataRow(
            family=row.family,
            code=row.code,
            label=desk.name(kind, row.code) if kind else "",
            statistic=row.statistic,
            value=row.text_value or ("" if row.value is None else f"{row.value:f}"),
            respondent_count=row.respondent_count,
            is_hidden=False,
            reason=row.reason or "",
        )
