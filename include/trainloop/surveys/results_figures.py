"""Inputs → figures before suppression, one function a family (names: docstring of `trainloop.surveys.results`)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from trainloop.config import StatisticsRules
from trainloop.domain.evaluation import ItemEvidence
from trainloop.errors import PermanentError
from trainloop.statistics.dimensions import AlphaFigures, cronbach_alpha, respondent_means
from trainloop.statistics.figures import Figure, figure
from trainloop.statistics.items import Interval, describe_item, wilson
from trainloop.statistics.learning import LearningFigures, compare_tests
from trainloop.statistics.moments import Moments, as_scores, moments, t_bounds
from trainloop.statistics.nps import NpsFigures, net_promoter_score
from trainloop.statistics.refusal import Refusal
from trainloop.statistics.response import response_rates
from trainloop.statistics.suppression import TEST, WAVE
from trainloop.surveys.results_class import cost_figures, interaction_figures
from trainloop.surveys.results_inputs import Inputs, Question, WaveInputs


class CodeAmbiguousError(PermanentError):
    """Instrument {instrument_code} uses {codes} both for an item and for a dimension. Rename the dimension."""


@dataclass(frozen=True)
class Computed:
    """Figures of one wave with the people behind them.

    `groups` maps a figure's group key to respondent ids, `dimensions` a dimension to its items, `moments` a scale item
    or dimension with answers to (n, mean, variance), `evidence` is what the improvement rules judge.
    """

    figures: tuple[Figure, ...]
    groups: Mapping[str, frozenset[str]]
    scale_items: tuple[str, ...]
    dimensions: Mapping[str, tuple[str, ...]]
    moments: Mapping[str, Moments]
    evidence: tuple[ItemEvidence, ...]


Scores = NDArray[np.float64]


class Answers:
    """The complete responses by item, each in the order of `ids`: scores with NaN, choices with None where is a gap."""

    def __init__(self, inputs: WaveInputs) -> None:
        """Pivot the answers; an item nobody answered has gaps only."""
        self.ids = sorted(inputs.complete_ids)
        place_of = {respondent_id: place for place, respondent_id in enumerate(self.ids)}
        self.scores: dict[str, Scores] = {}
        self.choices: dict[str, list[str | None]] = {}
        for question in inputs.questions:
            self.scores[question.code] = np.full(len(self.ids), np.nan)
            self.choices[question.code] = [None] * len(self.ids)
        for answer in inputs.answers:
            if answer.score is not None and answer.item_code in self.scores:
                self.scores[answer.item_code][place_of[answer.respondent_id]] = answer.score
            elif answer.choice is not None and answer.item_code in self.choices:
                self.choices[answer.item_code][place_of[answer.respondent_id]] = answer.choice
        # Where agreeing is bad, the scale is turned before items are put together or judged; items show what was said.
        self.turned = self.scores | {
            question.code: question.scale[0] + question.scale[-1] - self.scores[question.code]
            for question in inputs.questions
            if question.is_reverse_coded
        }

    def turned_of(self, items: Sequence[str]) -> Scores:
        """Return respondents × items, turned."""
        return np.column_stack([self.turned[item] for item in items])

    def people(self, is_there: Iterable[object]) -> frozenset[str]:
        """Return the ids of the respondents at the places that are true."""
        return frozenset(itertools.compress(self.ids, is_there))

    def scored(self, values: Scores) -> frozenset[str]:
        """Return the ids of the respondents who have a value."""
        return self.people(~np.isnan(values))


def compute(inputs: Inputs, rules: StatisticsRules) -> Computed:
    """Compute the figures that need this class session only: answers, attendance, tests, interaction, cost."""
    answered = compute_answers(inputs, rules)
    groups = dict(answered.groups)
    figures = (
        *answered.figures,
        *_attendance(inputs),
        *_test(inputs, rules, groups),
        *interaction_figures(inputs, groups),
        *cost_figures(inputs),
    )
    return replace(answered, figures=figures, groups=groups)


def compute_answers(inputs: WaveInputs, rules: StatisticsRules) -> Computed:
    """Compute the figures of a wave's answers: response, items, dimensions, NPS, choices."""
    answers = Answers(inputs)
    scale_items = [question for question in inputs.questions if question.kind == "scale"]
    dimensions = _dimensions(scale_items)
    if doubled := dimensions.keys() & {question.code for question in inputs.questions}:
        raise CodeAmbiguousError(instrument_code=inputs.instrument_code, codes=", ".join(sorted(doubled)))
    groups: dict[str, frozenset[str]] = {WAVE: inputs.complete_ids}
    figures = [*_response(inputs, rules)]
    known: dict[str, Moments] = {}
    evidence: list[ItemEvidence] = []
    for question in scale_items:
        scores = answers.scores[question.code]
        groups[question.code] = answers.scored(scores)
        figures += _item(question, scores, answers.choices[question.code], inputs.eligible_count, rules)
        if not isinstance(group := moments(scores), Refusal):
            known[question.code] = group
        evidence += _evidence(question, answers.turned[question.code], rules)
    scale_of = {question.code: question.scale for question in scale_items}
    for code, items in dimensions.items():
        turned = answers.turned_of(items)
        means = respondent_means(turned, rules.min_answered_share_of_dimension)
        has_one_scale = len({scale_of[item] for item in items}) == 1
        groups[f"dimension:{code}"] = answers.scored(means)
        group = moments(means)
        figures += _dimension(code, items, turned, group, rules, has_one_scale=has_one_scale)
        if has_one_scale and not isinstance(group, Refusal):
            known[code] = group
    for question in inputs.questions:
        if question.kind == "nps":
            groups[question.code] = answers.scored(answers.scores[question.code])
            figures += _nps(question, as_scores(answers.scores[question.code]), rules)
        if question.kind == "choice":
            chosen = answers.choices[question.code]
            groups[question.code] = answers.people(chosen)
            figures += _choice(question, [choice for choice in chosen if choice is not None])
    return Computed(tuple(figures), groups, tuple(scale_of), dimensions, known, tuple(evidence))


