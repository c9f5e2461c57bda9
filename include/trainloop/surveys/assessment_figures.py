"""One person's 360: ratings → what that person may read. Pure; shapes and rules of methods §3 and §7.

Figures are rows (group, family, code, statistic); the closed list:

| group | family | code | statistics |
|---|---|---|---|
| self, manager, a group or merged ones (peer+report) | response | raters | invited_count answered_count |
| the same, others (manager and all groups) | dimension | dimension | mean (one decimal; rater_count beside it) |
| others | dimension | dimension | gap (self minus others); view (text higher, lower, in_line) |
| others | agreement | dimension | band (text strong, moderate, weak, lacking: rwg over the items) |
| self, others | item | item | mean; others also gap, view |

A group is shown from three raters, else merged (`domain.assessment.shown_groups`), judged on the dimension that fewest
of it rated; items and agreement from five raters, over all of them together. What a group lacks, no total gives away.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd

from trainloop.domain.assessment import MERGED, OTHERS, PEER_GROUPS, shown_groups
from trainloop.statistics.agreement import band_of, rwg_j
from trainloop.statistics.dimensions import respondent_means
from trainloop.statistics.refusal import Refusal, Value
from trainloop.statistics.self_other import self_other_gap
from trainloop.surveys.results_inputs import Question


@dataclass(frozen=True)
class Rating:
    """One answer of one rater; exactly one of the two is set. `rater` is a random key."""

    rater: str
    group: str
    item_code: str
    score: float | None = None
    free_text: str | None = None


@dataclass(frozen=True)
class PrivateFigure:
    """One row of `confidential.assessment_figures`."""

    group_code: str
    family: str
    code: str
    statistic: str
    value: Decimal | None
    text_value: str | None
    rater_count: int | None
    reason: str | None


@dataclass(frozen=True)
class Score:
    """One mean over one person's raters, unsuppressed: what a cohort is pooled from."""

    rater_group: str
    family: str
    code: str
    mean: float
    score_count: int


@dataclass(frozen=True)
class Minimums:
    """Raters behind a group's mean, and behind items and agreement of all of them together."""

    group: int = 3
    item: int = 5


class Assessment:
    """The ratings of one person as frames: raters × items and raters × dimensions, with each rater's group."""

    def __init__(self, ratings: Sequence[Rating], questions: Sequence[Question], min_answered_share: float) -> None:
        """Pivot the ratings; an item nobody rated is a column of gaps."""
        self.questions = [question for question in questions if question.kind == "scale"]
        groups = {rating.rater: rating.group for rating in ratings}
        self.group = pd.Series(groups, dtype="object")
        codes = [question.code for question in self.questions]
        self.items = pd.DataFrame(np.nan, index=list(groups), columns=codes, dtype="float64")
        for rating in ratings:
            if rating.score is not None and rating.item_code in self.items.columns:
                self.items.at[rating.rater, rating.item_code] = rating.score
        self.dimensions: dict[str, list[str]] = {}
        for question in self.questions:
            if question.dimension is not None:
                self.dimensions.setdefault(question.dimension, []).append(question.code)
        means = {
            code: respondent_means(self.items[named].to_numpy(dtype="float64"), min_answered_share)
            for code, named in self.dimensions.items()
        }
        self.means = pd.DataFrame(means, index=self.items.index, dtype="float64")

    def of(self, *groups: str) -> pd.Index[str]:
        """Return the raters of these groups."""
        return self.group.index[self.group.isin(groups)]

    def counts(self) -> dict[str, int]:
        """Return per group how many raters stand behind the dimension that fewest of them rated; 1 at least."""
        return {
            group: max(1, int(self.means.loc[raters].notna().sum().min()))
            for group in PEER_GROUPS
            if len(raters := self.of(group))
        }


def private_figures(
    assessment: Assessment, invited: Mapping[str, int], minimums: Minimums, notable_gap: float = 0.5
) -> list[PrivateFigure]:
    """Return everything the assessed person may read."""
    partition = shown_groups(assessment.counts(), minimums.group)
    names = {MERGED.join(merged): merged for merged in partition}
    figures = [*_response(assessment, invited, names)]
    for code in assessment.dimensions:
        figures += _dimension(assessment, code, names, minimums, notable_gap)
    for question in assessment.questions:
        figures += _item(assessment, question.code, partition, minimums, notable_gap)
    return figures


def scores(assessment: Assessment, least: int) -> list[Score]:
    """Return the means of the person and, from `least` raters on, of everybody else: the cohort's raw material."""
    found = []
    for rater_group, raters in (("self", assessment.of("self")), ("others", assessment.of("manager", *PEER_GROUPS))):
        for family, frame in (("item", assessment.items), ("dimension", assessment.means)):
            for code in frame.columns:
                column = frame.loc[raters, code].dropna()
                if len(column) >= (1 if rater_group == "self" else least):
                    found.append(Score(rater_group, family, str(code), float(column.mean()), len(column)))
    return found


