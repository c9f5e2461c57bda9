"""Results of one quarterly pulse 季度满意度: computed, compared with the quarter before, suppressed, released (R08).

The release has product `quarterly_pulse`, subject_kind `quarter` and the quarter the classes ended in as subject. Its
figures are those of a course evaluation's answers (families response, item, dimension, theme), and

| family | code | statistics | unit |
|---|---|---|---|
| comparison | item, dimension | n earlier_n earlier_mean difference ci_low ci_high | people; scale points |
| comparison | item, dimension | p_adjusted; verdict (text drop, rise, no_clear_change) | – |

The quarter before is read as it was released: what was hidden then does not come back through a difference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from trainloop import clock
from trainloop.config import Site, StatisticsRules, get_site
from trainloop.domain.survey import previous_quarter_code, quarter_days
from trainloop.statistics.figures import Figure, ShownFigure, figure
from trainloop.statistics.refusal import Refusal
from trainloop.surveys.results_inputs import Subject, WaveInputs, wave_values
from trainloop.surveys.results_release import Release, audit, is_news, prepare, read_releases, release_of, write
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

if TYPE_CHECKING:  # numpy stays out of whoever only asks for results
    from trainloop.statistics.moments import Moments
    from trainloop.surveys.results_figures import Computed

FAMILY = "comparison"
_REFUSED = ("earlier_n", "earlier_mean", "difference", "ci_low", "ci_high", "p_adjusted", "verdict")


@dataclass(frozen=True)
class PulseResult:
    """The release that speaks for a quarter's present data; `dropped`: items and dimensions with a real drop."""

    quarter: str
    release: Release
    is_new: bool
    dropped: tuple[str, ...]


def pulse_of(quarter: str) -> Subject:
    """Return the subject of the releases about one quarter."""
    return Subject("quarterly_pulse", "quarter", quarter)


def evaluate_pulse(connection: Connection, wave: Mapping[str, Any]) -> PulseResult:
    """Evaluate one closed pulse (a row of `closed_waves`) in the caller's transaction. Role: statistics.

    The same data give the release they already have.
    """
    subject = pulse_of(wave["quarter"])
    inputs = WaveInputs(subject=subject, **wave_values(connection, [wave])[wave["wave_code"]])
    releases = read_releases(connection, subject)
    if known := release_of(releases, inputs.sha256):
        return PulseResult(wave["quarter"], known, False, _shown_drops(connection, known))
    return _release(connection, inputs, releases, get_site())


def _release(connection: Connection, inputs: WaveInputs, releases: Sequence[Release], site: Site) -> PulseResult:
    from trainloop.surveys.results_figures import compute_answers
    from trainloop.surveys.results_texts import theme_figures

    quarter = inputs.subject.subject_id
    computed = compute_answers(inputs, site.statistics)
    before = _read_before(connection, inputs)
    figures = [*computed.figures, *theme_figures(inputs), *_changes(computed, before, site.statistics)]
    content = prepare(connection, inputs, computed, figures, site)
    valid = [release for release in releases if not release.is_withheld]
    if valid and not content.suppressed.is_withheld and not is_news(connection, content, valid[-1]):
        return PulseResult(quarter, valid[-1], False, _shown_drops(connection, valid[-1]))
    release = write(
        connection,
        inputs,
        computed,
        content,
        revision_number=releases[-1].revision_number + 1 if releases else 1,
        site_version=site.version,
        moment=clock.now(connection),
    )
    audit(connection, inputs.subject, release)
    dropped = () if release.is_withheld else drops_of(content.suppressed.figures)
    return PulseResult(quarter, release, True, dropped)


def _read_before(connection: Connection, inputs: WaveInputs) -> dict[tuple[str, str], Moments]:
    from trainloop.statistics.moments import Moments

    earlier = pulse_of(previous_quarter_code(quarter_days(inputs.subject.subject_id)[0]))
    keys = earlier.keys() | {
        "instrument_code": inputs.instrument_code,
        "instrument_version": inputs.instrument_version,
    }
    return {
        (row["family"], row["code"]): Moments(row["respondent_count"], row["mean"], row["variance"])
        for row in connection.execute(statement("pulse", "moments"), keys)
    }


def _changes(computed: Computed, before: Mapping[tuple[str, str], Moments], rules: StatisticsRules) -> Iterator[Figure]:
    """Yield the change of every item and dimension: two families of hypotheses, adjusted each by itself."""
    from trainloop.statistics.drift import drifts

    for family, codes in (("item", computed.scale_items), ("dimension", tuple(computed.dimensions))):
        now = {code: computed.moments[code] for code in codes if code in computed.moments}
        earlier = {code: found for (kind, code), found in before.items() if kind == family}
        found = drifts(now, earlier, rules.confidence, rules.comparison_alpha)
        for code in codes:
            n = now[code].n if code in now else 0
            yield figure(FAMILY, code, "n", n, n)
            if code not in found:
                reason = Refusal("no_earlier_wave" if n else "no_answers")
                yield from (figure(FAMILY, code, statistic, reason, n) for statistic in _REFUSED)
                continue
            drift = found[code]
            # A difference is no more exact than the less exact of its means, and its interval holds both spreads.
            fewer = min(n, drift.before.n)
            yield figure(FAMILY, code, "earlier_n", drift.before.n, drift.before.n)
            yield figure(FAMILY, code, "earlier_mean", drift.before.mean, drift.before.n)
            yield figure(FAMILY, code, "difference", drift.difference.difference, fewer)
            yield figure(FAMILY, code, "ci_low", drift.difference.ci_low, fewer)
            yield figure(FAMILY, code, "ci_high", drift.difference.ci_high, fewer)
            yield figure(FAMILY, code, "p_adjusted", drift.p_adjusted, fewer)
            yield figure(FAMILY, code, "verdict", drift.verdict, fewer)


def drops_of(figures: Sequence[ShownFigure]) -> tuple[str, ...]:
    """Return the items and dimensions whose drop a reader of the release sees, with its interval."""
    shown = {(item.code, item.statistic): item for item in figures if item.family == FAMILY and not item.is_hidden}
    return tuple(
        code
        for (code, statistic), item in shown.items()
        if (statistic, item.text_value) == ("verdict", "drop") and (code, "ci_high") in shown
    )


def _shown_drops(connection: Connection, release: Release) -> tuple[str, ...]:
    rows = connection.execute(statement("pulse", "shown_drops"), {"release_id": release.release_id})
    return tuple(row["code"] for row in rows)
