"""Learner groups (R18): alike in size, departments, levels and pre-test; never a manager with their direct report.

People are dealt out stratum by stratum to the group where they fit best, then swapped while that makes the groups more
alike. Everything random comes from the seed: the same people and seed give the same groups on every machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, pvariance

# So many starts are tried; swaps a person and start. Thirty people take a twentieth of a second.
STARTS = 12
KEPT_STARTS = 3
SWAPS = 30


@dataclass(frozen=True, slots=True)
class Learner:
    """One person to be grouped; `pre_score` where there was a test before the class."""

    employee_id: str
    department_code: str
    job_level: str
    manager_id: str | None = None
    pre_score: float | None = None


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups, and by how much they differ at most: people of one department, of one level, mean pre-test."""

    groups: tuple[tuple[str, ...], ...]
    department_spread: int
    level_spread: int
    score_spread: float | None


@dataclass(frozen=True, slots=True)
class CannotBeKeptApart:
    """No grouping was found that keeps these (manager, report) pairs apart: too many reports for the other groups."""

    pairs: tuple[tuple[str, str], ...]


def group_learners(learners: Sequence[Learner], size: int, seed: str) -> Grouping | CannotBeKeptApart:
    """Return groups of at most `size` people whose sizes differ by one at most; nobody at all makes no group."""
    people = sorted(learners, key=lambda one: one.employee_id)
    count = -(-len(people) // size)
    apart = _pairs(people)
    if count <= 1:
        if apart:
            return CannotBeKeptApart(tuple(apart))
        return _result([people] if people else [])
    enemies: dict[str, set[str]] = {}
    for one, other in apart:
        enemies.setdefault(one, set()).add(other)
        enemies.setdefault(other, set()).add(one)
    best: list[list[Learner]] | None = None
    best_cost, found = float("inf"), 0
    for start in range(STARTS):
        rng = Random(f"{seed}/{start}")  # noqa: S311 - reproducible on purpose
        groups = _deal(people, count, enemies, rng)
        if groups is None:
            continue
        cost = _improve(groups, people, enemies, rng)
        if cost < best_cost:
            best, best_cost = groups, cost
        found += 1
        if found == KEPT_STARTS:
            break
    return CannotBeKeptApart(tuple(apart)) if best is None else _result(best)


def _pairs(people: Sequence[Learner]) -> list[tuple[str, str]]:
    known = {one.employee_id for one in people}
    return [(one.manager_id, one.employee_id) for one in people if one.manager_id in known and one.manager_id]


def _deal(
    people: Sequence[Learner], count: int, enemies: Mapping[str, set[str]], rng: Random
) -> list[list[Learner]] | None:
    """Deal out people, those with most to be kept apart from first; None where somebody fits nowhere."""
    order = list(people)
    rng.shuffle(order)
    strata = Counter((one.department_code, one.job_level) for one in people)
    order.sort(
        key=lambda one: (
            -len(enemies.get(one.employee_id, ())),
            -strata[one.department_code, one.job_level],
            one.department_code,
            one.job_level,
            one.pre_score if one.pre_score is not None else -1,
        )
    )
    room = [len(people) // count + (number < len(people) % count) for number in range(count)]
    groups: list[list[Learner]] = [[] for _ in range(count)]
    for one in order:
        foes = enemies.get(one.employee_id, set())
        open_groups = [
            number
            for number in range(count)
            if len(groups[number]) < room[number] and not foes & {other.employee_id for other in groups[number]}
        ]
        if not open_groups:
            return None
        rng.shuffle(open_groups)
        groups[min(open_groups, key=lambda number: _likeness(one, groups[number]))].append(one)
    return groups


def _likeness(one: Learner, group: Sequence[Learner]) -> tuple[int, int]:
    alike = sum((one.department_code == other.department_code) + (one.job_level == other.job_level) for other in group)
    return alike, len(group)


def _improve(
    groups: list[list[Learner]], people: Sequence[Learner], enemies: Mapping[str, set[str]], rng: Random
) -> float:
    """Swap pairs while the groups become more alike; return what is left to be desired."""
    ideal = _Ideal(people)
    costs = [ideal.cost(group) for group in groups]
    for _ in range(SWAPS * len(people)):
        left, right = rng.sample(range(len(groups)), 2)
        first, second = rng.randrange(len(groups[left])), rng.randrange(len(groups[right]))
        one, other = groups[left][first], groups[right][second]
        new_left = [*groups[left][:first], other, *groups[left][first + 1 :]]
        new_right = [*groups[right][:second], one, *groups[right][second + 1 :]]
        if _meets(other, new_left, enemies) or _meets(one, new_right, enemies):
            continue
        new_costs = ideal.cost(new_left), ideal.cost(new_right)
        if sum(new_costs) < costs[left] + costs[right] - 1e-9:
            groups[left], groups[right] = new_left, new_right
            costs[left], costs[right] = new_costs
    return sum(costs)


def _meets(one: Learner, group: Sequence[Learner], enemies: Mapping[str, set[str]]) -> bool:
    foes = enemies.get(one.employee_id, set())
    return any(other.employee_id in foes for other in group if other is not one)


class _Ideal:
    """How far a group is from a small picture of all people."""

    def __init__(self, people: Sequence[Learner]) -> None:
        self.count = len(people)
        self.departments = Counter(one.department_code for one in people)
        self.levels = Counter(one.job_level for one in people)
        scores = [one.pre_score for one in people if one.pre_score is not None]
        self.mean = fmean(scores) if scores else 0.0
        self.variance = pvariance(scores) if len(scores) > 1 else 0.0

    def cost(self, group: Sequence[Learner]) -> float:
        share = len(group) / self.count
        departments = Counter(one.department_code for one in group)
        levels = Counter(one.job_level for one in group)
        cost = sum((departments[code] - total * share) ** 2 for code, total in self.departments.items())
        cost += sum((levels[code] - total * share) ** 2 for code, total in self.levels.items())
        scores = [one.pre_score for one in group if one.pre_score is not None]
        if scores and self.variance:
            cost += len(scores) * (fmean(scores) - self.mean) ** 2 / self.variance
        return cost


def _result(groups: Sequence[Sequence[Learner]]) -> Grouping:
    means = [
        fmean(scores) for group in groups if (scores := [one.pre_score for one in group if one.pre_score is not None])
    ]
    return Grouping(
        groups=tuple(tuple(sorted(one.employee_id for one in group)) for group in groups),
        department_spread=_spread([Counter(one.department_code for one in group) for group in groups]),
        level_spread=_spread([Counter(one.job_level for one in group) for group in groups]),
        score_spread=max(means) - min(means) if means else None,
    )


def _spread(counts: Sequence[Counter[str]]) -> int:
    codes = {code for count in counts for code in count}
    by_code = [[count[code] for count in counts] for code in codes]
    return max((max(found) - min(found) for found in by_code), default=0)
