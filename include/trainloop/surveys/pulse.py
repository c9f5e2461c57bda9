"""Quarterly pulse 季度满意度调研 R08–R09: opened on the fifth working day, answered by last quarter's attendees,
released when it closed. A real drop against the quarter before becomes a feedback item for everybody who taught in it.

`run_survey_waves` opens, reminds and closes the wave. HR gets every release by mail; trainers get a link to acknowledge
when something really dropped, planned in the commit of the release.
"""

from __future__ import annotations

from datetime import date, timedelta

from trainloop import faults
from trainloop.config import get_site
from trainloop.domain import calendar
from trainloop.domain.survey import previous_quarter_code, quarter_code, quarter_days
from trainloop.errors import TransientError
from trainloop.outbox.notices import Notice, plan
from trainloop.requests.commitments import Asked, Commitment, ask
from trainloop.surveys.pulse_results import PulseResult, evaluate_pulse
from trainloop.surveys.scan import Scan
from trainloop.surveys.waves import Listed, WavePlan, plan_wave, plan_waves
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

INSTRUMENT, INTERVIEW = "quarterly_pulse", "post_class_interview"
INTERVIEWED = "interviews"
# How long after a drop was told its classes are still worth an interview.
ASKED = timedelta(days=14)
# How long after its close a pulse is watched for late answer files.
WATCHED = timedelta(days=180)


class PulseBusyError(TransientError):
    """Another run evaluates the pulse of {quarter} at this moment; this one comes back after it."""


def plan_pulse(as_of: date | None = None) -> dict[str, int]:
    """Plan the pulse about the quarter before the scan's day, when classes ended in it. Returns counts: waves_planned,
    interviews_planned.

    Planned from the first day of the quarter, so that everybody sees when it comes; an open or closed one stays. Where
    something really dropped, the class managers of that quarter are asked to talk to learners (post-class interviews).
    """
    with engine.connect("planner") as connection:
        scan = Scan.start(connection, as_of)
        quarter = previous_quarter_code(scan.today)
        first_day, last_day = quarter_days(quarter)
        row = connection.execute(
            statement("pulse", "has_classes"), {"first_day": first_day, "last_day": last_day}
        ).fetchone()
        assert row is not None
        is_changed = row["has_classes"] and plan_wave(
            connection, scan, INSTRUMENT, "quarter", quarter, opening_day(quarter_code(scan.today))
        )
        interviews = _plan_interviews(connection, scan)
        faults.point("pulse.plan.before_commit")
    faults.point("pulse.plan.after_commit")
    return {"waves_planned": int(is_changed), "interviews_planned": interviews}


def _plan_interviews(connection: Connection, scan: Scan) -> int:
    wanted = {"now": scan.now, "asked_since": scan.now - ASKED}
    classes = connection.execute(statement("pulse", "classes_to_interview"), wanted).fetchall()
    plans = [
        WavePlan(INTERVIEW, "class_session", row["session_code"], scan.today, people=(Listed(row["class_manager_id"]),))
        for row in classes
    ]
    return len(plan_waves(connection, scan, plans))


def opening_day(quarter: str) -> date:
    """Return the day on which the pulse of a quarter opens: its fifth working day in the site's calendar."""
    site = get_site()
    first_day, _ = quarter_days(quarter)
    count = site.survey_waves[INSTRUMENT].opens_working_day or 1
    return calendar.add_working_days(first_day - calendar.ONE_DAY, count, site.company.calendar_code).day


def publish_pulses(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Release every pulse that closed and is not released as its data now are; tell HR, and trainers about drops.

    Returns counts: pulses_closed, releases_made, releases_withheld, feedback_items, notices_planned. With a date in the
    past nobody is mailed unless `allow_send`; the next ordinary run of `chase_commitments` tells the trainers.
    """
    counts = {"pulses_closed": 0, "releases_made": 0, "releases_withheld": 0, "feedback_items": 0, "notices_planned": 0}
    with engine.connect("statistics") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        wanted = {"now": scan.now, "watched_since": scan.now - WATCHED}
        waves = connection.execute(statement("pulse", "closed_waves"), wanted).fetchall()
    for wave in waves:
        result = _publish(wave, scan, counts)
        counts["pulses_closed"] += 1
        counts["releases_made"] += result.is_new and not result.release.is_withheld
        counts["releases_withheld"] += result.is_new and result.release.is_withheld
    return counts


def _publish(wave: dict[str, str], scan: Scan, counts: dict[str, int]) -> PulseResult:
    busy = PulseBusyError(quarter=wave["quarter"])
    with engine.alone("statistics", f"pulse:{wave['quarter']}", busy) as connection:
        result = evaluate_pulse(connection, wave)
        if not result.release.is_withheld:
            asked = _open_feedback_items(connection, result, scan)
            counts["feedback_items"] += asked.commitments
            counts["notices_planned"] += asked.notices + _tell_hr(connection, result, scan)
        faults.point("pulse.publish.before_commit")
    faults.point("pulse.publish.after_commit")
    return result


def _tell_hr(connection: Connection, result: PulseResult, scan: Scan) -> int:
    """Plan HR's mail about the release, and a second one when the interviews that followed a drop are in."""
    if not scan.may_mail:
        return 0
    steps = ["", INTERVIEWED] if _are_interviews_in(connection, result.quarter) else [""]
    notices = [
        Notice(
            "pulse_result",
            "quarter",
            result.quarter,
            "contact",
            contact,
            step=step,
            sequence_number=result.release.revision_number,
            facts={"release_id": result.release.release_id},
        )
        for step in steps
        for contact in get_site().contacts_of("hr")
    ]
    return plan(connection, notices)


def _are_interviews_in(connection: Connection, quarter: str) -> bool:
    first_day, last_day = quarter_days(quarter)
    days = {"first_day": first_day, "last_day": last_day}
    over = connection.execute(statement("pulse", "are_interviews_over"), days).fetchone()
    held = connection.execute(statement("pulse", "interviews"), days).fetchone()
    assert over is not None
    assert held is not None
    return bool(over["are_over"] and held["interviews_count"])


def _open_feedback_items(connection: Connection, result: PulseResult, scan: Scan) -> Asked:
    """Ask everybody who taught in the quarter to acknowledge what dropped."""
    if not result.dropped:
        return Asked(0, 0)
    first_day, last_day = quarter_days(result.quarter)
    rows = connection.execute(statement("pulse", "trainers"), {"first_day": first_day, "last_day": last_day})
    items = [
        Commitment(
            "acknowledge_feedback",
            "quarter",
            result.quarter,
            "trainer",
            row["trainer_id"],
            {"release_id": result.release.release_id, "dropped": list(result.dropped)},
        )
        for row in rows
    ]
    return ask(connection, scan, items)
