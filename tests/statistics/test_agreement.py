"""Agreement of raters and change between waves, against values printed in the literature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from trainloop.statistics.agreement import IccFigures, band_of, icc_one_way, icc_two_way, rwg, rwg_j
from trainloop.statistics.drift import drifts
from trainloop.statistics.moments import Moments
from trainloop.statistics.refusal import Refusal
from trainloop.statistics.self_other import self_other_gap

# Shrout & Fleiss (1979), table 2: six people, four judges.
SHROUT_FLEISS = np.array([
    [9, 2, 5, 8],
    [6, 1, 3, 2],
    [8, 4, 6, 8],
    [7, 1, 2, 6],
    [10, 5, 6, 9],
    [6, 2, 4, 7],
])


def test_icc_gives_the_values_of_shrout_and_fleiss() -> None:
    """Table 4 there: ICC(1,1) .17, ICC(2,1) .29, ICC(1,k) .44, ICC(2,k) .62."""
    one, two = icc_one_way(list(SHROUT_FLEISS)), icc_two_way(SHROUT_FLEISS)
    assert isinstance(one, IccFigures)
    assert isinstance(two, IccFigures)
    assert (round(one.single, 2), round(one.average, 2)) == (0.17, 0.44)
    assert (round(two.single, 2), round(two.average, 2)) == (0.29, 0.62)
    assert (one.targets, one.raters, two.raters) == (6, 4, 4)


def test_icc_with_unequal_raters_uses_the_average_number_of_bliese() -> None:
    """Sizes 4, 4, 2: k = (10 − 36/10)/2 = 3.2; the F ratio is that of an ordinary analysis of variance."""
    groups = [[4, 5, 4, 5], [2, 3, 2, 3], [3, 4]]
    found = icc_one_way(groups)
    assert isinstance(found, IccFigures)
    assert found.raters == pytest.approx(3.2)
    f = float(stats.f_oneway(*groups).statistic)
    assert found.single == pytest.approx((f - 1) / (f - 1 + 3.2))
    assert found.average == pytest.approx(1 - 1 / f)


def test_a_person_with_one_rater_says_nothing_about_agreement() -> None:
    """Left out; with fewer than two people left it is refused, and so is a table where nothing differs."""
    assert icc_one_way([[4, 5], [3], [2, 2]]) == icc_one_way([[4, 5], [2, 2]])
    assert icc_one_way([[4, 5], [3]]) == Refusal("too_few_answers")
    assert icc_one_way([[4, 4], [4, 4]]) == Refusal("constant_data")
    assert icc_two_way([[4, 4], [4, 4]]) == Refusal("constant_data")
    assert icc_two_way([[4, 5]]) == Refusal("too_few_answers")


@pytest.mark.parametrize(
    ("ratings", "expected"),
    [
        ([4, 4, 4, 4], 1.0),
        ([3, 4, 4, 5], 2 / 3),  # variance 2/3 against 2 by chance on five points
        ([1, 5, 1, 5], 0.0),  # two camps: more spread than chance is no agreement, not a negative one
        ([4, np.nan, 4], 1.0),
    ],
)
def test_rwg_is_one_minus_variance_over_chance(ratings: list[float], expected: float) -> None:
    """James, Demaree & Wolf (1984), eq. 1: σ² by chance on five points is (25 − 1)/12 = 2."""
    assert rwg(ratings, 5) == pytest.approx(expected)


def test_rwg_of_many_items_is_that_of_james_demaree_and_wolf() -> None:
    """Eq. 2 there: J(1 − s̄²/σ²)/(J(1 − s̄²/σ²) + s̄²/σ²); with one item it is rwg."""
    table = [[3, 4, 5], [4, 4, 4], [4, 5, 4], [5, 4, 5]]
    share = np.mean([2 / 3, 1 / 4, 1 / 3]) / 2
    assert rwg_j(table, 5) == pytest.approx(3 * (1 - share) / (3 * (1 - share) + share))
    assert rwg_j([[3], [4], [4], [5]], 5) == pytest.approx(2 / 3)
    assert rwg_j([[1, 5], [5, 1]], 5) == 0.0
    assert rwg_j([[1, np.nan], [5, 1]], 5) == Refusal("too_few_answers")
    assert rwg([4], 5) == Refusal("too_few_answers")


def test_agreement_is_put_into_words_by_its_bands() -> None:
    """LeBreton & Senter (2008): strong from .71, moderate from .51, weak from .31."""
    assert [band_of(value) for value in (1.0, 0.71, 0.7, 0.5, 0.3)] == [
        "strong",
        "strong",
        "moderate",
        "weak",
        "lacking",
    ]
    assert band_of(Refusal("too_few_answers")) == Refusal("too_few_answers")


@pytest.mark.parametrize(
    ("own", "others", "gap", "view"),
    [(4.1, 3.6, 0.5, "higher"), (3.0, 3.4, -0.4, "in_line"), (3.0, 4.0, -1.0, "lower")],
)
def test_a_gap_of_half_a_point_is_worth_a_word(own: float, others: float, gap: float, view: str) -> None:
    """Halves count, whatever floats make of 4.1 − 3.6."""
    found = self_other_gap(own, others)
    assert not isinstance(found, Refusal)
    assert (pytest.approx(found.gap), found.view) == (gap, view)


def test_a_gap_needs_both_sides() -> None:
    """Without a self rating, or without others who may be shown, there is no gap and the reason says which."""
    assert self_other_gap(Refusal("no_answers"), 3.0) == Refusal("no_self_rating")
    assert self_other_gap(4.0, Refusal("below_minimum_raters")) == Refusal("below_minimum_raters")


def test_drift_gives_the_values_of_the_nist_handbook() -> None:
    """NIST/SEMATECH e-Handbook 1.3.5.3, AUTO83B.DAT: T = −12.94627, ν = 136.8750, with unequal variances."""
    now, before = Moments(249, 20.14458, 6.41470**2), Moments(79, 30.48101, 6.10771**2)
    found = drifts({"overall": now}, {"overall": before})["overall"]
    error = found.difference.difference / -12.94627
    half = float(stats.t.ppf(0.975, 136.8750)) * error
    assert found.difference.ci_low == pytest.approx(-10.33643 - half, abs=1e-4)
    assert found.difference.ci_high == pytest.approx(-10.33643 + half, abs=1e-4)
    assert found.verdict == "drop"


def test_a_drop_is_called_one_only_when_it_survives_all_the_questions_that_were_asked() -> None:
    """p = .03 for one question is a drop; among five questions of which the others did not move it is none (Holm)."""
    before, lower = Moments(30, 4.0, 0.5), Moments(30, 3.6, 0.5)
    assert drifts({"match": lower}, {"match": before})["match"].verdict == "drop"
    still = {f"item_{number}": before for number in range(4)}
    together = drifts(still | {"match": lower}, still | {"match": before})
    assert together["match"].verdict == "no_clear_change"
    assert together["match"].p_adjusted == pytest.approx(5 * float(together["match"].difference.p))  # type: ignore[arg-type]


def test_a_rise_is_one_and_a_question_asked_once_has_no_drift() -> None:
    """Only what was asked both times is compared; one answer has no interval and is never a change."""
    found = drifts(
        {"match": Moments(40, 4.5, 0.4), "new": Moments(40, 2, 1), "thin": Moments(1, 1, 0)},
        {"match": Moments(40, 3.9, 0.4), "thin": Moments(40, 5, 0.2)},
    )
    assert {code: drift.verdict for code, drift in found.items()} == {"match": "rise", "thin": "no_clear_change"}
    assert found["thin"].difference.ci_low == Refusal("too_few_answers")
