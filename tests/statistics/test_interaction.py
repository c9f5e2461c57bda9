"""Turns and quiz items against examples worked out by hand and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from trainloop.statistics.interaction import gini, point_biserial, quiz_items, share_spoke
from trainloop.statistics.refusal import Refusal


@pytest.mark.parametrize(
    ("turns", "expected"),
    [
        ([5, 5, 5, 5], 0.0),
        ([0, 0, 0, 8], 0.75),  # one speaks alone: 1 − 1/n
        ([1, 2, 3, 4, 5], 4 / 15),  # Σ|xi − xj| / (2 n² mean) = 40 / 150
        ([1, 3], 0.25),
    ],
)
def test_gini_is_half_the_relative_mean_difference(turns: list[int], expected: float) -> None:
    """Worked out by the definition, pair by pair."""
    pairs = np.abs(np.subtract.outer(turns, turns)).sum() / (2 * len(turns) ** 2 * np.mean(turns))
    assert gini(turns) == pytest.approx(expected)
    assert gini(turns) == pytest.approx(pairs)


def test_silence_and_single_people_have_no_gini() -> None:
    """There is nothing to spread."""
    assert gini([0, 0, 0]) == Refusal("constant_data")
    assert gini([4]) == Refusal("too_few_people")


def test_who_said_nothing_counts_among_those_who_could() -> None:
    """Three of four spoke; a class without learners has no share."""
    assert share_spoke([2, 1, 0, 9]) == 0.75
    assert share_spoke([]) == Refusal("too_few_people")


def test_point_biserial_is_the_textbook_formula() -> None:
    """r = (M1 − M0)/s · √(pq) with the population's s; scipy agrees."""
    right = np.array([1, 1, 1, 0, 0, 1, 0, 1.0])
    score = np.array([9, 8, 7, 4, 5, 6, 3, 8.0])
    p = right.mean()
    by_hand = (score[right == 1].mean() - score[right == 0].mean()) / score.std() * np.sqrt(p * (1 - p))
    assert point_biserial(right, score) == pytest.approx(by_hand)
    assert point_biserial(right, score) == pytest.approx(stats.pointbiserialr(right, score).statistic)


def test_items_are_judged_against_the_others_and_flagged_at_the_ends() -> None:
    """An item everybody gets right is too easy, one that nobody gets right too hard; a gap is no wrong answer."""
    answers: dict[tuple[str, str], bool] = {}
    for number in range(10):
        person = f"E{number}"
        answers[person, "easy"] = True
        answers[person, "hard"] = False
        answers[person, "good"] = number >= 5
        answers[person, "other"] = number >= 4
    del answers["E0", "good"]
    items = {item.code: item for item in quiz_items(answers, 0.3, 0.95)}
    assert {code: item.flag for code, item in items.items()} == {
        "easy": "too_easy", "hard": "too_hard", "good": "none", "other": "none",
    }  # fmt: skip
    assert items["good"].n == 9
    assert items["good"].difficulty == pytest.approx(5 / 9)
    assert items["easy"].discrimination == Refusal("constant_data")
    assert isinstance(items["good"].discrimination, float)
    assert items["good"].discrimination > 0.7


@pytest.mark.parametrize(("share", "flag"), [(3, "none"), (2, "too_hard"), (19, "none"), (20, "too_easy")])
def test_the_thresholds_themselves_are_no_flag(share: int, flag: str) -> None:
    """Below .3 and above .95, as methods §3 says: 3 of 10 and 19 of 20 are fine."""
    count = 20 if share > 10 else 10
    (item,) = quiz_items({(f"E{number}", "Q"): number < share for number in range(count)}, 0.3, 0.95)
    assert item.flag == flag
    assert item.discrimination == Refusal("too_few_people"), "no other item to judge by"
