"""Differences between classes, adjusted p values, regression-corrected change, tests before and after."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from trainloop.statistics.comparison import change, holm, shrink, verdict, verify, welch
from trainloop.statistics.learning import LearningFigures, compare_tests, hake_gain
from trainloop.statistics.moments import Moments, moments
from trainloop.statistics.refusal import Refusal

NOW = [4.0, 5, 4, 3, 5, 4, 4, 5, 3, 4]
EARLIER = [3.0, 3, 4, 2, 5, 3, 3, 4, 2, 3, 4, 3]


def of(values: list[float]) -> Moments:
    found = moments(values)
    assert isinstance(found, Moments)
    return found


def test_welch_is_that_of_scipy() -> None:
    """Difference, interval and p equal scipy's test on the raw answers."""
    found = welch(of(NOW), of(EARLIER))
    expected = stats.ttest_ind(NOW, EARLIER, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert found.difference == pytest.approx(np.mean(NOW) - np.mean(EARLIER))
    assert (found.p, found.ci_low, found.ci_high) == pytest.approx((expected.pvalue, interval.low, interval.high))


def test_one_person_or_equal_answers_have_a_difference_and_no_interval() -> None:
    """Refused with the reason, never a zero-width certainty."""
    assert welch(Moments(1, 4, 0), of(EARLIER)).p == Refusal("too_few_answers")
    assert welch(Moments(9, 4, 0), Moments(8, 3, 0)).ci_low == Refusal("constant_data")


def test_holm_adjusts_step_down() -> None:
    """Holm (1979): 0.01, 0.04, 0.03, 0.005 of four → 0.03, 0.06, 0.06, 0.02; refusals do not count as tests."""
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005, "e": Refusal("constant_data")})
    assert [found[code] for code in "abcd"] == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert found["e"] == Refusal("constant_data")
    assert holm({"e": Refusal("constant_data")}) == {"e": Refusal("constant_data")}
    assert holm({}) == {}


@settings(max_examples=10)  # statsmodels collects garbage at every call
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_holm_is_that_of_statsmodels(p_values: list[float]) -> None:
    """Ties, zeros and ones included; nothing above 1, order of the codes kept."""
    found = holm({str(place): p for place, p in enumerate(p_values)})
    assert list(found) == [str(place) for place in range(len(p_values))]
    assert list(found.values()) == pytest.approx(list(multipletests(p_values, method="holm")[1]))


@pytest.mark.parametrize(
    ("difference", "p", "word"),
    [
        (0.4, 0.049, "higher"),
        (-0.4, 0.049, "lower"),
        (0.4, 0.05, "no_clear_difference"),
        (2.0, None, "no_clear_difference"),
    ],
)
def test_a_direction_is_claimed_only_below_five_percent(difference: float, p: float | None, word: str) -> None:
    """Otherwise "no clear difference", whatever the size."""
    assert verdict(difference, Refusal("constant_data") if p is None else p) == word


def test_shrinkage_weights_by_what_is_known() -> None:
    """Between-item variance 0.09 and error 0.64/3 give the weight of methods §2: 5.0 among 4.2 → 4.44."""
    error = 0.64 / 3
    spread = math.sqrt(0.09 + error)
    # Three means around 4.2 whose variance is exactly τ² + σ²/n.
    items = [Moments(3, 4.2 - spread, 0.64), Moments(3, 4.2, 0.64), Moments(3, 4.2 + spread, 0.64)]
    weight = (shrink(items[2], items)[0] - 4.2) / spread
    assert 4.2 + weight * 0.8 == pytest.approx(4.44, abs=0.005)
    assert shrink(items[2], items)[1] == pytest.approx(error * (1 - (1 - weight) * 2 / 3))


def test_items_that_differ_by_chance_only_go_to_their_common_mean() -> None:
    """No variance beyond error: the corrected value is the grand mean."""
    items = [Moments(10, 3.9, 1.0), Moments(10, 4.0, 1.0), Moments(10, 4.1, 1.0)]
    assert shrink(items[0], items)[0] == pytest.approx(4.0)


def test_the_lowest_item_is_not_verified_by_regression_to_the_mean() -> None:
    """Simulation: nothing changed, the lowest of twelve items is followed up; "improved" stays rare, naive is not."""
    generator = np.random.default_rng(11)
    claims, naive = 0, 0
    for _ in range(400):
        earlier = [of(list(generator.normal(4, 0.8, 12))) for _ in range(12)]
        lowest = min(earlier, key=lambda item: item.mean)
        now = of(list(generator.normal(4, 0.8, 12)))
        claims += change(verify(now, lowest, earlier)) == "improved"
        naive_low = welch(now, lowest).ci_low
        naive += not isinstance(naive_low, Refusal) and naive_low > 0
    assert claims / 400 <= 0.05
    assert naive / 400 >= 0.15


def test_a_real_improvement_is_verified() -> None:
    """The other side: a rise of one point with twenty people is found."""
    items = [Moments(20, mean, 0.6) for mean in (3.0, 4.1, 4.2, 4.3, 4.0)]
    assert change(verify(Moments(20, 4.2, 0.6), items[0], items)) == "improved"
    assert change(verify(Moments(20, 3.1, 0.6), items[0], items)) == "no_clear_change"


def learned(pre: list[float], post: list[float]) -> LearningFigures:
    found = compare_tests(pre, post, [100.0] * len(pre))
    assert isinstance(found, LearningFigures)
    return found


def test_paired_t_is_that_of_students_sleep_data() -> None:
    """Student (1908): t = 4.0621 on 9 degrees, p = 0.002833, interval 0.70 to 2.46."""
    pre = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    post = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = learned(pre, post)
    assert (found.p_t, found.ci_low, found.ci_high) == pytest.approx((0.002833, 0.7001142, 2.4598858), abs=1e-6)


def test_wilcoxon_is_that_of_darwins_plants() -> None:
    """Darwin's fifteen pairs of maize (Fisher 1935), by counting all 2¹⁵ signs: p = 0.0413; paired t: p = 0.0497."""
    differences = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    found = learned([100.0] * 15, [100.0 + difference for difference in differences])
    ranks = stats.rankdata(np.abs(differences))
    observed = float(ranks[np.array(differences) > 0].sum())
    sums = [float(np.dot(ranks, signs)) for signs in itertools.product((0, 1), repeat=15)]
    exact = 2 * sum(total >= observed for total in sums) / len(sums)
    assert found.p_wilcoxon == pytest.approx(exact)
    assert (found.p_wilcoxon, found.p_t) == pytest.approx((0.0413, 0.0497), abs=5e-5)


def test_gain_is_a_share_of_what_could_be_gained() -> None:
    """Hake (1998): from 45 to 70 of 100 is 25/55; at the maximum there is nothing to gain."""
    assert learned([40, 50], [65, 75]).gain == pytest.approx(25 / 55)
    assert hake_gain(100, 100, 100) == Refusal("pre_at_maximum")


def test_only_linked_scores_count_and_maxima_may_differ() -> None:
    """One of two tests says nothing about change; 8 of 10 and 16 of 20 are both 80 %."""
    found = compare_tests([8, 16, math.nan, 5], [9, 18, 10, math.nan], [10, 20, 10, 10])
    assert isinstance(found, LearningFigures)
    assert (found.n, found.pre_mean, found.post_mean) == (2, 80.0, 90.0)
    assert found.p_t == Refusal("constant_data")
    assert compare_tests([1, math.nan], [math.nan, 2], [5, 5]) == Refusal("no_linked_tests")
