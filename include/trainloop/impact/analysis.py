"""One study: a class (or several classes of a course), its people, and what became of each indicator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Literal

from trainloop.config import Site, get_site
from trainloop.domain.performance import Evidence, grade, outcome_of
from trainloop.domain.performance_words import sentence_code
from trainloop.errors import PermanentError
from trainloop.impact.finding import Comparison, Finding, Indicator
from trainloop.impact.groups import arms, exclusions, series
from trainloop.impact.rules import Rules
from trainloop.statistics.comparison_groups import LEARNER, ComparisonGroup, balance, choose, lend_dates
from trainloop.statistics.effect_checks import (
    PreTrend,
    baseline_position,
    is_regression_to_the_mean,
    minimum_detectable,
    pre_trend,
    spread,
)
from trainloop.statistics.effects import Effect, difference_in_differences, difference_in_means
from trainloop.statistics.refusal import Refusal, Value
from trainloop.statistics.windows import CELLS_BEFORE, Panel, build_panel

if TYPE_CHECKING:
    import pandas as pd

# Covariates may take one of so many people; more would fit the noise of small groups.
PEOPLE_PER_COVARIATE = 20


class LotUnknownError(PermanentError):
    """There are randomised comparison people, but the study does not say what was drawn by lot.

    Set `drawn_by` to person or team, or give these people the role they have (waitlisted, untrained …).
    """


class ClassDateMissingError(PermanentError):
    """{count} learners have no class date. Fill in 结课日期 (class_ends_on) of each, or set it in the design."""


@dataclass(frozen=True)
class Study:
    """How people came into a study.

    `drawn_by`: what was drawn by lot, None = nothing. `known_until`: last day of which figures are known. `covariates`:
    columns of the people to adjust for, beside family and level. `relevant_effects`: the smallest effect that matters,
    by indicator in its units (default: the site's share of a standard deviation).
    """

    known_until: date
    drawn_by: Literal["person", "team"] | None = None
    is_selected_on_results: bool = False
    is_untouched: bool = True
    covariates: tuple[str, ...] = ()
    relevant_effects: Mapping[str, float] = field(default_factory=dict)


def analyse_all(
    indicators: Iterable[Indicator], facts: pd.DataFrame, people: pd.DataFrame, study: Study, site: Site | None = None
) -> list[Finding]:
    """Analyse each indicator of a study, one after the other (memory holds the facts and one indicator's sums).

    facts: kpi_code and the columns of `windows.build_panel`. people: unit_id (unique), role, team_code, class_ends_on
    (may be missing for comparison people), optionally job_family, job_level, left_on, other_class_on and covariates.
    """
    if study.drawn_by is None and (people["role"] == "randomised").any():
        raise LotUnknownError
    undated = int(((people["role"] == LEARNER) & people["class_ends_on"].isna()).sum())
    if undated:
        raise ClassDateMissingError(count=undated)
    rules = Rules.of(site or get_site())
    dated = people.assign(class_ends_on=lend_dates(people))
    dated = dated[dated["class_ends_on"].notna()].reset_index(drop=True)
    codes = facts["kpi_code"]
    return [analyse(indicator, facts[codes == indicator.kpi_code], dated, study, rules) for indicator in indicators]


def analyse(indicator: Indicator, facts: pd.DataFrame, people: pd.DataFrame, study: Study, rules: Rules) -> Finding:
    """Return what is known about one indicator; people have their class dates already."""
    return analyse_compared(indicator, facts, people, study, rules)[0]


def analyse_compared(
    indicator: Indicator, facts: pd.DataFrame, people: pd.DataFrame, study: Study, rules: Rules
) -> tuple[Finding, pd.DataFrame]:
    """Return what is known about one indicator, and whom its figures speak of (unit_id, is_learner)."""
    panel = build_panel(
        facts,
        people,
        indicator.grain,
        rules.windows,
        known_until=study.known_until,
        rate_per=indicator.rate_per,
        unit=indicator.unit if "unit" in facts else None,
        redefined_on=indicator.redefined_on,
    )
    included = panel.included
    learners = included[included["role"] == LEARNER]
    position = baseline_position(learners["pre"], included["pre"], indicator.direction)
    is_selected = is_regression_to_the_mean(position, study.is_selected_on_results, rules.selection_z)
    group = choose(included, rules.groups)
    effect: Effect | Refusal
    adjusted: Effect | Refusal | None = None
    comparison: Comparison | Refusal
    trend: PreTrend | Refusal
    if isinstance(group, Refusal):
        compared = learners.assign(is_learner=True)
        effect = comparison = trend = group
    else:
        compared = included.loc[[*group.learners, *group.people]]
        compared = compared.assign(is_learner=compared["role"] == LEARNER)
        covariates = _covariates(compared, group, study)
        effect, adjusted = _effects(compared, group, covariates, study, rules)
        comparison = _comparison(compared, group, covariates)
        trend = _trend(panel, compared, group, study, rules)
    relevant = _relevant(indicator, compared, study, rules)
    detectable: Value = group if isinstance(group, Refusal) else Refusal("too_few_people")
    if not isinstance(effect, Refusal):
        detectable = minimum_detectable(effect, 1 - rules.effects.confidence, rules.power)
    evidence = _evidence(compared, group, effect, trend, comparison, detectable, relevant, study, is_selected)
    graded = grade(evidence, rules.grades)
    outcome = outcome_of(*_bounds(effect), indicator.direction)
    both = arms(compared, panel, rules)
    before_after: Value = Refusal("too_few_people")
    if is_selected:
        before_after = Refusal("regression_to_the_mean")
    elif both[0] is not None:
        before_after = both[0].post - both[0].pre
    finding = Finding(
        indicator,
        graded,
        outcome,
        sentence_code(graded, outcome),
        *both,
        comparison,
        effect,
        adjusted,
        before_after,
        detectable,
        relevant,
        trend,
        position,
        exclusions(panel, group),
        series(panel, compared),
        rules.effects.confidence,
    )
    return finding, compared[["unit_id", "is_learner"]]


def _bounds(effect: Effect | Refusal) -> tuple[float | None, float | None]:
    if isinstance(effect, Refusal) or isinstance(effect.low, Refusal) or isinstance(effect.high, Refusal):
        return None, None
    return effect.low, effect.high


def _covariates(compared: pd.DataFrame, group: ComparisonGroup, study: Study) -> tuple[str, ...]:
    """Return what to adjust for: what the study names, and family and level where they were not matched on."""
    own = [] if group.is_matched else ["job_family", "job_level"]
    names = [name for name in (*study.covariates, *own) if name in compared and compared[name].nunique() > 1]
    room = len(compared) // PEOPLE_PER_COVARIATE
    chosen: list[str] = []
    for name in names:
        is_number = compared[name].dtype.kind in "iuf"
        room -= 1 if is_number else compared[name].nunique() - 1
        if room < 0:
            break
        chosen.append(name)
    return tuple(chosen)


def _effects(
    compared: pd.DataFrame, group: ComparisonGroup, covariates: Sequence[str], study: Study, rules: Rules
) -> tuple[Effect | Refusal, Effect | Refusal | None]:
    is_lot = group.source == "randomised"
    if is_lot and study.drawn_by == "person":
        both = difference_in_means(compared, rules.effects)
        return (both, None) if isinstance(both, Refusal) else both
    plain = difference_in_differences(compared, rules.effects, by_lot=is_lot)
    if not covariates:
        return plain, None
    # What baselines explain is taken out of the effect that is shown; the plain one stands beside it.
    return difference_in_differences(compared, rules.effects, covariates=covariates, by_lot=is_lot), plain


def _comparison(compared: pd.DataFrame, group: ComparisonGroup, covariates: Sequence[str]) -> Comparison:
    is_learner = compared["is_learner"].to_numpy(dtype=bool)
    names = dict.fromkeys((*covariates, *(name for name in ("job_family", "job_level") if name in compared)))
    numbers = ["pre", *(name for name in names if compared[name].dtype.kind in "iuf")]
    categories = [name for name in names if name not in numbers]
    return Comparison(
        group.source,
        group.smd_before,
        group.is_matched,
        len(group.unmatched),
        group.passed_over,
        balance(compared, is_learner, numbers, categories),
        tuple(covariates),
    )


def _trend(
    panel: Panel, compared: pd.DataFrame, group: ComparisonGroup, study: Study, rules: Rules
) -> PreTrend | Refusal:
    return pre_trend(
        compared,
        panel.cells[compared.index.to_numpy(), :CELLS_BEFORE],
        rules.windows.cells_apart(panel.grain),
        rules.trend_margin_sd,
        rules.effects,
        alpha=rules.trend_alpha,
        by_lot=group.source == "randomised" and study.drawn_by == "team",
    )


def _relevant(indicator: Indicator, compared: pd.DataFrame, study: Study, rules: Rules) -> float:
    named = study.relevant_effects.get(indicator.kpi_code)
    return float(named) if named is not None else rules.relevant_effect_sd * spread(compared)


def _evidence(
    compared: pd.DataFrame,
    group: ComparisonGroup | Refusal,
    effect: Effect | Refusal,
    trend: PreTrend | Refusal,
    comparison: Comparison | Refusal,
    detectable: Value,
    relevant: float,
    study: Study,
    is_selected: bool,
) -> Evidence:
    is_learner = compared["is_learner"].to_numpy(dtype=bool)
    people = (int(is_learner.sum()), int((~is_learner).sum()))
    teams = (compared["team_code"][is_learner].nunique(), compared["team_code"][~is_learner].nunique())
    source = None if isinstance(group, Refusal) else group.source
    return Evidence(
        *people,
        source,
        "none" if isinstance(effect, Refusal) else effect.inference,
        teams,
        teams if study.drawn_by == "team" else people,
        "not_tested" if isinstance(trend, Refusal) else trend.status,
        None if isinstance(comparison, Refusal) else max(comparison.balance.values(), key=abs),
        not isinstance(detectable, Refusal) and detectable <= relevant,
        None not in _bounds(effect),
        is_selected,
        study.is_untouched,
    )
