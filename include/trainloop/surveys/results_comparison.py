"""This class session against earlier ones of its course and trainer, and against the findings of the previous one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from trainloop.config import StatisticsRules
from trainloop.statistics.comparison import Difference, Moments, change, holm, pool, shrink, verdict, verify, welch
from trainloop.statistics.figures import Figure, figure
from trainloop.statistics.refusal import Refusal
from trainloop.surveys.results_figures import Computed
from trainloop.surveys.results_inputs import EarlierFigure


def compare(computed: Computed, earlier: Sequence[EarlierFigure], rules: StatisticsRules) -> Iterator[Figure]:
    """Yield the families `comparison` (same course) and `comparison_trainer` (same trainer)."""
    yield from _compare("comparison", computed, [row for row in earlier if row.is_same_course], rules)
    yield from _compare("comparison_trainer", computed, [row for row in earlier if row.is_same_trainer], rules)


def _compare(
    family: str, computed: Computed, earlier: Sequence[EarlierFigure], rules: StatisticsRules
) -> Iterator[Figure]:
    """Items and dimensions are two families of hypotheses: p values are adjusted within each."""
    items = [code for code in computed.groups if code in computed.moments]
    items = [code for code in items if code not in computed.dimensions]
    for codes, kind in ((items, "item"), (list(computed.dimensions), "dimension")):
        groups = {code: _pooled([row for row in earlier if (row.family, row.code) == (kind, code)]) for code in codes}
        differences = {
            code: welch(computed.moments[code], pool(groups[code]), rules.confidence)
            for code in codes
            if groups[code] and code in computed.moments
        }
        adjusted = holm({code: difference.p for code, difference in differences.items()})
        for code in codes:
            n = computed.moments[code].n if code in computed.moments else 0
            if code in differences:
                word = verdict(differences[code].difference, adjusted[code], rules.comparison_alpha)
                yield figure(family, code, "n", n, n)
                yield from _difference(family, code, n, groups[code], differences[code])
                yield figure(family, code, "p_adjusted", adjusted[code], _smallest(n, groups[code]))
                yield figure(family, code, "verdict", word, n)
            else:
                yield figure(family, code, "n", n, n)
                yield figure(family, code, "earlier_sessions_count", len(groups[code]), n)
                yield figure(family, code, "verdict", Refusal("no_earlier_sessions" if n else "no_answers"), n)


def _pooled(rows: Sequence[EarlierFigure]) -> list[Moments]:
    """Take the sessions that were shown in full, or, when there is none, those of which the mean was shown.

    Never both: beside a session that everybody knows, the interval would give away the spread of the small one.
    """
    full = [row.moments for row in rows if row.shown_level == "distribution"]
    return full or [row.moments for row in rows]


def _difference(family: str, code: str, n: int, groups: Sequence[Moments], found: Difference) -> Iterator[Figure]:
    pooled = pool(groups)
    yield figure(family, code, "earlier_sessions_count", len(groups), n)
    yield figure(family, code, "earlier_n", pooled.n, pooled.n)
    yield figure(family, code, "earlier_mean", pooled.mean, pooled.n)
    # A difference is no more exact than the less exact of its two means.
    yield figure(family, code, "difference", found.difference, min(n, pooled.n))
    yield figure(family, code, "ci_low", found.ci_low, _smallest(n, groups))
    yield figure(family, code, "ci_high", found.ci_high, _smallest(n, groups))


def _smallest(n: int, groups: Sequence[Moments]) -> int:
    """Intervals and p values hold the spread of every group in them: the smallest one counts."""
    return min(n, *(group.n for group in groups))


def previous_session(earlier: Sequence[EarlierFigure]) -> EarlierFigure | None:
    """Return a figure of the course's last released session before this one, which names session and release."""
    return next((row for row in reversed(earlier) if row.is_same_course), None)


def verify_findings(
    computed: Computed, earlier: Sequence[EarlierFigure], findings: Collection[str], rules: StatisticsRules
) -> Iterator[Figure]:
    """Yield the family `verification`: did the findings of the course's previous session change?"""
    previous = previous_session(earlier)
    if previous is None:
        return
    items: Mapping[str, Moments] = {
        row.code: row.moments
        for row in earlier
        if row.session_code == previous.session_code and (row.family, row.shown_level) == ("item", "distribution")
    }
    for code in (code for code in computed.groups if code in findings and code in items):
        now = computed.moments.get(code)
        n = now.n if now else 0
        yield figure("verification", code, "n", n, n)
        yield figure("verification", code, "earlier_session_code", previous.session_code, n)
        if now is None or n < rules.improvement_min:
            for statistic in ("earlier_mean", "difference", "ci_low", "ci_high", "verdict"):
                yield figure("verification", code, statistic, Refusal("too_few_answers"), n)
            continue
        found = verify(now, items[code], list(items.values()), rules.confidence)
        yield figure("verification", code, "earlier_mean", shrink(items[code], list(items.values()))[0], n)
        yield figure("verification", code, "difference", found.difference, n)
        yield figure("verification", code, "ci_low", found.ci_low, n)
        yield figure("verification", code, "ci_high", found.ci_high, n)
        yield figure("verification", code, "verdict", change(found), n)
