"""Who rates a new manager, and which groups of raters may be seen by themselves."""

from __future__ import annotations

from datetime import date
from itertools import product

import pytest

from trainloop.domain.assessment import Promotion, Rater, has_enough, raters_of, shown_groups

PROMOTED = Promotion(
    "E1",
    date(2026, 3, 1),
    "BOSS",
    peers=tuple(f"P{number}" for number in range(20)),
    reports=("R1", "R2", "R3", "E1"),
)


def test_by_rule_the_reporting_line_rates() -> None:
    """The person, the manager, at most eight peers, the reports: each once, and the same ones tomorrow."""
    raters = raters_of(PROMOTED, 8)
    groups = [rater.group for rater in raters]
    assert {group: groups.count(group) for group in groups} == {"self": 1, "manager": 1, "peer": 8, "report": 3}
    assert raters == raters_of(PROMOTED, 8)
    assert len({rater.employee_id for rater in raters}) == len(raters)


def test_the_draw_of_peers_does_not_follow_their_numbers() -> None:
    """Another promotion asks others: the first in the alphabet are not always the ones who are asked."""
    later = Promotion("E2", date(2026, 3, 1), "BOSS", peers=PROMOTED.peers)
    drawn = [{rater.employee_id for rater in raters_of(one, 8) if rater.group == "peer"} for one in (PROMOTED, later)]
    assert drawn[0] != drawn[1]
    assert drawn[0] != set(PROMOTED.peers[:8])


def test_what_hr_nominated_is_the_list_and_the_person_is_always_asked() -> None:
    """Nobody is added to HR's raters but the person; a nomination of the person alone is no list."""
    named = (Rater("X", "peer"), Rater("Y", "other"), Rater("X", "report"))
    nominated = Promotion("E1", date(2026, 3, 1), "BOSS", peers=PROMOTED.peers, nominated=named)
    assert raters_of(nominated, 8) == (Rater("E1", "self"), Rater("X", "peer"), Rater("Y", "other"))
    alone = Promotion("E1", date(2026, 3, 1), "BOSS", nominated=(Rater("E1", "self"),))
    assert raters_of(alone, 8) == (Rater("E1", "self"), Rater("BOSS", "manager"))


def test_without_three_raters_besides_the_manager_nothing_could_be_shown() -> None:
    """Then nobody is asked in vain."""
    two = (Rater("E1", "self"), Rater("B", "manager"), Rater("P", "peer"), Rater("R", "report"))
    assert not has_enough(two, 3)
    assert has_enough((*two, Rater("O", "other")), 3)


@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"peer": 4, "report": 3}, (("peer",), ("report",))),
        ({"peer": 4, "report": 2, "other": 1}, (("peer",), ("report", "other"))),
        ({"peer": 4, "report": 2}, (("peer", "report"),)),
        ({"peer": 5, "report": 3, "other": 1}, (("peer",), ("report", "other"))),
        ({"peer": 2, "report": 2}, (("peer", "report"),)),
        ({"peer": 1, "report": 1}, ()),
        ({}, ()),
    ],
)
def test_small_groups_are_merged(counts: dict[str, int], shown: tuple[tuple[str, ...], ...]) -> None:
    """Methods §3: shown from three raters, else merged."""
    assert shown_groups(counts, 3) == shown


def test_no_combination_of_shown_groups_leaves_fewer_than_the_minimum() -> None:
    """Whatever a reader subtracts (group by group, or all raters minus some groups), three people remain or none."""
    for peers, reports, others in product(range(7), repeat=3):
        counts = {"peer": peers, "report": reports, "other": others}
        sizes = [sum(counts[group] for group in merged) for merged in shown_groups(counts, 3)]
        assert all(size >= 3 for size in sizes)
        assert sum(sizes) == (sum(counts.values()) if sizes else 0)
