"""An attacker keeps every 360 brief of two years, with the managers behind each figure, and subtracts and solves.

Managers are promoted in months of their own, some twice; a behaviour that nobody could observe leaves a person out of
that item. The same attack that finds nothing finds single managers where briefs forget what was shown before.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from tests.demo.test_attacker import Groups, attack, shown_groups
from tests.surveys import assessment_world as people
from tests.surveys import results_world as world

from trainloop.config import get_site
from trainloop.statistics.suppression import suppress
from trainloop.surveys import assessment_cohort
from trainloop.surveys.assessment_results import evaluate_assessments
from trainloop.surveys.assessments import plan_assessments

pytestmark = pytest.mark.slow
SetClock = Callable[..., datetime]
PROMOTED = (3, 2, 0, 4, 1, 6, 0, 1, 5, 2, 3, 7)
STEP = timedelta(days=61)


def promote(draw: random.Random, month: int, count: int, today: date) -> None:
    """Assess so many managers whose 360 closed yesterday; an older one may be promoted once more."""
    promoted_on = today - timedelta(days=40)
    for number in range(count):
        people.make_manager(f"M{month:02d}{number}", promoted_on.isoformat(), reports=3, peers=3)
    known = sorted(people.waves())
    if known and draw.random() < 0.5:
        world.execute(
            "update core.employees set promoted_on = %s where employee_id = %s", promoted_on, draw.choice(known)
        )
    plan_assessments()
    closed_at = f"{today - timedelta(days=1)} 23:59+08"
    for row in world.execute("select wave_code from ops.survey_waves where state = 'planned' order by wave_code"):
        unseen = {item for item in people.ITEMS if draw.random() < 0.15}
        sheets = [{item: draw.randint(1, 5) for item in people.ITEMS if item not in unseen} for _ in range(8)]
        groups = {"self": sheets[:1], "manager": sheets[1:2], "peer": sheets[2:5], "report": sheets[5:]}
        people.close_with(row["wave_code"], groups, closed_at)
    evaluate_assessments()


def two_years(seed: int, set_clock: SetClock) -> Groups:
    """A brief is tried after every two months; returns what was shown in all of them."""
    draw, today = random.Random(seed), date(2026, 3, 30)
    for month, count in enumerate(PROMOTED):
        set_clock(today.year, today.month, today.day)
        promote(draw, month, count, today)
        assessment_cohort.publish_cohort()
        today += STEP
    return shown_groups("new_manager_360")


@pytest.fixture
def company(warehouse: str, set_clock: SetClock) -> None:
    world.make_company(0)


def test_briefs_of_two_years_give_no_manager_away(company: None, set_clock: SetClock) -> None:
    """All briefs together: 0 results of one manager, no sum of fewer than the cohort's minimum."""
    groups = two_years(1, set_clock)
    assert max(len(set(seen)) for seen in groups.values()) >= 3, "there were several briefs to subtract"
    answers, smallest = attack(groups)
    assert answers == 0
    assert smallest >= get_site().assessments.cohort_min


def test_briefs_that_forget_what_was_shown_would_give_managers_away(
    company: None, set_clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same two years without the ledger: the attacker has results of single managers."""
    monkeypatch.setattr(
        assessment_cohort, "suppress", lambda figures, groups, dimensions, _, minimums: suppress(
            figures, groups, dimensions, [], minimums
        ),
    )  # fmt: skip
    answers, smallest = attack(two_years(1, set_clock))
    assert answers > 0
    assert smallest == 1
