"""Planted truth: how often intervals hold it, how often nothing is called something, and what matching does about
regression to the mean. Seeds are fixed; margins are three standard errors of the simulation.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from trainloop.statistics import comparison_groups, effect_checks
from trainloop.statistics.comparison_groups import ComparisonGroup, GroupRules
from trainloop.statistics.effects import Effect, EffectRules, difference_in_differences, difference_in_means
from trainloop.statistics.refusal import Refusal

RULES = EffectRules(replications=399)


def team_world(
    generator: np.random.Generator, teams: tuple[int, int], sizes: tuple[int, int], effect: float, shared: float
) -> pd.DataFrame:
    """Unequal teams with a common shock of variance `shared` beside each person's of variance 1."""
    count = sum(teams)
    size = generator.integers(sizes[0], sizes[1] + 1, count)
    team = np.repeat(np.arange(count), size)
    is_learner = team < teams[0]
    change = effect * is_learner + generator.normal(0, np.sqrt(shared), count)[team] + generator.normal(size=len(team))
    return pd.DataFrame({"is_learner": is_learner, "team_code": team.astype(str), "change": change})


def run(
    generator: np.random.Generator, rounds: int, effect: float, *, by_lot: bool = False, **world: object
) -> tuple[float, float, list[float]]:
    """Return (share of intervals that hold the effect, share that leave out zero, estimates)."""
    holding = clear = 0
    estimates = []
    for _ in range(rounds):
        table = team_world(generator, effect=effect, **world)  # type: ignore[arg-type]
        found = difference_in_differences(table, RULES, by_lot=by_lot)
        assert isinstance(found, Effect)
        low = -np.inf if isinstance(found.low, Refusal) else found.low
        high = np.inf if isinstance(found.high, Refusal) else found.high
        holding += low <= effect <= high
        clear += not low <= 0 <= high
        estimates.append(found.estimate)
    return holding / rounds, clear / rounds, estimates


def three_errors(share: float, rounds: int) -> float:
    return 3 * float(np.sqrt(share * (1 - share) / rounds))


@pytest.mark.parametrize("teams", [(10, 10), (12, 30)])
def test_clustered_intervals_hold_the_truth_as_often_as_they_say(teams: tuple[int, int]) -> None:
    """95 % with ten teams an arm and unequal sizes, effect or none; the mean of the estimates is the effect."""
    rounds = 600
    holding, _, estimates = run(np.random.default_rng(1), rounds, 1.0, teams=teams, sizes=(3, 15), shared=0.5)
    assert holding >= 0.95 - three_errors(0.95, rounds)
    assert np.mean(estimates) == pytest.approx(1, abs=3 * float(np.std(estimates)) / np.sqrt(rounds))
    _, wrong, _ = run(np.random.default_rng(2), rounds, 0.0, teams=teams, sizes=(3, 15), shared=0.5)
    assert wrong <= 0.05 + three_errors(0.05, rounds)


def test_errors_by_person_would_have_claimed_far_too_much() -> None:
    """The same worlds without team in the errors: what the rule against clustering by person prevents."""
    generator = np.random.default_rng(3)
    wrong = 0
    for _ in range(300):
        world = team_world(generator, (10, 10), (3, 15), 0.0, 0.5)
        people = world.assign(team_code=np.arange(len(world)).astype(str))
        found = difference_in_differences(people, RULES)
        assert isinstance(found, Effect)
        wrong += found.is_clear
    assert wrong / 300 > 0.25


@pytest.mark.parametrize(("teams", "by_share"), [((5, 6), 0.5), ((4, 9), 0.2)])
def test_bootstrap_intervals_hold_the_truth_with_few_teams(teams: tuple[int, int], by_share: float) -> None:
    """Restricted wild cluster bootstrap with Webb's weights: no more false claims than said; real effects are held."""
    rounds = 250
    holding, _, _ = run(np.random.default_rng(4), rounds, 2.0, teams=teams, sizes=(4, 10), shared=by_share)
    _, wrong, _ = run(np.random.default_rng(5), rounds, 0.0, teams=teams, sizes=(4, 10), shared=by_share)
    assert holding >= 0.95 - three_errors(0.95, rounds)
    assert wrong <= 0.05 + three_errors(0.05, rounds)


