"""What stands beside every effect (methods §4): how small an effect could have been seen, whether both groups moved
alike before, and whether learners were chosen for low results.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from trainloop.statistics.effects import Effect, EffectRules, difference_in_differences
from trainloop.statistics.refusal import Refusal, Value

Trend = Literal["parallel", "diverging", "unclear"]
Direction = Literal["higher", "lower"]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PreTrend:
    """What the difference of trends before the class would add between both windows, against the margin (KPI units).

    parallel: the interval (1 − 2α, two one-sided tests, Schuirmann 1987) lies within ± margin. diverging: it leaves out
    zero and reaches beyond the margin. unclear: anything else; no evidence of a difference is no evidence of none.
    """

    status: Trend
    drift: float
    low: Value
    high: Value
    margin: float
    people_count: int


def minimum_detectable(effect: Effect, alpha: float = 0.05, power: float = 0.8) -> Value:
    """Return the smallest true effect found with `power`: (t₁₋α/₂ + t_power) × error.

    Bloom (1995), Evaluation Review 19(5), 547–556. Refused where the effect has no error.
    """
    if isinstance(effect.error, Refusal):
        return effect.error
    if effect.degrees < 1:
        return Refusal("too_few_teams")
    from scipy import stats

    factor = float(stats.t.ppf(1 - alpha / 2, effect.degrees) + stats.t.ppf(power, effect.degrees))
    return factor * effect.error


def pre_trend(
    people: pd.DataFrame,
    cells_before: Floats,
    cells_apart: float,
    margin_sd: float,
    rules: EffectRules,
    *,
    alpha: float = 0.05,
    by_lot: bool = False,
) -> PreTrend | Refusal:
    """Compare the trends of both groups before the class.

    people: as for `difference_in_differences`, with pre. cells_before: their levels in six equal cells, (people, 6).
    Each person's slope is compared like a change, with the same inference. Refused when fewer than five people of an
    arm have all six cells.
    """
    has_all = ~np.isnan(cells_before).any(axis=1)
    is_learner = people["is_learner"].to_numpy(dtype=bool)
    if min(int((has_all & is_learner).sum()), int((has_all & ~is_learner).sum())) < 5:
        return Refusal("too_few_periods")
    steps = np.arange(cells_before.shape[1]) - (cells_before.shape[1] - 1) / 2
    slopes = cells_before[has_all] @ steps / float((steps**2).sum())
    judged = people[has_all].assign(slope=slopes)
    found = difference_in_differences(judged, replace(rules, confidence=1 - 2 * alpha), outcome="slope", by_lot=by_lot)
    if isinstance(found, Refusal):
        return found
    margin = margin_sd * spread(people)
    drift = found.estimate * cells_apart
    if isinstance(found.low, Refusal) or isinstance(found.high, Refusal):
        return PreTrend("unclear", drift, found.low, found.high, margin, len(judged))
    low, high = found.low * cells_apart, found.high * cells_apart
    status: Trend = "unclear"
    if -margin < low and high < margin:
        status = "parallel"
    elif low > 0 or high < 0:
        status = "diverging"
    return PreTrend(status, drift, low, high, margin, len(judged))


def spread(people: pd.DataFrame) -> float:
    """Return the standard deviation of the level before within the two groups: the yardstick of margins and effects."""
    is_learner = people["is_learner"].to_numpy(dtype=bool)
    pre = people["pre"].to_numpy(dtype=np.float64)
    parts = [pre[arm] for arm in (is_learner, ~is_learner) if arm.sum() > 1]
    degrees = sum(len(part) - 1 for part in parts)
    if degrees < 1:
        return 0.0
    return float(np.sqrt(sum(((part - part.mean()) ** 2).sum() for part in parts) / degrees))


def baseline_position(learners: ArrayLike, eligible: ArrayLike, direction: Direction) -> Value:
    """Return the learners' mean level before as z against everybody eligible; negative is worse than usual."""
    own, everybody = np.asarray(learners, dtype=np.float64), np.asarray(eligible, dtype=np.float64)
    if len(own) == 0 or len(everybody) < 2:
        return Refusal("too_few_people")
    width = float(everybody.std(ddof=1))
    if not width > 0:
        return Refusal("constant_data")
    z = (float(own.mean()) - float(everybody.mean())) / width
    return z if direction == "higher" else -z


def is_regression_to_the_mean(position: Value, declared: bool, threshold: float = -0.5) -> bool:
    """Return whether a rise after the class is expected without any class: learners were chosen for low results."""
    return declared or (not isinstance(position, Refusal) and position < threshold)
