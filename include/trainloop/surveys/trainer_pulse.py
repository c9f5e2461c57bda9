"""The yearly pulse of trainers 讲师年度调研 (R46): released as the data allow when it closed, HR told once a revision.

`run_survey_waves` plans, opens, reminds and closes the wave. The release has product `trainer_pulse`, subject_kind
`year`; its figures are those of a survey's answers (families response, item, dimension, theme).
"""

from __future__ import annotations

from datetime import date, timedelta

from trainloop import faults
from trainloop.config import get_site
from trainloop.errors import TransientError
from trainloop.outbox.notices import Notice, plan
from trainloop.surveys.results_inputs import Subject
from trainloop.surveys.results_release import Release
from trainloop.surveys.scan import Scan
from trainloop.surveys.wave_release import release_wave
from trainloop.warehouse import engine
from trainloop.warehouse.statements import statement

PRODUCT, SUBJECT_KIND = "trainer_pulse", "year"
WATCHED = timedelta(days=180)


class TrainerPulseBusyError(TransientError):
    """Another run evaluates the trainers' pulse of {year} at this moment; this one comes back after it."""


def publish_trainer_pulses(as_of: date | None = None, *, allow_send: bool = False) -> dict[str, int]:
    """Release every closed pulse of trainers that is not released as its data now are, and tell HR.

    Returns counts: pulses_closed, releases_made, releases_withheld, notices_planned. With a date in the past nobody is
    mailed unless `allow_send`.
    """
    counts = {"pulses_closed": 0, "releases_made": 0, "releases_withheld": 0, "notices_planned": 0}
    with engine.connect("statistics") as connection:
        scan = Scan.start(connection, as_of, allow_send=allow_send)
        wanted = {"now": scan.now, "watched_since": scan.now - WATCHED}
        waves = connection.execute(statement("pulse", "closed_trainer_waves"), wanted).fetchall()
    for wave in waves:
        _publish(wave, scan, counts)
        counts["pulses_closed"] += 1
    return counts


def _publish(wave: dict[str, str], scan: Scan, counts: dict[str, int]) -> None:
    busy = TrainerPulseBusyError(year=wave["year"])
    with engine.alone("statistics", f"{PRODUCT}:{wave['year']}", busy) as connection:
        release, is_new = release_wave(connection, Subject(PRODUCT, SUBJECT_KIND, wave["year"]), wave, scan.now)
        counts["releases_made"] += is_new and not release.is_withheld
        counts["releases_withheld"] += is_new and release.is_withheld
        if not release.is_withheld and scan.may_mail:
            counts["notices_planned"] += plan(connection, _notices(wave["year"], release))
        faults.point("trainer_pulse.publish.before_commit")
    faults.point("trainer_pulse.publish.after_commit")


def _notices(year: str, release: Release) -> list[Notice]:
    return [
        Notice(
            "trainer_pulse_result",
            SUBJECT_KIND,
            year,
            "contact",
            contact,
            sequence_number=release.revision_number,
            facts={"release_id": release.release_id},
        )
        for contact in get_site().contacts_of("hr")
    ]
