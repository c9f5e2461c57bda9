"""Follow-ups 90 days after a class 训后 90 天跟踪 (R37, R40): released as the data allow when they closed.

`run_survey_waves` plans, opens, reminds and closes them. A release has the instrument's code as product and the class
as subject; how often learners use what they learned is behaviour (L3) in the training review.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Final

from trainloop import faults
from trainloop.errors import TransientError
from trainloop.surveys.results_inputs import Subject
from trainloop.surveys.scan import Scan
from trainloop.surveys.wave_release import release_wave
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

LEARNERS: Final = "follow_up_90d_learner"
INSTRUMENTS: Final = (LEARNERS, "follow_up_90d_manager")
# How long after its close a late answer file may still change a follow-up.
WATCHED: Final = timedelta(days=14)


class FollowUpBusyError(TransientError):
    """Another run evaluates the follow-up {wave_code} at this moment; this one comes back after it."""


def publish_follow_ups(as_of: date | None = None) -> dict[str, int]:
    """Release every closed follow-up that is not released as its data now are; nobody is mailed about it.

    Returns counts: waves_closed, releases_made, releases_withheld. Raises FollowUpBusyError (transient).
    """
    counts = {"waves_closed": 0, "releases_made": 0, "releases_withheld": 0}
    with engine.connect("statistics") as connection:
        scan = Scan.start(connection, as_of)
        wanted = {"instruments": list(INSTRUMENTS), "now": scan.now, "watched_since": scan.now - WATCHED}
        waves = connection.execute(statement("follow_up", "closed_waves"), wanted).fetchall()
    for wave in waves:
        _publish(wave, scan, counts)
    return counts


def _publish(wave: dict[str, Any], scan: Scan, counts: dict[str, int]) -> None:
    busy = FollowUpBusyError(wave_code=wave["wave_code"])
    with engine.alone("statistics", f"follow-up:{wave['wave_code']}", busy) as connection:
        subject = Subject(wave["instrument_code"], "class_session", wave["session_code"])
        release, is_new = release_wave(connection, subject, wave, scan.now)
        faults.point("follow_up.publish.before_commit")
    faults.point("follow_up.publish.after_commit")
    counts["waves_closed"] += 1
    counts["releases_made"] += is_new and not release.is_withheld
    counts["releases_withheld"] += is_new and release.is_withheld
