"""How good a trainer's classes are beside other trainers' classes of the same courses (R43, methods §2).

Model: class mean = course + trainer θ + class noise, θ ~ N(0, τ²), noise ~ N(0, σ²): classes are the clusters, so forty
answers of one good day do not count as forty proofs. σ² and τ² are the analysis-of-variance estimates of the one-way
random model with unequal group sizes (Searle, Casella and McCulloch, Variance Components, 1992, section 3.6), τ² cut
off at 0. A trainer's estimate is the posterior of θ: the own mean drawn towards 0 by 1/τ² against classes/σ².
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean
from typing import Literal

# Fewer comparisons within or between trainers say nothing about a spread.
MIN_WITHIN = 5
MIN_TRAINERS = 4


@dataclass(frozen=True, slots=True)
class ClassMean:
    """One evaluated class: its published mean and how many answers stand behind it."""

    trainer_id: str
    course_code: str
    mean: float
    answers: int


@dataclass(frozen=True, slots=True)
class Spread:
    """Standard deviations of class means within a trainer (sigma) and of trainers (tau), in scale points."""

    sigma: float
    tau: float
    basis: Literal["estimated", "assumed"]


@dataclass(frozen=True, slots=True)
class Rating:
    """A trainer's distance from the mean of comparable classes, with its posterior deviation, in scale points."""

    trainer_id: str
    class_count: int
    effect: float
    deviation: float


def without_comparator(classes: Iterable[ClassMean]) -> set[str]:
    """Return the courses that a single trainer gave: nobody can be compared there."""
    trainers: dict[str, set[str]] = defaultdict(set)
    for one in classes:
        trainers[one.course_code].add(one.trainer_id)
    return {course for course, found in trainers.items() if len(found) < 2}


def distances(classes: Sequence[ClassMean]) -> dict[str, list[float]]:
    """Return, by trainer, how far each class in a comparable course lies from that course's mean over trainers.

    The mean over trainers, not over classes: a trainer who gave most of a course does not become its measure.
    """
    alone = without_comparator(classes)
    own: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in classes:
        if one.course_code not in alone:
            own[one.course_code, one.trainer_id].append(one.mean)
    courses: dict[str, list[float]] = defaultdict(list)
    for (course, _), means in own.items():
        courses[course].append(fmean(means))
    found: dict[str, list[float]] = defaultdict(list)
    for (course, trainer), means in own.items():
        found[trainer] += [mean - fmean(courses[course]) for mean in means]
    return dict(found)


def spread_of(groups: Mapping[str, Sequence[float]], sigma: float, tau: float, answers: float) -> Spread:
    """Return both spreads as the classes show them, or the assumed ones where these are too few.

    `sigma`, `tau`: assumed spreads of one answer and between trainers; `answers`: a class's usual number of them.
    """
    count = sum(map(len, groups.values()))
    within = count - len(groups)
    if within < MIN_WITHIN or len(groups) < MIN_TRAINERS:
        return Spread(sigma / sqrt(max(answers, 1)), tau, "assumed")
    means = {trainer: fmean(values) for trainer, values in groups.items()}
    common = sum(map(sum, groups.values())) / count
    mean_square_within = sum((value - means[one]) ** 2 for one, values in groups.items() for value in values) / within
    mean_square_between = sum(len(values) * (means[one] - common) ** 2 for one, values in groups.items())
    mean_square_between /= len(groups) - 1
    size = (count - sum(len(values) ** 2 for values in groups.values()) / count) / (len(groups) - 1)
    between = max(0.0, (mean_square_between - mean_square_within) / size)
    return Spread(sqrt(mean_square_within), sqrt(between), "estimated")


def rate(groups: Mapping[str, Sequence[float]], spread: Spread) -> dict[str, Rating]:
    """Return each trainer's posterior. Without any spread between trainers everybody is at 0: nobody is better."""
    found = {}
    for trainer, values in groups.items():
        if spread.tau == 0:
            found[trainer] = Rating(trainer, len(values), 0.0, 0.0)
            continue
        # No noise at all: the own mean is the truth.
        own = len(values) / spread.sigma**2 if spread.sigma > 0 else float("inf")
        weight = 1.0 if own == float("inf") else own / (own + spread.tau**-2)
        deviation = spread.tau * sqrt(1 - weight)
        found[trainer] = Rating(trainer, len(values), weight * fmean(values), deviation)
    return found
