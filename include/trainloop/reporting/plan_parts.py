"""What both reports about action plans print: rates, states, obstacles, stories, and what the data rest on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from trainloop.config import Site
from trainloop.domain.plan_result import CAUSES, NO_CAUSE, STATES, leading_cause
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import Catalogue
from trainloop.reporting.document import DataRow, Tone
from trainloop.reporting.evidence import CheckedFile, Figures, Row
from trainloop.reporting.quality import verdict_on
from trainloop.reporting.view import Bars, Fact, Figure, Share
from trainloop.statistics.refusal import reason_text


@dataclass(frozen=True)
class Results:
    """One release about plans as it was read: figures, stories, files behind the classes."""

    revision_number: int
    released_at: datetime
    site_version: str
    figures: Figures
    stories: tuple[str, ...]
    files: tuple[CheckedFile, ...]


@dataclass(frozen=True)
class PlanDesk:
    """What both reports are written with."""

    results: Results
    words: Catalogue
    site: Site

    @property
    def figures(self) -> Figures:
        return self.results.figures

    def reason(self, row: Row) -> str:
        """Return why a figure is not there, with n where it is known."""
        text = reason_text(row.reason or "no_answers", self.words.locale)
        text = text[0].upper() + text[1:]
        n = row.respondent_count
        return text if n is None else self.words("format.reason_with_n", reason=text, n=n)

    def rate(self, unit: str, statistic: str) -> Figure:
        """Return a rate of the plans that count."""
        row = self.figures.row("plan", unit, statistic)
        if row.value is None:
            return Figure(text=self.reason(row), is_shown=False)
        n = self.words("format.n", n=self.words.number(row.respondent_count or 0))
        return Figure(text=self.words.percent(row.value), is_shown=True, value=float(row.value), n=n)

    def count(self, code: str, statistic: str) -> int:
        return self.figures.count("response", code, statistic)

    def plans(self, unit: str) -> int:
        """Return how many plans count."""
        return int(self.figures.row("plan", unit, "n").value or 0)

    def state_count(self, unit: str, state: str) -> int | None:
        """Return how many plans stand so, None where that is not shown."""
        value = self.figures.value("plan", unit, f"count:{state}")
        return None if value is None else int(value)

    def states(self, unit: str) -> Bars:
        """Return how many plans stand how, the best first."""
        return self._bars("plan", unit, [(f"plans.state.{state}", str(state)) for state in STATES])

    def causes(self, unit: str, only: Sequence[str] = (NO_CAUSE, *CAUSES)) -> Bars:
        """Return what was in the way, the most named first; nothing in the way comes last."""
        bars = self._bars("blocker", unit, [(f"plans.cause.{cause}", cause) for cause in only if cause != NO_CAUSE])
        shares = sorted(bars.shares, key=lambda share: -share.percent)
        if NO_CAUSE in only and not bars.reason:
            shares += self._bars("blocker", unit, [(f"plans.cause.{NO_CAUSE}", NO_CAUSE)]).shares
        return bars.model_copy(update={"shares": tuple(shares)})

    def leading(self, unit: str, only: Sequence[str] = CAUSES) -> str | None:
        """Return the obstacle to take up first, None where none is shown or big enough."""
        shares = []
        for cause in only:
            value = self.figures.value("blocker", unit, f"share:{cause}")
            if value is not None:
                shares.append((cause, float(value)))
        return leading_cause(shares, self.site.plan_results.cause_from_pct)

    def share_text(self, unit: str, cause: str) -> str:
        value = self.figures.value("blocker", unit, f"share:{cause}")
        return "" if value is None else self.words.percent(value)

    def tone(self, unit: str) -> Tone:
        """Return how well it went, by the rules of the site."""
        rules, rate = self.site.plan_results, self.rate(unit, "done_pct")
        if rate.value is None:
            return "neutral"
        return "good" if rate.value >= rules.good_pct else "bad" if rate.value < rules.weak_pct else "caution"

    def stories(self) -> tuple[str, ...]:
        symbol = self.words("words.symbol")
        return tuple(glyphs.mark_missing(text, symbol)[0] for text in self.results.stories)

    def name(self, text: str) -> str:
        """Return the name of a thing, fit for the faces."""
        return glyphs.mark_missing(text, self.words("words.symbol"))[0]

    def quality(self) -> tuple[str, Tone]:
        """Return the verdict on the data in one sentence and its tone."""
        sentence, tone = verdict_on(self.results.files, self.words)
        return self.words.either("", " ").join((sentence, self.words("plans.quality.forms"))), tone

    def quality_facts(self, code: str, unit: str) -> tuple[Fact, ...]:
        words = self.words
        counts = {name: self.count(code, f"{name}_count") for name in ("asked", "plan", "checked_in")}
        facts = {name: words.number(count) for name, count in counts.items()}
        facts["not_counted"] = words.number(counts["plan"] - self.plans(unit))
        facts["told"] = words.number(int(self.figures.row("blocker", unit, "n").value or 0))
        return tuple(Fact(label=words(f"plans.quality.{name}"), text=text) for name, text in facts.items())

    def notes(self) -> tuple[str, ...]:
        rules, words = self.site.suppression, self.words
        facts = {
            "mean_min": rules.mean_min,
            "distribution_min": rules.distribution_min,
            "site_version": self.results.site_version,
        }
        names = ("rates", "states", "causes", "minimum", "named", "claim", "version")
        return tuple(words(f"plans.note.{name}", **facts) for name in names)

    def data_rows(self, label_of: dict[str, str], hidden_causes: frozenset[str] = frozenset()) -> Iterator[DataRow]:
        """Yield the attached data; causes that an edition does not tell are not in its data either."""
        for row in self.figures.rows:
            if row.family == "blocker" and row.statistic.rpartition(":")[2] in hidden_causes:
                continue
            yield DataRow(
                family=row.family,
                code=row.code,
                label=label_of.get(row.code, ""),
                statistic=row.statistic,
                value="" if row.value is None else f"{row.value:f}",
                respondent_count=row.respondent_count,
                is_hidden=row.is_hidden,
                reason=row.reason or "",
            )

    def _bars(self, family: str, unit: str, parts: Sequence[tuple[str, str]]) -> Bars:
        shares = []
        for label, code in parts:
            row = self.figures.row(family, unit, f"share:{code}")
            if row.value is None:
                return Bars(label="", reason=self.reason(row))
            count = self.figures.value(family, unit, f"count:{code}")
            shares.append(
                Share(
                    label=self.words(label),
                    percent=float(row.value),
                    text=self.words.percent(row.value),
                    count=self.words.number(int(count or 0)),
                )
            )
        return Bars(label="", shares=tuple(shares))
