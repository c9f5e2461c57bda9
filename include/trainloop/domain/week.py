"""The week HR reads about: a digest on its first working day looks back to the week before that had one."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from trainloop.domain import calendar

_WEEK = timedelta(days=7)


class Span(NamedTuple):
    """The days a digest tells of, both included, and the week that it is the digest of, as ISO 8601 writes it."""

    since: date
    until: date
    week: str


def digest_span(today: date, calendar_code: str) -> Span | None:
    """Return what the digest of this week tells of; None before the week's first working day.

    A week without a working day has no digest: the next one looks back over it.
    """
    monday = today - timedelta(days=today.weekday())
    if calendar.roll_forward(monday, calendar_code).day > today:
        return None
    since = monday - _WEEK
    while calendar.roll_forward(since, calendar_code).day >= since + _WEEK:
        since -= _WEEK
    year, week, _ = monday.isocalendar()
    return Span(since, monday - timedelta(days=1), f"{year}-W{week:02d}")
