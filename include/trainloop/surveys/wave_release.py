"""The answers of one closed wave as a release: response, items, dimensions and themes, as far as they may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from trainloop.config import get_site
from trainloop.surveys.results_inputs import Subject, WaveInputs, wave_values
from trainloop.surveys.results_release import Release, audit, is_news, prepare, read_releases, release_of, write
from trainloop.warehouse.engine import Connection


def release_wave(
    connection: Connection, subject: Subject, wave: Mapping[str, Any], moment: datetime
) -> tuple[Release, bool]:
    """Return the release that speaks for a wave's present data, and whether it is new. Role: statistics.

    `wave` has wave_code, instrument_code and instrument_version. The caller's transaction is one snapshot and commits.
    """
    from trainloop.surveys.results_figures import compute_answers
    from trainloop.surveys.results_texts import theme_figures

    site = get_site()
    inputs = WaveInputs(subject=subject, **wave_values(connection, [wave])[wave["wave_code"]])
    releases = read_releases(connection, subject)
    if known := release_of(releases, inputs.sha256):
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
        moment=moment,
    )
    audit(connection, subject, made)
    return made, True
