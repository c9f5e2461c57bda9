"""A scan's idea of now: the business moment it judges by, and whether it may mail employees."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from trainloop import clock
from trainloop.config import get_site
from trainloop.domain import calendar
from trainloop.errors import PermanentError
from trainloop.warehouse.engine import Connection


class DateAheadError(PermanentError):
    """The date {as_of} lies after the business date {today}: nothing is due on a day that has not come.

    Leave the date empty, or give one up to today.
    """


@dataclass(frozen=True, slots=True)
class Scan:
    """The moment a scan judges by; `real_*` is the business clock, which a date in the past does not move."""

    now: datetime
    today: date
    real_now: datetime
    real_today: date
    may_mail: bool

    @classmethod
    def start(cls, connection: Connection, as_of: date | None = None, *, allow_send: bool = False) -> Scan:
        """Return the moment of a scan: now, or the end of the day `as_of`, on which employees get no mail unasked.

        Raises DateAheadError for a day that has not come.
        """
        zone = get_site().company.zone
        now = clock.now(connection)
        today = calendar.local_date(now, zone)
        if as_of is None or as_of == today:
            return cls(now, today, now, today, may_mail=True)
        if as_of > today:
            raise DateAheadError(as_of=as_of, today=today)
        return cls(calendar.end_of_day(as_of, zone), as_of, now, today, may_mail=allow_send)
