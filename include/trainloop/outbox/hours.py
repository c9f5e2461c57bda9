"""When a mail may reach somebody: 09:00–18:00 local time on the working days of the recipient's calendar."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from trainloop.config import MailRules, get_site
from trainloop.domain.calendar import is_working_day, start_of_day


@functools.lru_cache(maxsize=256)
def zone_of(timezone: str) -> ZoneInfo:
    """Return the zone of that name, the site's own where the name is not known."""
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return get_site().company.zone


@dataclass(frozen=True)
class Window:
    """The people of one time zone and calendar at one moment: may they get mail, and when did their day begin."""

    timezone: str
    calendar_code: str
    is_open: bool
    day_starts_at: datetime


def window(moment: datetime, timezone: str, calendar_code: str, rules: MailRules) -> Window:
    """Return the window of a time zone and calendar at `moment` (aware)."""
    zone = zone_of(timezone)
    local = moment.astimezone(zone)
    is_open = not is_quiet(local.time(), rules) and is_working_day(local.date(), calendar_code)
    return Window(timezone, calendar_code, is_open, start_of_day(local.date(), zone))


def is_quiet(local: time, rules: MailRules) -> bool:
    """Whether a wall-clock time lies in the quiet hours, which may span midnight."""
    if rules.quiet_from <= rules.quiet_until:
        return rules.quiet_from <= local < rules.quiet_until
    return local >= rules.quiet_from or local < rules.quiet_until
