"""The committee's pack for the best trainer of a year: who is proposed, how sure the ranking is, who is not ranked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from decimal import Decimal
from typing import ClassVar, Final

from trainloop.config import Locale, Site
from trainloop.domain.award import COMPONENTS
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.desk import Desk, Released
from trainloop.reporting.document import DataRow, Document, Tone, View
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.quality import rows_of_files, verdict_on
from trainloop.reporting.view import Fact, FileRow
from trainloop.statistics.refusal import reason_text

LISTED: Final = 30


class StandingRow(View):
    """One ranked trainer; `components` in the order of the columns."""

    name: str
    composite: str
    percent: float
    rank: str
    interval: str
    components: tuple[str, ...]
    sessions: str
    answers: str
    tone: Tone


class UnrankedRow(View):
    """One trainer without a rank, and why."""

    name: str
    sessions: str
    answers: str
    reason: str


class AwardView(Document):
    """The pack of one year."""

    kind: ClassVar[str] = "trainer_award"
    template: ClassVar[str] = "trainer_award.html.j2"

    year: str
    name: str
    facts: tuple[Fact, ...]
    headline: str
    evidence: str
    columns: tuple[str, ...]
    ranked: tuple[StandingRow, ...]
    unranked: tuple[UnrankedRow, ...]
    courses: str
    quality_sentence: str
    quality_tone: Tone
    files: tuple[FileRow, ...]
    notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"year": self.year}


@dataclass(frozen=True)
class Ranking(Released):
    """The ranking of one year, with names of trainers and courses."""

    year: str


class _Desk(Desk):
    def value(self, code: str, statistic: str) -> Decimal | None:
        figures = self.release.figures
        return figures.value("trainer", code, statistic) if figures.has("trainer", code, statistic) else None

    def text(self, code: str, statistic: str, *, is_whole: bool = False) -> str:
        value = self.value(code, statistic)
        if value is None:
            return "–"
        return self.words.number(int(value) if is_whole else value.quantize(Decimal("0.1")))

    def joined(self, names: list[str]) -> str:
        return self.words("format.list_separator").join(names)


def build_view(ranking: Ranking, site: Site, locale: Locale) -> AwardView:
    """Return the pack in one language."""
    words = catalogue(locale)
    desk = _Desk(ranking, words, site)
    codes = list(ranking.figures.codes("trainer"))
    ranked = sorted((code for code in codes if desk.value(code, "rank") is not None), key=lambda one: _place(desk, one))
    proposed = [code for code in ranked if desk.value(code, "rank") == 1]
    sentence, tone = verdict_on(desk.release.files, desk.words)
    return AwardView(
        layout_sha256=layout_sha256(),
        locale=locale,
        audience="hr",
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(locale)),
        title=words("award.title"),
        audience_label=words("award.audience"),
        released_at=ranking.released_at.astimezone(UTC).isoformat(timespec="seconds"),
        site_version=ranking.site_version,
        revision=words(
            "revision", number=ranking.revision_number, date=words.day(ranking.released_at, site.company.zone)
        ),
        data_rows=tuple(_data_rows(desk)),
        year=ranking.year,
        name=words("award.name", year=ranking.year),
        facts=_facts(desk, len(ranked), len(codes)),
        headline=words(
            "award.headline",
            names=desk.joined([desk.name("trainer", code) for code in proposed]),
            composite=desk.text(proposed[0], "composite"),
        ),
        evidence=_evidence(desk, ranked, proposed),
        columns=tuple(words(f"award.column.{name}") for name in COMPONENTS),
        ranked=tuple(_standing(desk, code) for code in ranked[:LISTED]),
        unranked=tuple(_unranked(desk, code) for code in codes if code not in ranked)[:LISTED],
        courses=desk.joined([desk.name("course", code) for code in ranking.figures.codes("course")]),
        quality_sentence=sentence,
        quality_tone=tone,
        files=rows_of_files(ranking.files, words, site.company.zone, with_names=True),
        notes=_notes(desk),
    )


def _place(desk: _Desk, code: str) -> tuple[Decimal, str]:
    return desk.value(code, "rank") or Decimal(0), code


def _standing(desk: _Desk, code: str) -> StandingRow:
    low, high = desk.text(code, "rank_low", is_whole=True), desk.text(code, "rank_high", is_whole=True)
    return StandingRow(
        name=desk.name("trainer", code),
        composite=desk.text(code, "composite"),
        percent=float(desk.value(code, "composite") or 0),
        rank=desk.text(code, "rank", is_whole=True),
        interval=low if low == high else desk.words("format.interval", low=low, high=high),
        components=tuple(desk.text(code, name) for name in COMPONENTS),
        sessions=desk.text(code, "sessions", is_whole=True),
        answers=desk.text(code, "answers", is_whole=True),
        tone="good" if desk.value(code, "rank_low") == 1 else "neutral",
    )


def _unranked(desk: _Desk, code: str) -> UnrankedRow:
    reason = desk.release.figures.row("trainer", code, "rank").reason or "too_few_sessions"
    text = reason_text(reason, desk.words.locale)
    return UnrankedRow(
        name=desk.name("trainer", code),
        sessions=desk.text(code, "sessions", is_whole=True),
        answers=desk.text(code, "answers", is_whole=True),
        reason=text[0].upper() + text[1:],
    )


def _evidence(desk: _Desk, ranked: list[str], proposed: list[str]) -> str:
    """Say who could just as well be first: whoever's interval of ranks begins at 1."""
    rivals = [code for code in ranked if desk.value(code, "rank_low") == 1 and code not in proposed]
    if not rivals:
        return desk.words("award.clear")
    return desk.words("award.rivals", names=desk.joined([desk.name("trainer", code) for code in rivals]))