def test_lots_between_five_and_five_teams_are_exact() -> None:
    """Randomisation inference needs no assumption but the lot: 252 assignments, the truth is held as often as said."""
    rounds = 150
    world = {"teams": (5, 5), "sizes": (4, 10), "shared": 0.5, "by_lot": True}
    holding, _, _ = run(np.random.default_rng(14), rounds, 2.0, **world)  # type: ignore[arg-type]
    _, wrong, _ = run(np.random.default_rng(15), rounds, 0.0, **world)  # type: ignore[arg-type]
    assert holding >= 0.95 - three_errors(0.95, rounds)
    assert wrong <= 0.05 + three_errors(0.05, rounds)


def test_a_real_effect_is_found_and_its_power_is_as_foretold() -> None:
    """At the minimum detectable effect four of five studies find it: power is honest, not decorative."""
    generator = np.random.default_rng(6)
    world = {"teams": (15, 15), "sizes": (8, 8), "shared": 0.3}
    detectable = np.mean([
        effect_checks.minimum_detectable(difference_in_differences(team_world(generator, effect=0, **world), RULES))  # type: ignore[arg-type]
        for _ in range(100)
    ])
    _, found, _ = run(generator, 300, float(detectable), **world)
    assert found == pytest.approx(0.8, abs=0.08)


def test_drawn_by_lot_welch_and_regression_hold_the_truth_even_in_tiny_groups() -> None:
    """Twelve people an arm: both 95 %, and the regression is the sharper one."""
    generator = np.random.default_rng(7)
    rounds, held, widths = 500, np.zeros(2), np.zeros(2)
    for _ in range(rounds):
        pre = generator.normal(50, 10, 24)
        is_learner = generator.permutation(24) < 12
        post = 0.8 * (pre - 50) + 50 + 4.0 * is_learner + generator.normal(0, 5, 24)
        people = pd.DataFrame({"is_learner": is_learner, "pre": pre, "post": post, "team_code": "T"})
        both = difference_in_means(people, RULES)
        assert not isinstance(both, Refusal)
        for number, one in enumerate(both):
            assert isinstance(one, Effect)
            held[number] += one.low <= 4 <= one.high  # type: ignore[operator]
            widths[number] += one.high - one.low  # type: ignore[operator]
    assert (held / rounds >= 0.95 - three_errors(0.95, rounds)).all()
    assert widths[1] < 0.75 * widths[0]


def company(generator: np.random.Generator, effect: float) -> pd.DataFrame:
    """480 salespeople in 60 teams with a steady level and luck in each window; the 80 with the worst luck and level of
    the 240 eligible are trained.
    """
    team = np.repeat(np.arange(60), 8)
    steady = generator.normal(100, 10, 480)
    shared = generator.normal(0, 2, 60)[team]
    pre = steady + generator.normal(0, 10, 480)
    is_eligible = team % 2 == 0
    worst = np.argsort(np.where(is_eligible, pre, np.inf))[:80]
    is_learner = np.isin(np.arange(480), worst)
    post = steady + shared + generator.normal(0, 10, 480) + effect * is_learner
    role = np.where(is_learner, "learner", np.where(is_eligible, "other", "untrained"))
    frame = pd.DataFrame({
        "unit_id": np.arange(480).astype(str), "role": role, "team_code": team.astype(str), "job_family": "sales",
        "job_level": "P5", "pre": pre, "post": post, "is_learner": is_learner,
    })  # fmt: skip
    return frame.assign(change=frame["post"] - frame["pre"])


