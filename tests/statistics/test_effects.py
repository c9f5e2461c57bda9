"""Effects against published numbers and other implementations: estimator, clustered errors, few teams, lots."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats

from trainloop.statistics import clusters
from trainloop.statistics.comparison_groups import smd
from trainloop.statistics.effect_checks import minimum_detectable
from trainloop.statistics.effects import Effect, EffectRules, difference_in_differences, difference_in_means
from trainloop.statistics.rates import RateRatio, growth, rate_ratio
from trainloop.statistics.refusal import Refusal

RULES = EffectRules()


def with_moments(mean: float, error: float, count: int) -> np.ndarray:
    """Values with exactly this mean and this standard error of the mean."""
    values = np.linspace(-1, 1, count)
    return mean + values / (values.std(ddof=1) / np.sqrt(count)) * error


def of(found: object) -> Effect:
    assert isinstance(found, Effect)
    return found


def people(generator: np.random.Generator, teams: tuple[int, int], size: int, effect: float = 0.0) -> pd.DataFrame:
    """Teams of learners and of others whose changes share half of their variance within a team."""
    team = np.repeat(np.arange(sum(teams)), size)
    is_learner = team < teams[0]
    shared = generator.normal(size=sum(teams))[team]
    change = effect * is_learner + shared + generator.normal(size=len(team))
    level = generator.normal(100, 10, len(team))
    return pd.DataFrame({
        "is_learner": is_learner,
        "team_code": [f"T{code}" for code in team],
        "change": change,
        "tenure": generator.normal(5, 2, len(team)),
        "pre": level,
        "post": level + change,
    })


def test_difference_in_differences_is_that_of_card_and_krueger() -> None:
    """Card & Krueger (1994), AER 84(4), table 3: changes 0.59 (0.54) in New Jersey and −2.16 (1.25) in Pennsylvania, so
    2.76 (1.36); their inputs are rounded to two decimals, so ours may differ by one in the last.
    """
    changes = np.concatenate([with_moments(0.59, 0.54, 300), with_moments(-2.16, 1.25, 75)])
    stores = pd.DataFrame({
        "is_learner": np.arange(375) < 300,
        "team_code": np.arange(375).astype(str),
        "change": changes,
    })
    found = of(difference_in_differences(stores, RULES))
    assert found.estimate == pytest.approx(2.76, abs=0.011)
    assert found.error == pytest.approx(1.36, abs=0.02)
    assert found.inference == "clustered"


def test_rate_ratio_is_that_of_r() -> None:
    """R's example of poisson.test, lung cancer in Fredericia (eba1977 of ISwR): 11 in 800 against 21 in 3011."""
    found = rate_ratio(11, 800, 6 + 8 + 7, 1083 + 1050 + 878)
    assert isinstance(found, RateRatio)
    assert (found.ratio, found.low, found.high) == pytest.approx((1.971488, 0.8584264, 4.2772659), abs=1e-6)
    assert found.p == pytest.approx(0.07967, abs=5e-6)


def test_a_rate_without_events_or_exposure_is_refused() -> None:
    """No events on both sides, none on the other, no exposure, or numerators that are no counts."""
    assert rate_ratio(0, 10, 0, 10) == Refusal("no_events")
    assert rate_ratio(1, 0, 2, 10) == Refusal("zero_exposure")
    assert rate_ratio(1.5, 10, 2, 10) == Refusal("no_counts")
    one_sided = rate_ratio(5, 100, 0, 100)
    assert isinstance(one_sided, RateRatio)
    assert one_sided.ratio == one_sided.high == Refusal("no_events")
    assert one_sided.low == pytest.approx(stats.beta.ppf(0.025, 5, 1) / (1 - stats.beta.ppf(0.025, 5, 1)))


def test_growth_from_zero_is_not_defined() -> None:
    """From 80 to 100 is a quarter; from −80 to −100 a fall by a quarter; from zero nothing is."""
    assert (growth(80, 100), growth(-80, -100)) == (0.25, -0.25)
    assert growth(0, 5) == Refusal("zero_baseline")


def test_clustered_errors_are_those_of_statsmodels() -> None:
    """CV1 with its small-sample factor, with a covariate and unequal teams."""
    frame = people(np.random.default_rng(3), (12, 14), 7).iloc[:-3]
    codes = clusters.team_codes(frame["team_code"])
    others = np.column_stack([np.ones(len(frame)), frame["tenure"]])
    found = clusters.fit(frame["change"].to_numpy(), frame["is_learner"].to_numpy(float), others, codes)
    assert isinstance(found, clusters.ClusteredFit)
    theirs = smf.ols("change ~ is_learner + tenure", frame.assign(is_learner=frame["is_learner"].astype(float))).fit(
        cov_type="cluster", cov_kwds={"groups": codes}
    )
    assert found.estimate == pytest.approx(theirs.params["is_learner"])
    assert found.error_cv1 == pytest.approx(theirs.bse["is_learner"])


