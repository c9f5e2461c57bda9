"""Items, response rates and NPS against published examples and independent computation."""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from statsmodels.stats.proportion import proportion_confint

from trainloop.statistics.items import ItemFigures, describe_item, se_of_class, wilson
from trainloop.statistics.moments import moments_of, t_interval
from trainloop.statistics.nps import net_promoter_score
from trainloop.statistics.refusal import Refusal
from trainloop.statistics.response import rate_in_steps, response_rates

FIVE = (1, 2, 3, 4, 5)


def one(*scores: float) -> NDArray[np.float64]:
    """A single group of people."""
    return np.array([scores], dtype=np.float64)


def described(scores: Sequence[float], population_count: int, **options: int) -> ItemFigures:
    return describe_item(one(*scores), FIVE, population_count, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("count", "n", "low", "high"),
    [(81, 263, 25.53, 36.62), (15, 148, 6.24, 16.05), (0, 20, 0.0, 16.11), (1, 29, 0.61, 17.18)],
)
def test_wilson_intervals_are_those_of_newcombe(count: int, n: int, low: float, high: float) -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857–872, table I, method 3."""
    found = wilson(count, n, 0.95)
    assert (round(found.low, 2), round(found.high, 2)) == (low, high)


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.sampled_from([0.9, 0.95]))
def test_wilson_intervals_are_those_of_statsmodels(share: tuple[int, int], confidence: float) -> None:
    """Nobody and everybody included."""
    found = wilson(*share, confidence)
    low, high = proportion_confint(*share, alpha=1 - confidence, method="wilson")
    assert (found.low, found.high) == pytest.approx((100 * low, 100 * high), rel=1e-12, abs=1e-12)


def test_t_interval_is_students_own() -> None:
    """Student (1908), the ten differences in hours of sleep: mean 1.58, 95 % interval 0.70 to 2.46."""
    hours = np.array([1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4])
    low, high = t_interval(hours, 0.95)
    assert (round(float(low), 4), round(float(high), 4)) == (0.7001, 2.4599)  # type: ignore[arg-type]


def test_finite_population_correction_is_the_true_variance_over_all_samples() -> None:
    """Cochran (1977), theorem 2.2: over every sample of n from N the variance of the mean is S²/n·(1 − n/N)."""
    population = np.array([1.0, 2, 2, 3, 4, 4, 5, 5])
    samples = [np.array(chosen) for chosen in itertools.combinations(population, 5)]
    true_variance = float(np.var([sample.mean() for sample in samples]))
    mean_square = float(np.mean(se_of_class(moments_of(np.array(samples)), 8).astype(float) ** 2))
    assert math.isclose(true_variance, mean_square, rel_tol=1e-9)


def test_when_everybody_answered_the_class_is_described_without_error() -> None:
    """n = N leaves nothing uncertain about the class itself; more answers than people is refused."""
    scores = moments_of(one(3, 4, 5, 5, 2))
    assert se_of_class(scores, 5)[0] == 0
    assert se_of_class(scores, 4)[0] == Refusal("more_answers_than_people")


def test_not_applicable_is_an_answer_and_not_a_gap() -> None:
    """It has a share of its own and no influence on the mean; a gap has neither."""
    found = described([5, 4, math.nan, math.nan, 3], 20, not_applicable_count=1)
    assert (found.moments.n[0], found.mean[0], found.share_na_pct[0]) == (3, 4.0, 25.0)


def test_boxes_need_ten_answers() -> None:
    """Top-2 and bottom-2 boxes are refused at nine answers and given at ten."""
    assert described([5] * 9, 20).top2.pct[0] == Refusal("too_few_answers")
    found = described([5, 4, 4, 3, 3, 3, 2, 2, 1, 5], 20)
    assert (found.top2.pct[0], found.bottom2.pct[0]) == (40.0, 30.0)


@given(st.lists(st.sampled_from(FIVE), max_size=60))
def test_shares_are_those_of_people(scores: list[int]) -> None:
    """The shares of a scale's points sum to a hundred and give the mean back; without answers nothing is stated."""
    found = described(scores, 100)
    if not scores:
        assert found.mean[0] == found.shares_pct[0][0] == found.share_na_pct[0] == Refusal("no_answers")
        return
    shares = [float(share[0]) for share in found.shares_pct]
    assert math.isclose(sum(shares), 100)
    assert math.isclose(sum(share * point for share, point in zip(shares, FIVE, strict=True)) / 100, found.mean[0])
    assert found.median[0] == statistics.median(scores)


