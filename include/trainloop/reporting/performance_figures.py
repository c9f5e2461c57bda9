"""One indicator's published figures → the words and numbers of its chapter."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trainloop.config import Site
from trainloop.domain.performance_words import difference_unit, say
from trainloop.reporting import glyphs
from trainloop.reporting.catalogue import Catalogue
from trainloop.reporting.evidence import Figures, Row
from trainloop.reporting.view import Course, Fact, Scale
from trainloop.statistics.refusal import reason_text

_TICKS = 4


@dataclass(frozen=True)
class IndicatorDesk:
    """What one indicator's chapter is written with."""

    figures: Figures
    code: str
    definition: Mapping[str, Any]
    words: Catalogue
    site: Site

    # -- what was found

    @property
    def grade(self) -> str:
        return self.text("effect", "grade")

    @property
    def outcome(self) -> str:
        return self.text("effect", "outcome")

    @property
    def is_selected(self) -> bool:
        return self.text("effect", "is_selected") == "yes"

    @property
    def plain_name(self) -> str:
        name = self.words.either(self.definition["name_zh"], self.definition["name_en"])
        return glyphs.mark_missing(glyphs.tidy(name), self.words("words.symbol"))[0]

    @property
    def name(self) -> str:
        """The indicator's name with the base of a rate."""
        basis = self.definition["rate_basis"]
        if not basis:
            return self.plain_name
        basis = glyphs.mark_missing(glyphs.tidy(basis), self.words("words.symbol"))[0]
        return f"{self.plain_name}（{basis}）" if self.words.locale == "zh-CN" else f"{self.plain_name} ({basis})"

    @property
    def unit(self) -> str:
        return glyphs.tidy(self.definition["unit"]) if self.definition["unit"] else ""

    def verdict(self) -> str:
        """Return the sentence its grade allows."""
        sign = 1
        if self.outcome in {"improved", "worsened"}:
            # A change is told by its size, whichever way better is.
            effect = self.value("effect", "effect")
            sign = -1 if effect is not None and effect < 0 else 1
        low, high = ("ci_low", "ci_high") if sign > 0 else ("ci_high", "ci_low")
        return say(
            self.text("effect", "sentence"),
            self.words.locale,
            kpi=self.plain_name,
            confidence=self.words.percent(Decimal(str(round(100 * self.site.statistics.confidence)))),
            learners=self.words.number(self.count("arm", "learners_count")),
            others=self.words.number(self.count("arm", "comparison_count")),
            pre=self.level("arm", "learners_pre"),
            post=self.level("arm", "learners_post"),
            effect=self.level("effect", "effect", sign=sign),
            low=self.level("effect", low, sign=sign, has_unit=False),
            high=self.level("effect", high, sign=sign),
            mde=self.level("effect", "mde"),
        )

    def lead(self) -> str:
        """Return whom the learners are compared with, and which way is better."""
        source = self.text("effect", "source")
        direction = self.words(f"performance.direction.{self.definition['direction']}")
        if source in {"no_comparison_group", "too_few_people"}:
            return self.words("performance.lead_alone", direction=direction)
        return self.words("performance.lead", source=self.words(f"performance.source.{source}"), direction=direction)

    def from_to(self, arm: str) -> str:
        """Return a group's level before and after."""
        before, after = (self.value("arm", f"{arm}_{window}") for window in ("pre", "post"))
        if before is None or after is None:
            return "–"
        return f"{self.words.number(before)} → {self.words.number(after)}"

    def difference(self) -> str:
        """Return the difference in change with its interval, where the grade allows it to be said."""
        effect = self.value("effect", "effect")
        if effect is None:
            return "–"
        low, high = self.value("effect", "ci_low"), self.value("effect", "ci_high")
        text = self.words.number(effect, is_signed=True)
        if low is None or high is None:
            return text
        ends = (self.words.number(end, is_signed=True) for end in (low, high))
        return self.words("performance.return.from_to", figure=text, low=next(ends), high=next(ends))

    def window_names(self) -> tuple[str, str]:
        """Return how the times before and after are called."""
        rules = self.site.impact
        window = self.words(
            f"performance.window.{self.definition['grain']}", days=rules.window_days, months=rules.window_months
        )
        return self.words("performance.before", window=window), self.words("performance.after", window=window)

    def checks(self) -> Iterator[Fact]:
        """Yield what tells how sure the difference is."""
        if self.value("effect", "effect") is None:
            return
        words = self.words
        p = self.value("effect", "p")
        texts = {
            "effect": f"{self.difference()} {difference_unit(self.unit, words.locale)}".strip(),
            "p": "" if p is None else "< 0.001" if p < Decimal("0.001") else words.number(p, 3),
            "inference": words(f"performance.inference.{self.text('effect', 'inference')}"),
            "mde": self.level("effect", "mde"),
            "relevant": self.level("effect", "relevant"),
            "trend": self._trend(),
            "balance": self._balance(),
            "ratio": self._ratio(),
        }
        for name, text in texts.items():
            if text:
                yield Fact(label=words(f"performance.check.{name}"), text=text)

    def _trend(self) -> str:
        status = self.words(f"performance.trend.{self.text('trend', 'status')}")
        low, high, margin = (self.value("trend", name) for name in ("ci_low", "ci_high", "margin"))
        if low is None or high is None or margin is None:
            return status
        shown = {
            "low": self.words.number(low, is_signed=True),
            "high": self.words.number(high, is_signed=True),
            "margin": self.words.number(margin),
        }
        return self.words("performance.trend_interval", status=status, **shown)

    def _balance(self) -> str:
        found = [row.value for row in self.rows("balance") if row.statistic != "smd_before" and row.value is not None]
        return self.words.number(max(found, key=abs)) if found else ""

    def _ratio(self) -> str:
        ratio, low, high = (self.value("growth", name) for name in ("ratio", "ratio_low", "ratio_high"))
        if ratio is None or low is None or high is None:
            return ""
        figure, least, most = (self.words.number(one) for one in (ratio, low, high))
        return self.words("performance.return.from_to", figure=figure, low=least, high=most)

    # -- the chart

    def course(self) -> Course | None:
        """Return both groups over time; None where nothing of it may be shown."""
        cells = sorted({int(row.statistic.partition(":")[2]) for row in self.rows("series")})
        learners = [self._cell("learners", cell) for cell in cells]
        comparison = [self._cell("comparison", cell) for cell in cells]
        known = [value for value in (*learners, *comparison) if value is not None]
        if not known:
            return None
        scale = scale_of(min(known), max(known))
        axis = "axis_month" if self.definition["grain"] == "month" else "axis_days"
        step = 1 if self.definition["grain"] == "month" else 15
        return Course(
            label=self.words("performance.chart", name=self.plain_name),
            scale=scale,
            tick_texts=tuple(self.words.number(Decimal(f"{tick:.10g}")) for tick in scale.ticks),
            cells=tuple(
                self.words(f"performance.{axis}", offset=self.words.number(cell * step, is_signed=True))
                for cell in cells
            ),
            event_at=sum(cell < 0 for cell in cells),
            event=self.words("performance.chart_class"),
            learners=tuple(learners),
            comparison=tuple(comparison),
        )

    def _cell(self, arm: str, cell: int) -> float | None:
        value = self.value("series", f"{arm}:{cell}")
        return None if value is None else float(value)

    # -- figures

    def rows(self, family: str) -> Iterator[Row]:
        yield from (row for row in self.figures.rows if (row.family, row.code) == (family, self.code))

    def text(self, family: str, statistic: str) -> str:
        return self.figures.row(family, self.code, statistic).text_value or ""

    def count(self, family: str, statistic: str) -> int:
        return self.figures.count(family, self.code, statistic)

    def value(self, family: str, statistic: str) -> Decimal | None:
        """Return a figure; None where there is none or it is not shown."""
        if not self.figures.has(family, self.code, statistic):
            return None
        return self.figures.value(family, self.code, statistic)

    def level(self, family: str, statistic: str, *, sign: int = 1, has_unit: bool = True) -> str:
        """Return a figure in the indicator's unit, its reason where it is missing, or a dash."""
        if not self.figures.has(family, self.code, statistic):
            return "–"
        row = self.figures.row(family, self.code, statistic)
        if row.value is None:
            return reason_text(row.reason or "no_answers", self.words.locale)
        unit = difference_unit(self.unit, self.words.locale) if family == "effect" else self.unit
        return self.words.number(sign * row.value) + (f" {unit}" if unit and has_unit else "")

    def percent(self, family: str, statistic: str) -> str:
        if not self.figures.has(family, self.code, statistic):
            return "–"
        row = self.figures.row(family, self.code, statistic)
        if row.value is None:
            return reason_text(row.reason or "no_answers", self.words.locale)
        return self.words.number(row.value, is_signed=True) + self.words("format.percent_sign")


def scale_of(low: float, high: float) -> Scale:
    """Return an axis of round steps around the figures; it need not begin at zero, since lines are compared."""
    width = max(high - low, abs(high) * 0.02, 1e-9)
    raw = width / (_TICKS - 1)
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        last += 1
    ticks = tuple(round(place * step, 10) for place in range(first, last + 1))
    return Scale(low=ticks[0], high=ticks[-1], ticks=ticks)
