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

from trainloop.statistics.comparison import Difference, change, holm, shrink, verdict, verify, welch, welch_of
from trainloop.statistics.learning import LearningFigures, compare_tests, hake_gain, signed_rank_p
from trainloop.statistics.moments import Groups, Moments, moments
from trainloop.statistics.refusal import Refusal

NOW = [4.0, 5, 4, 3, 5, 4, 4, 5, 3, 4]
EARLIER = [3.0, 3, 4, 2, 5, 3, 3, 4, 2, 3, 4, 3]


def of(values: list[float]) -> Moments:
    found = moments(values)
    assert isinstance(found, Moments)
    return found


def shrunk(items: list[Moments], place: int) -> tuple[float, float]:
    """The corrected mean and error of one item of a wave."""
    mean, error = shrink(Groups.of(*items))
    return float(mean[place]), float(error[place])


def verified(now: Moments, items: list[Moments], place: int) -> Difference:
    """The change of one item since a wave."""
    mean, error = shrunk(items, place)
    return verify(Groups.of(now), np.array([mean]), np.array([error]))[0]


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
    weight = (shrunk(items, 2)[0] - 4.2) / spread
    assert 4.2 + weight * 0.8 == pytest.approx(4.44, abs=0.005)
    assert shrunk(items, 2)[1] == pytest.approx(error * (1 - (1 - weight) * 2 / 3))


def test_items_that_differ_by_chance_only_go_to_their_common_mean() -> None:
    """No variance beyond error: the corrected value is the grand mean."""
    items = [Moments(10, 3.9, 1.0), Moments(10, 4.0, 1.0), Moments(10, 4.1, 1.0)]
    assert shrunk(items, 0)[0] == pytest.approx(4.0)


def test_waves_of_more_and_fewer_items_are_shrunk_each_by_itself() -> None:
    """A row with fewer items has gaps; a single item stays as it is."""
    items = [Moments(10, 2.5, 0.5), Moments(12, 3.9, 1.0), Moments(12, 4.2, 0.8), Moments(11, 4.1, 1.1)]
    nobody = Moments(0, math.nan, math.nan)
    rows = [items, [*items[:3], nobody], [items[0], nobody, nobody, nobody]]
    parts = ([[getattr(one, part) for one in row] for row in rows] for part in ("n", "mean", "variance"))
    mean, error = shrink(Groups(*map(np.array, parts)))
    assert (mean[0, 0], error[0, 0]) == pytest.approx(shrunk(items, 0))
    assert (mean[1, 1], error[1, 1]) == pytest.approx(shrunk(items[:3], 1))
    assert (mean[2, 0], error[2, 0]) == (2.5, 0.05)


def test_pairs_of_groups_are_compared_each_by_itself() -> None:
    """One call for many: a group of one or without variance is refused and changes no other."""
    now = [of(NOW), Moments(1, 4, 0), Moments(9, 4, 0)]
    earlier = [of(EARLIER), of(EARLIER), Moments(8, 3, 0)]
    found = welch_of(Groups.of(*now), Groups.of(*earlier))
    for place, pair in enumerate(zip(now, earlier, strict=True)):
        assert found[place] == welch(*pair)


def test_the_lowest_item_is_not_verified_by_regression_to_the_mean() -> None:
    """Simulation: nothing changed, the lowest of twelve items is followed up; "improved" stays rare, naive is not."""
    generator = np.random.default_rng(11)
    claims, naive = 0, 0
    for _ in range(400):
        earlier = [of(list(generator.normal(4, 0.8, 12))) for _ in range(12)]
        lowest = min(earlier, key=lambda item: item.mean)
        now = of(list(generator.normal(4, 0.8, 12)))
        claims += change(verified(now, earlier, earlier.index(lowest))) == "improved"
        naive_low = welch(now, lowest).ci_low
        naive += not isinstance(naive_low, Refusal) and naive_low > 0
    assert claims / 400 <= 0.05
    assert naive / 400 >= 0.15


def test_a_real_improvement_is_verified() -> None:
    """The other side: a rise of one point with twenty people is found."""
    items = [Moments(20, mean, 0.6) for mean in (3.0, 4.1, 4.2, 4.3, 4.0)]
    assert change(verified(Moments(20, 4.2, 0.6), items, 0)) == "improved"
    assert change(verified(Moments(20, 3.1, 0.6), items, 0)) == "no_clear_change"


def learned(pre: list[float], post: list[float]) -> LearningFigures:
    """The figures of a single class."""
    return compare_tests(*(np.array([scores], dtype=np.float64) for scores in (pre, post, [100.0] * len(pre))))