def _dimensions(items: Iterable[Question]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for question in items:
        if question.dimension is not None:
            found[question.dimension] = (*found.get(question.dimension, ()), question.code)
    return found


def _response(inputs: WaveInputs, rules: StatisticsRules) -> Iterator[Figure]:
    complete_count = len(inputs.complete_ids)
    counts = {
        "invited_count": inputs.invited_count,
        "eligible_count": inputs.eligible_count,
        "complete_count": complete_count,
        "partial_count": inputs.partial_count,
        "straight_lined_count": inputs.straight_lined_count,
    }
    for statistic, count in counts.items():
        yield figure("response", WAVE, statistic, count, complete_count)
    rates = response_rates(
        complete_count,
        inputs.partial_count,
        inputs.eligible_count,
        rules.response_fine_pct,
        rules.response_caution_pct,
    )
    for statistic in ("rr1_pct", "rr2_pct", "band"):
        value = rates if isinstance(rates, Refusal) else getattr(rates, statistic)
        yield figure("response", WAVE, statistic, value, complete_count)


def _attendance(inputs: Inputs) -> Iterator[Figure]:
    enrolled_count = inputs.attendance["enrolled_count"]
    for statistic, count in inputs.attendance.items():
        is_known = inputs.is_attendance_recorded or statistic == "enrolled_count"
        yield figure("attendance", "class", statistic, count if is_known else Refusal("no_attendance"))
    is_known = inputs.is_attendance_recorded and enrolled_count > 0
    rate = 100 * inputs.attendance["attended_count"] / enrolled_count if is_known else Refusal("no_attendance")
    yield figure("attendance", "class", "rate_pct", rate)


def _test(inputs: Inputs, rules: StatisticsRules, groups: dict[str, frozenset[str]]) -> Iterator[Figure]:
    result = compare_tests(
        [np.nan if test.pre_score is None else test.pre_score for test in inputs.tests],
        [np.nan if test.post_score is None else test.post_score for test in inputs.tests],
        [test.maximum_score for test in inputs.tests],
        rules.confidence,
    )
    groups[TEST] = frozenset(
        test.respondent_id for test in inputs.tests if test.pre_score is not None and test.post_score is not None
    )
    n = len(groups[TEST])
    yield figure("test", "class", "n", n, n)
    for field in fields(LearningFigures):
        if field.name != "n":
            value = result if isinstance(result, Refusal) else getattr(result, field.name)
            yield figure("test", "class", field.name, value, n)


def _item(
    question: Question, scores: Scores, choices: Sequence[str | None], population_count: int, rules: StatisticsRules
) -> Iterator[Figure]:
    found = describe_item(
        scores,
        question.scale,
        population_count,
        not_applicable_count=len(choices) - choices.count(None),
        confidence=rules.confidence,
        boxes_min=rules.boxes_min,
    )
    for statistic in ("n", "mean", "ci_low", "ci_high", "se_class", "median"):
        yield figure("item", question.code, statistic, getattr(found, statistic), found.n)
    for point, share in zip(question.scale, found.shares_pct, strict=True):
        yield figure("item", question.code, f"share_{point}", share, found.n)
    yield figure("item", question.code, "share_na", found.share_na_pct, found.n)
    for name, box in (("top2", found.top2), ("bottom2", found.bottom2)):
        yield from _box(question.code, name, box, found.n)


def _box(code: str, name: str, box: Interval | Refusal, n: int) -> Iterator[Figure]:
    yield figure("item", code, f"{name}_pct", box if isinstance(box, Refusal) else box.estimate, n)
    yield figure("item", code, f"{name}_low", box if isinstance(box, Refusal) else box.low, n)
    yield figure("item", code, f"{name}_high", box if isinstance(box, Refusal) else box.high, n)


def _evidence(question: Question, turned: Scores, rules: StatisticsRules) -> Iterator[ItemEvidence]:
    """Improvement thresholds are written for 1–5 scales; other scales have no rule to judge them by."""
    found = moments(turned)
    if isinstance(found, Refusal) or question.scale != (1, 2, 3, 4, 5):
        return
    high = t_bounds(found, rules.confidence)[1]
    bottom_count = int(np.count_nonzero(turned <= 2))
    yield ItemEvidence(
        item_code=question.code,
        n=found.n,
        mean=found.mean,
        highest=question.scale[-1],
        mean_high=None if isinstance(high, Refusal) else high,
        bottom_count=bottom_count,
        bottom_low_pct=wilson(bottom_count, found.n, rules.improvement_bottom_confidence).low,
    )


def _dimension(
    code: str,
    items: Sequence[str],
    turned: Scores,
    group: Moments | Refusal,
    rules: StatisticsRules,
    *,
    has_one_scale: bool,
) -> Iterator[Figure]:
    n, mean = (0, group) if isinstance(group, Refusal) else (group.n, group.mean)
    different = None if has_one_scale else Refusal("different_scales")
    low, high = t_bounds(group, rules.confidence)
    yield figure("dimension", code, "n", n, n)
    for statistic, value in (("mean", mean), ("ci_low", low), ("ci_high", high)):
        yield figure("dimension", code, statistic, different or value, n)
    alpha = different or cronbach_alpha(turned, items, rules.confidence, rules.alpha_min_items)
    yield from _alpha(code, items, alpha, int((~np.isnan(turned).any(axis=1)).sum()))


def _alpha(code: str, items: Sequence[str], found: AlphaFigures | Refusal, n: int) -> Iterator[Figure]:
    yield figure("dimension", code, "alpha_n", n, n)
    if isinstance(found, Refusal):
        names = (
            "alpha",
            "alpha_low",
            "alpha_high",
            "item_rest_negative",
            *(f"alpha_if_dropped:{item}" for item in items),
        )
        for statistic in names:
            yield figure("dimension", code, statistic, found, n)
        return
    for statistic, value in (("alpha", found.alpha), ("alpha_low", found.low), ("alpha_high", found.high)):
        yield figure("dimension", code, statistic, value, n)
    yield figure("dimension", code, "item_rest_negative", ",".join(found.negative_items) or "none", n)
    for item, without in found.if_dropped.items():
        yield figure("dimension", code, f"alpha_if_dropped:{item}", without, n)


def _nps(question: Question, scores: Scores, rules: StatisticsRules) -> Iterator[Figure]:
    found = net_promoter_score(scores, question.scale, rules.confidence)
    n = len(scores)
    for field in fields(NpsFigures):
        value = found if isinstance(found, Refusal) else getattr(found, field.name)
        yield figure("nps", question.code, field.name, n if field.name == "n" else value, n)


def _choice(question: Question, chosen: Sequence[str]) -> Iterator[Figure]:
    n = len(chosen)
    yield figure("choice", question.code, "n", n, n)
    for option in question.options:
        count = chosen.count(option)
        yield figure("choice", question.code, f"count:{option}", count, n)
        yield figure("choice", question.code, f"share:{option}", 100 * count / n if n else Refusal("no_answers"), n)
