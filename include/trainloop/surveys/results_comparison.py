"""Class sessions against earlier ones of their course and trainer, and against the findings of the previous one."""

from __future__ import annotations

import bisect
import itertools
import operator
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainloop.config import StatisticsRules
from trainloop.statistics.columns import columns
from trainloop.statistics.comparison import change, holm_of, shrink, verdict, verify, welch_of
from trainloop.statistics.figures import Column
from trainloop.statistics.moments import Chain, Groups, empty_groups, pooled
from trainloop.statistics.values import Counts, Refused, values_of
from trainloop.surveys.results_figures import ComputedWaves
from trainloop.surveys.results_inputs import EarlierSession, Inputs, PreviousSession

# More people than any session has: the smallest of none.
_MOST = np.iinfo(np.int64).max


def compare(
    classes: Sequence[Inputs], computed: ComputedWaves, earlier: Sequence[EarlierSession], rules: StatisticsRules
) -> Iterator[Column]:
    """Yield the families `comparison` (same course) and `comparison_trainer` (same trainer)."""
    items = [question.code for question in computed.scale_items]
    scopes = (
        ("comparison", _chains(classes, earlier, operator.attrgetter("course_code"))),
        ("comparison_trainer", _chains(classes, earlier, operator.attrgetter("trainer_id"))),
    )
    # Items and dimensions are two families of hypotheses: p values are adjusted within each.
    for codes, kind in ((items, "item"), ([*computed.dimensions], "dimension")):
        if codes:
            in_full, by_mean = _released(earlier, kind, codes)
            for family, chains in scopes:
                before = Before.of(in_full, by_mean, chains, len(classes))
                yield from _compare(family, computed, codes, before, rules)


def _chains(
    classes: Sequence[Inputs], earlier: Sequence[EarlierSession], scope_of: Callable[[Inputs | EarlierSession], str]
) -> list[Chain]:
    """Return a chain of each course or trainer: sessions in the order of time, of which a class has those before it."""
    sessions, comers = defaultdict(list), defaultdict(list)
    for row in sorted(range(len(earlier)), key=lambda row: earlier[row].starts_at):
        sessions[scope_of(earlier[row])].append(row)
    for place, one in enumerate(classes):
        comers[scope_of(one)].append(place)
    return [
        Chain(
            np.array(rows),
            np.array(comers[scope]),
            np.array([
                bisect.bisect_left(rows, classes[place].starts_at, key=lambda row: earlier[row].starts_at)
                for place in comers[scope]
            ]),
        )
        for scope, rows in sessions.items()
        if scope in comers
    ]


def _released(earlier: Sequence[EarlierSession], kind: str, codes: Sequence[str]) -> tuple[Groups, Groups]:
    """Return what sessions showed in full, and of what they showed the mean only: sessions × codes."""
    in_full, by_mean = (empty_groups(len(earlier), len(codes)) for _ in range(2))
    column_of = {code: place for place, code in enumerate(codes)}
    for row, session in enumerate(earlier):
        for family, code, shown_level, n, mean, variance in zip(*session[3:], strict=True):
            if family == kind and code in column_of:
                found, at = in_full if shown_level == "distribution" else by_mean, (row, column_of[code])
                found.n[at], found.mean[at], found.variance[at] = n, mean, variance
    return in_full, by_mean


@dataclass(frozen=True)
class Before:
    """Earlier sessions pooled, classes × codes; `smallest_count` is the number of people of the smallest of them."""

    groups: Groups
    sessions_count: Counts
    smallest_count: Counts

    @classmethod
    def of(cls, in_full: Groups, by_mean: Groups, chains: Sequence[Chain], count: int) -> Before:
        """Take the sessions that were shown in full, or, when there is none, those of which the mean was shown.

        Never both: beside sessions that everybody knows, the interval would give away the spread of a small one.
        `count` is the number of classes.
        """
        full, mean = pooled(in_full, chains, count), pooled(by_mean, chains, count)
        is_full = full.n > 0

        def either(of_full: NDArray[Any], of_mean: NDArray[Any]) -> NDArray[Any]:
            return np.where(is_full, of_full, of_mean)

        def reduced(how: np.ufunc, parts: Sequence[Counts], of_none: int) -> Counts:
            found = [np.full(full.n.shape, of_none) for _ in parts]
            for chain, (values, into) in itertools.product(chains, zip(parts, found, strict=True)):
                chain.over(how, values, into)
            return either(*found)

        both = in_full.n, by_mean.n
        return cls(
            Groups(either(full.n, mean.n), either(full.mean, mean.mean), either(full.variance, mean.variance)),
            reduced(np.add, [(n > 0).astype(np.int64) for n in both], 0),
            reduced(np.minimum, [np.where(n > 0, n, _MOST) for n in both], _MOST),
        )


def _compare(
    family: str, computed: ComputedWaves, codes: Sequence[str], earlier: Before, rules: StatisticsRules
) -> Iterator[Column]:
    now, before = _now(computed, codes), earlier.groups
    is_pair = (now.n > 0) & (before.n > 0)
    found = welch_of(now, before, rules.confidence)
    adjusted = holm_of(values_of(found.p, (~is_pair, "no_earlier_sessions")))
    words = np.frompyfunc(verdict, 3, 1)(found.difference, adjusted, rules.comparison_alpha)
    words = values_of(words, (now.n == 0, "no_answers"), (~is_pair, "no_earlier_sessions"))
    # A difference is no more exact than the less exact of its means; intervals and p values hold the spread of every
    # group in them, so the smallest one counts.
    fewer, smallest = np.minimum(now.n, before.n), np.minimum(now.n, earlier.smallest_count)
    for place, code in enumerate(codes):
        at = np.s_[:, place]
        n, where = now.n[at], is_pair[at]
        yield from columns(family, code, n, {"n": n, "earlier_sessions_count": earlier.sessions_count[at]})
        means = {"earlier_n": values_of(before.n[at]), "earlier_mean": values_of(before.mean[at])}
        yield from columns(family, code, before.n[at], means, where)
        yield from columns(family, code, fewer[at], {"difference": found.difference[at]}, where)
        bounds = {"ci_low": found.ci_low[at], "ci_high": found.ci_high[at], "p_adjusted": adjusted[at]}
        yield from columns(family, code, smallest[at], bounds, where)
        yield from columns(family, code, n, {"verdict": words[at]})


def verify_findings(
    computed: ComputedWaves, previous: Sequence[PreviousSession], rules: StatisticsRules
) -> Iterator[Column]:
    """Yield the family `verification`: did the findings of the course's previous session change?"""
    items = empty_groups(len(previous), max(len(session.codes) for session in previous))
    for row, session in enumerate(previous):
        known = row, slice(len(session.codes))
        items.n[known] = session.respondent_counts
        items.mean[known], items.variance[known] = session.means, session.variances
    corrected, error = shrink(items)
    findings = [
        {code: place for place, code in enumerate(session.codes) if session.are_findings[place]} for session in previous
    ]
    sessions = np.array([session.session_code for session in previous], dtype=object)
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
    empty = empty_groups(len(computed.waves))
    known = [computed.moments.get(code, empty) for code in codes]
    return Groups(*(np.stack([getattr(one, part) for one in known], axis=-1) for part in ("n", "mean", "variance")))
