"""The launch of a year's needs survey: the anonymous wave to everybody and the interviews of the departments."""

from __future__ import annotations

from datetime import date

from trainloop import faults
from trainloop.config import get_site
from trainloop.errors import PermanentError
from trainloop.surveys.interviews import plan_interviews
from trainloop.surveys.planning import NEEDS, launch_day
from trainloop.surveys.scan import Scan
from trainloop.surveys.waves import plan_wave
from trainloop.warehouse import engine

SUBJECT = "needs_year"


class LaunchInThePastError(PermanentError):
    """The survey cannot open on {opens_on}: that day lies before {today}. Leave the day empty, or give a later one."""


def launch(as_of: date | None = None, opens_on: date | None = None) -> dict[str, int]:
    """Plan the needs survey and the interviews that feed it; `run_survey_waves` opens, reminds and closes both.

    The survey opens on `opens_on`, by default on the site's launch day: this year's, today when that day has passed and
    the survey would still be open, else next year's. A survey that is open or over is left alone.
    Returns counts: waves_planned (0 or 1), interviews_planned, year.
    """
    rule = get_site().survey_waves[NEEDS]
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of)
        if opens_on is not None and opens_on < scan.today:
            raise LaunchInThePastError(opens_on=opens_on, today=scan.today)
        day = max(opens_on or launch_day(rule, scan.today), scan.today)
        year = day.year + rule.launched_for_years_ahead
        is_new = plan_wave(connection, scan, NEEDS, SUBJECT, str(year), day)
        interviews = plan_interviews(connection, scan, year, day)
        faults.point("needs_launch.before_commit")
    faults.point("needs_launch.after_commit")
    return {"waves_planned": int(is_new), "interviews_planned": len(interviews), "year": year}
