"""One coefficient with errors that hang together within teams: regression, its error, and inference with few teams.

Everything is computed from cross products per team (MacKinnon 2023, "Fast cluster bootstrap methods", Econometrics and
Statistics), so a hundred thousand people cost one pass and a resample only matrices as large as the number of teams.
- `fit`: least squares; the delete-one-team jackknife CV3 (MacKinnon, Nielsen & Webb 2023, Journal of Econometrics
  232(2)) is the error used, CV1 (Liang & Zeger 1986, with the usual factor) stands beside it for comparison.
- `wild_bootstrap`: restricted wild cluster bootstrap-t (Cameron, Gelbach & Miller 2008, Review of Economics and
  Statistics 90(3)), its interval by inverting the test; six-point weights of Webb (2023) with twelve teams or fewer.
- `randomisation`: Fisher's test (1935) with teams as units, its interval by inverting it under a constant effect.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainloop.statistics.refusal import Refusal, Value

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_WEBB = np.sqrt([0.5, 1.0, 1.5])
WEBB_WEIGHTS: Floats = np.concatenate([-_WEBB[::-1], _WEBB])
WEBB_UP_TO_TEAMS = 12


@dataclass(frozen=True)
class Interval:
    """Bounds and p of one coefficient; refused bounds where the test never rejects on that side."""

    low: Value
    high: Value
    p: Value


@dataclass(frozen=True)
class ClusteredFit:
    """Least squares of y on (d, X): the coefficient of d with CV3 and CV1 errors, and the sums inference needs.

    `crosses` (teams, q, q) and `scores` (teams, q) are Z'Z and Z'y of each team, Z = (d, X).
    """

    estimate: float
    error: float
    error_cv1: float
    people_count: int
    team_count: int
    crosses: Floats
    scores: Floats

    def interval(self, confidence: float = 0.95) -> Interval:
        """Return the t interval on teams − 1 degrees of freedom."""
        if not self.error > 0:
            refused = Refusal("constant_data")
            return Interval(refused, refused, refused)
        from scipy import stats

        degrees = self.team_count - 1
        half = float(stats.t.ppf((1 + confidence) / 2, degrees)) * self.error
        p = float(2 * stats.t.sf(abs(self.estimate) / self.error, degrees))
        return Interval(self.estimate - half, self.estimate + half, p)


def fit(y: Floats, d: Floats, others: Floats, teams: Integers) -> ClusteredFit | Refusal:
    """Regress y (n) on d (n) and `others` (n × p, with the constant); `teams` are 0 … teams − 1.

    Refused when d does not vary beyond the others, or with fewer than two teams.
    """
    count = int(teams.max()) + 1 if len(teams) else 0
    if count < 2:
        return Refusal("too_few_teams")
    z = np.column_stack([d, others])
    width = z.shape[1]
    crosses = np.empty((count, width, width))
    # Pair by pair: n × q² products at once would not fit into memory with many covariates.
    for i, j in itertools.combinations_with_replacement(range(width), 2):
        crosses[:, i, j] = crosses[:, j, i] = np.bincount(teams, z[:, i] * z[:, j], count).astype(np.float64)
    scores: Floats = np.column_stack([np.bincount(teams, z[:, i] * y, count) for i in range(width)]).astype(np.float64)
    whole, target = crosses.sum(axis=0), scores.sum(axis=0)
    if np.linalg.matrix_rank(whole, hermitian=True) < width:
        return Refusal("constant_data")
    inverse = np.linalg.inv(whole)
    beta = inverse @ target
    residual_scores = scores - crosses @ beta
    bread = inverse[0]
    factor = count / (count - 1) * (len(y) - 1) / max(len(y) - width, 1)
    error_cv1 = math.sqrt(factor * float(((residual_scores @ bread) ** 2).sum()))
    left_out = np.linalg.pinv(whole - crosses, hermitian=True) @ (target - scores)[:, :, None]
    error = math.sqrt((count - 1) / count * float(((left_out[:, 0, 0] - beta[0]) ** 2).sum()))
    if error < 1e-9 * max(float(np.abs(y).max()), abs(float(beta[0]))):
        error = 0.0  # what rounding leaves of data without any spread
    return ClusteredFit(float(beta[0]), error, error_cv1, len(y), count, crosses, scores)


def wild_bootstrap(
    fitted: ClusteredFit,
    confidence: float = 0.95,
    replications: int = 1999,
    seed: int = 20260101,
    weights: Floats | None = None,
) -> Interval:
    """Return p of "no effect" and the interval of effects that the restricted bootstrap does not reject.

    `weights` (replications × teams) replaces the drawn ones.
    """
    drawn = bootstrap_weights(fitted.team_count, replications, seed) if weights is None else weights
    test = _wild_test(fitted, drawn)
    return _inverted(test, fitted, confidence)


def bootstrap_weights(team_count: int, replications: int, seed: int) -> Floats:
    """Return mean-zero, unit-variance weights: six points with few teams, signs with more."""
    generator = np.random.default_rng(seed)
    points: Floats = WEBB_WEIGHTS if team_count <= WEBB_UP_TO_TEAMS else np.array([-1.0, 1.0])
    chosen: Floats = generator.choice(points, size=(replications, team_count))
    return chosen


def _wild_test(fitted: ClusteredFit, weights: Floats) -> Callable[[float], float]:
    """Return p as a function of the effect under test."""
    whole, target = fitted.crosses.sum(axis=0), fitted.scores.sum(axis=0)
    inverse = np.linalg.inv(whole)
    bread = inverse[0]
    rest = np.linalg.inv(whole[1:, 1:])
    beta = inverse @ target

    def spread(scores: Floats, shift: Floats) -> Floats:
        """CV1 errors (without factor) of resamples: team scores less what the shifted coefficients explain."""
        errors: Floats = np.sqrt(((scores - shift @ (fitted.crosses @ bread).T) ** 2).sum(axis=-1))
        return errors

    def test(effect: float) -> float:
        restricted = np.concatenate([[effect], rest @ (target[1:] - whole[1:, 0] * effect)])
        residuals = fitted.scores - fitted.crosses @ restricted
        along = residuals @ bread
        observed = abs(beta[0] - effect) / spread(along, beta - restricted)
        shift = (weights @ residuals) @ inverse
        errors = spread(weights * along, shift)
        with np.errstate(divide="ignore", invalid="ignore"):
            statistics = np.abs(shift[:, 0]) / errors
        return float(np.mean(statistics >= observed * (1 - 1e-9)))

    return test


def randomisation(
    y: Floats, d: Floats, teams: Integers, confidence: float = 0.95, draws: int = 4999, seed: int = 20260101
) -> tuple[float, Interval] | Refusal:
    """Return the difference in means and its test over assignments of whole teams to the two arms.

    d is 0 or 1 and the same within a team. All assignments when there are no more than `draws`, else so many drawn
    ones and the actual. The statistic is studentised by team totals, so unequal teams do not upset it.
    """
    count = int(teams.max()) + 1 if len(teams) else 0
    sizes = np.bincount(teams, minlength=count).astype(np.float64)
    sums = np.bincount(teams, y, count)
    chosen = np.bincount(teams, d, count) / np.maximum(sizes, 1) > 0.5
    treated = int(chosen.sum())
    if not 0 < treated < count:
        return Refusal("no_comparison_group")
    labels = _assignments(chosen, draws, seed)

    def statistic(totals: Floats, label: Floats) -> Floats:
        parts = []
        for arm in (label, 1 - label):
            people = arm @ sizes
            mean = (arm @ totals) / people
            rest = totals - mean[:, None] * sizes
            parts.append((mean, (arm * rest**2).sum(axis=1) / people**2))
        errors = np.sqrt(parts[0][1] + parts[1][1])
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = (parts[0][0] - parts[1][0]) / errors
        return np.nan_to_num(found, nan=0.0, posinf=np.inf, neginf=-np.inf)

    actual = chosen.astype(np.float64)[None, :]

    def test(effect: float) -> float:
        totals = sums - effect * sizes * chosen
        observed = abs(statistic(totals, actual)[0])
        return float(np.mean(np.abs(statistic(totals, labels)) >= observed * (1 - 1e-9)))

    difference = float(sums[chosen].sum() / sizes[chosen].sum() - sums[~chosen].sum() / sizes[~chosen].sum())
    spread = float(np.sqrt(np.var(y) * (1 / sizes[chosen].sum() + 1 / sizes[~chosen].sum()) * sizes.mean()))
    if not spread > 0:
        refused = Refusal("constant_data")
        return difference, Interval(refused, refused, refused)
    return difference, _invert(test, difference, spread, confidence)


def _assignments(chosen: NDArray[np.bool_], draws: int, seed: int) -> Floats:
    count, treated = len(chosen), int(chosen.sum())
    if math.comb(count, treated) <= draws:
        labels = np.zeros((math.comb(count, treated), count))
        for row, members in enumerate(itertools.combinations(range(count), treated)):
            labels[row, list(members)] = 1
        return labels
    generator = np.random.default_rng(seed)
    order = generator.random((draws, count)).argsort(axis=1)
    return np.vstack([(order < treated).astype(np.float64), chosen.astype(np.float64)])


def _inverted(test: Callable[[float], float], fitted: ClusteredFit, confidence: float) -> Interval:
    if not fitted.error > 0:
        refused = Refusal("constant_data")
        return Interval(refused, refused, refused)
    return _invert(test, fitted.estimate, fitted.error, confidence)


def _invert(test: Callable[[float], float], estimate: float, error: float, confidence: float) -> Interval:
    """Return the effects around the estimate that the test does not reject, and its p of no effect."""
    alpha = 1 - confidence
    bounds = [_bound(test, estimate, sign * error, alpha) for sign in (-1, 1)]
    return Interval(bounds[0], bounds[1], test(0.0))


def _bound(test: Callable[[float], float], estimate: float, step: float, alpha: float) -> Value:
    """Return where the test starts to reject on one side; refused when it never does within 200 errors."""
    inner, width = 0.0, 2.0
    while test(estimate + width * step) > alpha:
        inner, width = width, 2 * width
        if width > 200:
            return Refusal("too_few_teams")
    for _ in range(20):
        middle = (inner + width) / 2
        if test(estimate + middle * step) > alpha:
            inner = middle
        else:
            width = middle
    return estimate + width * step


def team_codes(teams: Any) -> Integers:
    """Return teams as 0 … n − 1; people without a team are one team."""
    import pandas as pd

    codes: Integers = pd.factorize(teams, use_na_sentinel=False)[0].astype(np.int64)
    return codes
