"""Coarse groups: whatever is kept stands for enough people, and no more is given up than that."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from trainloop.domain.coarse_groups import NOTHING, coarsen, nearest

# Level, family and department; of some people less is known.
PEOPLE = st.lists(
    st.builds(
        lambda whole, length: whole[:length],
        st.tuples(st.sampled_from("AB"), st.sampled_from("xyz"), st.sampled_from("1234")),
        st.integers(0, 3),
    ),
    max_size=60,
)


def kept_counts(people: list[tuple[str, ...]], minimum: int) -> Counter[tuple[str, ...]]:
    kept = coarsen(Counter(people), minimum)
    return Counter(kept[person] for person in people)


@given(PEOPLE, st.integers(2, 7))
def test_every_kept_combination_stands_for_enough_people(people: list[tuple[str, ...]], minimum: int) -> None:
    """k-anonymity: at least the minimum each; fewer people than that altogether keep nothing at all."""
    counts = kept_counts(people, minimum)
    if len(people) < minimum:
        assert set(counts) <= {NOTHING}
    else:
        assert min(counts.values()) >= minimum


@given(PEOPLE, st.integers(2, 7))
def test_a_combination_is_only_ever_shortened(people: list[tuple[str, ...]], minimum: int) -> None:
    """What is kept is true of every person: a prefix of their own combination; large groups give up nothing alone."""
    counts = Counter(people)
    for own, kept in coarsen(counts, minimum).items():
        assert own[: len(kept)] == kept
    if min(counts.values(), default=0) >= minimum:
        assert all(own == kept for own, kept in coarsen(counts, minimum).items())


@given(PEOPLE, st.integers(2, 7))
def test_coarsening_again_changes_nothing(people: list[tuple[str, ...]], minimum: int) -> None:
    """What stands for enough people stays: a second close would lose nothing."""
    counts = kept_counts(people, minimum)
    assert all(own == kept for own, kept in coarsen(counts, minimum).items())


def test_a_small_department_joins_its_neighbours_of_the_same_level_and_family() -> None:
    """Three people of D2 would be known by it; D3's two join them, D1 keeps its department."""
    people = [("L1", "F1", "D1")] * 6 + [("L1", "F1", "D2")] * 3 + [("L1", "F1", "D3")] * 2
    assert coarsen(Counter(people), 5) == {
        ("L1", "F1", "D1"): ("L1", "F1", "D1"),
        ("L1", "F1", "D2"): ("L1", "F1"),
        ("L1", "F1", "D3"): ("L1", "F1"),
    }


def test_a_rest_that_is_too_small_takes_in_its_smallest_neighbour() -> None:
    """Two people without a department beside two large ones would be the two of D3: the smaller one joins them."""
    people = [("L1", "F1", "D1")] * 9 + [("L1", "F1", "D2")] * 6 + [("L1", "F1", "D3")] * 2
    assert kept_counts(people, 5) == {("L1", "F1", "D1"): 9, ("L1", "F1"): 8}


def test_people_who_come_later_get_the_nearest_group_in_use() -> None:
    """A new combination could stand for one person; a prefix nobody has could, too."""
    known = {("L1", "F1", "D1"), ("L1",), NOTHING}
    assert nearest(("L1", "F1", "D1"), known) == ("L1", "F1", "D1")
    assert nearest(("L1", "F1", "D9"), known) == ("L1",)
    assert nearest(("L9", "F1", "D1"), known) == NOTHING
