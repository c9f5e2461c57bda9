"""Working days: China with make-up days, other countries, years nobody has published, days of 23 and 25 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainloop.domain import calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("class_end", "due"),
    [(date(2026, 1, 16), date(2026, 2, 24)), (date(2026, 9, 1), date(2026, 10, 8))],
)
def test_thirty_days_later_rolls_over_spring_festival_and_golden_week(class_end: date, due: date) -> None:
    """methods.md §5: +30 calendar days, rolled forward to the next working day of the calendar."""
    assert calendar.roll_forward(class_end + timedelta(days=30), "CN") == calendar.WorkingDay(due)


def test_a_saturday_that_makes_up_for_a_holiday_is_a_working_day() -> None:
    """2026-02-28 is a working Saturday in China, an ordinary Saturday elsewhere."""
    saturday = date(2026, 2, 28)
    assert calendar.is_working_day(saturday, "CN")
    assert not calendar.is_working_day(saturday, "DE")
    assert calendar.roll_back(saturday, "CN").day == saturday


def test_a_public_holiday_of_one_state_counts_in_that_state_only() -> None:
    """Epiphany is a holiday in Bavaria, a working day in Berlin; Riyadh works on Sundays, not Fridays."""
    assert not calendar.is_working_day(date(2026, 1, 6), "DE-BY")
    assert calendar.is_working_day(date(2026, 1, 6), "DE-BE")
    assert not calendar.is_working_day(date(2026, 1, 9), "SA")
    assert calendar.is_working_day(date(2026, 1, 11), "SA")


@pytest.mark.parametrize(
    ("day", "code"), [(date(2040, 5, 1), "CN"), (date(2026, 5, 1), "XX"), (date(2026, 5, 1), "DE-XX")]
)
def test_an_unpublished_year_and_an_unknown_country_follow_the_weekday_rule(day: date, code: str) -> None:
    """Provisional, replanned later, never a crash."""
    found = calendar.roll_forward(day, code)
    assert found.is_provisional
    assert found.day.weekday() <= 4
    assert not calendar.is_published(day, code)


def test_counting_into_an_unpublished_year_is_provisional() -> None:
    """One guessed day on the way makes the result a guess; a count that stays in known years is none."""
    assert calendar.add_working_days(date(2026, 12, 30), 5, "CN").is_provisional
    assert not calendar.add_working_days(date(2026, 3, 2), 5, "CN").is_provisional


@pytest.mark.parametrize(
    ("start", "count", "expected"),
    [
        (date(2026, 3, 5), 5, date(2026, 3, 12)),
        (date(2026, 3, 7), 1, date(2026, 3, 9)),
        (date(2026, 2, 14), 1, date(2026, 2, 24)),
        (date(2026, 3, 2), -1, date(2026, 2, 28)),
        (date(2024, 2, 28), 1, date(2024, 2, 29)),
        (date(2025, 12, 31), 1, date(2026, 1, 4)),
        (date(2026, 3, 7), 0, date(2026, 3, 7)),
    ],
)
def test_working_days_are_counted_over_weekends_holidays_leap_day_and_year_end(
    start: date, count: int, expected: date
) -> None:
    """The start is day zero. 2026-01-04 is a working Sunday after New Year's Day."""
    assert calendar.add_working_days(start, count, "CN").day == expected


@pytest.mark.parametrize(
    ("day", "hours", "ends_at"),
    [
        (date(2026, 3, 29), 23, datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC)),
        (date(2026, 10, 25), 25, datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC)),
        (date(2026, 12, 31), 24, datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_day_ends_where_its_people_see_it_end(day: date, hours: int, ends_at: datetime) -> None:
    """DST both ways and year end: the local day's last second, converted to UTC."""
    assert calendar.end_of_day(day, BERLIN) == ends_at
    assert calendar.end_of_day(day, BERLIN) - calendar.start_of_day(day, BERLIN) == timedelta(hours=hours) - timedelta(
        seconds=1
    )
    assert calendar.local_date(ends_at, BERLIN) == day


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Africa/Cairo", date(2026, 4, 24)), ("Africa/Cairo", date(2026, 10, 29)), ("Asia/Beirut", date(2026, 3, 29))],
)
def test_a_clock_change_at_midnight_moves_no_day(zone: str, day: date) -> None:
    """Cairo and Beirut change at midnight: the skipped or doubled hour belongs to one day only."""
    place = ZoneInfo(zone)
    start, end = calendar.start_of_day(day, place), calendar.end_of_day(day, place)
    assert calendar.local_date(start, place) == day
    assert calendar.local_date(start - timedelta(seconds=1), place) == day - calendar.ONE_DAY
    assert calendar.local_date(end, place) == day
    assert calendar.local_date(end + timedelta(seconds=1), place) == day + calendar.ONE_DAY


@given(
    st.dates(date(2004, 2, 1), date(2026, 10, 1)),
    st.integers(-40, 40),
    st.sampled_from(["CN", "DE", "US", "SA", "DE-BY"]),
)
def test_counting_and_rolling_always_land_on_working_days(day: date, count: int, code: str) -> None:
    """Whatever the day: rolling changes nothing on a working day, counting n days passes exactly n working days."""
    forward, back = calendar.roll_forward(day, code).day, calendar.roll_back(day, code).day
    assert back <= day <= forward
    assert calendar.is_working_day(forward, code)
    assert calendar.is_working_day(back, code)
    found = calendar.add_working_days(day, count, code).day
    between = [day + timedelta(days=step) for step in range(1, (found - day).days + 1)]
    if count > 0:
        assert sum(calendar.is_working_day(one, code) for one in between) == count


def test_what_ends_at_midnight_is_possible_until_the_minute_before_and_on_the_day_before() -> None:
    """In the place's own time, also on the night in which the clocks change."""
    midnight = datetime(2026, 10, 26, tzinfo=BERLIN)
    assert calendar.last_minute(midnight, BERLIN) == datetime(2026, 10, 25, 23, 59, tzinfo=BERLIN)
    assert calendar.last_day(midnight, BERLIN) == date(2026, 10, 25)
    assert calendar.last_minute(midnight, SHANGHAI) == midnight
    assert calendar.last_day(midnight, SHANGHAI) == date(2026, 10, 26)


def test_what_ends_by_day_is_possible_until_then() -> None:
    noon = datetime(2026, 10, 26, 12, tzinfo=BERLIN)
    assert calendar.last_minute(noon, BERLIN) == noon
    assert calendar.last_day(noon, BERLIN) == date(2026, 10, 26)