def _response(
    assessment: Assessment, invited: Mapping[str, int], names: Mapping[str, Sequence[str]]
) -> Iterator[PrivateFigure]:
    for name, merged in {"self": ("self",), "manager": ("manager",), **names}.items():
        asked = sum(invited.get(group, 0) for group in merged)
        yield _figure(name, "response", "raters", "invited_count", float(asked), None, decimals=0)
        answered = len(assessment.of(*merged))
        yield _figure(name, "response", "raters", "answered_count", float(answered), None, decimals=0)


def _dimension(
    assessment: Assessment, code: str, names: Mapping[str, Sequence[str]], minimums: Minimums, notable_gap: float
) -> Iterator[PrivateFigure]:
    column = assessment.means[code]
    own, manager = _mean(column, assessment.of("self"), 1), _mean(column, assessment.of("manager"), 1)
    yield _figure("self", "dimension", code, "mean", own, len(column.loc[assessment.of("self")].dropna()))
    yield _figure("manager", "dimension", code, "mean", manager, len(column.loc[assessment.of("manager")].dropna()))
    shown = {name: _mean(column, assessment.of(*merged), minimums.group) for name, merged in names.items()}
    for name, value in shown.items():
        n = int(column.loc[assessment.of(*names[name])].notna().sum())
        yield _figure(name, "dimension", code, "mean", value, n)
    raters = assessment.of("manager", *(group for merged in names.values() for group in merged))
    # A total beside a group that is hidden in this dimension would give it away.
    is_safe = bool(shown) and not any(isinstance(value, Refusal) for value in shown.values())
    others = _mean(column, raters, minimums.group) if is_safe else Refusal("below_minimum_raters")
    n = int(column.loc[raters].notna().sum())
    yield _figure(OTHERS, "dimension", code, "mean", others, n if is_safe else None)
    yield from _gap(code, "dimension", own, others, n if is_safe else None, notable_gap)
    band: Value | str = Refusal("below_minimum_raters")
    if is_safe and n >= minimums.item:
        points = next(question.scale for question in assessment.questions if question.dimension == code)
        table = assessment.items.loc[raters, assessment.dimensions[code]]
        if int(table.notna().all(axis=1).sum()) >= minimums.item:
            band = band_of(rwg_j(table.to_numpy(), len(points)))
    yield _figure(OTHERS, "agreement", code, "band", band, n if is_safe else None)


def _item(
    assessment: Assessment,
    code: str,
    partition: Sequence[Sequence[str]],
    minimums: Minimums,
    notable_gap: float,
) -> Iterator[PrivateFigure]:
    column = assessment.items[code]
    own = _mean(column, assessment.of("self"), 1)
    yield _figure("self", "item", code, "mean", own, len(column.loc[assessment.of("self")].dropna()))
    groups = [group for merged in partition for group in merged]
    # The manager's rating is known to the person: without it as many must remain as a group needs.
    united = int(column.loc[assessment.of(*groups)].notna().sum())
    raters = assessment.of("manager", *groups)
    least = minimums.item if united >= minimums.group else len(raters) + 1
    others = _mean(column, raters, least)
    n = None if isinstance(others, Refusal) else int(column.loc[raters].notna().sum())
    yield _figure(OTHERS, "item", code, "mean", others, n)
    yield from _gap(code, "item", own, others, n, notable_gap)


def _gap(
    code: str, family: str, own: Value, others: Value, n: int | None, notable_gap: float
) -> Iterator[PrivateFigure]:
    # Of what is printed: a reader subtracts the printed means, and the gap must say the same.
    found = self_other_gap(_printed(own), _printed(others), notable_gap)
    yield _figure(OTHERS, family, code, "gap", found if isinstance(found, Refusal) else found.gap, n)
    yield _figure(OTHERS, family, code, "view", found if isinstance(found, Refusal) else found.view, n)


def _mean(column: pd.Series[float], raters: pd.Index[str], least: int) -> Value:
    known = column.loc[raters].dropna()
    if len(known) < least:
        return Refusal("no_answers" if least == 1 else "below_minimum_raters")
    return float(known.mean())


def _printed(value: Value) -> Value:
    return value if isinstance(value, Refusal) else float(_rounded(value, 1))


def _rounded(value: float, decimals: int) -> Decimal:
    # Nine decimals first: 4.35 computed as 4.3499999999999996 is a half to every reader.
    exact = Decimal(repr(round(value, 9))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return exact or abs(exact)  # no "−0.0"


def _figure(
    group: str, family: str, code: str, statistic: str, value: Value | str, n: int | None, decimals: int = 1
) -> PrivateFigure:
    if isinstance(value, Refusal):
        return PrivateFigure(group, family, code, statistic, None, None, None, value.reason_code)
    if isinstance(value, str):
        return PrivateFigure(group, family, code, statistic, None, value, n, None)
    return PrivateFigure(group, family, code, statistic, _rounded(value, decimals), None, n, None)
