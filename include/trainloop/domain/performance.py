"""How far a 90-day result may be attributed to training 证据等级, and the sentence a report may say about it (R37).

A: drawn by lot, ten units an arm or more, adequate power. B: an untouched comparison group, ten teams an arm or
bootstrap inference, parallel trends before, balanced. C: a comparison group with a named weakness. D: before and after
only, learners chosen by their results, or groups too different. E: too little data. The sentence is chosen by grade and
outcome; at D and E it never says or implies that training did anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

EvidenceGrade = Literal["A", "B", "C", "D", "E"]
GroupSource = Literal["randomised", "pilot_comparison", "waitlisted", "matched", "cancelled"]
Inference = Literal["clustered", "wild_bootstrap", "randomisation", "welch", "regression", "none"]
Trend = Literal["parallel", "diverging", "unclear", "not_tested"]
Outcome = Literal["improved", "worsened", "no_clear_change", "not_measured"]
# Why a grade is not higher; each with what would raise it.
Weakness = Literal[
    "too_few_learners",
    "no_comparison_group",
    "selected_on_results",
    "severe_imbalance",
    "cancellers",
    "comparison_touched",
    "one_team",
    "few_teams",
    "trends_differ",
    "trend_not_tested",
    "trend_unclear",
    "imbalance",
    "not_by_lot",
    "few_units",
    "low_power",
]
WEAKNESSES: tuple[Weakness, ...] = get_args(Weakness)
# Which grade a weakness leaves at best.
_AT_BEST: dict[Weakness, EvidenceGrade] = {
    "too_few_learners": "E",
    "no_comparison_group": "D",
    "selected_on_results": "D",
    "severe_imbalance": "D",
    "cancellers": "C",
    "comparison_touched": "C",
    "one_team": "C",
    "few_teams": "C",
    "trends_differ": "C",
    "trend_not_tested": "C",
    "trend_unclear": "C",
    "imbalance": "C",
    "not_by_lot": "B",
    "few_units": "B",
    "low_power": "B",
}
# Inference that holds with fewer teams, or that needs none.
_FEW_TEAMS_SERVE = {"wild_bootstrap", "randomisation", "welch", "regression"}


@dataclass(frozen=True, slots=True)
class GradeRules:
    """Thresholds of the site file: people, teams and units per arm, standardised differences."""

    min_people: int = 5
    min_teams: int = 10
    min_units: int = 10
    max_smd: float = 0.25
    smd_judged_from: int = 50
    severe_smd: float = 0.8


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an analysis found out about itself.

    `unit_counts`: what was drawn by lot or chosen, per arm (people, or teams where whole teams were), learners first.
    `smd` is the largest standardised difference left after matching; None without a comparison group.
    """

    learner_count: int
    comparison_count: int
    source: GroupSource | None
    inference: Inference
    team_counts: tuple[int, int]
    unit_counts: tuple[int, int]
    trend: Trend
    smd: float | None
    has_power: bool
    has_interval: bool = True
    is_selected_on_results: bool = False
    is_untouched: bool = True

    @property
    def is_by_lot(self) -> bool:
        return self.source == "randomised"


@dataclass(frozen=True, slots=True)
class Graded:
    """The grade, what keeps it from being higher (the nearest first), and what a reader should bear in mind."""

    grade: EvidenceGrade
    weaknesses: tuple[Weakness, ...]
    cautions: tuple[Weakness, ...] = ()


def grade(evidence: Evidence, rules: GradeRules) -> Graded:
    """Return the evidence grade: the best that every weakness found allows.

    Imbalance is judged from `smd_judged_from` people an arm; in smaller groups chance alone makes such differences, so
    there it is a caution, severe imbalance aside.
    """
    found, cautions = _weaknesses(evidence, rules)
    if evidence.is_by_lot and not {"few_units", "low_power"} & found:
        # The lot makes groups comparable: trends and balance are what it promises, not what it has to prove.
        found -= {"trend_not_tested", "trend_unclear", "trends_differ", "few_teams", "imbalance"}
    worst: EvidenceGrade = max((_AT_BEST[weakness] for weakness in found), default="A")
    # What is named first is what holds the grade down; mending the rest alone would not help.
    ordered = sorted(found, key=lambda one: ("EDCBA".index(_AT_BEST[one]), WEAKNESSES.index(one)))
    return Graded(worst, tuple(ordered), tuple(sorted(cautions, key=WEAKNESSES.index)))


def _weaknesses(evidence: Evidence, rules: GradeRules) -> tuple[set[Weakness], set[Weakness]]:
    smd = abs(evidence.smd) if evidence.smd is not None else 0.0
    smallest_arm = min(evidence.learner_count, evidence.comparison_count)
    is_judged = smallest_arm >= rules.smd_judged_from
    teams, has_group = min(evidence.team_counts), evidence.source is not None
    applies: dict[Weakness, bool] = {
        "too_few_learners": evidence.learner_count < rules.min_people,
        "no_comparison_group": not has_group,
        "selected_on_results": evidence.is_selected_on_results and not evidence.is_by_lot,
        "severe_imbalance": smd > rules.severe_smd and not evidence.is_by_lot,
        "cancellers": evidence.source == "cancelled",
        "comparison_touched": has_group and not evidence.is_untouched,
        "one_team": has_group and teams < 2 and evidence.inference not in {"welch", "regression"},
        "few_teams": has_group
        and teams >= 2
        and not (evidence.has_interval and (teams >= rules.min_teams or evidence.inference in _FEW_TEAMS_SERVE)),
        "trends_differ": has_group and evidence.trend == "diverging",
        "trend_not_tested": has_group and evidence.trend == "not_tested",
        "trend_unclear": has_group and evidence.trend == "unclear",
        "imbalance": rules.max_smd < smd <= rules.severe_smd and is_judged,
        "not_by_lot": not evidence.is_by_lot,
        "few_units": evidence.is_by_lot and min(evidence.unit_counts) < rules.min_units,
        "low_power": evidence.is_by_lot and not evidence.has_power,
    }
    cautions: set[Weakness] = set()
    if has_group and rules.max_smd < smd <= rules.severe_smd and not is_judged:
        cautions.add("imbalance")
    if has_group and not evidence.has_power and not evidence.is_by_lot:
        cautions.add("low_power")
    return {weakness for weakness, holds in applies.items() if holds}, cautions


def outcome_of(low: float | None, high: float | None, direction: Literal["higher", "lower"]) -> Outcome:
    """Return what an interval says in the direction of the indicator; None: there is no interval."""
    if low is None or high is None:
        return "not_measured"
    if low <= 0 <= high:
        return "no_clear_change"
    is_up = low > 0
    return "improved" if is_up == (direction == "higher") else "worsened"
