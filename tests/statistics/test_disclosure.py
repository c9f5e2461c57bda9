"""Overlapping groups of people: what may be shown beside what is shown already."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainloop.statistics.disclosure import TOTAL, Guard, Place, hidden_in_line, with_margins
from trainloop.statistics.subtraction import FewPeople, is_small_group_derivable
from trainloop.statistics.suppression import LedgerEntry, Minimums

MINIMUMS = Minimums()


def people(*numbers: Iterable[int]) -> frozenset[str]:
    return frozenset(f"p{number}" for numbers_ in numbers for number in numbers_)


def table(counts: dict[Place, int]) -> dict[Place, frozenset[str]]:
    """People by crossing, numbered through."""
    cells, start = {}, 0
    for place, count in counts.items():
        cells[place] = people(range(start, start + count))
        start += count
    return cells


@pytest.mark.parametrize(
    ("size", "level"), [(0, "hidden"), (4, "hidden"), (5, "mean"), (9, "mean"), (10, "distribution")]
)
def test_a_group_alone_is_shown_by_its_size(size: int, level: str) -> None:
    """Five people for a mean, ten for a share."""
    assert Guard((), MINIMUMS).admit("a", people(range(size))).level == level


@pytest.mark.parametrize(
    ("extra", "level"), [(0, "distribution"), (2, "hidden"), (4, "hidden"), (7, "mean"), (10, "distribution")]
)
def test_a_group_that_differs_by_few_from_a_shown_one_gives_those_few_away(extra: int, level: str) -> None:
    """A department of twenty and a family of twenty-two: the difference is two people's result."""
    guard = Guard((), MINIMUMS)
    assert guard.admit("department", people(range(20))).level == "distribution"
    seen = guard.admit("family", people(range(20 + extra)))
    assert seen.level == level
    assert seen.reason == (None if level == "distribution" else "protects_other_figure")


def test_the_same_group_asked_again_gets_the_same_answer() -> None:
    """What was admitted stays admitted, whatever came after it."""
    guard = Guard((), MINIMUMS)
    first = guard.admit("a", people(range(20)))
    guard.admit("b", people(range(22)))
    assert guard.admit("a", people(range(20))) == first
    assert [entry.key for entry in guard.ledger] == ["a"]


def test_what_earlier_releases_showed_under_another_key_counts_too() -> None:
    """Readers keep their old PDFs."""
    guard = Guard([LedgerEntry("all", "mean", people(range(20)))], MINIMUMS)
    seen = guard.admit("target", people(range(23)), "mean")
    assert (seen.level, seen.reason, seen.is_near_earlier) == ("hidden", "too_close_to_earlier_release", True)


def test_of_a_mean_never_more_than_a_mean_is_remembered() -> None:
    """`most` says what is going to be printed."""
    guard = Guard((), MINIMUMS)
    assert guard.admit("a", people(range(20)), "mean").level == "mean"
    assert guard.ledger[0].level == "mean"


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ({"a": 20, "b": 30}, set()),
        ({"a": 20, "b": 3, "c": 9}, {"b", "c"}),
        ({"a": 20, "b": 3, "c": 4}, {"b", "c"}),
        ({"a": 3}, {"a"}),
        ({"a": 20, "b": 0}, {"b"}),
    ],
)
def test_a_small_part_takes_the_next_smallest_with_it(counts: dict[str, int], hidden: set[str]) -> None:
    """The whole is shown: whole minus shown parts is the hidden ones, who have to be enough together."""
    assert hidden_in_line(counts, 5) == hidden


def test_a_table_hides_small_crossings_and_what_would_give_them_away() -> None:
    """Two hidden in a line, or none; the margins stay."""
    guard = Guard((), MINIMUMS)
    cells = table({("P4", "a"): 12, ("P4", "b"): 3, ("P5", "a"): 14, ("P5", "b"): 15, ("P6", "a"): 20, ("P6", "b"): 30})
    reasons = guard.admit_table("t", cells, "mean")
    assert reasons["P4", "b"] == "below_minimum_mean"
    assert reasons["P4", "a"] == "protects_other_figure"
    assert reasons["P4", TOTAL] is None
    assert reasons[TOTAL, TOTAL] is None
    assert sum(reason is not None for reason in reasons.values()) >= 4


def test_a_table_gives_way_to_a_target_group_that_is_a_shown_crossing_and_a_hidden_one() -> None:
    """The target group minus the shown crossing would be the three people of the hidden one: margins only."""
    cells = table({("P4", "a"): 3, ("P5", "a"): 20, ("P6", "a"): 6, ("P4", "b"): 7, ("P5", "b"): 30, ("P6", "b"): 8})
    alone = Guard((), MINIMUMS).admit_table("t", cells, "mean")
    assert (alone["P4", "a"], alone["P5", "a"]) == ("below_minimum_mean", None)
    guard = Guard((), MINIMUMS)
    assert guard.admit("target", cells["P4", "a"] | cells["P5", "a"]).level == "distribution"
    reasons = guard.admit_table("t", cells, "mean")
    assert reasons["P5", "a"] == "protects_other_figure"
    assert reasons["P5", TOTAL] is None
    assert reasons[TOTAL, "b"] is None


def test_margins_know_empty_crossings() -> None:
    """A level that a family does not have is an empty crossing, not a missing one."""
    whole = with_margins({("P4", "a"): people([1]), ("P5", "b"): people([2])})
    assert whole["P4", "b"] == frozenset()
    assert whole[TOTAL, TOTAL] == people([1, 2])
    assert len(whole) == 9


@settings(max_examples=150)
@given(st.lists(st.frozensets(st.integers(0, 14), min_size=1), min_size=1, max_size=7), st.integers(2, 5))
def test_the_fast_question_has_the_answer_of_the_exact_one(numbers: list[frozenset[int]], minimum: int) -> None:
    """Against trying every set of atoms, on companies small enough for that."""
    groups = [people(group) for group in numbers]
    assert FewPeople().is_derivable(groups, minimum) == is_small_group_derivable(groups, minimum)


def test_departments_that_are_safe_one_by_one_but_not_together_are_not_all_shown() -> None:
    """Three cuts whose sums leave one person: A+B and B+C and A+C of twelve, and the whole of all but one."""
    a, b, c = people(range(12)), people(range(20, 32)), people(range(40, 52))
    groups = {"ab": a | b, "bc": b | c, "ac": a | c, "most": a | b | c | people([99])}
    seen = Guard((), MINIMUMS).admit_all(groups, "mean")
    assert [seen[name].level for name in ("ab", "bc", "ac")] == ["mean"] * 3
    assert (seen["most"].level, seen["most"].reason) == ("hidden", "protects_other_figure")
