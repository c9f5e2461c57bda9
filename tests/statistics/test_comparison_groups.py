"""Comparison groups by rule: the order, near neighbours, borrowed class dates, balance."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from trainloop.statistics.comparison_groups import (
    SOURCES,
    ComparisonGroup,
    GroupRules,
    balance,
    choose,
    lend_dates,
    match,
)
from trainloop.statistics.refusal import Refusal

RULES = GroupRules(min_people=5)


def people(**roles: list[float]) -> pd.DataFrame:
    """One row for each level before, by role."""
    rows = [(role, level) for role, levels in roles.items() for level in levels]
    frame = pd.DataFrame(rows, columns=["role", "pre"])
    return frame.assign(unit_id=[f"E{n:03}" for n in range(len(frame))], job_family="sales", job_level="P5")


LEVELS = [90.0, 95, 100, 105, 110, 98, 102]
ROLES = ("randomised", "pilot_comparison", "waitlisted", "untrained", "cancelled")


@pytest.mark.parametrize("missing", range(5))
def test_the_first_source_in_the_order_serves(missing: int) -> None:
    """Drawn by lot, pilot, waitlist, matched untrained, cancelled: whoever comes first and has people."""
    frame = people(learner=LEVELS, **dict.fromkeys(ROLES[missing:], LEVELS))
    found = choose(frame, RULES)
    assert isinstance(found, ComparisonGroup)
    assert found.source == SOURCES[missing]
    assert list(found.passed_over) == list(SOURCES[:missing])
    assert len(found.people) == 7


def test_a_source_with_too_few_people_is_passed_over_with_its_number() -> None:
    """Four waitlisted people are no group; the report can say that there were four."""
    found = choose(people(learner=LEVELS, waitlisted=LEVELS[:4], cancelled=LEVELS), RULES)
    assert isinstance(found, ComparisonGroup)
    assert (found.source, found.passed_over["waitlisted"]) == ("cancelled", 4)
    assert choose(people(learner=LEVELS, waitlisted=LEVELS[:4]), RULES) == Refusal("no_comparison_group")
    assert choose(people(waitlisted=LEVELS), RULES) == Refusal("too_few_people")


def test_matched_people_are_of_the_same_family_and_level_and_near() -> None:
    """The nearest free person each; another level or a far result is nobody's match, and the learner is named."""
    learners = people(learner=[100, 100.5, 120])
    others = people(untrained=[99, 101, 100.4, 60])
    others.loc[2, "job_level"] = "P6"
    assert match(learners, others, 0.25).tolist() == [[0, 0], [1, 1]]


def test_a_match_has_the_class_date_of_its_learner() -> None:
    """Changes are compared within a class date: a match of another date would stand for nobody."""
    dates = pd.to_datetime(["2026-03-10", "2026-06-10"])
    learners = people(learner=[100, 120]).assign(class_ends_on=dates)
    others = people(untrained=[100, 120]).assign(class_ends_on=dates[::-1])
    assert len(match(learners, others, 0.25)) == 0
    assert match(learners, others.assign(class_ends_on=dates), 0.25).tolist() == [[0, 0], [1, 1]]


def test_matching_uses_everybody_once_and_is_the_same_every_time() -> None:
    """A thousand learners and three thousand others: different people, within the caliper, reproducible."""
    generator = np.random.default_rng(1)
    learners = people(learner=list(generator.normal(95, 10, 1000)))
    others = people(untrained=list(generator.normal(100, 10, 3000)))
    pairs = match(learners, others, 0.25)
    assert len(pairs) > 950
    assert len(set(pairs[:, 1])) == len(set(pairs[:, 0])) == len(pairs)
    distance = np.abs(learners["pre"].to_numpy()[pairs[:, 0]] - others["pre"].to_numpy()[pairs[:, 1]])
    assert distance.max() <= 0.25 * pd.concat([learners["pre"], others["pre"]]).std()
    assert (match(learners, others.copy(), 0.25) == pairs).all()


def test_a_waitlist_that_differs_is_narrowed_to_its_near_people() -> None:
    """More than a quarter of a standard deviation apart: matched, with the difference before and after told."""
    generator = np.random.default_rng(2)
    frame = people(learner=list(generator.normal(95, 10, 60)), waitlisted=list(generator.normal(102, 10, 200)))
    found = choose(frame, RULES)
    assert isinstance(found, ComparisonGroup)
    assert found.is_matched
    assert found.smd_before < -0.5
    assert abs(found.smd) < 0.1
    assert len(found.learners) + len(found.unmatched) == 60


def test_people_drawn_by_lot_are_never_matched() -> None:
    """The lot is what makes them comparable; picking among them would undo it."""
    found = choose(people(learner=LEVELS, randomised=[level + 40 for level in LEVELS]), RULES)
    assert isinstance(found, ComparisonGroup)
    assert not found.is_matched
    assert found.smd == found.smd_before < -2


def test_comparison_people_get_the_dates_of_the_learners_they_stand_for() -> None:
    """Two thirds of the sales learners sat in March, a third in June: so do their comparison people, reproducibly."""
    frame = people(learner=LEVELS[:6], untrained=LEVELS[:6], waitlisted=[100.0])
    frame["class_ends_on"] = pd.NaT
    frame.loc[:5, "class_ends_on"] = pd.to_datetime(["2026-03-10"] * 4 + ["2026-06-10"] * 2)
    frame.loc[12, ["job_family", "class_ends_on"]] = ["finance", pd.Timestamp("2026-09-01")]
    lent = lend_dates(frame)
    assert lent[6:12].value_counts().to_dict() == {pd.Timestamp("2026-03-10"): 4, pd.Timestamp("2026-06-10"): 2}
    assert lent[12] == pd.Timestamp("2026-09-01")
    assert (lend_dates(frame.sample(frac=1, random_state=1)).sort_index() == lent).all()


def test_people_of_a_cell_without_learners_get_dates_of_all_learners() -> None:
    """Nobody is left without a window: the level is matched later, the date is needed now."""
    frame = people(learner=[100.0, 101], untrained=[100.0, 101])
    frame["class_ends_on"] = pd.to_datetime(["2026-03-10", "2026-06-10", None, None])
    frame.loc[2:, "job_family"] = "finance"
    assert sorted(lend_dates(frame)[2:]) == [pd.Timestamp("2026-03-10"), pd.Timestamp("2026-06-10")]


def test_balance_tells_numbers_and_the_worst_category() -> None:
    """Half of the learners and none of the others are in Shanghai: (0.5 − 0)/√((0.25·4/3 + 0)/2)."""
    frame = pd.DataFrame({"tenure": [1.0, 2, 3, 4, 1, 2, 3, 4], "city": ["SH", "SH", "BJ", "BJ", *["BJ"] * 4]})
    found = balance(frame, np.arange(8) < 4, ["tenure"], ["city"])
    assert found["tenure"] == 0
    assert abs(found["city"]) == pytest.approx(0.5 / np.sqrt(0.25 * 4 / 3 / 2))
