"""How many of those confirmed will come: a beta-binomial forecast from comparable classes of the past (R16)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from trainloop.statistics.refusal import Refusal


@dataclass(frozen=True)
class PastClass:
    """One class that was held: how many were confirmed, how many of them came."""

    confirmed_count: int
    present_count: int


@dataclass(frozen=True)
class History:
    """What comparable classes tell together: the pooled share, and the weight of it in people.

    Shares differ between classes more than chance explains, so each class has a share of its own from a beta
    distribution: its mean is the pooled share, its spread the intraclass correlation by the analysis of variance
    (Ridout, Demétrio and Firth 1999). Not knowing the mean exactly widens the forecast by one class in K.
    """

    class_count: int
    people_count: int
    share: float
    weight: float

    @classmethod
    def of(cls, past: Iterable[PastClass]) -> History:
        """Summarise classes once, for the forecasts of however many others."""
        known = [
            (one.confirmed_count, min(one.present_count, one.confirmed_count) / one.confirmed_count)
            for one in past
            if one.confirmed_count > 0
        ]
        people = sum(size for size, _ in known)
        if not people:
            return cls(0, 0, 0.0, 0.0)
        share = sum(size * own for size, own in known) / people
        weight = _effective_people(known, people, share) * len(known) / (len(known) + 1)
        return cls(len(known), people, share, weight)


@dataclass(frozen=True)
class Headcount:
    """Expected people with an equal-tailed prediction interval (both ends included)."""

    expected: float
    low: int
    high: int


def forecast(
    confirmed_count: int, history: History, interval: float, *, classes_min: int, people_min: int
) -> Headcount | Refusal:
    """Return how many of `confirmed_count` people will be present.

    Half a person on either side (Jeffreys) keeps "everybody has always come" from being a certainty.
    """
    if history.class_count < classes_min or history.people_count < people_min:
        return Refusal("too_little_history")
    if confirmed_count == 0:
        return Headcount(0.0, 0, 0)
    alpha = history.share * history.weight + 0.5
    beta = (1 - history.share) * history.weight + 0.5
    low, high = _interval(interval, confirmed_count, alpha, beta)
    return Headcount(confirmed_count * alpha / (alpha + beta), low, high)


def _interval(interval: float, count: int, alpha: float, beta: float) -> tuple[int, int]:
    """Return the equal-tailed quantiles of the beta-binomial distribution, as scipy.stats.betabinom.interval does.

    By its probabilities all at once: a thousand classes take 0.1 s instead of 8.
    """
    import numpy as np
    from scipy.special import betaln, gammaln

    people = np.arange(count + 1)
    log_ways = gammaln(count + 1) - gammaln(people + 1) - gammaln(count - people + 1)
    shares = np.exp(log_ways + betaln(people + alpha, count - people + beta) - betaln(alpha, beta)).cumsum()
    tail = (1 - interval) / 2
    low, high = np.searchsorted(shares, [tail, 1 - tail])
    return int(low), int(min(high, count))


def _effective_people(known: list[tuple[int, float]], people: int, share: float) -> float:
    """Return α + β of the distribution of class shares; all people together when classes differ by chance only."""
    count = len(known)
    if count < 2 or people == count or share in {0.0, 1.0}:
        return float(people)
    mean_size = (people - sum(size**2 for size, _ in known) / people) / (count - 1)
    between = sum(size * (own - share) ** 2 for size, own in known) / (count - 1)
    within = sum(size * own * (1 - own) for size, own in known) / (people - count)
    total = between + (mean_size - 1) * within
    correlation = (between - within) / total if total > 0 else 0.0
    if correlation <= 0:
        return float(people)
    return min(float(people), max((1 - correlation) / correlation, 1e-6))
