"""The yearly pulse of trainers 讲师年度调研 (R46): released as the data allow when it closed, HR told once a revision.

`run_survey_waves` plans, opens, reminds and closes the wave. The release has product `trainer_pulse`, subject_kind
`year`; its figures are those of a survey's answers (families response, item, dimension, theme).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import psycopg

from trainloop import faults
from trainloop.config import get_site
from trainloop.errors import TransientError
from trainloop.outbox.notices import Notice, plan
from trainloop.surveys.results_inputs import Subject, WaveInputs, wave_values
from trainloop.surveys.results_release import Release, audit, is_news, prepare, read_releases, release_of, write
from trainloop.surveys.scan import Scan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Connection
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
        try:
            _publish(wave, scan, counts)
        except (psycopg.errors.SerializationFailure, psycopg.errors.UniqueViolation) as error:
            raise TrainerPulseBusyError(year=wave["year"]) from error
        counts["pulses_closed"] += 1
    return counts


def _publish(wave: dict[str, str], scan: Scan, counts: dict[str, int]) -> None:
    with engine.connect("statistics") as connection:
        # One snapshot for all reads: a file merged meanwhile is seen by the next run, wholly.
        connection.execute("set transaction isolation level repeatable read")
        if not engine.try_lock(connection, f"{PRODUCT}:{wave['year']}"):
            raise TrainerPulseBusyError(year=wave["year"])
        release, is_new = _evaluate(connection, wave, scan)
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


def _evaluate(connection: Connection, wave: Mapping[str, Any], scan: Scan) -> tuple[Release, bool]:
    """Return the release that speaks for the wave's present data, and whether it is new."""
    from trainloop.surveys.results_figures import compute_answers
    from trainloop.surveys.results_texts import theme_figures

    site = get_site()
    subject = Subject(PRODUCT, SUBJECT_KIND, wave["year"])
    inputs = WaveInputs(subject=subject, **wave_values(connection, wave))
    releases = read_releases(connection, subject)
    if known := release_of(releases, inputs.sha256()):
        return known, False
    computed = compute_answers(inputs, site.statistics)
    content = prepare(connection, inputs, computed, [*computed.figures, *theme_figures(inputs)], site)
    valid = [release for release in releases if not release.is_withheld]
    if valid and not content.suppressed.is_withheld and not is_news(connection, content, valid[-1]):
        return valid[-1], False
    made = write(
        connection,
        inputs,
        computed,
        content,
        revision_number=releases[-1].revision_number + 1 if releases else 1,
        site_version=site.version,
        moment=scan.now,
    )
    audit(connection, subject, made)
    return made, True
