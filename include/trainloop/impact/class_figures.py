"""From findings to what readers may see of a class: figures under the minimum groups, and the ledger of their people.

| family | code | statistics | unit |
|---|---|---|---|
| effect | indicator | grade sentence outcome source inference is_selected is_key (texts) | – |
| effect | indicator | effect ci_low ci_high p mde relevant | its unit |
| arm | indicator | learners_count learners_teams learners_pre learners_post; comparison_… | people; its unit |
| growth | indicator | learners_pct comparison_pct; ratio ratio_low ratio_high of learners' rates | percent; – |
| trend | indicator | status (text) drift ci_low ci_high margin | its unit |
| balance | indicator | smd_before; one per baseline | standard deviations |
| excluded | indicator | <role>:<reason> | people |
| series | indicator | learners:<offset> comparison:<offset> | its unit |
| weakness, caution | indicator | 1 2 … (texts) | – |
| return | indicator | benefit ratio return_pct, each with _low and _high; cost_amount; currency | money; percent |
| return | indicator | learners_in_job periods unit_value_amount; refusal (text) | people; money |
| cost | category | amount; currency (text) | money |
| class | class | attended_count left_count is_declared_late (text) course_kpi_count | people |

A level speaks of five people at least, an interval of ten learners. Below grade D nothing but counts is shown; where
learners were chosen for low results neither levels nor lines are, for they would look like a gain.

Whom a figure speaks of is the same in two classes of one month, or nearly: two means of almost the same people over the
same months would give a person away by subtraction. So the ledger's key is the indicator and its months, whatever the
class: a group that differs from a shown one of another class by one to four people is not shown.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Literal

from trainloop.domain.return_on_investment import Cost, Return, ReturnRefusal
from trainloop.impact.class_study import Measured
from trainloop.impact.finding import Arm, Finding
from trainloop.statistics.figures import ShownFigure
from trainloop.statistics.refusal import Refusal, Value
from trainloop.statistics.suppression import LedgerEntry, Minimums, Visibility, visibility_of

if TYPE_CHECKING:
    import pandas as pd

ArmName = Literal["learners", "comparison"]
ARMS: tuple[ArmName, ...] = ("learners", "comparison")
NEAR = "too_close_to_earlier_release"


@dataclass(frozen=True)
class Result:
    """One indicator of a class: what was found, of whom, and what it is worth."""

    measured: Measured
    finding: Finding
    people: Mapping[ArmName, frozenset[str]]
    returns: Return | ReturnRefusal
    learners_in_job: int
    periods: int
    known_until: date | None = None
    unit_value_amount: Decimal = Decimal(0)
    file_ids: Sequence[int] = ()

    @property
    def kpi_code(self) -> str:
        return self.measured.indicator.kpi_code

    @property
    def grade(self) -> str:
        return self.finding.graded.grade

    @property
    def is_selected(self) -> bool:
        return "selected_on_results" in self.finding.graded.weaknesses


@dataclass(frozen=True)
class Shown:
    """The figures of a release, whom they speak of, and whether it would give somebody away beside an earlier one."""

    figures: tuple[ShownFigure, ...]
    ledger: tuple[LedgerEntry, ...]
    is_withheld: bool


def people_of(compared: pd.DataFrame, kpi_code: str) -> dict[ArmName, frozenset[str]]:
    """Return both groups as hashes of people, which say nothing by themselves and agree from release to release."""
    is_learner = compared["is_learner"].to_numpy(dtype=bool)
    units = compared["unit_id"].to_numpy()
    return {
        name: frozenset(_hash(str(unit), kpi_code) for unit in units[is_learner if name == "learners" else ~is_learner])
        for name in ARMS
    }


def _hash(employee_id: str, kpi_code: str) -> str:
    text = hashlib.md5(f"performance:{kpi_code}:{employee_id}".encode(), usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def ledger_key(result: Result, class_on: date) -> str:
    """Return under which key figures over the same people could be subtracted: the indicator and its windows."""
    windows = f"{class_on:%Y-%m}" if result.measured.indicator.grain == "month" else class_on.isoformat()
    return f"performance_90d:{result.kpi_code}:{windows}"


def show(
    results: Sequence[Result],
    class_on: date,
    own: Sequence[LedgerEntry],
    others: Sequence[LedgerEntry],
    minimums: Minimums,
) -> Shown:
    """Decide what is shown of each indicator beside `own` earlier releases of this class and those of `others`."""
    figures: list[ShownFigure] = []
    ledger: list[LedgerEntry] = []
    is_withheld = False
    for result in results:
        key = ledger_key(result, class_on)
        seen: dict[ArmName, Visibility] = {}
        for name in ARMS:
            entries = [entry for entry in own if entry.key == f"{key}:{name}"]
            seen[name] = visibility_of(result.people[name], entries, minimums)
            is_withheld |= seen[name].is_near_earlier
            if _is_near(result.people[name], [entry for entry in others if entry.key.startswith(f"{key}:")], minimums):
                seen[name] = Visibility("hidden", NEAR)
        figures += _figures(result, seen, minimums)
        ledger += [
            LedgerEntry(f"{key}:{name}", seen[name].level, result.people[name])
            for name in ARMS
            if seen[name].level != "hidden" and _has_levels(result)
        ]
    return Shown(tuple(figures), tuple(ledger), is_withheld)


def _is_near(group: frozenset[str], others: Sequence[LedgerEntry], minimums: Minimums) -> bool:
    return any(0 < len(group ^ entry.respondents) < minimums.mean for entry in others)


def _has_levels(result: Result) -> bool:
    return result.grade != "E" and not result.is_selected


def _figures(result: Result, seen: Mapping[ArmName, Visibility], minimums: Minimums) -> Iterator[ShownFigure]:
    finding, code = result.finding, result.kpi_code
    graded, effect = finding.graded, finding.effect
    source = finding.comparison.reason_code if isinstance(finding.comparison, Refusal) else finding.comparison.source
    yield text("effect", code, "grade", graded.grade)
    yield text("effect", code, "sentence", finding.sentence)
    yield text("effect", code, "outcome", finding.outcome)
    yield text("effect", code, "source", source)
    yield text("effect", code, "is_selected", _word(result.is_selected))
    yield text("effect", code, "is_key", _word(result.measured.is_key))
    yield text("effect", code, "inference", "none" if isinstance(effect, Refusal) else effect.inference)
    n = finding.learners.people_count if finding.learners else 0
    if graded.grade in {"A", "B", "C"} and not isinstance(effect, Refusal):
        yield number("effect", code, "effect", effect.estimate, n)
        for name, value in (("ci_low", effect.low), ("ci_high", effect.high), ("mde", finding.detectable)):
            yield number("effect", code, name, value, n)
        yield number("effect", code, "p", effect.p, n, places=4)
        yield number("effect", code, "relevant", finding.relevant_effect, n)
        yield from _checks(result)
    for name, arm in zip(ARMS, (finding.learners, finding.comparison_arm), strict=True):
        yield from _arm(result, name, arm, seen[name], minimums)
    yield from _series(result, seen, minimums)
    for role, reasons in finding.exclusions.items():
        for reason, count in reasons.items():
            yield number("excluded", code, f"{role}:{reason}", count, None, places=0)
    for family, found in (("weakness", graded.weaknesses), ("caution", graded.cautions)):
        for place, one in enumerate(found, start=1):
            yield text(family, code, str(place), one)
    yield from _returns(result, n)


def _checks(result: Result) -> Iterator[ShownFigure]:
    finding, code = result.finding, result.kpi_code
    trend, comparison = finding.trend, finding.comparison
    if isinstance(trend, Refusal):
        yield text("trend", code, "status", "not_tested")
    else:
        yield text("trend", code, "status", trend.status)
        figures = (("drift", trend.drift), ("ci_low", trend.low), ("ci_high", trend.high), ("margin", trend.margin))
        for name, value in figures:
            yield number("trend", code, name, value, trend.people_count)
    if not isinstance(comparison, Refusal):
        yield number("balance", code, "smd_before", comparison.smd_before, None, places=2)
        for name, difference in comparison.balance.items():
            yield number("balance", code, name, difference, None, places=2)


def _arm(result: Result, name: ArmName, arm: Arm | None, seen: Visibility, minimums: Minimums) -> Iterator[ShownFigure]:
    code = result.kpi_code
    count = arm.people_count if arm else 0
    yield number("arm", code, f"{name}_count", count, None, places=0)
    yield number("arm", code, f"{name}_teams", arm.team_count if arm else 0, None, places=0)
    if arm is None or not _has_levels(result):
        return
    for window, value in (("pre", arm.pre), ("post", arm.post)):
        yield _level("arm", code, f"{name}_{window}", value, count, seen, minimums)
    growth: Value = arm.growth if isinstance(arm.growth, Refusal) else 100 * arm.growth
    yield _level("growth", code, f"{name}_pct", growth, count, seen, minimums, places=1)
    ratio = arm.rate_ratio
    if name == "learners" and ratio is not None and not isinstance(ratio, Refusal) and seen.level == "distribution":
        for statistic, bound in (("ratio", ratio.ratio), ("ratio_low", ratio.low), ("ratio_high", ratio.high)):
            yield _level("growth", code, statistic, bound, count, seen, minimums, places=2)


def _series(result: Result, seen: Mapping[ArmName, Visibility], minimums: Minimums) -> Iterator[ShownFigure]:
    if not _has_levels(result):
        return
    for cell in result.finding.series:
        means = (cell.learners, cell.others)
        for name, value, count in zip(ARMS, means, (cell.learner_count, cell.other_count), strict=True):
            if value is None:
                continue
            # Those whose figures of one month are missing must not come out by difference.
            is_near = 0 < len(result.people[name]) - count < minimums.mean
            shown = Visibility("hidden", "protects_other_figure") if is_near else seen[name]
            yield _level("series", result.kpi_code, f"{name}:{cell.offset}", value, count, shown, minimums)


def _returns(result: Result, n: int) -> Iterator[ShownFigure]:
    code, found = result.kpi_code, result.returns
    yield number("return", code, "learners_in_job", result.learners_in_job, None, places=0)
    yield number("return", code, "periods", result.periods, None, places=0)
    if isinstance(found, ReturnRefusal):
        yield text("return", code, "refusal", found.reason_code)
        return
    yield text("return", code, "currency", found.currency)
    yield number("return", code, "unit_value_amount", result.unit_value_amount, None, places=2)
    yield number("return", code, "cost_amount", found.cost_amount, None, places=2)
    for name, one, places in (
        ("benefit", found.benefit, 2),
        ("ratio", found.ratio, 2),
        ("return_pct", found.return_pct, 1),
    ):
        for suffix, amount in (("", one.figure), ("_low", one.low), ("_high", one.high)):
            yield number("return", code, f"{name}{suffix}", amount, n, places=places)


def class_figures(
    attended: int, left: int, kpi_count: int, costs: Sequence[Cost], *, is_declared_late: bool
) -> Iterator[ShownFigure]:
    """Yield what is known of the class itself."""
    for name, count in (("attended_count", attended), ("left_count", left), ("course_kpi_count", kpi_count)):
        yield number("class", "class", name, count, None, places=0)
    yield text("class", "class", "is_declared_late", _word(is_declared_late))
    for cost in costs:
        yield number("cost", cost.category, "amount", cost.amount, None, places=2)
        yield text("cost", cost.category, "currency", cost.currency)


def _word(is_so: bool) -> str:
    return "yes" if is_so else "no"


def text(family: str, code: str, statistic: str, value: str) -> ShownFigure:
    """Return a figure that is a word."""
    return ShownFigure(family, code, statistic, None, value, None, False, None)


def number(
    family: str, code: str, statistic: str, value: Value | Decimal, n: int | None, places: int | None = None
) -> ShownFigure:
    """Return a figure rounded to its places, or by its size; a refusal keeps its reason."""
    if isinstance(value, Refusal):
        return ShownFigure(family, code, statistic, None, None, n, False, value.reason_code)
    if not math.isfinite(value):
        return ShownFigure(family, code, statistic, None, None, n, False, "no_answers")
    exact = value if isinstance(value, Decimal) else Decimal(repr(float(value)))
    shown = exact.quantize(Decimal(1).scaleb(-(decimals(value) if places is None else places)), ROUND_HALF_UP)
    return ShownFigure(family, code, statistic, shown or abs(shown), None, n, False, None)


def decimals(value: float | Decimal) -> int:
    """Return how many decimals a figure of an indicator has: four digits that speak, never more than four decimals."""
    size = abs(float(value))
    return next((places for places, least in enumerate((1000, 100, 10, 1)) if size >= least), 4) if size else 0


def _level(
    family: str,
    code: str,
    statistic: str,
    value: Value,
    count: int,
    seen: Visibility,
    minimums: Minimums,
    places: int | None = None,
) -> ShownFigure:
    reason = seen.reason if seen.level == "hidden" else "below_minimum_mean" if count < minimums.mean else None
    if reason is not None:
        return ShownFigure(family, code, statistic, None, None, count, True, reason)
    return number(family, code, statistic, value, count, places)
