"""Growth and rates: how a group's level moved, and the ratio of two rates on their exposure.

The ratio of two Poisson rates has an exact interval: given all events, those of one side are binomial, and the interval
of Clopper & Pearson (1934) for that share becomes one for the ratio (Przyborowski & Wilenski 1940, Biometrika 31).
"""

from __future__ import annotations

from dataclasses import dataclass

from trainloop.statistics.refusal import Refusal, Value


@dataclass(frozen=True)
class RateRatio:
    """Rate of the first over rate of the second, with its exact interval (the upper bound may be refused)."""

    ratio: Value
    low: float
    high: Value
    p: float


def growth(pre: float, post: float) -> Value:
    """Return (post − pre)/|pre|; from zero there is no growth rate."""
    if pre == 0:
        return Refusal("zero_baseline")
    return (post - pre) / abs(pre)


def rate_ratio(
    events: float, exposure: float, other_events: float, other_exposure: float, confidence: float = 0.95
) -> RateRatio | Refusal:
    """Return events/exposure over other_events/other_exposure.

    Events are counts (whole numbers), exposures above zero, in one unit. Refused without exposure, without any event,
    or when events are no counts.
    """
    if not (exposure > 0 and other_exposure > 0):
        return Refusal("zero_exposure")
    if events < 0 or other_events < 0 or events != round(events) or other_events != round(other_events):
        return Refusal("no_counts")
    if events + other_events == 0:
        return Refusal("no_events")
    from scipy import stats

    count, total = round(events), round(events + other_events)
    share = stats.binomtest(count, total, exposure / (exposure + other_exposure))
    bounds = share.proportion_ci(confidence, method="exact")
    scale = other_exposure / exposure

    def as_ratio(part: float) -> Value:
        return Refusal("no_events") if part >= 1 else part / (1 - part) * scale

    low = as_ratio(float(bounds.low))
    ratio = as_ratio(count / total)
    return RateRatio(ratio, 0.0 if isinstance(low, Refusal) else low, as_ratio(float(bounds.high)), float(share.pvalue))
