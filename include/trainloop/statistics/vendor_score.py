"""Scores of vendors: raters averaged first, criteria weighted after; and whether the raters agree (methods §2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trainloop.statistics.refusal import Refusal, Value


@dataclass(frozen=True, slots=True)
class Rating:
    """What one rater gave one vendor by one criterion: 0–100."""

    vendor_code: str
    criterion_code: str
    rater_id: str
    score: float


def criterion_means(ratings: Iterable[Rating], least_raters: int) -> dict[str, Value]:
    """Return the mean of one vendor's raters by criterion; refused where fewer than `least_raters` rated it."""
    given: dict[str, list[float]] = defaultdict(list)
    for rating in ratings:
        given[rating.criterion_code].append(rating.score)
    return {
        code: sum(scores) / len(scores) if len(scores) >= least_raters else Refusal("too_few_raters")
        for code, scores in given.items()
    }


def weighted_score(means: Mapping[str, Value], weights: Mapping[str, float]) -> Value:
    """Return the weighted mean over the criteria that have a weight, 0–100.

    Refused when a criterion with a weight has no mean: a score without the copyright, say, is no score.
    """
    wanted = {code: weight for code, weight in weights.items() if weight > 0}
    if not wanted:
        return Refusal("no_answers")
    total = 0.0
    for code, weight in wanted.items():
        mean = means.get(code, Refusal("too_few_raters"))
        if isinstance(mean, Refusal):
            return mean
        total += weight * mean
    return total / sum(wanted.values())


def rating_table(ratings: Iterable[Rating]) -> list[list[float]]:
    """Return (vendor, criterion) × rater with NaN where a rater gave nothing: the shape `icc_two_way` wants."""
    found = {(one.vendor_code, one.criterion_code, one.rater_id): one.score for one in ratings}
    targets = sorted({key[:2] for key in found})
    raters = sorted({key[2] for key in found})
    return [[found.get((*target, rater), float("nan")) for rater in raters] for target in targets]
