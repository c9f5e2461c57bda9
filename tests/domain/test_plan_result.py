"""R32, R34: which plans count, which obstacle is taken up, which month is due."""

from __future__ import annotations

from datetime import date

import pytest

from trainloop.domain.action_plan import PlanState
from trainloop.domain.plan_result import (
    Outcome,
    is_month_due,
    leading_cause,
    month_days,
    previous_month,
    share_pct,
    tally,
)


def test_plans_of_people_who_left_and_of_cancelled_classes_are_in_no_rate() -> None:
    """Given up by the learner counts, ended from outside does not."""
    plans = [
        Outcome("a", PlanState.VERIFIED, "none"),
        Outcome("b", PlanState.DONE, "time"),
        Outcome("c", PlanState.WITHDRAWN, settled_reason="learner"),
        Outcome("d", PlanState.WITHDRAWN, "time", "left"),
        Outcome("e", PlanState.WITHDRAWN, settled_reason="class_cancelled"),
    ]
    found = tally(plans)
    assert (found.plan_count, found.done_count, found.by_state[PlanState.WITHDRAWN]) == (3, 2, 1)
    assert (found.told_count, found.by_cause["time"]) == (2, 1)


def test_a_share_of_nothing_is_none() -> None:
    """No division by zero becomes 0 %."""
    assert share_pct(0, 0) is None
    assert share_pct(1, 4) == 25


def test_the_most_named_obstacle_is_taken_up_from_a_least_share_on() -> None:
    """ "Nothing in the way" is no obstacle however often it is said; of equals the first in order."""
    assert leading_cause([("none", 60), ("time", 20), ("tool", 20)], 20) == "time"
    assert leading_cause([("none", 81), ("time", 19)], 20) is None


@pytest.mark.parametrize(
    ("today", "month"), [(date(2026, 1, 2), "2025-12"), (date(2026, 3, 31), "2026-02"), (date(2026, 12, 1), "2026-11")]
)
def test_results_are_of_the_month_before(today: date, month: str) -> None:
    """January's results speak of December of the year before."""
    assert previous_month(today) == month


def test_a_month_ends_before_the_first_day_of_the_next() -> None:
    """December runs into the next year, February has its own length."""
    assert month_days("2026-12") == (date(2026, 12, 1), date(2027, 1, 1))
    assert month_days("2028-02") == (date(2028, 2, 1), date(2028, 3, 1))


def test_results_are_due_from_the_first_working_day_on() -> None:
    """1–7 October are holidays in China: due on the 8th; the days after it heal a missed run."""
    assert not is_month_due(date(2026, 10, 7), "CN")
    assert is_month_due(date(2026, 10, 8), "CN")
    assert is_month_due(date(2026, 10, 20), "CN")
