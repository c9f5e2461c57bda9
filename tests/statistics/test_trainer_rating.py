"""Trainers against trainers: classes are the clusters, few classes say little, ranks come with their uncertainty."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from trainloop.statistics.ranks import rank_intervals, shared_ranks
from trainloop.statistics.trainer_rating import ClassMean, Spread, distances, rate, spread_of, without_comparator


def classes(trainer: str, course: str, *means: float) -> list[ClassMean]:
    return [ClassMean(trainer, course, mean, 15) for mean in means]


def test_a_course_with_one_trainer_has_no_comparator() -> None:
    """Whoever gives a course alone is neither praised nor blamed for it."""
    found = [*classes("A", "X", 5.0), *classes("A", "Y", 4.0), *classes("B", "Y", 4.4)]
    assert without_comparator(found) == {"X"}
    assert distances(found) == {"A": [pytest.approx(-0.2)], "B": [pytest.approx(0.2)]}


def test_the_measure_of_a_course_is_the_mean_over_trainers() -> None:
    """Nine classes of one trainer do not become the measure of the other."""
    found = distances([*classes("A", "X", *[4.0] * 9), *classes("B", "X", 5.0)])
    assert found["A"][0] == pytest.approx(-0.5)
    assert found["B"] == [pytest.approx(0.5)]


def test_the_formula_of_methods_holds_at_the_level_of_answers() -> None:
    """σ = .8, τ = .3, mean 4.2: 5.0 from 3 answers → 4.44, 4.6 from 120 → 4.58, one cluster an answer."""
    found = rate({"few": [0.8] * 3, "many": [0.4] * 120}, Spread(0.8, 0.3, "assumed"))
    assert round(4.2 + found["few"].effect, 2) == 4.44
    assert round(4.2 + found["many"].effect, 2) == 4.58
    assert found["few"].deviation > found["many"].deviation


def test_spreads_are_the_analysis_of_variance_estimates() -> None:
    """Worked by hand: groups (0, 2), (4, 6), (0, 2), (4, 6) and one more pair: MSW = 2, MSB from the means."""
    groups = {"A": [0.0, 2.0], "B": [4.0, 6.0], "C": [0.0, 2.0], "D": [4.0, 6.0], "E": [2.0, 4.0]}
    found = spread_of(groups, 0.8, 0.3, 12)
    # means 1, 5, 1, 5, 3 around 3: MSB = 2·(4+4+4+4+0)/4 = 8; MSW = 5·2/5 = 2; τ² = (8 − 2)/2 = 3
    assert found == Spread(pytest.approx(sqrt(2)), pytest.approx(sqrt(3)), "estimated")


def test_too_few_classes_take_the_assumed_spreads() -> None:
    """σ of an answer becomes σ/√n of a class."""
    found = spread_of({"A": [0.1, 0.2], "B": [-0.1]}, 0.8, 0.3, 16)
    assert found == Spread(pytest.approx(0.2), 0.3, "assumed")


def test_without_spread_between_trainers_nobody_is_better() -> None:
    """τ = 0: differences are what classes of one trainer differ by anyway."""
    groups = {code: [-1.0, 1.0] for code in "ABCDE"}
    spread = spread_of(groups, 0.8, 0.3, 12)
    assert spread.tau == 0
    assert {one.effect for one in rate(groups, spread).values()} == {0.0}


def test_planted_spreads_are_found_again() -> None:
    """Simulated trainers with τ = .3 and σ = .25: the estimates lie on the truth, and shrinking beats the raw means."""
    random = np.random.default_rng(7)
    taus, sigmas, shrunk, raw = [], [], 0.0, 0.0
    for _ in range(300):
        truth = random.normal(0, 0.3, 12)
        groups = {str(place): list(random.normal(truth[place], 0.25, 2 + place % 4)) for place in range(12)}
        found = spread_of(groups, 0.8, 0.3, 12)
        taus.append(found.tau**2)
        sigmas.append(found.sigma**2)
        rated = rate(groups, found)
        shrunk += sum((rated[str(place)].effect - truth[place]) ** 2 for place in range(12))
        raw += sum((float(np.mean(groups[str(place)])) - truth[place]) ** 2 for place in range(12))
    assert np.mean(taus) == pytest.approx(0.09, abs=0.008)
    assert np.mean(sigmas) == pytest.approx(0.0625, abs=0.003)
    assert shrunk < 0.92 * raw


def test_equal_scores_share_a_rank_and_the_next_is_skipped() -> None:
    """Equal as printed is equal."""
    assert shared_ranks({"a": 90.04, "b": 90.0, "c": 80.0, "d": 95.0}) == {"d": 1, "a": 2, "b": 2, "c": 4}


def test_rank_intervals_hold_the_middle_of_the_draws() -> None:
    """One who is always first has 1–1; two who swap have 2–3 both."""
    draws = np.array([[9.0, 5.0, 4.0], [9.0, 4.0, 5.0]] * 50)
    assert rank_intervals(["a", "b", "c"], draws, 0.9) == {"a": (1, 1), "b": (2, 3), "c": (2, 3)}
