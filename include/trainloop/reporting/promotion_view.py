"""The view of the HRBP's advisory list: names, what stands beside each condition, who decides and how to appeal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar

from trainloop.config import Locale, Site
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import Catalogue, catalogue
from trainloop.reporting.document import DataRow, Document, Tone, View
from trainloop.reporting.evidence import CheckedFile
from trainloop.reporting.pages import layout_sha256
from trainloop.reporting.quality import rows_of_files, verdict_on
from trainloop.reporting.view import Fact, FileRow


class PersonRow(View):
    """One person; `open` is empty where every condition is met."""

    name: str
    department: str
    step: str
    certificate: str
    certificate_state: str
    points: str
    months: str
    ratings: str
    open: str


class PromotionView(Document):
    """The list of one month."""

    kind: ClassVar[str] = "promotion_list"
    template: ClassVar[str] = "promotion_list.html.j2"

    month: str
    period: str
    name: str
    facts: tuple[Fact, ...]
    headline: str
    evidence: str
    met: tuple[PersonRow, ...]
    one_open: tuple[PersonRow, ...]
    appeal: tuple[str, ...]
    quality_sentence: str
    quality_tone: Tone
    files: tuple[FileRow, ...]
    notes: tuple[str, ...]

    def about(self) -> dict[str, str]:
        return {"month": self.month}


@dataclass(frozen=True)
class Listed:
    """One month's list as it was read (columns of `ops.promotion_lists`), its people, and the files behind it."""

    list_month: str
    revision_number: int
    judged_on: date
    made_at: datetime
    judged_count: int
    met_count: int
    one_open_count: int
    people: Sequence[Mapping[str, Any]]
    files: tuple[CheckedFile, ...]


def build_view(listed: Listed, site: Site, locale: Locale) -> PromotionView:
    """Return the list in one language."""
    words = catalogue(locale)
    counts = {"met": listed.met_count, "one_open": listed.one_open_count, "judged": listed.judged_count}
    numbers = {name: words.number(count) for name, count in counts.items()}
    day = words.day(listed.judged_on)
    period = words.month(date.fromisoformat(f"{listed.list_month}-01"))
    sentence, tone = verdict_on(listed.files, words)
    return PromotionView(
        layout_sha256=layout_sha256(),
        locale=locale,
        audience="hrbp",
        colour=site.company.colour,
        company=glyphs.tidy(site.company.name(locale)),
        title=words("promotion.title"),
        audience_label=words("promotion.audience"),
        released_at=listed.made_at.astimezone(UTC).isoformat(timespec="seconds"),
        site_version=site.version,
        revision=words("revision", number=listed.revision_number, date=day),
        data_rows=tuple(_data_rows(counts, words)),
        month=listed.list_month,
        period=period,
        name=words("promotion.name", month=period),
        facts=(
            Fact(label=words("promotion.fact.day"), text=day),
            *(
                Fact(label=words(f"promotion.fact.{name}"), text=numbers[name])
                for name in ("judged", "met", "one_open")
            ),
        ),
        headline=words("promotion.headline" if listed.met_count else "promotion.headline_none", **numbers),
        evidence=words("promotion.evidence", judged=numbers["judged"], day=day),
        met=tuple(_person(row, words) for row in listed.people if row["verdict"] == "met"),
        one_open=tuple(_person(row, words) for row in listed.people if row["verdict"] == "one_open"),
        appeal=(
            words("promotion.appeal_decides"),
            words("promotion.appeal_how", days=site.commitments["answer_appeal"].due_working_days),
            words("promotion.appeal_reader"),
        ),
        quality_sentence=sentence,
        quality_tone=tone,
        files=rows_of_files(listed.files, words, site.company.zone, with_names=True),
        notes=_notes(site, words),
    )


def _person(row: Mapping[str, Any], words: Catalogue) -> PersonRow:
    def printed(text: str | None) -> str:
        return glyphs.mark_missing(glyphs.tidy(text), words("words.symbol"))[0] if text else "–"

    def of(value: Decimal | int | None, required: Decimal | int) -> str:
        known = words("promotion.unknown") if value is None else words.number(Decimal(value).normalize() + 0)
        return words("promotion.of", value=known, required=words.number(Decimal(required).normalize() + 0))

    state = words(f"promotion.certificate.{row['certificate_state']}")
    if row["certificate_until"] is not None:
        state += words("format.list_separator") + words("promotion.until", date=words.day(row["certificate_until"]))
    return PersonRow(
        name=printed(row["person_name"]),
        department=printed(words.either(row["department_zh"], row["department_en"])),
        step=words("promotion.step", current=printed(row["job_level"]), next=printed(row["next_level"])),
        certificate=printed(words.either(row["certificate_zh"], row["certificate_en"])),
        certificate_state=state,
        points=of(row["points"], row["required_points"]),
        months=of(row["months_in_level"], row["required_months"]),
        ratings=words("format.list_separator").join(map(printed, row["ratings"])) or words("promotion.ratings_none"),
        open=words(f"promotion.condition.{row['open_condition']}") if row["open_condition"] else "",
    )


def _notes(site: Site, words: Catalogue) -> tuple[str, ...]:
    rules = site.talent
    accepted = words("format.list_separator").join(rules.accepted_ratings)
    return (
        words("promotion.note_certificate", days=rules.certificate_warning_days),
        words("promotion.note_points"),
        words("promotion.note_months"),
        words("promotion.note_ratings", quarters=rules.appraisal_quarters, accepted=accepted),
        words("promotion.note_rule"),
        words("promotion.note_version", version=site.version),
    )


def _data_rows(counts: Mapping[str, int], words: Catalogue) -> Iterator[DataRow]:
    # Counts only: what is attached can be copied out of the file, names stay on the page.
    for name, count in counts.items():
        yield DataRow(
            family="promotion",
            code=name,
            label=words(f"promotion.fact.{name}"),
            statistic="count",
            value=str(count),
            respondent_count=None,
            is_hidden=False,
            reason="",
        )
