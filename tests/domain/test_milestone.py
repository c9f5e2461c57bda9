"""Which steps a class session has and when: the table of lifecycle.md by the rules of the site file."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest

from trainloop.config import load_site
from trainloop.config.delivery import MilestoneRule
from trainloop.domain import milestone
from trainloop.domain.milestone import Anchors, MilestoneState, Planner, Standing

SITE = load_site()
PLANNER = Planner(SITE.milestones, SITE.company.zone, SITE.company.calendar_code)


def local(year: int, month: int, day: int, *clock: int) -> datetime:
    return datetime(year, month, day, *(clock or (9,)), tzinfo=SITE.company.zone).astimezone(UTC)


def ending(moment: datetime) -> Anchors:
    return Anchors(moment - timedelta(hours=8), moment)


def test_the_steps_of_an_ordinary_class_stand_as_the_table_says() -> None:
    """E, open +2 d, +5 d, +7 d at the end of the day, report at close with ten working days to go."""
    opened = local(2026, 3, 5, 18)
    planned = PLANNER.plan(Anchors(local(2026, 3, 5), local(2026, 3, 5, 17), opened))
    assert {step: plan.due_on for step, plan in planned.items() if step.startswith("evaluation_")} == {
        "evaluation_open": date(2026, 3, 5),
        "evaluation_reminder_1": date(2026, 3, 9),  # +2 is a Saturday
        "evaluation_reminder_2": date(2026, 3, 10),
        "evaluation_close": date(2026, 3, 12),
        "evaluation_report": date(2026, 3, 12),
    }
    close = local(2026, 3, 12, 23, 59, 59)
    assert planned["evaluation_open"].not_after == close
    assert planned["evaluation_reminder_1"].not_after == close
    assert planned["evaluation_close"].not_after is None
    assert planned["evaluation_report"].not_after == local(2026, 3, 26, 23, 59, 59)
    assert not any(plan.is_provisional for plan in planned.values())


def test_before_the_wave_opened_its_planned_days_stand_in() -> None:
    """Open-anchored steps are planned from the planned opening and again from the real one."""
    planned = PLANNER.plan(ending(local(2026, 3, 5, 17)))
    assert planned["evaluation_close"].due_on == date(2026, 3, 12)
    opened_late = PLANNER.plan(Anchors(local(2026, 3, 5), local(2026, 3, 5, 17), local(2026, 3, 9)))
    assert opened_late["evaluation_close"].due_on == date(2026, 3, 16)


def test_a_class_before_spring_festival_keeps_a_working_day_to_open_and_to_answer() -> None:
    """A week that is all holidays lengthens: nothing closes or expires before people are back."""
    planned = PLANNER.plan(ending(local(2026, 2, 15, 17)))
    assert planned["evaluation_open"].due_on == date(2026, 2, 24)
    assert planned["evaluation_open"].not_after == local(2026, 2, 25, 23, 59, 59)
    assert planned["evaluation_close"].due_on == date(2026, 3, 3)


@pytest.mark.parametrize(
    ("ends_at", "close"),
    [(local(2024, 2, 22, 17), date(2024, 2, 29)), (local(2025, 12, 25, 17), date(2026, 1, 4))],
)
def test_leap_day_and_year_end_are_days_like_others(ends_at: datetime, close: date) -> None:
    """+7 days from 2024-02-22 is the leap day; from Christmas it rolls over New Year to a working Sunday."""
    assert PLANNER.plan(ending(ends_at))["evaluation_close"].due_on == close


def test_a_step_in_an_unpublished_year_is_provisional() -> None:
    """The weekday rule stands in and says so; a step that is not rolled depends on no calendar."""
    planned = PLANNER.plan(ending(local(2041, 5, 2, 17)))
    assert all(plan.is_provisional for step, plan in planned.items() if PLANNER.rule_of(step).is_rolled)


def test_a_class_of_several_days_owes_a_log_for_each() -> None:
    """First and last day whatever they are, working days between them; Friday to Tuesday are three."""
    planned = PLANNER.plan(Anchors(local(2026, 3, 6), local(2026, 3, 10, 17)))
    logs = {step: plan.due_on.day for step, plan in planned.items() if step.startswith("class_log")}
    assert logs == {"class_log": 6, "class_log_2": 9, "class_log_3": 10}
    assert planned["class_log_2"].not_after == local(2026, 3, 12, 23, 59, 59)
    assert [milestone.day_number(step) for step in logs] == [1, 2, 3]


def test_only_classes_of_a_steps_modes_owe_it() -> None:
    """A look at the platform is owed online; the row of a class in a room says so, and an online one takes it back."""
    rule, planned = PLANNER.rules["platform_check_1d"], PLANNER.plan(ending(local(2026, 3, 5, 17)))["platform_check_1d"]
    facts = {"now": local(2026, 3, 1), "is_cancelled": False, "is_opening_lost": False}
    in_a_room = milestone.wanted(rule, planned, mode="classroom", **facts)
    online = milestone.wanted(rule, planned, mode="online", **facts)
    assert milestone.settle(None, in_a_room, planned, date(2026, 3, 1)) == in_a_room
    assert milestone.settle(in_a_room, online, planned, date(2026, 3, 1)) == online


def test_steps_before_a_class_roll_back_and_end_with_its_start() -> None:
    """Data alone adds a step: materials seven days ahead, on the working day before when that is a holiday."""
    rules = SITE.milestones | {
        "materials_sent": MilestoneRule(anchor="start", days=-7, not_after_anchor="start"),
        "question_digest": MilestoneRule(anchor="start", working_days=-2, not_after_anchor="start"),
        "class_log": MilestoneRule(anchor="end", days=0, not_after_days=3),
    }
    starts_at = local(2026, 10, 12)
    planned = Planner(rules, SITE.company.zone, "CN").plan(Anchors(starts_at, local(2026, 10, 12, 17)))
    assert planned["materials_sent"].due_on == date(2026, 9, 30)
    assert planned["materials_sent"].not_after == starts_at
    assert planned["question_digest"].due_on == date(2026, 10, 9)
    assert planned["class_log"].not_after == local(2026, 10, 15, 23, 59, 59)


NOW = local(2026, 3, 20)


@pytest.mark.parametrize(
    ("step", "is_cancelled", "is_opening_lost", "expected"),
    [
        ("evaluation_open", False, False, Standing(MilestoneState.EXPIRED, "not_after_passed")),
        ("evaluation_open", True, False, Standing(MilestoneState.SKIPPED, "class_cancelled")),
        ("evaluation_close", False, True, Standing(MilestoneState.SKIPPED, "never_opened")),
        ("evaluation_close", False, False, Standing(MilestoneState.PENDING)),
    ],
)
def test_an_undone_step_is_pending_expired_or_skipped_with_its_reason(
    step: str, is_cancelled: bool, is_opening_lost: bool, expected: Standing
) -> None:
    """Past not_after a step expires and is reported, never done late in silence."""
    planned = PLANNER.plan(ending(local(2026, 3, 5, 17)))[step]
    found = milestone.wanted(
        SITE.milestones[step], planned, now=NOW, is_cancelled=is_cancelled, is_opening_lost=is_opening_lost
    )
    assert found == expected


def test_a_late_report_stays_owed() -> None:
    """Ten working days after the close the report is late, and made all the same."""
    planned = PLANNER.plan(ending(local(2025, 3, 5, 17)))["evaluation_report"]
    found = milestone.wanted(
        SITE.milestones["evaluation_report"], planned, now=NOW, is_cancelled=False, is_opening_lost=False
    )
    assert found.state is MilestoneState.PENDING


def test_settling_only_makes_transitions_that_stand_beside_the_enum() -> None:
    """Done stays done, whatever the plan wants; every change is a listed transition; every reason has its words."""
    planned = PLANNER.plan(ending(local(2026, 5, 7, 17)))["evaluation_open"]
    reasons = [None, *milestone.REASON_TEXTS]
    standings = [Standing(state, reason) for state, reason in product(MilestoneState, reasons)]
    for current, wish in product(standings, (one for one in standings if one.state is not MilestoneState.DONE)):
        found = milestone.settle(current, wish, planned, NOW.date())
        if current.state is MilestoneState.DONE:
            assert found is None
        if found is not None and found.state is not current.state:
            assert found.state in milestone.TRANSITIONS[current.state]


def test_a_step_comes_back_only_when_its_reason_is_gone() -> None:
    """Uncancelled: back. Expired: back only when the class moved so far that the step lies ahead."""
    pending = Standing(MilestoneState.PENDING)
    ahead = PLANNER.plan(ending(local(2026, 5, 7, 17)))["evaluation_open"]
    behind = PLANNER.plan(ending(local(2026, 3, 19, 17)))["evaluation_open"]
    cancelled = Standing(MilestoneState.SKIPPED, "class_cancelled")
    unknown = Standing(MilestoneState.SKIPPED, "completions_unknown")
    expired = Standing(MilestoneState.EXPIRED, "not_after_passed")
    assert milestone.settle(cancelled, pending, behind, NOW.date()) == pending
    assert milestone.settle(unknown, pending, ahead, NOW.date()) is None
    assert milestone.settle(expired, pending, behind, NOW.date()) is None
    assert milestone.settle(expired, pending, ahead, NOW.date()) == Standing(MilestoneState.PENDING, "class_moved")
    assert milestone.settle(None, cancelled, ahead, NOW.date()) is None


def test_every_reason_has_words_in_both_languages() -> None:
    """What stands in the column is a code; a person reads it in their language."""
    assert all(set(texts) == {"zh-CN", "en"} for texts in milestone.REASON_TEXTS.values())


def test_the_steps_before_a_class_stand_as_the_table_says_and_help_until_it_begins() -> None:
    """T −14/−7/−3/−1 days, −2 and −1 working days; a Thursday class of an ordinary March."""
    planned = PLANNER.plan(ending(local(2026, 3, 19, 17)))
    expected = {
        "readiness_14": date(2026, 3, 5),
        "readiness_7": date(2026, 3, 12),
        "readiness_3": date(2026, 3, 16),
        "readiness_1": date(2026, 3, 18),
        "materials_sent": date(2026, 3, 12),
        "prework_reminder_1": date(2026, 3, 16),
        "prework_reminder_2": date(2026, 3, 18),
        "question_digest": date(2026, 3, 17),
        "run_sheet": date(2026, 3, 18),
    }
    assert {step: planned[step].due_on for step in expected} == expected
    assert {planned[step].not_after for step in expected} == {local(2026, 3, 19, 9)}


def test_steps_before_a_class_roll_back_over_a_holiday_and_never_forward() -> None:
    """Spring Festival 2026 (15 to 23 February): a class of the first working day is prepared before the holiday.

    2026-02-14 is a working Saturday.
    """
    planned = PLANNER.plan(ending(local(2026, 2, 24, 17)))
    assert planned["readiness_7"].due_on == date(2026, 2, 14)
    assert planned["readiness_3"].due_on == date(2026, 2, 14)
    assert planned["run_sheet"].due_on == date(2026, 2, 14)
    assert planned["question_digest"].due_on == date(2026, 2, 13)


def test_a_class_in_a_zone_with_summer_time_is_prepared_by_the_sites_days() -> None:
    """New York changes to summer time on 2026-03-08; 09:00 there is the same day in Shanghai, before and after."""
    from zoneinfo import ZoneInfo

    for day in (6, 13):
        start = datetime(2026, 3, day, 9, tzinfo=ZoneInfo("America/New_York"))
        planned = PLANNER.plan(Anchors(start, start + timedelta(hours=8)))
        assert planned["readiness_1"].due_on == date(2026, 3, day - 1)
        assert planned["readiness_1"].not_after == start


def test_of_steps_due_together_the_last_is_done() -> None:
    """Missed ones expire and are reported; ones rolled back to the same day were never missed."""
    friday, monday = date(2026, 3, 13), date(2026, 3, 9)
    due = {"readiness_7": monday, "readiness_3": friday, "readiness_1": friday}
    assert milestone.stand_in(due) == (
        "readiness_1",
        {"readiness_7": MilestoneState.EXPIRED, "readiness_3": MilestoneState.SKIPPED},
    )