@given(st.lists(st.lists(st.sampled_from([*FIVE, math.nan]), max_size=14), min_size=1, max_size=6))
def test_groups_described_together_say_what_each_says_alone(groups: list[list[float]]) -> None:
    """Classes of different sizes stand in one array, the smaller ones with gaps: no figure depends on another class."""
    most = max(map(len, groups))
    together = described_many([[*group, *[math.nan] * (most - len(group))] for group in groups])
    for place, group in enumerate(groups):
        alone = described_many([group])
        assert {name: column[place] for name, column in together.items()} == pytest.approx({
            name: column[0] for name, column in alone.items()
        })


def described_many(groups: list[list[float]]) -> dict[str, NDArray[np.object_]]:
    found = describe_item(np.array(groups, dtype=np.float64), FIVE, 9)
    columns = {name: getattr(found, name) for name in ("mean", "ci_low", "ci_high", "se_class", "median")}
    return columns | {"share_2": found.shares_pct[1], "top2": found.top2.low, "bottom2": found.bottom2.high}


def test_response_rates_follow_aapor() -> None:
    """RR1 counts complete answers only, RR2 partial ones too; the denominator is the people who could have answered."""
    found = response_rates(12, 3, 20)
    assert not isinstance(found, Refusal)
    assert (found.rr1_pct, found.rr2_pct, found.band) == (60, 75, "caution")


@pytest.mark.parametrize(
    ("complete", "band"), [(14, "fine"), (13, "caution"), (8, "caution"), (7, "not_representative")]
)
def test_bands_begin_at_seventy_and_forty_percent(complete: int, band: str) -> None:
    """≥ 70 % fine, 40–69 % caution, below 40 % not representative."""
    found = response_rates(complete, 0, 20)
    assert not isinstance(found, Refusal)
    assert found.band == band


def test_rates_are_refused_where_the_list_is_wrong() -> None:
    """More answers than people asked is said, not capped; nobody asked is no rate."""
    assert response_rates(5, 0, 4) == Refusal("more_answers_than_people")
    assert response_rates(0, 0, 0) == Refusal("no_eligible_people")


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_open_rate_moves_in_tens_and_reaches_the_top_only_with_everybody(answered: int, eligible: int) -> None:
    """While a wave is open the rate is shown in steps of ten, rounded down."""
    rate = rate_in_steps(min(answered, eligible), eligible)
    assert rate % 10 == 0
    assert (rate == 100) == (answered >= eligible > 0)


def test_nps_and_its_error_are_those_of_a_variable_of_plus_minus_one() -> None:
    """p − d, and √((p + d − (p − d)²)/n) is the standard deviation of +1/0/−1 over √n."""
    answers = [10] * 6 + [9] * 4 + [8] * 5 + [6] * 3 + [0] * 2
    found = net_promoter_score(one(*answers), range(11))
    assert not isinstance(found, Refusal)
    coded = np.array([1] * 10 + [0] * 5 + [-1] * 5)
    half = 1.959963985 * coded.std() / math.sqrt(20) * 100
    assert found.nps[0] == 25.0
    assert math.isclose(found.ci_high[0] - found.nps[0], half, rel_tol=1e-6)
    assert (found.promoters_pct[0], found.passives_pct[0], found.detractors_pct[0]) == (50.0, 25.0, 25.0)


def test_a_five_point_item_has_no_nps() -> None:
    """NPS is defined on eleven points only."""
    assert net_promoter_score(one(1, 5), FIVE) == Refusal("not_a_0_to_10_scale")
    found = net_promoter_score(one(), range(11))
    assert not isinstance(found, Refusal)
    assert found.nps[0] == Refusal("no_answers")


@pytest.mark.parametrize("n", [8, 15, 40])
def test_t_interval_covers_the_true_mean_of_skewed_five_point_answers(n: int) -> None:
    """Simulation: nominal 95 %, found within what skew and eight answers explain."""
    shares = np.array([0.05, 0.1, 0.2, 0.4, 0.25])
    truth = float(np.dot(shares, FIVE))
    generator = np.random.default_rng(20260301)
    covered = 0
    for _ in range(1000):
        scores = generator.choice(np.array(FIVE, dtype=float), size=n, p=shares)
        low, high = t_interval(scores, 0.95)
        covered += float(low) <= truth <= float(high)  # type: ignore[arg-type]
    assert 0.92 <= covered / 1000 <= 0.97
