"""From computed figures to a release: suppression, the ledger, and the rows that readers may see."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from psycopg.types.json import Jsonb

from trainloop.config import Site
from trainloop.domain.evaluation import Suggestion, Thresholds, suggest
from trainloop.statistics.figures import Figure
from trainloop.statistics.suppression import WAVE, LedgerEntry, Level, Minimums, Suppressed, suppress
from trainloop.surveys.results_inputs import Subject, WaveInputs
from trainloop.surveys.results_texts import improvement_rules, masked_verbatims
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

if TYPE_CHECKING:  # pandas stays out of whoever only asks for results
    from trainloop.surveys.results_figures import Computed

WITHHELD_REASON = "too_close_to_earlier_release"


@dataclass(frozen=True)
class Release:
    """One row of published.releases."""

    release_id: int
    revision_number: int
    data_sha256: str
    is_withheld: bool


@dataclass(frozen=True)
class Content:
    """What one release would show."""

    suppressed: Suppressed
    verbatims: Sequence[tuple[str, int, str]]
    suggestions: Sequence[Suggestion]


def read_releases(connection: Connection, subject: Subject) -> list[Release]:
    """Return the releases about a subject, oldest first."""
    rows = connection.execute(statement("results", "releases"), subject.keys())
    return [Release(**row) for row in rows]


def release_of(releases: Sequence[Release], data_sha256: str) -> Release | None:
    """Return the newest release or the newest valid one, when it was made of these very data."""
    valid = [release for release in releases if not release.is_withheld]
    return next((known for known in (*releases[-1:], *valid[-1:]) if known.data_sha256 == data_sha256), None)


def audit(connection: Connection, subject: Subject, release: Release) -> None:
    """Record that a release was made or withheld."""
    detail = {"release_id": release.release_id, "revision_number": release.revision_number}
    action = "release_withheld" if release.is_withheld else "release_published"
    connection.execute(
        statement("results", "insert_audit"), subject.keys() | {"action": action, "detail": Jsonb(detail)}
    )


def prepare(
    connection: Connection, inputs: WaveInputs, computed: Computed, figures: Sequence[Figure], site: Site
) -> Content:
    """Suppress the figures against all earlier releases; add verbatims and suggestions where people are enough."""
    ledger = [
        LedgerEntry(row["figure_key"], row["shown_level"], frozenset(row["respondent_ids"]))
        for row in connection.execute(statement("results", "ledger"), inputs.subject.keys())
    ]
    suppressed = suppress(figures, computed.groups, computed.dimensions, ledger, minimums_of(site))
    has_verbatims = suppressed.visibility[WAVE].level == "distribution"
    return Content(
        suppressed=suppressed,
        verbatims=masked_verbatims(connection, inputs) if has_verbatims else [],
        suggestions=_suggestions(inputs, computed, suppressed, site),
    )


def minimums_of(site: Site) -> Minimums:
    """Return how many people a figure needs on this site."""
    rules = site.suppression
    return Minimums(rules.mean_min, rules.distribution_min, rules.feedback_360_min, rules.one_decimal_below)


def _suggestions(inputs: WaveInputs, computed: Computed, suppressed: Suppressed, site: Site) -> tuple[Suggestion, ...]:
    """Judge only items whose figures the reader sees: a finding speaks of a distribution, a topic of a mean."""
    rules = site.statistics
    complete_count = len(inputs.complete_ids)
    thresholds = Thresholds(
        finding_min=rules.improvement_min,
        talk_min=rules.improvement_talk_min,
        bottom_count=rules.improvement_bottom_count,
        bottom_share_pct=100 * rules.improvement_bottom_share,
        mean_below=rules.improvement_mean_below,
    )
    levels: set[Level] = {"distribution"} if complete_count >= rules.improvement_min else {"mean", "distribution"}
    seen = [item for item in computed.evidence if suppressed.visibility[item.item_code].level in levels]
    return suggest(seen, improvement_rules(), complete_count, thresholds)


def is_news(connection: Connection, content: Content, release: Release) -> bool:
    """Return whether a reader of the given release would see anything different."""
    row = connection.execute(statement("results", "release_content"), {"release_id": release.release_id}).fetchone()
    assert row is not None
    shown = sorted(
        [
            [
                item.family,
                item.code,
                item.statistic,
                None if item.value is None else float(item.value),
                item.text_value,
                item.respondent_count,
                item.is_hidden,
                item.reason,
            ]
            for item in content.suppressed.figures
        ],
        key=lambda line: line[:3],
    )
    now = {
        "figures": shown,
        "verbatims": sorted(list(line) for line in content.verbatims),
        "suggestions": sorted([item.rule_code, item.item_code, item.strength] for item in content.suggestions),
    }
    before = {key: sorted(lines, key=lambda line: line[:3]) for key, lines in row["content"].items()}
    return _canonical(now) != _canonical(before)


def _canonical(content: object) -> str:
    # Through JSON once more: 4 and 4.0 are the same number to a reader.
    return json.dumps(json.loads(json.dumps(content), parse_int=float), sort_keys=True)


def write(
    connection: Connection,
    inputs: WaveInputs,
    computed: Computed,
    content: Content,
    *,
    revision_number: int,
    site_version: str,
    moment: datetime,
) -> Release:
    """Insert one release. A withheld one has no figures and leaves nothing in the ledger: nobody saw anything."""
    is_withheld = content.suppressed.is_withheld
    row = connection.execute(
        statement("results", "insert_release"),
        inputs.subject.keys()
        | {
            "revision_number": revision_number,
            "data_sha256": inputs.sha256,
            "site_version": site_version,
            "released_at": moment,
            "is_withheld": is_withheld,
            "withheld_reason": WITHHELD_REASON if is_withheld else None,
        },
    ).fetchone()
    assert row is not None
    release = Release(row["release_id"], revision_number, inputs.sha256, is_withheld)
    if not is_withheld:
        _write_figures(connection, release.release_id, content)
        _write_ledger(connection, release.release_id, inputs, computed, content.suppressed)
    return release


def _write_figures(connection: Connection, release_id: int, content: Content) -> None:
    figures = content.suppressed.figures
    columns = ("family", "code", "statistic", "value", "text_value", "respondent_count", "is_hidden", "reason")
    connection.execute(
        statement("results", "insert_figures"),
        {"release_id": release_id} | {name: [getattr(item, name) for item in figures] for name in columns},
    )
    connection.execute(
        statement("results", "insert_verbatims"),
        {
            "release_id": release_id,
            "item_code": [item for item, _, _ in content.verbatims],
            "position": [position for _, position, _ in content.verbatims],
            "masked_text": [text for _, _, text in content.verbatims],
        },
    )
    names = ("rule_code", "item_code", "strength", "suggestion_zh", "suggestion_en")
    connection.execute(
        statement("results", "insert_suggestions"),
        {"release_id": release_id} | {name: [getattr(item, name) for item in content.suggestions] for name in names},
    )


def _write_ledger(
    connection: Connection, release_id: int, inputs: WaveInputs, computed: Computed, suppressed: Suppressed
) -> None:
    people = [
        (entry.key, entry.level, respondent) for entry in suppressed.ledger for respondent in sorted(entry.respondents)
    ]
    connection.execute(
        statement("results", "insert_ledger"),
        {
            "release_id": release_id,
            "figure_key": [key for key, _, _ in people],
            "shown_level": [level for _, level, _ in people],
            "respondent_id": [respondent for _, _, respondent in people],
        },
    )
    level_of = {entry.key: entry.level for entry in suppressed.ledger}
    shown = []
    for code, found in computed.moments.items():
        is_dimension = code in computed.dimensions
        level = level_of.get(f"dimension:{code}" if is_dimension else code)
        if level is not None:
            shown.append(("dimension" if is_dimension else "item", code, level, found))
    connection.execute(
        statement("results", "insert_moments"),
        {
            "release_id": release_id,
            "instrument_code": inputs.instrument_code,
            "instrument_version": inputs.instrument_version,
            "family": [family for family, _, _, _ in shown],
            "code": [code for _, code, _, _ in shown],
            "shown_level": [level for _, _, level, _ in shown],
            "respondent_count": [found.n for _, _, _, found in shown],
            "mean": [found.mean for _, _, _, found in shown],
            "variance": [found.variance for _, _, _, found in shown],
        },
    )
