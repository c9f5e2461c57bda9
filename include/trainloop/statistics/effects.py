"""The effect of a class on an indicator, in the indicator's own units, learners minus comparison (methods §4).

- `difference_in_differences`: person and period fixed effects. With one window before and one after these are the
  difference of each person's change (Bertrand, Duflo & Mullainathan 2004, Quarterly Journal of Economics 119(1), on why
  periods are collapsed), within each class date, adjusted for baselines. Errors are clustered by team; fewer than ten
  teams in an arm: restricted wild cluster bootstrap, or randomisation inference where teams were drawn by lot or an arm
  has fewer than three; one team in an arm has an effect and no interval. Never clustered by person instead.
- `difference_in_means`: for people drawn by lot: Welch (1947); beside it Lin's regression (2013, Annals of Applied
  Statistics 7(1)) on the level before, fully interacted, with HC2 errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from trainloop.statistics import clusters
from trainloop.statistics.comparison import welch
from trainloop.statistics.moments import Moments, moments
from trainloop.statistics.refusal import Refusal, Value

Inference = Literal["clustered", "wild_bootstrap", "randomisation", "welch", "regression", "none"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EffectRules:
    """Confidence of the interval, teams per arm from which errors are clustered, and what a bootstrap draws."""

    confidence: float = 0.95
    min_teams: int = 10
    replications: int = 1999
    seed: int = 20260101


@dataclass(frozen=True)
class Effect:
    """Learners minus comparison. `error` and `degrees` serve the minimum detectable effect."""

    estimate: float
    low: Value
    high: Value
    p: Value
    error: Value
    degrees: float
    inference: Inference
    learner_count: int
    comparison_count: int
    learner_teams: int
    comparison_teams: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out zero."""
        if isinstance(self.low, Refusal) or isinstance(self.high, Refusal):
            return False
        return self.low > 0 or self.high < 0


def difference_in_differences(
    people: pd.DataFrame,
    rules: EffectRules,
    *,
    outcome: str = "change",
    covariates: Sequence[str] = (),
    by_lot: bool = False,
) -> Effect | Refusal:
    """Return the mean change of learners minus that of the comparison.

    people: is_learner (bool), team_code, the outcome, optionally class_ends_on (changes are compared within a class
    date) and the numeric or categorical `covariates`. `by_lot`: whole teams were drawn by lot. Refused without people
    in both arms, or when nothing varies.
    """
    is_learner = people["is_learner"].to_numpy(dtype=bool)
    if not is_learner.any() or is_learner.all():
        return Refusal("no_comparison_group")
    teams = clusters.team_codes(people["team_code"])
    counts = (len(np.unique(teams[is_learner])), len(np.unique(teams[~is_learner])))
    y, d, others = _within_dates(people, outcome, is_learner, covariates)
    fitted = clusters.fit(y, d, others, teams)
    if isinstance(fitted, Refusal):
        return fitted
    estimate, error, degrees = fitted.estimate, fitted.error, float(fitted.team_count - 1)
    interval: clusters.Interval
    inference: Inference
    is_mixed_team = fitted.team_count < sum(counts)
    if min(counts) >= rules.min_teams:
        inference, interval = "clustered", fitted.interval(rules.confidence)
    elif min(counts) < 2 and not is_mixed_team:
        # One team is one draw of everything that happens to a team: nothing tells training from that.
        refused = Refusal("too_few_teams")
        return _effect(estimate, clusters.Interval(refused, refused, refused), refused, 0, "none", is_learner, counts)
    elif (by_lot or min(counts) < 3) and not is_mixed_team:
        drawn = clusters.randomisation(
            _residuals(y, others), is_learner.astype(np.float64), teams, rules.confidence, seed=rules.seed
        )
        if isinstance(drawn, Refusal):
            return drawn
        inference, interval = "randomisation", drawn[1]
    else:
        inference = "wild_bootstrap"
        interval = clusters.wild_bootstrap(fitted, rules.confidence, rules.replications, rules.seed)
    return _effect(estimate, interval, error if error > 0 else Refusal("constant_data"), degrees, inference, is_learner,
                   counts)  # fmt: skip


def _effect(
    estimate: float,
    interval: clusters.Interval,
    error: Value,
    degrees: float,
    inference: Inference,
    is_learner: NDArray[np.bool_],
    teams: tuple[int, int],
) -> Effect:
    learners = int(is_learner.sum())
    return Effect(estimate, interval.low, interval.high, interval.p, error, degrees, inference, learners,
                  len(is_learner) - learners, *teams)  # fmt: skip


