"""This class session against earlier ones of its course and trainer, and against the findings of the previous one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from trainloop.config import StatisticsRules
from trainloop.statistics.comparison import change, holm, shrink, verdict, verify, welch
from trainloop.statistics.figures import Figure, figure
from trainloop.statistics.refusal import Refusal
from trainloop.surveys.results_figures import Computed
from trainloop.surveys.results_inputs import EarlierGroup, PreviousItem

FAMILY_OF_SCOPE = {"course": "comparison", "trainer": "comparison_trainer"}


def compare(computed: Computed, earlier: Sequence[EarlierGroup], rules: StatisticsRules) -> Iterator[Figure]:
    """Yield the families `comparison` (same course) and `comparison_trainer` (same trainer)."""
    for scope, family in FAMILY_OF_SCOPE.items():
        # Items and dimensions are two families of hypotheses: p values are adjusted within each.
        for codes, kind in ((computed.scale_items, "item"), (tuple(computed.dimensions), "dimension")):
            known = [group for group in earlier if (group.scope, group.family) == (scope, kind)]
            yield from _compare(family, computed, codes, {code: _best(known, code) for code in codes}, rules)


def _best(groups: Sequence[EarlierGroup], code: str) -> EarlierGroup | None:
    """Take the sessions that were shown in full, or, when there is none, those of which the mean was shown.

    Never both: beside sessions that everybody knows, the interval would give away the spread of a small one.
    """
    found = {group.shown_level: group for group in groups if group.code == code}
    return found.get("distribution", found.get("mean"))


def _compare(
    family: str,
    computed: Computed,
    codes: Sequence[str],
    earlier: dict[str, EarlierGroup | None],
    rules: StatisticsRules,
) -> Iterator[Figure]:
    now = computed.moments
    pairs = {code: group for code, group in earlier.items() if group is not None and code in now}
    differences = {code: welch(now[code], group.moments, rules.confidence) for code, group in pairs.items()}
    adjusted = holm({code: found.p for code, found in differences.items()})
    for code in codes:
        n = now[code].n if code in now else 0
        yield figure(family, code, "n", n, n)
        if code not in pairs:
            group = earlier[code]
            yield figure(family, code, "earlier_sessions_count", group.sessions_count if group else 0, n)
            yield figure(family, code, "verdict", Refusal("no_earlier_sessions" if n else "no_answers"), n)
            continue
        group, found = pairs[code], differences[code]
        # A difference is no more exact than the less exact of its means; intervals and p values hold the spread of
        # every group in them, so the smallest one counts.
        fewer, smallest = min(n, group.moments.n), min(n, group.smallest_count)
        yield figure(family, code, "earlier_sessions_count", group.sessions_count, n)
        yield figure(family, code, "earlier_n", group.moments.n, group.moments.n)
        yield figure(family, code, "earlier_mean", group.moments.mean, group.moments.n)
        yield figure(family, code, "difference", found.difference, fewer)
        yield figure(family, code, "ci_low", found.ci_low, smallest)
        yield figure(family, code, "ci_high", found.ci_high, smallest)
        yield figure(family, code, "p_adjusted", adjusted[code], smallest)
        yield figure(family, code, "verdict", verdict(found.difference, adjusted[code], rules.comparison_alpha), n)


def verify_findings(computed: Computed, previous: Sequence[PreviousItem], rules: StatisticsRules) -> Iterator[Figure]:
    """Yield the family `verification`: did the findings of the course's previous session change?"""
    items = [item.moments for item in previous]
    findings = {item.code: item for item in previous if item.is_finding}
    for code in (code for code in computed.scale_items if code in findings):
        earlier, now = findings[code], computed.moments.get(code)
        n = now.n if now else 0
        yield figure("verification", code, "n", n, n)
        yield figure("verification", code, "earlier_session_code", earlier.session_code, n)
        if now is None or n < rules.improvement_min:
            for statistic in ("earlier_mean", "difference", "ci_low", "ci_high", "verdict"):
                yield figure("verification", code, statistic, Refusal("too_few_answers"), n)
            continue
        found = verify(now, earlier.moments, items, rules.confidence)
        yield figure("verification", code, "earlier_mean", shrink(earlier.moments, items)[0], n)
        yield figure("verification", code, "difference", found.difference, n)
        yield figure("verification", code, "ci_low", found.ci_low, n)
        yield figure("verification", code, "ci_high", found.ci_high, n)
        yield figure("verification", code, "verdict", change(found), n)
