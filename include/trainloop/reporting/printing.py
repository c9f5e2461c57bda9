"""Published rows → printed figures: the only place where a number becomes text."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trainloop.config import Site
from trainloop.reporting.catalogue import Catalogue
from trainloop.reporting.document import Audience
from trainloop.reporting.evidence import Evidence, Figures, Row
from trainloop.reporting.questionnaire import Questionnaire
from trainloop.reporting.view import Bars, Figure, Share
from trainloop.statistics.refusal import reason_text


@dataclass(frozen=True)
class Desk:
    """What every section is written with: evidence, words, questions, rules."""

    evidence: Evidence
    words: Catalogue
    questions: Questionnaire
    site: Site
    audience: Audience

    @property
    def figures(self) -> Figures:
        return self.evidence.figures

    @property
    def complete_count(self) -> int:
        return self.figures.count("response", "wave", "complete_count")

    # -- words around numbers

    def reason(self, row: Row) -> str:
        """Return why a figure is not there, with n where it is known."""
        text = reason_text(row.reason or "no_answers", self.words.locale)
        text = text[0].upper() + text[1:]
        if row.respondent_count is None:
            return text
        return self.words("format.reason_with_n", reason=text, n=row.respondent_count)

    def n(self, count: int | None) -> str:
        """Return "n=12", or nothing when nobody counted."""
        return "" if count is None else self.words("format.n", n=self.words.number(count))

    def points(self, value: Decimal, *, is_signed: bool = False) -> str:
        """Return scale points with the decimals they were released with."""
        return self.words.number(value, is_signed=is_signed)

    def percent(self, value: Decimal) -> str:
        """Return a share with the decimals it was released with."""
        return self.words.percent(value)

    def interval(self, low: str, high: str, *, is_signed: bool = False) -> str:
        """Return both ends of an interval; signed ones are joined by a word, not by one more dash."""
        return self.words("format.interval_signed" if is_signed else "format.interval", low=low, high=high)

    # -- figures

    def mean(self, family: str, code: str, statistic: str = "mean", *, is_signed: bool = False) -> Figure:
        """Return a figure in scale points with its interval where that may be shown."""
        row = self.figures.row(family, code, statistic)
        if row.value is None:
            return Figure(text=self.reason(row), is_shown=False, n=self.n(row.respondent_count))
        count = row.respondent_count
        low, high = self._ends(family, code)
        between = ""
        if low is not None and high is not None:
            ends = (self.points(end, is_signed=is_signed) for end in (low, high))
            between = self.interval(*ends, is_signed=is_signed)
        return Figure(
            text=self.points(row.value, is_signed=is_signed),
            is_shown=True,
            value=float(row.value),
            low=None if low is None else float(low),
            high=None if high is None else float(high),
            interval=between,
            n=self.words.number(count) if count is not None else "",
        )

    def nps(self, code: str) -> Figure:
        row = self.figures.row("nps", code, "nps")
        if row.value is None:
            return Figure(text=self.reason(row), is_shown=False, n=self.n(row.respondent_count))
        low, high = self._ends("nps", code)
        count = row.respondent_count
        between = ""
        if low is not None and high is not None:
            ends = (self.points(end, is_signed=True) for end in (low, high))
            between = self.words("nps.interval", interval=self.interval(*ends, is_signed=True))
        return Figure(
            text=self.points(row.value, is_signed=True),
            is_shown=True,
            value=float(row.value),
            interval=between,
            n=self.n(count),
        )

    def share(self, family: str, code: str, statistic: str) -> Figure:
        row = self.figures.row(family, code, statistic)
        if row.value is None:
            return Figure(text=self.reason(row), is_shown=False)
        return Figure(
            text=self.percent(row.value), is_shown=True, value=float(row.value), n=self.n(row.respondent_count)
        )

    def bars(self, label: str, family: str, code: str, parts: list[tuple[str, str]]) -> Bars:
        """Return the shares of (label, statistic) pairs, or the reason of the first that is missing."""
        rows = [(name, self.figures.row(family, code, statistic)) for name, statistic in parts]
        missing = next((row for _, row in rows if row.value is None), None)
        if missing is not None:
            return Bars(label=label, reason=self.reason(missing))
        count = rows[0][1].respondent_count
        return Bars(
            label=label,
            n=self.n(count),
            shares=tuple(
                Share(label=name, percent=float(row.value or 0), text=self.percent(row.value or Decimal(0)))
                for name, row in rows
            ),
        )

    def _ends(self, family: str, code: str) -> tuple[Decimal | None, Decimal | None]:
        if not self.figures.has(family, code, "ci_low"):
            return None, None
        low, high = self.figures.value(family, code, "ci_low"), self.figures.value(family, code, "ci_high")
        return (low, high) if low is not None and high is not None else (None, None)
