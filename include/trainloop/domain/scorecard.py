"""The scorecard of a course 课程计分卡: five levels of evidence and the suggestion keep, fix, scale or stop (R39).

Pure; thresholds and rules are data of the site file. A level is good or weak only where its interval lies wholly on one
side of its threshold, so one bad class of few answers is no verdict. A missing level is named and is never a zero.
Results (L4) count from grade C on: below it nothing says that the course caused anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Level = Literal["reaction", "learning", "behaviour", "results", "returns"]
Standing = Literal["good", "middle", "weak", "missing"]
Suggestion = Literal["keep", "fix", "scale", "stop", "none"]
LEVELS: Final[tuple[Level, ...]] = ("reaction", "learning", "behaviour", "results", "returns")
TRUSTED_GRADES: Final = frozenset({"A", "B", "C"})


@dataclass(frozen=True, slots=True)
class Range:
    """A measured value with the interval it may lie in."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """From where on a level is good, and below where it is weak."""

    good: float
    weak: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A suggestion and the standings of levels that lead to it; `min_classes` were held in the year."""

    suggestion: Suggestion
    when: Mapping[Level, Sequence[Standing]]
    min_classes: int = 1


@dataclass(frozen=True, slots=True)
class Finding:
    """One indicator of one class after 90 days: its evidence grade and what it says."""

    grade: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is suggested, by which rule (its place in the list, 1 is first; 0: none), and on which levels."""

    suggestion: Suggestion
    rule_number: int
    led_by: tuple[Level, ...]


def standing(measured: Range | None, threshold: Threshold) -> Standing:
    """Return how a level stands, its whole interval considered.

    >>> standing(Range(3.2, 2.6, 3.8), Threshold(4.0, 3.5)), standing(Range(3.2, 3.0, 3.4), Threshold(4.0, 3.5))
    ('middle', 'weak')
    """
    if measured is None:
        return "missing"
    if measured.low >= threshold.good:
        return "good"
    return "weak" if measured.high < threshold.weak else "middle"


def standing_of_results(findings: Sequence[Finding]) -> Standing:
    """Return how the 90-day results of a course stand; those of grade D and E say nothing.

    >>> standing_of_results([Finding("D", "improved")])
    'missing'
    >>> standing_of_results([Finding("B", "improved"), Finding("E", "worsened")])
    'good'
    """
    outcomes = {one.outcome for one in findings if one.grade in TRUSTED_GRADES} - {"not_measured"}
    if not outcomes:
        return "missing"
    if "improved" in outcomes:
        return "middle" if "worsened" in outcomes else "good"
    return "weak" if "worsened" in outcomes else "middle"


def best_grade(findings: Sequence[Finding]) -> str | None:
    """Return the best evidence grade among the findings (A is best); None without any."""
    return min((one.grade for one in findings), default=None)


def suggest(standings: Mapping[Level, Standing], class_count: int, rules: Sequence[Rule]) -> Verdict:
    """Return what the first rule that holds suggests; `none` where no rule holds: the evidence is too thin."""
    for number, rule in enumerate(rules, start=1):
        if class_count >= rule.min_classes and all(standings[level] in said for level, said in rule.when.items()):
            led_by = tuple(level for level in LEVELS if level in rule.when and standings[level] != "missing")
            return Verdict(rule.suggestion, number, led_by)
    return Verdict("none", 0, ())
