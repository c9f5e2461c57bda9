"""Working days of a country, and the dates that are counted with them.

China comes from `chinesecalendar` (the State Council's notice with its make-up working days, known year by year),
every other country from `holidays`; a subdivision is written `DE-BY`. A year whose calendar is not published yet, or a
country nobody knows, follows the weekday rule (Monday to Friday), and the answer says that it is provisional: the plan
is made again when the calendar is known, and nothing ever crashes on the last days of a year.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ONE_DAY = timedelta(days=1)
_FRIDAY = 4


@dataclass(frozen=True, slots=True)
class WorkingDay:
    """A day found by counting; provisional when a day on the way lies in a year that is not published."""

    day: date
    is_provisional: bool = False


@functools.lru_cache(maxsize=65_536)
def judge(day: date, calendar_code: str) -> tuple[bool, bool]:
    """Return (is a working day, is provisional) of one day in one country's calendar."""
    if calendar_code == "CN":
        import chinese_calendar

        try:
            return bool(chinese_calendar.is_workday(day)), False
        except NotImplementedError:
            return day.weekday() <= _FRIDAY, True
    known = _country(calendar_code)
    if known is None or not known.start_year <= day.year <= known.end_year:
        return day.weekday() <= _FRIDAY, True
    return bool(known.is_working_day(day)), False


@functools.cache
def _country(calendar_code: str) -> Any:
    import holidays

    country, _, subdivision = calendar_code.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=subdivision or None)
    except NotImplementedError:
        return None


def is_working_day(day: date, calendar_code: str) -> bool:
    """Return whether people of this calendar work on this day."""
    return judge(day, calendar_code)[0]


def is_published(day: date, calendar_code: str) -> bool:
    """Return whether the calendar of this day's year is known; else the weekday rule stands in."""
    return not judge(day, calendar_code)[1]


def roll_forward(day: date, calendar_code: str) -> WorkingDay:
    """Return the day itself when it is a working day, else the next one."""
    return _roll(day, calendar_code, ONE_DAY)


def roll_back(day: date, calendar_code: str) -> WorkingDay:
    """Return the day itself when it is a working day, else the one before."""
    return _roll(day, calendar_code, -ONE_DAY)


def _roll(day: date, calendar_code: str, pace: timedelta) -> WorkingDay:
    is_provisional = False
    while True:
        is_working, is_guessed = judge(day, calendar_code)
        is_provisional |= is_guessed
        if is_working:
            return WorkingDay(day, is_provisional)
        day += pace


def add_working_days(day: date, count: int, calendar_code: str) -> WorkingDay:
    """Return the day that lies `count` working days after `day` (before it when negative).

    The start counts as day zero whether it is a working day or not: one working day after a Saturday is Monday.
    Zero returns the day itself, unrolled.
    """
    pace = ONE_DAY if count > 0 else -ONE_DAY
    is_provisional = False
    for _ in range(abs(count)):
        found = _roll(day + pace, calendar_code, pace)
        day, is_provisional = found.day, is_provisional or found.is_provisional
    return WorkingDay(day, is_provisional)


def count_working_days(after: date, until: date, calendar_code: str) -> int:
    """Return how many working days lie after `after`, up to and including `until`; 0 when `until` is not later."""
    days = (after + ONE_DAY * ahead for ahead in range(1, (until - after).days + 1))
    return sum(is_working_day(day, calendar_code) for day in days)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of an aware moment in a time zone."""
    return moment.astimezone(zone).date()


def last_minute(until: datetime, zone: ZoneInfo) -> datetime:
    """Return until when something is possible as people say it: the end of a day is 23:59, not the next day's 00:00."""
    local = until.astimezone(zone)
    return local - timedelta(minutes=1) if local.time() == time() else local


def last_day(until: datetime, zone: ZoneInfo) -> date:
    """Return the last local day on which something is possible that ends at an aware moment."""
    return last_minute(until, zone).date()


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the first moment of a local day, in UTC.

    Where summer time skips midnight, the day starts at the moment of the change.
    """
    return datetime.combine(day, time(), zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the last second of a local day, in UTC: what "until the end of Thursday" means to a reader.

    Counted back from the next day's start, so that a day of 23 or 25 hours ends where its people see it end.
    """
    return start_of_day(day + ONE_DAY, zone) - timedelta(seconds=1)
