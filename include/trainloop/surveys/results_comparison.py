"""Class sessions against earlier ones of their course and trainer, and against the findings of the previous one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from trainloop.config import StatisticsRules
from trainloop.statistics.columns import Column, columns
from trainloop.statistics.comparison import change, holm_of, shrink, verdict, verify, welch_of
from trainloop.statistics.moments import Groups, Moments
from trainloop.statistics.values import Refused, values_of
from trainloop.surveys.results_figures import ComputedWaves
from trainloop.surveys.results_inputs import EarlierGroup, EarlierGroups, PreviousItem

FAMILY_OF_SCOPE = {"course": "comparison", "trainer": "comparison_trainer"}
_NOBODY = Moments(0, np.nan, np.nan)


def compare(computed: ComputedWaves, earlier: Sequence[EarlierGroups], rules: StatisticsRules) -> Iterator[Column]:
    """Yield the families `comparison` (same course) and `comparison_trainer` (same trainer); `earlier` by class."""
    items = [question.code for question in computed.scale_items]
    for scope, family in FAMILY_OF_SCOPE.items():
        # Items and dimensions are two families of hypotheses: p values are adjusted within each.
        for codes, kind in ((items, "item"), ([*computed.dimensions], "dimension")):
            known = [[groups.get((scope, kind, code)) for code in codes] for groups in earlier]
            if codes:
                yield from _compare(family, computed, codes, known, rules)


def _compare(
    family: str,
    computed: ComputedWaves,
    codes: Sequence[str],
    earlier: Sequence[Sequence[EarlierGroup | None]],
    rules: StatisticsRules,
) -> Iterator[Column]:
    now, before = _now(computed, codes), _table([[one.moments if one else _NOBODY for one in row] for row in earlier])
    sessions_count, smallest_count = (
        np.array([[getattr(one, name) if one else 0 for one in row] for row in earlier], dtype=np.int64)
        for name in ("sessions_count", "smallest_count")
    )
    is_pair = (now.n > 0) & (before.n > 0)
    found = welch_of(now, before, rules.confidence)
    adjusted = holm_of(values_of(found.p, (~is_pair, "no_earlier_sessions")))
    words = np.frompyfunc(verdict, 3, 1)(found.difference, adjusted, rules.comparison_alpha)
    words = values_of(words, (now.n == 0, "no_answers"), (~is_pair, "no_earlier_sessions"))
    # A difference is no more exact than the less exact of its means; intervals and p values hold the spread of every
    # group in them, so the smallest one counts.
    fewer, smallest = np.minimum(now.n, before.n), np.minimum(now.n, smallest_count)
    for place, code in enumerate(codes):
        at = np.s_[:, place]
        n, where = now.n[at], is_pair[at]
        yield from columns(family, code, n, {"n": n, "earlier_sessions_count": sessions_count[at]})
        means = {"earlier_n": values_of(before.n[at]), "earlier_mean": values_of(before.mean[at])}
        yield from columns(family, code, before.n[at], means, where)
        yield from columns(family, code, fewer[at], {"difference": found.difference[at]}, where)
        bounds = {"ci_low": found.ci_low[at], "ci_high": found.ci_high[at], "p_adjusted": adjusted[at]}
        yield from columns(family, code, smallest[at], bounds, where)
        yield from columns(family, code, n, {"verdict": words[at]})


def verify_findings(
    computed: ComputedWaves, previous: Sequence[Sequence[PreviousItem]], rules: StatisticsRules
) -> Iterator[Column]:
    """Yield the family `verification`: did the findings of the course's previous session change?"""
    most = max(map(len, previous))
    rows = [[item.moments for item in items] + [_NOBODY] * (most - len(items)) for items in previous]
    corrected, error = shrink(_table(rows))
    findings = [{item.code: at for at, item in enumerate(items) if item.is_finding} for items in previous]
    for code in (question.code for question in computed.scale_items):
        where = np.array([code in found for found in findings])
        if not where.any():
            continue
        # A class without the finding takes any place: its row is left out.
        at = range(len(previous)), [found.get(code, 0) for found in findings]
        now = _now(computed, [code])
        now = Groups(now.n[:, 0], now.mean[:, 0], now.variance[:, 0])
        found = verify(now, corrected[at], error[at], rules.confidence)
        few: Refused = (now.n < rules.improvement_min, "too_few_answers")
        sessions = np.array([items[0].session_code if items else None for items in previous], dtype=object)
        told = {
            "earlier_mean": corrected[at],
            "difference": found.difference,
            "ci_low": found.ci_low,
            "ci_high": found.ci_high,
            "verdict": np.array([change(found[place]) for place in range(len(previous))], dtype=object),
        }
        yield from columns("verification", code, now.n, {"n": now.n, "earlier_session_code": sessions}, where)
        refused = {statistic: values_of(numbers, few) for statistic, numbers in told.items()}
        yield from columns("verification", code, now.n, refused, where)


def _now(computed: ComputedWaves, codes: Sequence[str]) -> Groups:
    """Return classes × codes; a dimension of several scales has nobody."""
    nobody = np.zeros(len(computed.waves), dtype=np.int64)
    empty = Groups(nobody, np.full(nobody.shape, np.nan), np.full(nobody.shape, np.nan))
    known = [computed.moments.get(code, empty) for code in codes]
    return Groups(*(np.stack([getattr(one, part) for one in known], axis=-1) for part in ("n", "mean", "variance")))


def _table(rows: Sequence[Sequence[Moments]]) -> Groups:
    n = np.array([[one.n for one in row] for row in rows], dtype=np.int64)
    mean, variance = (
        np.array([[getattr(one, part) for one in row] for row in rows], dtype=np.float64)
        for part in ("mean", "variance")
    )
    return Groups(n, mean, variance)