def test_regression_to_the_mean_is_no_effect_and_the_matched_group_says_so() -> None:
    """Learners chosen for low results rise without any training: before/after is nearly always a huge "gain", the rule
    sees the choice every time, and against people as low as they were false claims stay within 5 %.
    """
    generator = np.random.default_rng(8)
    rounds, naive, seen, wrong = 200, 0, 0, 0
    for _ in range(rounds):
        people = company(generator, effect=0.0)
        learners = people[people["is_learner"]]
        naive += learners["change"].mean() > 3 * learners["change"].std() / np.sqrt(len(learners))
        position = effect_checks.baseline_position(learners["pre"], people["pre"], "higher")
        seen += effect_checks.is_regression_to_the_mean(position, declared=False)
        group = comparison_groups.choose(people, GroupRules())
        assert isinstance(group, ComparisonGroup)
        compared = people.loc[[*group.learners, *group.people]]
        found = difference_in_differences(compared, RULES)
        assert isinstance(found, Effect)
        wrong += found.is_clear
    assert naive >= 0.95 * rounds
    assert seen == rounds
    assert wrong / rounds <= 0.05 + three_errors(0.05, rounds)


def test_a_true_effect_survives_matching() -> None:
    """The same company with a training that works: the matched comparison finds its size without the luck."""
    generator = np.random.default_rng(9)
    estimates = []
    for _ in range(60):
        people = company(generator, effect=8.0)
        group = comparison_groups.choose(people, GroupRules())
        assert isinstance(group, ComparisonGroup)
        found = difference_in_differences(people.loc[[*group.learners, *group.people]], RULES)
        assert isinstance(found, Effect)
        estimates.append(found.estimate)
    assert np.mean(estimates) == pytest.approx(8, abs=3 * float(np.std(estimates)) / np.sqrt(60) + 0.3)


def trends(
    generator: np.random.Generator, slope: float, teams: int, size: int, noise: float = 4
) -> tuple[pd.DataFrame, np.ndarray]:
    team = np.repeat(np.arange(2 * teams), size)
    is_learner = team < teams
    level = generator.normal(100, 10, len(team))
    steps = np.arange(6)
    cells = level[:, None] + slope * np.outer(is_learner, steps) + generator.normal(0, noise, (len(team), 6))
    return pd.DataFrame({"is_learner": is_learner, "team_code": team.astype(str), "pre": level}), cells


@pytest.mark.parametrize(
    ("slope", "teams", "size", "noise", "status"),
    [(0.0, 20, 20, 4, "parallel"), (3.0, 20, 20, 4, "diverging"), (0.0, 10, 3, 12, "unclear")],
)
def test_earlier_trends_are_called_parallel_only_on_evidence(
    slope: float, teams: int, size: int, noise: float, status: str
) -> None:
    """Equivalence, not the absence of significance: a small study cannot show that trends were the same."""
    generator = np.random.default_rng(12)
    found = []
    for _ in range(40):
        people, cells = trends(generator, slope, teams, size, noise)
        trend = effect_checks.pre_trend(people, cells, 4, 0.25, RULES)
        assert isinstance(trend, effect_checks.PreTrend)
        found.append(trend.status)
    assert found.count(status) >= 30


def test_trends_that_differ_by_the_margin_are_called_parallel_in_one_of_twenty_at_most() -> None:
    """Two one-sided tests at 5 %: with a drift of exactly the margin, "parallel" is the error that is bounded."""
    generator = np.random.default_rng(13)
    rounds, wrong = 300, 0
    for _ in range(rounds):
        people, cells = trends(generator, 0.25 * 10 / 4, 20, 20)
        trend = effect_checks.pre_trend(people, cells, 4, 0.25, RULES)
        assert isinstance(trend, effect_checks.PreTrend)
        wrong += trend.status == "parallel"
    assert wrong / rounds <= 0.05 + three_errors(0.05, rounds)
