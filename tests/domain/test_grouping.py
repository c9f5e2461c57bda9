"""R18: groups that are alike, the same every time, and never a manager with a direct report."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from trainloop.domain.grouping import CannotBeKeptApart, Grouping, Learner, group_learners


def people(count: int) -> list[Learner]:
    """Four departments and three levels in turn, pre-test scores from 40 to 90."""
    return [
        Learner(f"E{number:03d}", f"D{number % 4}", f"P{number % 3}", None, 40.0 + number * 50 / count)
        for number in range(count)
    ]


def test_groups_are_alike_in_size_departments_levels_and_pre_test() -> None:
    """Thirty people in five groups: no department or level differs by more than one or two, means by a few points."""
    found = group_learners(people(30), 6, "2026-C001")
    assert isinstance(found, Grouping)
    assert [len(group) for group in found.groups] == [6] * 5
    assert sorted(one for group in found.groups for one in group) == [one.employee_id for one in people(30)]
    assert found.department_spread <= 1
    assert found.level_spread <= 1
    assert found.score_spread is not None
    assert found.score_spread < 6


def test_the_same_people_and_seed_give_the_same_groups_in_any_order() -> None:
    """Reproducible; another class is dealt out otherwise."""
    one = group_learners(people(24), 6, "2026-C001")
    assert group_learners(people(24)[::-1], 6, "2026-C001") == one
    assert group_learners(people(24), 6, "2026-C002") != one


def test_a_manager_is_never_with_a_direct_report() -> None:
    """Two managers with three reports each, among twelve."""
    learners = [Learner(f"E{number:02d}", "D1", "P1") for number in range(4)]
    learners += [Learner(f"R{number}", "D1", "P2", f"E0{number % 2}") for number in range(6)]
    learners += [Learner("X1", "D2", "P1"), Learner("X2", "D2", "P1")]
    found = group_learners(learners, 6, "2026-C001")
    assert isinstance(found, Grouping)
    for group in found.groups:
        for manager in ("E00", "E01"):
            reports = {one.employee_id for one in learners if one.manager_id == manager}
            assert not (manager in group and reports & set(group))


def test_what_cannot_be_kept_apart_is_named() -> None:
    """One group only, or more reports than the other groups hold."""
    pair = [Learner("B", "D1", "P1"), Learner("R", "D1", "P2", "B")]
    assert group_learners(pair, 6, "x") == CannotBeKeptApart((("B", "R"),))
    star = [Learner("B", "D1", "P1"), *(Learner(f"R{number}", "D1", "P2", "B") for number in range(11))]
    found = group_learners(star, 6, "x")
    assert isinstance(found, CannotBeKeptApart)
    assert len(found.pairs) == 11


def test_nobody_makes_no_group_and_few_make_one() -> None:
    """No crash on an empty class; a manager outside the class keeps nobody apart."""
    assert group_learners([], 6, "x") == Grouping((), 0, 0, None)
    found = group_learners([Learner("A", "D1", "P1", "BOSS"), Learner("B", "D1", "P1", "BOSS")], 6, "x")
    assert isinstance(found, Grouping)
    assert found.groups == (("A", "B"),)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 12)), max_size=26),
    st.integers(2, 7),
)
def test_whatever_the_class_everybody_is_placed_once_and_nobody_with_their_manager(
    rows: list[tuple[int, int, int]], size: int
) -> None:
    """Sizes differ by one at most and never exceed what was asked."""
    learners = [
        Learner(f"E{place}", f"D{department}", f"P{level}", f"E{manager}" if manager != place else None)
        for place, (department, level, manager) in enumerate(rows)
    ]
    found = group_learners(learners, size, "seed")
    if isinstance(found, CannotBeKeptApart):
        assert found.pairs
        return
    placed = [one for group in found.groups for one in group]
    assert sorted(placed) == sorted(one.employee_id for one in learners)
    sizes = [len(group) for group in found.groups]
    assert not sizes or (max(sizes) <= size and max(sizes) - min(sizes) <= 1)
    managers = {one.employee_id: one.manager_id for one in learners}
    assert all(managers[one] not in group for group in found.groups for one in group)
