"""What the three papers of a dispute share: names in the reader's language, dates, the frame, the quality page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from trainloop.config import Locale, Site
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import Catalogue, catalogue
from trainloop.reporting.dispute_view import Cell, DisputeView, Section
from trainloop.reporting.document import DataRow, Tone
from trainloop.reporting.evidence import CheckedFile
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.quality import rows_of_files, verdict_on
from trainloop.reporting.view import Fact
from trainloop.surveys.dispute_forms import dispute_forms

# In the order of the course, whatever order the stored content has.
SHARES = ("framework_pct", "tools_pct", "simulation_pct")
_Paper = TypeVar("_Paper", bound=DisputeView)


@dataclass(frozen=True)
class Desk:
    """One paper on its way into one language."""

    paper: Mapping[str, Any]
    figures: Sequence[Mapping[str, Any]]
    site: Site
    locale: Locale

    @property
    def words(self) -> Catalogue:
        return catalogue(self.locale)

    @property
    def content(self) -> Mapping[str, Any]:
        content: Mapping[str, Any] = self.paper["content"]
        return content

    def text(self, said: object) -> str:
        """Return words that a person wrote, in characters the fonts have; a dash for none."""
        return glyphs.mark_missing(glyphs.tidy(str(said)), self.words("words.symbol"))[0] if said else "–"

    def name(self, row: Mapping[str, Any], prefix: str = "") -> str:
        """Return the name of a row in this language: columns zh and en, or <prefix>_zh and <prefix>_en."""
        zh, en = (f"{prefix}_zh", f"{prefix}_en") if prefix else ("zh", "en")
        return self.text(self.words.either(row[zh] or row[en], row[en] or row[zh]))

    def number(self, value: Any, decimals: int | None = None, *, is_signed: bool = False) -> str:
        """Return a number of the content, a dash for none; measured ones with three significant digits."""
        if value is None:
            return "–"
        exact = Decimal(str(value))
        if isinstance(value, float) and decimals is None:
            decimals = decimals_of(value)
        return self.words.number(exact.normalize() if decimals is None else exact, decimals, is_signed=is_signed)

    def day(self, text: str | None) -> str:
        return self.words.day(date.fromisoformat(text)) if text else "–"

    def moment(self, text: str) -> str:
        return self.words.day(datetime.fromisoformat(text), self.site.company.zone)

    def answer(self, form: str, code: str, value: object) -> str:
        """Return an answer of a form in its own words: the anchor of a point, the words of an option."""
        item = dispute_forms()[form].item(code)
        if item.kind == "scale":
            anchors = dispute_forms()[form].scale_of(item).anchors(self.locale)
            return self.words("dispute.point", value=str(value), anchor=anchors[int(str(value))])
        return next((one.text(self.locale) for one in item.options if one.code == value), self.text(value))

    def question(self, form: str, code: str) -> str:
        return dispute_forms()[form].item(code).text(self.locale)

    def shares(self, shares: Mapping[str, Any]) -> Section:
        """Return the chapter of a blended design."""
        rows = [
            (cell(self.words(f"dispute.share.{name}")), cell(self.number(shares[name]) + "%", is_number=True))
            for name in SHARES
        ]
        return Section(
            title=self.words("dispute.section.design"),
            pairs=(Fact(label=self.words("dispute.target"), text=self.text(self.content["core_target"])),),
            columns=(self.words("dispute.column.part"), self.words("dispute.column.share")),
            rows=tuple(rows),
        )


def decimals_of(*values: float | None) -> int:
    """Return how many decimals measured numbers of one row share: three significant digits of the smallest."""
    exact = [Decimal(str(value)) for value in values if value]
    return max((max(0, 2 - one.adjusted()) for one in exact), default=0)


def cell(text: str, tone: Tone = "neutral", *, is_number: bool = False) -> Cell:
    return Cell(text=text, tone=tone, is_number=is_number)


def document(
    desk: Desk,
    kind: type[_Paper],
    headline: str,
    detail: str,
    facts: Sequence[Fact],
    sections: Iterable[Section],
    notes: Sequence[str],
) -> _Paper:
    """Return a paper in its frame."""
    words, site, paper = desk.words, desk.site, desk.paper
    files = _files(desk)
    sentence, tone = verdict_on(files, desk.words)
    return kind(
        layout_sha256=layout_sha256(),
        locale=desk.locale,
        audience="hr",
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(desk.locale)),
        title=words(f"dispute.title.{kind.kind}"),
        audience_label=words("dispute.audience"),
        released_at=paper["made_at"].astimezone(UTC).isoformat(timespec="seconds"),
        site_version=paper["site_version"],
        revision=words("revision", number=1, date=words.day(paper["made_at"], site.company.zone)),
        data_rows=tuple(_data_row(row) for row in desk.figures),
        dispute_id=paper["dispute_id"],
        name=words(f"dispute.name.{kind.kind}", course=desk.name(paper, "course")),
        facts=tuple(facts),
        headline=headline,
        headline_detail=detail,
        sections=tuple(
            section for section in sections if section.rows or section.pairs or section.notes or section.lead
        ),
        quality_sentence=sentence,
        quality_tone=tone,
        files=rows_of_files(files, words, site.company.zone, with_names=True),
        notes=(*notes, words("dispute.note_version", version=paper["site_version"])),
    )


def _data_row(row: Mapping[str, Any]) -> DataRow:
    return DataRow(
        family=row["family"],
        code=row["code"],
        label="",
        statistic=row["statistic"],
        value=row["text_value"] or ("" if row["value"] is None else f"{row['value']:f}"),
        respondent_count=row["respondent_count"],
        is_hidden=False,
        reason="",
    )


def _files(desk: Desk) -> tuple[CheckedFile, ...]:
    return tuple(
        CheckedFile(**row | {"checked_at": row["checked_at"] and datetime.fromisoformat(row["checked_at"])})
        for row in desk.content["files"]
    )
