"""What every DAG has in common: arguments, timetables, the form fields of scheduled scans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from airflow.sdk import CronTriggerTimetable, Param

from trainloop.config import get_site
from trainloop.orchestration.callbacks import report_incident
from trainloop.orchestration.retries import RETRIES, RETRY_DELAY, RETRY_POLICY
from trainloop.orchestration.warehouse import use_connections

DEFAULT_ARGS: Final[dict[str, Any]] = {
    "owner": "trainloop",
    "retries": RETRIES,
    "retry_delay": RETRY_DELAY,
    "retry_policy": RETRY_POLICY,
    "execution_timeout": timedelta(hours=1),
    "pre_execute": use_connections,
    "on_failure_callback": report_incident,
}

# A missed day heals at the next run, so nothing is caught up; two scans of one kind would only wait for each other.
DAG_DEFAULTS: Final[dict[str, Any]] = {
    "default_args": DEFAULT_ARGS,
    "start_date": datetime(2025, 1, 1, tzinfo=UTC),
    "catchup": False,
    "max_active_runs": 1,
}

AS_OF: Final = Param(
    None,
    type=["null", "string"],
    format="date",
    title="Business date 业务日期",
    description="Empty = today. A past date sends nothing to employees. 留空为今天；过去的日期不会给员工发邮件。",
)
ALLOW_SEND: Final = Param(
    False,
    type="boolean",
    title="Send although the date has passed 补发",
    description="Mails to employees leave although the business date lies in the past. 日期已过也给员工发送。",
)
SCAN_PARAMS: Final[dict[str, Param]] = {"as_of": AS_OF}
MAILING_SCAN_PARAMS: Final[dict[str, Param]] = {"as_of": AS_OF, "allow_send": ALLOW_SEND}


def site_time(cron: str) -> CronTriggerTimetable:
    """Return a timetable of `cron` in the site's time zone."""
    return CronTriggerTimetable(cron, timezone=get_site().company.timezone)


def review_time() -> CronTriggerTimetable:
    """Return the yearly timetable of the training review: 07:00 of its day in the site file."""
    month, day = get_site().review.made_on.split("-")
    return site_time(f"0 7 {int(day)} {int(month)} *")


def launch_time(instrument_code: str) -> CronTriggerTimetable:
    """Return the yearly timetable of a survey: 06:00 of its launch day in the site file."""
    month, day = (get_site().survey_waves[instrument_code].launch_on or "01-01").split("-")
    return site_time(f"0 6 {int(day)} {int(month)} *")