def _facts(desk: _Desk, ranked: int, total: int) -> tuple[Fact, ...]:
    words, figures = desk.words, desk.release.figures
    return (
        Fact(label=words("award.fact.ranked"), text=words.number(ranked)),
        Fact(label=words("award.fact.unranked"), text=words.number(total - ranked)),
        Fact(
            label=words("award.fact.spread"),
            text=words(
                "award.spread",
                tau=words.number(figures.value("round", "all", "tau") or Decimal(0)),
                sigma=words.number(figures.value("round", "all", "sigma") or Decimal(0)),
            ),
        ),
        Fact(label=words("award.fact.ranked_on"), text=words.day(desk.release.released_at, desk.site.company.zone)),
    )


def _notes(desk: _Desk) -> tuple[str, ...]:
    words, rules, figures = desk.words, desk.site.award, desk.release.figures
    weights = desk.joined([f"{words(f'award.column.{name}')} {rules.weights[name]:g}" for name in COMPONENTS])
    notes = [
        words("award.note_weights", weights=weights, hours=f"{rules.full_hours:g}", full=rules.full_contributions),
        words("award.note_eligible", sessions=rules.min_sessions, answers=rules.min_answers),
        words("award.note_shrinkage"),
        words(f"award.note_{figures.row('round', 'all', 'basis').text_value}"),
        words("award.note_interval", level=f"{rules.interval * 100:g}", draws=words.number(rules.simulations)),
        words("award.note_transfer", prior=f"{rules.transfer_prior:g}"),
    ]
    if figures.has("round", "all", "transfer"):
        notes.append(words("award.note_no_plans"))
    return (*notes, words("award.note_version", version=desk.release.site_version))


def _data_rows(desk: _Desk) -> Iterator[DataRow]:
    for row in desk.release.figures.rows:
        yield DataRow(
            family=row.family,
            code=row.code,
            label=desk.name(row.family, row.code) if row.family in {"trainer", "course"} else "",
            statistic=row.statistic,
            value=row.text_value or ("" if row.value is None else f"{row.value:f}"),
            respondent_count=row.respondent_count,
            is_hidden=False,
            reason=row.reason or "",
        )