def test_paired_t_is_that_of_students_sleep_data() -> None:
    """Student (1908): t = 4.0621 on 9 degrees, p = 0.002833, interval 0.70 to 2.46."""
    pre = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0]
    post = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]
    found = learned(pre, post)
    told = found.p_t[0], found.ci_low[0], found.ci_high[0]
    assert told == pytest.approx((0.002833, 0.7001142, 2.4598858), abs=1e-6)


def test_wilcoxon_is_that_of_darwins_plants() -> None:
    """Darwin's fifteen pairs of maize (Fisher 1935), by counting all 2¹⁵ signs: p = 0.0413; paired t: p = 0.0497."""
    differences = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]
    found = learned([100.0] * 15, [100.0 + difference for difference in differences])
    ranks = stats.rankdata(np.abs(differences))
    observed = float(ranks[np.array(differences) > 0].sum())
    sums = [float(np.dot(ranks, signs)) for signs in itertools.product((0, 1), repeat=15)]
    exact = 2 * sum(total >= observed for total in sums) / len(sums)
    assert found.p_wilcoxon[0] == pytest.approx(exact)
    assert (found.p_wilcoxon[0], found.p_t[0]) == pytest.approx((0.0413, 0.0497), abs=5e-5)


def test_gain_is_a_share_of_what_could_be_gained() -> None:
    """Hake (1998): from 45 to 70 of 100 is 25/55; at the maximum there is nothing to gain."""
    assert learned([40, 50], [65, 75]).gain[0] == pytest.approx(25 / 55)
    assert hake_gain([100.0], [100.0], 100)[0] == Refusal("pre_at_maximum")


def test_only_linked_scores_count_and_maxima_may_differ() -> None:
    """One of two tests says nothing about change; 8 of 10 and 16 of 20 are both 80 %."""
    pre, post, maximum = [[8, 16, math.nan, 5]], [[9, 18, 10, math.nan]], [[10, 20, 10, 10]]
    found = compare_tests(*(np.array(scores, dtype=np.float64) for scores in (pre, post, maximum)))
    assert (found.n[0], found.pre_mean[0], found.post_mean[0]) == (2, 80.0, 90.0)
    assert found.p_t[0] == Refusal("constant_data")
    unlinked = learned([1, math.nan], [math.nan, 2])
    assert unlinked.pre_mean[0] == unlinked.p_wilcoxon[0] == unlinked.gain[0] == Refusal("no_linked_tests")


@settings(max_examples=60)
@given(
    st.lists(
        st.lists(st.integers(-6, 6), min_size=2, max_size=16)
        | st.lists(st.floats(-9, 9), min_size=2, max_size=56)
        | st.lists(st.integers(-99, 99), min_size=2, max_size=56, unique_by=abs),
        min_size=1,
        max_size=4,
    )
)
def test_wilcoxon_is_that_of_scipy_for_each_class_alone(classes: list[list[float]]) -> None:
    """Exact or normal, with ties, zeros and gaps: the classes are computed together and each gets its own p."""
    most = max(map(len, classes))
    found = signed_rank_p(
        np.array([[*moved, *[math.nan] * (most - len(moved))] for moved in classes], dtype=np.float64)
    )
    for place, moved in enumerate(classes):
        rounded = np.round(moved, 9)
        if rounded.any():
            assert found[place] == pytest.approx(stats.wilcoxon(rounded).pvalue, rel=1e-9, abs=1e-12)
        else:
            assert math.isnan(found[place])


def test_tests_of_classes_together_are_those_of_each_alone() -> None:
    """Classes of different sizes, one in which all moved alike, one in which nobody did, one without a pair."""
    gap = math.nan
    pre = np.array([[40.0, 50, 60, 55], [40, 50, gap, gap], [40, 50, 60, gap], [40, gap, gap, gap]])
    post = np.array([[60.0, 55, 80, 55], [50, 60, gap, gap], [40, 50, 60, gap], [gap, 70, gap, gap]])
    together = compare_tests(pre, post, np.full_like(pre, 100))
    for place in range(4):
        alone = learned([*pre[place]], [*post[place]])
        for name in ("pre_mean", "ci_low", "p_t", "p_wilcoxon", "gain"):
            assert getattr(together, name)[place] == getattr(alone, name)[0]
    assert together.p_wilcoxon[2] == Refusal("constant_data")
    assert together.p_wilcoxon[3] == Refusal("no_linked_tests")
