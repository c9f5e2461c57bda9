"""What an analysis of one indicator found, ready to be shown: figures, grade, sentence, and what stands beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

from trainloop.domain.performance import Graded, Outcome
from trainloop.domain.performance_words import difference_unit, say, weakness_text
from trainloop.statistics.comparison_groups import GroupSource
from trainloop.statistics.effect_checks import PreTrend
from trainloop.statistics.effects import Effect
from trainloop.statistics.rates import RateRatio
from trainloop.statistics.refusal import Refusal, Value, reason_text
from trainloop.statistics.windows import Grain

Locale = Literal["zh-CN", "en"]


@dataclass(frozen=True)
class Indicator:
    """One indicator as its definition says: direction of better, grain of its facts, unit, base of a rate."""

    kpi_code: str
    name_zh: str
    name_en: str
    direction: Literal["higher", "lower"]
    grain: Grain = "month"
    unit: str | None = None
    rate_per: float | None = None
    redefined_on: date | None = None

    def name(self, locale: Locale) -> str:
        return self.name_zh if locale == "zh-CN" else self.name_en


@dataclass(frozen=True)
class Arm:
    """One side of the comparison: people, teams, mean level before and after, growth, rate after over rate before.

    `exposure_each`: of a rate, one person's exposure in one period after the class.
    """

    people_count: int
    team_count: int
    pre: float
    post: float
    growth: Value
    rate_ratio: RateRatio | Refusal | None
    exposure_each: float | None = None


class Cell(NamedTuple):
    """One cell of time before (−6 … −1) or after the class (1 …): each group's mean level and of how many people it is.

    NaN: nobody's figures are known; None: there is no comparison.
    """

    offset: int
    learners: float
    others: float | None
    learner_count: int
    other_count: int


@dataclass(frozen=True)
class Comparison:
    """The comparison group as built: its source, how it differs, what sources before it had, learners without match."""

    source: GroupSource
    smd_before: float
    is_matched: bool
    unmatched_count: int
    passed_over: Mapping[GroupSource, int]
    balance: Mapping[str, float]
    adjusted_for: tuple[str, ...]


@dataclass(frozen=True)
class Finding:
    """One indicator of one study.

    `before_after` is refused where a rise was to be expected anyway. `exclusions`: role → reason → people.
    """

    indicator: Indicator
    graded: Graded
    outcome: Outcome
    sentence: str
    learners: Arm | None
    comparison_arm: Arm | None
    comparison: Comparison | Refusal
    effect: Effect | Refusal
    adjusted: Effect | Refusal | None
    before_after: Value
    detectable: Value
    relevant_effect: float
    trend: PreTrend | Refusal
    baseline_position: Value
    exclusions: Mapping[str, Mapping[str, int]]
    series: tuple[Cell, ...]
    confidence: float

    def verdict(self, locale: Locale) -> str:
        """Return the sentence the grade allows, with its figures."""
        return say(self.sentence, locale, **self._words(locale))

    def weaknesses(self, locale: Locale) -> list[tuple[str, str]]:
        """Return (what it is, what would raise the grade) of every weakness, the one that decides first."""
        return [weakness_text(one, locale) for one in self.graded.weaknesses]

    def cautions(self, locale: Locale) -> list[str]:
        """Return what a reader should bear in mind; a study that found its effect was not too small to find it."""
        is_clear = self.outcome in {"improved", "worsened"}
        told = [one for one in self.graded.cautions if not (is_clear and one == "low_power")]
        return [weakness_text(one, locale)[0] for one in told]

    def _words(self, locale: Locale) -> dict[str, str]:
        words = {
            "kpi": self.indicator.name(locale),
            "confidence": f"{self.confidence:.0%}",
            "learners": str(self.learners.people_count if self.learners else 0),
            "others": str(self.comparison_arm.people_count if self.comparison_arm else 0),
            "pre": self.shown(self.learners.pre, locale) if self.learners else "–",
            "post": self.shown(self.learners.post, locale) if self.learners else "–",
            "mde": self.difference(self.detectable, locale),
        }
        if isinstance(self.effect, Refusal):
            return words
        # A change is told by its size: improved by 2 (1 to 3), whichever way better is. What is unclear keeps its sign.
        sign = math.copysign(1, self.effect.estimate) if self.outcome in {"improved", "worsened"} else 1
        bounds = [
            bound if isinstance(bound, Refusal) else sign * bound for bound in (self.effect.low, self.effect.high)
        ]
        low, high = bounds if sign > 0 else reversed(bounds)
        return words | {
            "effect": self.difference(sign * self.effect.estimate, locale),
            "low": self.shown(low, locale, has_unit=False),
            "high": self.difference(high, locale),
        }

    def shown(self, value: Value | None, locale: Locale, *, has_unit: bool = True) -> str:
        """Return a figure in the indicator's unit, with digits by its size; a refusal as its reason."""
        if isinstance(value, Refusal):
            return value.text(locale)
        if value is None or math.isnan(value):
            return "–"
        digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2
        unit = f" {self.indicator.unit}" if self.indicator.unit and has_unit else ""
        return f"{value:,.{digits}f}{unit}"

    def difference(self, value: Value | None, locale: Locale) -> str:
        """Return a change as `shown`, in the unit of differences."""
        if isinstance(value, Refusal) or value is None or math.isnan(value):
            return self.shown(value, locale)
        return f"{self.shown(value, locale, has_unit=False)} {difference_unit(self.indicator.unit, locale)}".strip()

    def as_dict(self, locale: Locale) -> dict[str, Any]:
        """Return everything as JSON values; a refusal becomes {reason_code, reason}."""
        plain = {name: _plain(value, locale) for name, value in vars(self).items()}
        weaknesses = [{"weakness": what, "remedy": remedy} for what, remedy in self.weaknesses(locale)]
        return plain | {
            "verdict": self.verdict(locale),
            "what_would_raise_the_grade": weaknesses,
            "cautions": self.cautions(locale),
        }


def _plain(value: Any, locale: Locale) -> Any:
    if isinstance(value, Refusal):
        return {"reason_code": value.reason_code, "reason": reason_text(value.reason_code, locale)}
    if hasattr(value, "__dataclass_fields__"):
        named = vars(value) if hasattr(value, "__dict__") else asdict(value)
        return {name: _plain(one, locale) for name, one in named.items()}
    if isinstance(value, Mapping):
        return {str(name): _plain(one, locale) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one, locale) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value.isoformat() if isinstance(value, date) else value
