"""What every chapter of the needs report is written with: the release, the files behind it, words and rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trainloop.config import Site
from trainloop.needs.published import PublishedNeeds, ShownNeed, SingleFigure
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import Catalogue
from trainloop.reporting.document import Audience
from trainloop.reporting.errors import FigureMissingError
from trainloop.reporting.evidence import CheckedFile
from trainloop.statistics.refusal import reason_text


@dataclass(frozen=True)
class Decision:
    """Who approved the revision, and when."""

    decided_by: str
    decided_at: datetime


@dataclass(frozen=True)
class NeedsDesk:
    """One edition in the making."""

    needs: PublishedNeeds
    files: tuple[CheckedFile, ...]
    words: Catalogue
    site: Site
    audience: Audience
    decision: Decision | None

    def name(self, kind: str, code: str) -> str:
        """Return the name of a topic, goal, indicator, competency, department or course, drawable."""
        return self.free(self.needs.name(kind, code, self.words.locale))

    def free(self, text: str) -> str:
        """Return text that people wrote, with marks where the fonts have no glyph."""
        return glyphs.mark_missing(text, self.words("words.symbol"))[0]

    def names(self, needs: tuple[ShownNeed, ...]) -> str:
        """Return the topics' names as one list."""
        return self.words("format.list_separator").join(self.name("topic", need.topic_code) for need in needs)

    def figure(self, family: str, code: str, statistic: str) -> SingleFigure:
        """Return a figure; raises FigureMissingError: a release has a row for whatever is shown or refused."""
        found = self.needs.figure(family, code, statistic)
        if found is None:
            raise FigureMissingError(release_id=self.needs.release_id, figure=f"{family}/{code}/{statistic}")
        return found

    def count(self, family: str, code: str, statistic: str) -> int:
        """Return an administrative count."""
        value = self.figure(family, code, statistic).value
        if value is None:
            raise FigureMissingError(release_id=self.needs.release_id, figure=f"{family}/{code}/{statistic}")
        return int(value)

    def text(self, family: str, code: str, statistic: str, form: str = "{}") -> str:
        """Return a figure as printed, or why it is not there; a row that the release does not have is a dash."""
        found = self.needs.figure(family, code, statistic)
        if found is None:
            return "–"
        if found.value is None:
            return self.reason(found.reason)
        return form.format(self.words.number(found.value))

    def percent(self, family: str, code: str, statistic: str) -> str:
        """Return a share or gap as printed, or why it is not there."""
        return self.text(family, code, statistic, "{}" + self.words("format.percent_sign"))

    def reason(self, reason: str | None) -> str:
        """Return why a figure is not shown, as a sentence's begin."""
        text = reason_text(reason or "no_answers", self.words.locale)
        return text[0].upper() + text[1:]

    def money(self, amount: Decimal | None) -> str:
        """Return an amount in whole units of its currency."""
        if amount is None:
            return self.words("needs.no_cost")
        return self.words.money(amount, self.needs.currency, 0)

    @property
    def budget(self) -> Mapping[str, Decimal]:
        """The sums of the budget line."""
        names = ("budget_amount", "funded_amount", "valid_amount")
        return {name: self.figure("budget", "year", name).value or Decimal(0) for name in names}
