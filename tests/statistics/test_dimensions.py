"""Dimension means, Cronbach's α and its interval against independent computation."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainloop.statistics.dimensions import AlphaFigures, cronbach_alpha, respondent_means
from trainloop.statistics.refusal import Refusal

ANSWERS = pd.DataFrame(
    {
        "a": [4, 5, 3, 4, 2, 5, 4, 3, 4, 5, 2, 3],
        "b": [4, 5, 3, 5, 2, 4, 4, 3, 4, 5, 1, 3],
        "c": [5, 5, 2, 4, 3, 5, 3, 3, 5, 4, 2, 3],
    },
    dtype=float,
)


def hoyt(scores: pd.DataFrame) -> float:
    """Hoyt (1941): α = 1 − MS(residual)/MS(people) of the two-way analysis of variance."""
    values = scores.to_numpy()
    n, k = values.shape
    grand = values.mean()
    people = k * ((values.mean(axis=1) - grand) ** 2).sum()
    items = n * ((values.mean(axis=0) - grand) ** 2).sum()
    residual = ((values - grand) ** 2).sum() - people - items
    return float(1 - (residual / ((n - 1) * (k - 1))) / (people / (n - 1)))


def alpha_of(scores: pd.DataFrame) -> AlphaFigures:
    """The figures of a single group."""
    return cronbach_alpha(scores.to_numpy(dtype=np.float64)[np.newaxis], [str(item) for item in scores.columns])


def test_alpha_is_that_of_the_analysis_of_variance() -> None:
    """Cronbach's formula and Hoyt's are the same number; without an item it is that of the rest."""
    found = alpha_of(ANSWERS)
    assert math.isclose(found.alpha[0], hoyt(ANSWERS))
    assert math.isclose(found.if_dropped["b"][0], hoyt(ANSWERS[["a", "c"]]))
    assert found.low[0] < found.alpha[0] < found.high[0]
    assert found.negative_items[0] == ()


@pytest.mark.slow
def test_feldts_interval_covers_the_true_alpha() -> None:
    """Simulation of parallel normal items with α = 0.75: the 95 % interval covers it in about 95 of 100 classes."""
    generator = np.random.default_rng(7)
    covered = 0
    for _ in range(600):
        person = generator.normal(size=(20, 1))
        found = alpha_of(pd.DataFrame(person + generator.normal(size=(20, 3))))
        covered += found.low[0] <= 0.75 <= found.high[0]
    assert 0.93 <= covered / 600 <= 0.97


def test_alpha_counts_complete_respondents_only() -> None:
    """Listwise: who skipped an item is left out, and n says so."""
    gaps = ANSWERS.copy()
    gaps.loc[0, "a"] = math.nan
    found = alpha_of(gaps)
    assert found.n[0] == 11
    assert math.isclose(found.alpha[0], hoyt(ANSWERS.iloc[1:]))


def test_two_items_and_a_constant_item_have_no_alpha() -> None:
    """Two items or a constant item → not computed, with the reason."""
    assert alpha_of(ANSWERS[["a", "b"]]).alpha[0] == Refusal("fewer_than_three_items")
    assert alpha_of(ANSWERS.assign(c=4.0)).alpha[0] == Refusal("constant_item")
    found = alpha_of(ANSWERS.iloc[:2])
    assert found.alpha[0] == found.if_dropped["a"][0] == found.negative_items[0] == Refusal("too_few_answers")


def test_an_item_that_runs_against_the_others_is_flagged() -> None:
    """A negative item–rest correlation asks: reverse coding?"""
    assert "c" in alpha_of(ANSWERS.assign(c=6 - ANSWERS["c"])).negative_items[0]


def test_a_respondent_counts_when_half_of_the_items_are_answered() -> None:
    """One of three is less than half: no mean; two of three: the mean of the two."""
    means = respondent_means(np.array([[5.0, math.nan, math.nan], [4, 2, math.nan]]))
    assert math.isnan(means[0])
    assert means[1] == 3.0


@settings(max_examples=60)
@given(st.lists(st.lists(st.integers(1, 5), min_size=3, max_size=3), min_size=4, max_size=15), st.floats(0.5, 3))
def test_alpha_does_not_depend_on_unit_or_order(rows: list[list[int]], unit: float) -> None:
    """α is free of the scale's unit and of the order of people."""
    frame = pd.DataFrame(rows, dtype=float)
    first, second = alpha_of(frame).alpha[0], alpha_of(frame.iloc[::-1] * unit).alpha[0]
    if isinstance(first, Refusal):
        assert first == second
    else:
        assert math.isclose(first, second, rel_tol=1e-6, abs_tol=1e-6)
        assert first <= 1 + 1e-12


def test_groups_are_judged_each_by_itself() -> None:
    """One call for many classes: a constant item or a gap of one changes nothing in another."""
    gaps = ANSWERS.copy()
    gaps.loc[0, "a"] = math.nan
    frames = [ANSWERS, gaps, ANSWERS.assign(c=4.0), ANSWERS.iloc[:2].reindex(ANSWERS.index)]
    together = cronbach_alpha(np.stack([frame.to_numpy(dtype=np.float64) for frame in frames]), ["a", "b", "c"])
    for place, frame in enumerate(frames):
        alone = alpha_of(frame)
        assert together.n[place] == alone.n[0]
        assert [together.alpha[place], together.low[place], together.if_dropped["b"][place]] == pytest.approx([
            alone.alpha[0],
            alone.low[0],
            alone.if_dropped["b"][0],
        ])