def test_the_jackknife_error_leaves_out_one_team_at_a_time() -> None:
    """CV3 by its definition: refitted by statsmodels without each team."""
    frame = people(np.random.default_rng(4), (10, 11), 5)
    codes = clusters.team_codes(frame["team_code"])
    design = np.column_stack([frame["is_learner"].astype(float), np.ones(len(frame)), frame["tenure"]])
    y = frame["change"].to_numpy()
    whole = sm.OLS(y, design).fit().params[0]
    left_out = [sm.OLS(y[codes != team], design[codes != team]).fit().params[0] for team in range(21)]
    found = clusters.fit(y, design[:, 0], design[:, 1:], codes)
    assert isinstance(found, clusters.ClusteredFit)
    assert found.error**2 == pytest.approx(20 / 21 * sum((one - whole) ** 2 for one in left_out))


def test_the_wild_bootstrap_is_that_of_its_definition() -> None:
    """Cameron, Gelbach & Miller (2008): every resample refitted by statsmodels, the null imposed, all 2⁸ signs."""
    frame = people(np.random.default_rng(5), (4, 4), 6, effect=1.0)
    codes = clusters.team_codes(frame["team_code"])
    d, ones, y = frame["is_learner"].to_numpy(float), np.ones((len(frame), 1)), frame["change"].to_numpy()
    signs = np.array(list(itertools.product((-1.0, 1.0), repeat=8)))
    found = clusters.fit(y, d, ones, codes)
    assert isinstance(found, clusters.ClusteredFit)
    p = clusters.wild_bootstrap(found, weights=signs).p

    def statistic(outcome: np.ndarray) -> float:
        fitted = sm.OLS(outcome, np.column_stack([d, ones])).fit(cov_type="cluster", cov_kwds={"groups": codes})
        return abs(float(fitted.params[0] / fitted.bse[0]))

    residuals = y - y.mean()
    observed = statistic(y)
    resampled = [statistic(y.mean() + residuals * row[codes]) for row in signs if not np.all(row == row[0])]
    exceeding = sum(one >= observed * (1 - 1e-9) for one in resampled)
    # All signs alike give the data themselves (or their mirror image), which statsmodels confirms by hand.
    assert p == pytest.approx((exceeding + 2) / 256)


def test_randomisation_is_fishers_tea_tasting() -> None:
    """Fisher (1935): four of eight cups told right, one of seventy ways; both sides 2/70."""
    y = np.array([1.0, 1, 1, 1, 0, 0, 0, 0]) + np.linspace(0, 1e-6, 8)
    found = clusters.randomisation(y, np.array([1.0] * 4 + [0] * 4), np.arange(8))
    assert not isinstance(found, Refusal)
    assert found[1].p == pytest.approx(2 / 70)


def test_randomisation_intervals_are_those_the_test_accepts() -> None:
    """The bounds are where p crosses 5 %: just inside it is above, just outside not."""
    generator = np.random.default_rng(6)
    teams = np.repeat(np.arange(14), 5)
    d = (teams < 7).astype(float)
    y = d * 2 + generator.normal(size=14)[teams] + generator.normal(size=70)
    found = clusters.randomisation(y, d, teams)
    assert not isinstance(found, Refusal)
    interval = found[1]
    assert isinstance(interval.low, float)
    assert isinstance(interval.high, float)
    for bound, step in ((interval.low, 0.02), (interval.high, -0.02)):
        inside = clusters.randomisation(y - (bound + step) * d, d, teams)
        outside = clusters.randomisation(y - (bound - step) * d, d, teams)
        assert not isinstance(inside, Refusal)
        assert not isinstance(outside, Refusal)
        assert inside[1].p > 0.05 >= outside[1].p


