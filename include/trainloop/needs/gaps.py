"""Gaps of single people, as the year's evidence gives them: never shown, only pooled (R03, R04)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from trainloop.domain.need import Cause, assessed_level, competency_gap, performance_gap
from trainloop.needs.inputs import CompetencyLevel, Result


@dataclass(frozen=True, slots=True)
class ResultGap:
    """One employee's gap in one indicator: percent of the target, mean over the quarters with a defined gap.

    Shortfall is what lies below target only, in percent, by the cause somebody stated (None: nobody did).
    """

    gap_pct: float
    by_quarter: Mapping[str, float]
    shortfall_by_cause: Mapping[Cause | None, float]

    @property
    def shortfall_pct(self) -> float:
        return sum(self.shortfall_by_cause.values())


@dataclass(frozen=True, slots=True)
class LevelGap:
    """One employee's gap in one competency: weighted levels, percent of the required level, self minus manager."""

    gap: float
    gap_pct: float
    self_minus_manager: float | None


def result_gaps(results: Iterable[Result]) -> tuple[dict[str, dict[str, ResultGap]], dict[str, int]]:
    """Return indicator → employee → gap, and per indicator how many results have no defined gap (target zero)."""
    grouped: dict[tuple[str, str], list[tuple[str, float, Cause | None]]] = defaultdict(list)
    undefined: dict[str, int] = defaultdict(int)
    for result in results:
        gap = performance_gap(result.target, result.actual, result.direction)
        if gap is None:
            undefined[result.kpi_code] += 1
        else:
            grouped[result.kpi_code, result.employee_id].append((result.period, 100 * gap, result.cause))
    found: dict[str, dict[str, ResultGap]] = defaultdict(dict)
    for (kpi_code, employee_id), lines in grouped.items():
        shortfall: dict[Cause | None, float] = defaultdict(float)
        for _, gap_pct, cause in lines:
            if gap_pct > 0:
                shortfall[cause] += gap_pct
        found[kpi_code][employee_id] = ResultGap(
            fmean(gap_pct for _, gap_pct, _ in lines),
            {period: gap_pct for period, gap_pct, _ in lines},
            dict(shortfall),
        )
    return dict(found), dict(undefined)


def level_gaps(levels: Iterable[CompetencyLevel]) -> tuple[dict[str, dict[str, LevelGap]], dict[str, int]]:
    """Return competency → employee → gap, and per competency how many people nobody assessed."""
    found: dict[str, dict[str, LevelGap]] = defaultdict(dict)
    missing: dict[str, int] = defaultdict(int)
    for line in levels:
        assessed = assessed_level(line.manager, line.test_pct, line.self_rated)
        if assessed is None:
            missing[line.competency_code] += 1
            continue
        both = line.manager is not None and line.self_rated is not None
        found[line.competency_code][line.employee_id] = LevelGap(
            competency_gap(line.required, assessed, line.weight),
            100 * competency_gap(line.required, assessed) / line.required,
            line.self_rated - line.manager if both else None,  # type: ignore[operator]
        )
    return dict(found), dict(missing)


def shortfall_of(gaps: Sequence[ResultGap]) -> dict[Cause | None, float]:
    """Return the shortfall of several people by cause, in percent points of targets."""
    total: dict[Cause | None, float] = defaultdict(float)
    for gap in gaps:
        for cause, part in gap.shortfall_by_cause.items():
            total[cause] += part
    return dict(total)
