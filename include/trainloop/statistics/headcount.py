"""How many of those confirmed will come: a beta-binomial forecast from comparable classes of the past (R16)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trainloop.statistics.refusal import Refusal


@dataclass(frozen=True)
class PastClass:
    """One class that was held: how many were confirmed, how many of them came."""

    confirmed_count: int
    present_count: int


@dataclass(frozen=True)
class Headcount:
    """Expected people with an equal-tailed prediction interval (both ends included)."""

    expected: float
    low: int
    high: int


def forecast(
    confirmed_count: int, past: Sequence[PastClass], interval: float, *, classes_min: int, people_min: int
) -> Headcount | Refusal:
    """Return how many of `confirmed_count` people will be present.

    Shares differ between classes more than chance explains, so each class has a share of its own from a beta
    distribution: its mean is the pooled share, its spread the intraclass correlation by the analysis of variance
    (Ridout, Demétrio and Firth 1999). Not knowing the mean exactly widens the forecast by one class in K. Half a person
    on either side (Jeffreys) keeps "everybody has always come" from being a certainty.
    """
    known = [one for one in past if one.confirmed_count > 0]
    people = sum(one.confirmed_count for one in known)
    if len(known) < classes_min or people < people_min:
        return Refusal("too_little_history")
    if confirmed_count == 0:
        return Headcount(0.0, 0, 0)
    from scipy.stats import betabinom

    present = sum(min(one.present_count, one.confirmed_count) for one in known)
    share = present / people
    weight = _effective_people(known, share) * len(known) / (len(known) + 1)
    alpha, beta = share * weight + 0.5, (1 - share) * weight + 0.5
    low, high = betabinom.interval(interval, confirmed_count, alpha, beta)
    return Headcount(confirmed_count * alpha / (alpha + beta), int(low), int(high))


def _effective_people(known: Sequence[PastClass], share: float) -> float:
    """Return α + β of the distribution of class shares; all people together when classes differ by chance only."""
    people = sum(one.confirmed_count for one in known)
    count = len(known)
    if people == count or share in {0.0, 1.0}:
        return float(people)
    mean_size = (people - sum(one.confirmed_count**2 for one in known) / people) / (count - 1)
    between = sum(
        one.confirmed_count * (min(one.present_count, one.confirmed_count) / one.confirmed_count - share) ** 2
        for one in known
    ) / (count - 1)
    within = sum(
        one.confirmed_count * (own := min(one.present_count, one.confirmed_count) / one.confirmed_count) * (1 - own)
        for one in known
    ) / (people - count)
    total = between + (mean_size - 1) * within
    correlation = (between - within) / total if total > 0 else 0.0
    if correlation <= 0:
        return float(people)
    return min(float(people), max((1 - correlation) / correlation, 1e-6))
