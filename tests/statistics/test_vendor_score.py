"""Scores of vendors and shrunk means, by the numbers of the specification."""

from __future__ import annotations

import math
from datetime import date

import pytest

from trainloop.domain.vendor import Candidate, licence_on, ranked_choices
from trainloop.statistics.refusal import Refusal
from trainloop.statistics.shrinkage import shrunk_mean
from trainloop.statistics.vendor_score import Rating, criterion_means, rating_table, weighted_score


@pytest.mark.parametrize(("mean", "count", "expected"), [(5.0, 3, 4.44), (4.6, 120, 4.58)])
def test_few_answers_are_drawn_to_the_common_mean(mean: float, count: int, expected: float) -> None:
    """Methods §2: with σ = .8, τ = .3 and mean 4.2."""
    assert round(float(shrunk_mean(mean, count, 4.2, 0.8, 0.3)), 2) == expected  # type: ignore[arg-type]
    assert shrunk_mean(5.0, 0, 4.2, 0.8, 0.3) == Refusal("no_answers")


def test_a_strict_and_a_mild_rater_count_alike_whatever_they_rated_beside() -> None:
    """Raters first: two raters on one criterion and three on another give each criterion its weight only."""
    ratings = [Rating("V", "a", rater, score) for rater, score in (("1", 60), ("2", 80))]
    ratings += [Rating("V", "b", rater, score) for rater, score in (("1", 90), ("2", 90), ("3", 60))]
    means = criterion_means(ratings, 2)
    assert means == {"a": 70, "b": 80}
    assert weighted_score(means, {"a": 3, "b": 1}) == 72.5


def test_a_weighted_criterion_without_two_raters_makes_no_score() -> None:
    """A score without the copyright is no score; a criterion without weight does not hold it back."""
    means = criterion_means([Rating("V", "a", "1", 60), Rating("V", "b", "1", 80), Rating("V", "b", "2", 80)], 2)
    assert weighted_score(means, {"a": 1, "b": 1}) == Refusal("too_few_raters")
    assert weighted_score(means, {"a": 0, "b": 1}) == 80
    assert weighted_score(means, {"c": 1}) == Refusal("too_few_raters")


def test_the_table_of_agreement_has_a_gap_where_a_rater_gave_nothing() -> None:
    """(vendor, criterion) × rater."""
    table = rating_table([Rating("V", "a", "1", 1), Rating("V", "a", "2", 2), Rating("W", "a", "2", 3)])
    assert table[0] == [1, 2]
    assert math.isnan(table[1][0])
    assert table[1][1] == 3


@pytest.mark.parametrize(
    ("number", "until", "day", "licence"),
    [
        ("L", date(2026, 3, 31), date(2026, 3, 31), "valid"),
        ("L", date(2026, 3, 31), date(2026, 4, 1), "expired"),
        ("L", None, date(2026, 4, 1), "missing"),
        (None, date(2027, 1, 1), date(2026, 4, 1), "missing"),
    ],
)
def test_a_licence_covers_its_last_day(number: str | None, until: date | None, day: date, licence: str) -> None:
    """No number or no date is no licence."""
    assert licence_on(number, until, day) == licence


def test_no_licence_and_no_score_are_no_choice_and_unknown_needs_have_none() -> None:
    """HR sees only whom it may choose."""
    candidates = [
        Candidate("A", "platform", 90.0, "valid"),
        Candidate("B", "practitioner", 70.0, "valid"),
        Candidate("C", "practitioner", 99.0, "expired"),
        Candidate("D", "practitioner", None, "valid"),
        Candidate("E", "consultancy", 99.0, "valid"),
    ]
    fitting = {"technical": ("practitioner", "platform")}
    assert [one.vendor_code for one in ranked_choices("technical", candidates, fitting)] == ["B", "A"]
    assert ranked_choices("general", candidates, fitting) == []
