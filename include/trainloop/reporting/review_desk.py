"""What the review and its extracts share: one release with names and files, figures as words, tables, data quality."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trainloop.reporting.desk import Desk, Released
from trainloop.reporting.document import DataRow, Tone, View
from trainloop.reporting.evidence import Row
from trainloop.reporting.quality import verdict_on
from trainloop.statistics.refusal import reason_text

# What is to be decided first.
ORDER = ("stop", "fix", "scale", "keep", "none")
TONES: Mapping[str, Tone] = {"stop": "bad", "fix": "caution", "scale": "good", "keep": "good", "none": "neutral"}
OF_DEPARTMENTS = ("department_course", "department_need", "department_plan", "department_blocker")
# What months may hide: an empty table of these does not mean that there was nothing.
OF_PLANS = ("barriers", "own_plans")
# What the codes of a family are the names of; of a code of two parts, its first.
NAMED: Mapping[str, str] = {
    "course": "course",
    "need": "topic",
    "trainer": "trainer",
    "department": "department",
} | dict.fromkeys(OF_DEPARTMENTS, "department")
# What a review rests on: without a file of one, what it says about that is missing.
FEEDS = ("class_sessions", "courses", "attendance", "budgets", "session_costs", "kpi_facts")


class Line(View):
    cells: tuple[str, ...]


class Sheet(View):
    """One table: its words are printed as they stand."""

    title: str
    lead: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]
    empty: str


@dataclass(frozen=True)
class Review(Released):
    """The review of one year."""

    year: str


class ReviewDesk(Desk):
    """One edition in the making."""

    def text(self, family: str, code: str, statistic: str, form: str = "{}") -> str:
        """Return a figure as printed, why it is hidden, or a dash where there is none."""
        figures = self.release.figures
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

    def decimal(self, family: str, code: str, statistic: str, places: int) -> str:
        """Return a figure with so many decimals, so that a column compares; a dash where there is none."""
        value = (
            self.release.figures.value(family, code, statistic)
            if self.release.figures.has(family, code, statistic)
            else None
        )
        return self.text(family, code, statistic) if value is None else self.words.number(value, places)

    def codes(self, family: str) -> list[str]:
        return list(self.release.figures.codes(family))

    def amount(self, family: str, code: str, statistic: str) -> str:
        """Return money in whole units, or a dash where there is none."""
        return self.decimal(family, code, statistic, 0)

    def need(self, code: str) -> Line:
        """Return one need of the plan and what was delivered for it."""
        return cells(
            self.name("topic", code),
            self.words(f"review.verdict.{self.text('need', code, 'verdict')}"),
            self.words(f"review.funding.{self.text('need', code, 'funding')}"),
            self.text("need", code, "class_count"),
        )

    def sheet(self, name: str, lines: Iterable[Line], **facts: object) -> Sheet:
        words = self.words
        return Sheet(
            title=words(f"review.sheet.{name}.title"),
            lead=words(f"review.sheet.{name}.lead", **facts),
            columns=tuple(words(f"review.sheet.{name}.columns").split("|")),
            lines=tuple(lines),
            empty=words("review.hidden" if name in OF_PLANS else "review.empty"),
        )

    def quality(self) -> tuple[str, Tone, tuple[str, ...]]:
        """Return the verdict on the data, its tone, and what a reader must know: missing feeds first."""
        sentence, tone = verdict_on(self.release.files, self.words)
        found = {file.dataset for file in self.release.files}
        missing = [self.words(f"dataset.{dataset}") for dataset in FEEDS if dataset not in found]
        notes = [self.words("review.note.sources")]
        if missing:
            notes.insert(0, self.words("review.no_feed", feeds=self.words("format.list_separator").join(missing)))
        return sentence, "caution" if tone == "good" and missing else tone, tuple(notes)

    def data_row(self, row: Row) -> DataRow:
        """Return a figure as it is attached, with the name of what it is about."""
        kind, code = NAMED.get(row.family), row.code.partition("|")[0]
        return DataRow(
            family=row.family,
            code=row.code,
            label=self.name(kind, code) if kind else "",
            statistic=row.statistic,
            value=row.text_value or ("" if row.value is None else f"{row.value:f}"),
            respondent_count=row.respondent_count,
            is_hidden=row.is_hidden,
            reason=row.reason or "",
        )


def cells(*texts: str) -> Line:
    return Line(cells=texts)
