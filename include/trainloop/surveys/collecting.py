"""All survey sources in one go: each on its own, so that one that fails never stops the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from trainloop.config.surveys import Source
from trainloop.errors import PermanentError, TransientError
from trainloop.surveys.sources import MODULES, Counts, load_source

log = logging.getLogger(__name__)


class SourcesFailedError(PermanentError):
    """Answers could not be collected from: {detail}. The other sources were read. Every run tries again."""


def collect_survey_responses(pick: Callable[[Source], Counts] | None = None) -> dict[str, Any]:
    """Collect from every source and return the counts of all, with `failed_sources`: the error's type by source.

    A source that says its failure passes by itself is asked once more when the others are done. What an error says may
    quote an answer: its type is all that is kept.
    """
    pick = pick or (lambda name: load_source(name).collect())
    counts: dict[str, Any] = {"changed_count": 0, "notices_planned": 0}
    failed: dict[str, str] = {}
    again = [name for name in MODULES if not _attempt(name, pick, counts, failed)]
    for name in again:
        _attempt(name, pick, counts, failed)
    counts["failed_sources"] = failed
    log.info("collected: %s", counts)
    return counts


def failures(counts: Mapping[str, Any]) -> list[str]:
    """Return the sources that `collect_survey_responses` could not read, each with its error's type."""
    return [f"{name} ({error})" for name, error in sorted(counts["failed_sources"].items())]


def raise_failures(failed: Sequence[str]) -> None:
    """Raise SourcesFailedError when there are failures to name."""
    if failed:
        raise SourcesFailedError(detail=", ".join(failed))


def _attempt(name: Source, pick: Callable[[Source], Counts], total: dict[str, Any], failures: dict[str, str]) -> bool:
    """Ask one source; return False when it should be asked again."""
    was_asked = name in failures
    try:
        counts = pick(name)
    except Exception as error:  # noqa: BLE001 - named in `failed_sources` when the others are done
        log.error("survey source %s failed: %s", name, type(error).__name__)  # noqa: TRY400 - values stay out
        failures[name] = type(error).__name__
        return was_asked or not isinstance(error, TransientError)
    failures.pop(name, None)
    for key, value in counts.items():
        total[key] = total[key] + value if key in total else value
    return True