def _within_dates(
    people: pd.DataFrame, outcome: str, is_learner: NDArray[np.bool_], covariates: Sequence[str]
) -> tuple[Floats, Floats, Floats]:
    """Return outcome, treatment and the other regressors; with several class dates all are centred within them."""
    y, d = people[outcome].to_numpy(dtype=np.float64), is_learner.astype(np.float64)
    columns = [np.ones(len(people))]
    for name in covariates:
        columns += _regressors(people[name])
    others = np.column_stack(columns)
    dates = people.get("class_ends_on")
    if dates is None or dates.nunique(dropna=False) == 1:
        return y, d, others
    strata = pd.factorize(dates)[0]
    centred = [column - _means(column, strata) for column in (y, d, *others.T[1:])]
    return centred[0], centred[1], np.column_stack([np.ones(len(y)), *centred[2:]])


def _means(values: Floats, strata: NDArray[np.int64]) -> Floats:
    sums, sizes = np.bincount(strata, values), np.bincount(strata)
    means: Floats = (sums / np.maximum(sizes, 1))[strata]
    return means


def _regressors(column: pd.Series[Any]) -> list[Floats]:
    """Return a covariate as regressors: a number centred, a category as indicators but its first; constants none."""
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isnan(values).all():
            return []
        values = np.where(np.isnan(values), np.nanmean(values), values) - np.nanmean(values)
        return [values] if float(values.std()) > 0 else []
    shares = pd.get_dummies(column.astype(str), dtype=np.float64)
    return [shares[value].to_numpy() for value in list(shares)[1:]]


def _residuals(y: Floats, others: Floats) -> Floats:
    """Return what the covariates leave of the outcome: randomisation tests work on that (Rosenbaum 2002)."""
    beta, *_ = np.linalg.lstsq(others, y, rcond=None)
    left: Floats = y - others @ beta
    return left


def difference_in_means(people: pd.DataFrame, rules: EffectRules) -> tuple[Effect, Effect | Refusal] | Refusal:
    """Return (Welch's difference of the levels after, the regression-adjusted one) for people drawn by lot.

    people: is_learner, pre, post, team_code. Refused without two people in each arm.
    """
    is_learner = people["is_learner"].to_numpy(dtype=bool)
    post = people["post"].to_numpy(dtype=np.float64)
    learners, others = moments(post[is_learner]), moments(post[~is_learner])
    if isinstance(learners, Refusal) or isinstance(others, Refusal) or min(learners.n, others.n) < 2:
        return Refusal("too_few_people" if is_learner.any() and not is_learner.all() else "no_comparison_group")
    teams = clusters.team_codes(people["team_code"])
    counts = (len(np.unique(teams[is_learner])), len(np.unique(teams[~is_learner])))
    found = welch(learners, others, rules.confidence)
    error, degrees = _welch_error(learners, others)
    plain = _effect(
        found.difference,
        clusters.Interval(found.ci_low, found.ci_high, found.p),
        error,
        degrees,
        "welch",
        is_learner,
        counts,
    )
    return plain, _lin(people, is_learner, rules, counts)


def _welch_error(learners: Moments, others: Moments) -> tuple[Value, float]:
    parts = (learners.variance / learners.n, others.variance / others.n)
    if np.isclose(sum(parts), 0):
        return Refusal("constant_data"), 0
    degrees = sum(parts) ** 2 / (parts[0] ** 2 / (learners.n - 1) + parts[1] ** 2 / (others.n - 1))
    return float(np.sqrt(sum(parts))), degrees


def _lin(
    people: pd.DataFrame, is_learner: NDArray[np.bool_], rules: EffectRules, teams: tuple[int, int]
) -> Effect | Refusal:
    import statsmodels.api as sm

    pre = people["pre"].to_numpy(dtype=np.float64)
    if len(people) < 8 or np.isclose(pre.std(), 0):
        return Refusal("too_few_people" if len(people) < 8 else "constant_data")
    d, centred = is_learner.astype(np.float64), pre - pre.mean()
    design = np.column_stack([np.ones(len(pre)), d, centred, d * centred])
    fitted = sm.OLS(people["post"].to_numpy(dtype=np.float64), design).fit(cov_type="HC2", use_t=True)
    if not fitted.bse[1] > 0:
        return Refusal("constant_data")
    low, high = fitted.conf_int(1 - rules.confidence)[1]
    interval = clusters.Interval(float(low), float(high), float(fitted.pvalues[1]))
    error, degrees = float(fitted.bse[1]), float(fitted.df_resid)
    return _effect(float(fitted.params[1]), interval, error, degrees, "regression", is_learner, teams)