def test_people_drawn_by_lot_are_compared_by_welch_and_by_regression() -> None:
    """Welch equals scipy's; the adjusted effect equals Lin's regression by statsmodels with HC2 errors."""
    frame = people(np.random.default_rng(7), (20, 20), 3, effect=1.5)
    found = difference_in_means(frame, RULES)
    assert not isinstance(found, Refusal)
    plain, adjusted = found[0], of(found[1])
    after = [frame.loc[frame["is_learner"] == arm, "post"] for arm in (True, False)]
    expected = stats.ttest_ind(*after, equal_var=False)
    assert (plain.p, plain.low) == pytest.approx((expected.pvalue, expected.confidence_interval(0.95).low))
    centred = frame.assign(d=frame["is_learner"].astype(float), c=frame["pre"] - frame["pre"].mean())
    theirs = smf.ols("post ~ d + c + d:c", centred).fit(cov_type="HC2", use_t=True)
    assert (adjusted.estimate, adjusted.error) == pytest.approx((theirs.params["d"], theirs.bse["d"]))
    assert adjusted.error < plain.error  # type: ignore[operator]  # the level before explains most of the spread


def test_the_detectable_effect_is_found_four_times_of_five() -> None:
    """Bloom (1995): with many degrees of freedom 2.8 errors at 80 % power and 5 % both sides."""
    effect = Effect(0, 0.0, 0.0, 1.0, 2.0, 1e6, "clustered", 50, 50, 20, 20)
    assert minimum_detectable(effect) == pytest.approx(2 * (1.959964 + 0.841621), abs=1e-4)


@pytest.mark.parametrize(
    ("teams", "by_lot", "inference"),
    [
        ((10, 10), False, "clustered"),
        ((9, 12), False, "wild_bootstrap"),
        ((9, 12), True, "randomisation"),
        ((2, 9), False, "randomisation"),
        ((1, 9), False, "none"),
        ((1, 1), False, "none"),
    ],
)
def test_the_number_of_teams_decides_how_certain_one_may_be(
    teams: tuple[int, int], by_lot: bool, inference: str
) -> None:
    """Ten teams an arm or more: clustered. Fewer: bootstrap or lots. One team: a difference without any interval."""
    found = of(difference_in_differences(people(np.random.default_rng(8), teams, 6), RULES, by_lot=by_lot))
    assert found.inference == inference
    assert (found.learner_teams, found.comparison_teams) == teams
    assert isinstance(found.low, Refusal) == (inference == "none")


def test_too_few_teams_never_get_a_bound_that_the_test_cannot_give() -> None:
    """Two against three teams: ten assignments, p is never below 0.1, so there is no 95 % interval."""
    found = of(difference_in_differences(people(np.random.default_rng(9), (2, 3), 8, effect=9), RULES))
    assert found.low == found.high == Refusal("too_few_teams")
    assert isinstance(found.p, float)
    assert found.p >= 0.1


def test_changes_are_compared_within_a_class_date() -> None:
    """Everybody of March rose by 5 and of June by 50, learners by 1 more: dates must not leak into the effect."""
    generator = np.random.default_rng(10)
    frames = []
    for month, rise, sizes in (("2026-03-10", 5, (20, 4)), ("2026-06-10", 50, (4, 20))):
        frame = people(generator, (12, 12), 4, effect=1.0)
        keep = np.r_[np.flatnonzero(frame["is_learner"])[: sizes[0]], np.flatnonzero(~frame["is_learner"])[: sizes[1]]]
        frames.append(frame.iloc[keep].assign(class_ends_on=pd.Timestamp(month), change=lambda f, r=rise: f.change + r))
    joined = pd.concat(frames, ignore_index=True)
    found = of(difference_in_differences(joined, RULES))
    assert found.estimate == pytest.approx(1, abs=1.5)
    assert of(difference_in_differences(joined.drop(columns="class_ends_on"), RULES)).estimate < -10


def test_one_arm_alone_or_equal_changes_are_refused() -> None:
    """No comparison, no effect; no variation, no interval."""
    frame = people(np.random.default_rng(11), (12, 12), 3)
    alone = frame[frame["is_learner"]]
    assert difference_in_differences(alone, RULES) == Refusal("no_comparison_group")
    same = of(difference_in_differences(frame.assign(change=np.where(frame["is_learner"], 2.0, 1.0)), RULES))
    assert same.estimate == pytest.approx(1)
    assert same.low == Refusal("constant_data")


def test_standardised_differences_use_both_groups_spread() -> None:
    """(5 − 3)/√((2.5 + 2.5)/2); without spread equal groups do not differ and others differ without limit."""
    assert smd([3, 4, 5, 6, 7], [1, 2, 3, 4, 5]) == pytest.approx(2 / np.sqrt(2.5))
    assert smd([4, 4], [4, 4]) == 0
    assert smd([5, 5], [4, 4]) == np.inf
    assert smd([3, 4, 5, 6, 7, np.nan], [1, 2, 3, 4, 5]) == pytest.approx(2 / np.sqrt(2.5))
    assert smd([np.nan], [1, 2]) == 0
