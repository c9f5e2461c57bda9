"""Inputs → figures before suppression, one function a family (names: docstring of `trainloop.surveys.results`).

All waves of a call have one questionnaire and are computed together: an estimator is called once an item and gives the
figure of every wave. One wave is the case of one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from trainloop.config import StatisticsRules
from trainloop.domain.evaluation import ItemEvidence
from trainloop.errors import PermanentError
from trainloop.statistics.columns import columns
from trainloop.statistics.dimensions import cronbach_alpha, respondent_means
from trainloop.statistics.figures import Column, Figure, columns_of, figure, figures_at
from trainloop.statistics.items import describe_item, wilson
from trainloop.statistics.learning import LearningFigures, compare_tests
from trainloop.statistics.moments import Groups, Moments, moments, moments_of, t_bounds, t_bounds_of
from trainloop.statistics.nps import NpsFigures, net_promoter_score
from trainloop.statistics.refusal import Refusal
from trainloop.statistics.response import response_rates
from trainloop.statistics.suppression import TEST, WAVE
from trainloop.statistics.values import Counts, Numbers, Values, refusals, values_of
from trainloop.surveys.results_answers import Answered
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


@dataclass(frozen=True)
class ComputedWaves:
    """Figures of waves with one questionnaire, a value a wave in each column.

    `moments` has every scale item and every dimension of one scale, `means` the respondents' means of dimensions
    (waves × people), `groups` who is behind figures that are no answers, wave by wave.
    """

    waves: Sequence[WaveInputs]
    answers: Answered
    columns: tuple[Column, ...]
    scale_items: tuple[Question, ...]
    dimensions: Mapping[str, tuple[str, ...]]
    moments: Mapping[str, Groups]
    means: Mapping[str, Numbers]
    groups: Sequence[Mapping[str, frozenset[str]]]
    rules: StatisticsRules

    def __getitem__(self, place: int) -> Computed:
        """Return one wave by itself, with what only a release asks for: the people, and evidence for the rules."""
        known = {code: found for code, groups in self.moments.items() if isinstance(found := groups[place], Moments)}
        evidence = [
            found
            for question in self.scale_items
            for found in _evidence(question, self.answers.turned[question.code][place], self.rules)
        ]
        return Computed(
            figures=tuple(figures_at(self.columns, place)),
            groups=self._people(place),
            scale_items=tuple(question.code for question in self.scale_items),
            dimensions=self.dimensions,
            moments=known,
            evidence=tuple(evidence),
        )

    def _people(self, place: int) -> dict[str, frozenset[str]]:
        answers = self.answers
        found = {WAVE: self.waves[place].complete_ids}
        for question in self.waves[place].questions:
            if question.kind in {"scale", "nps"}:
                found[question.code] = answers.scored(place, answers.scores[question.code])
            if question.kind == "choice":
                found[question.code] = answers.people(place, answers.choices[question.code][place])
        found |= {f"dimension:{code}": answers.scored(place, means) for code, means in self.means.items()}
        return {**found, **self.groups[place]}


def compute(classes: Sequence[Inputs], rules: StatisticsRules) -> ComputedWaves:
    """Compute what needs these class sessions only: answers, attendance, tests, interaction, cost."""
    answered = compute_waves(classes, rules)
    groups: list[dict[str, frozenset[str]]] = [{} for _ in classes]
    made = (
        *answered.columns,
        *columns_of([_attendance(one) for one in classes]),
        *_test(classes, rules, groups),
        *columns_of([interaction_figures(one, groups[place]) for place, one in enumerate(classes)]),
        *columns_of([cost_figures(one) for one in classes]),
    )
    return replace(answered, columns=made, groups=groups)


def compute_answers(wave: WaveInputs, rules: StatisticsRules) -> Computed:
    """Compute the figures of one wave's answers."""
    return compute_waves([wave], rules)[0]


def compute_waves(waves: Sequence[WaveInputs], rules: StatisticsRules) -> ComputedWaves:
    """Compute the figures of the answers of waves with one questionnaire: response, items, dimensions, NPS, choices."""
    questions = waves[0].questions
    answers = Answered(waves)
    scale_items = tuple(question for question in questions if question.kind == "scale")
    dimensions = _dimensions(scale_items)
    if doubled := dimensions.keys() & {question.code for question in questions}:
        raise CodeAmbiguousError(instrument_code=waves[0].instrument_code, codes=", ".join(sorted(doubled)))
    made = columns_of([_response(wave, rules) for wave in waves])
    known: dict[str, Groups] = {}
    eligible_counts = np.array([wave.eligible_count for wave in waves])
    for question in scale_items:
        known[question.code] = moments_of(answers.scores[question.code])
        made += _item(question, answers, eligible_counts, rules)
    scale_of = {question.code: question.scale for question in scale_items}
    means: dict[str, Numbers] = {}
    for code, items in dimensions.items():
        turned = answers.turned_of(items)
        means[code] = respondent_means(turned, rules.min_answered_share_of_dimension)
        group = moments_of(means[code])
        has_one_scale = len({scale_of[item] for item in items}) == 1
        made += _dimension(code, items, turned, group, rules, has_one_scale=has_one_scale)
        if has_one_scale:
            known[code] = group
    for question in questions:
        if question.kind == "nps":
            made += _nps(question, answers.scores[question.code], rules)
        if question.kind == "choice":
            made += _choice(question, answers)
    return ComputedWaves(waves, answers, tuple(made), scale_items, dimensions, known, means, [{} for _ in waves], rules)


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


def _test(
    classes: Sequence[Inputs], rules: StatisticsRules, groups: Sequence[dict[str, frozenset[str]]]
) -> list[Column]:
    scores = np.full((3, len(classes), max(len(one.tests.respondent_ids) for one in classes)), np.nan)
    for place, one in enumerate(classes):
        ids, *taken = one.tests
        scores[:, place, : len(ids)] = np.array(taken, dtype=np.float64)
        groups[place][TEST] = frozenset(itertools.compress(ids, ~np.isnan(scores[:2, place, : len(ids)]).any(axis=0)))
    found = compare_tests(scores[0], scores[1], scores[2], rules.confidence)
    names = [field.name for field in fields(LearningFigures) if field.name != "n"]
    return columns("test", "class", found.n, {"n": values_of(found.n)} | {name: getattr(found, name) for name in names})


def _item(question: Question, answers: Answered, eligible_counts: Counts, rules: StatisticsRules) -> list[Column]:
    found = describe_item(
        answers.scores[question.code],
        question.scale,
        eligible_counts,
        not_applicable_count=answers.chosen_count(question.code),
        confidence=rules.confidence,
        boxes_min=rules.boxes_min,
    )
    n = found.moments.n
    names = ("mean", "ci_low", "ci_high", "se_class", "median")
    told: dict[str, Values] = {name: getattr(found, name) for name in names}
    told |= {f"share_{point}": share for point, share in zip(question.scale, found.shares_pct, strict=True)}
    told["share_na"] = found.share_na_pct
    for name, box in (("top2", found.top2), ("bottom2", found.bottom2)):
        told |= {f"{name}_pct": box.pct, f"{name}_low": box.low, f"{name}_high": box.high}
    return columns("item", question.code, n, {"n": values_of(n)} | told)


def _evidence(question: Question, turned: Numbers, rules: StatisticsRules) -> Iterator[ItemEvidence]:
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
    turned: Numbers,
    group: Groups,
    rules: StatisticsRules,
    *,
    has_one_scale: bool,
) -> list[Column]:
    low, high = t_bounds_of(group, rules.confidence)
    means = {"mean": values_of(group.mean, (group.n == 0, "no_answers")), "ci_low": low, "ci_high": high}
    alpha = cronbach_alpha(turned, items, rules.confidence, rules.alpha_min_items)
    alphas = {
        "alpha": alpha.alpha,
        "alpha_low": alpha.low,
        "alpha_high": alpha.high,
        "item_rest_negative": _named(alpha.negative_items),
        **{f"alpha_if_dropped:{item}": without for item, without in alpha.if_dropped.items()},
    }
    if not has_one_scale:
        different = refusals(group.n.shape, "different_scales")
        means, alphas = dict.fromkeys(means, different), dict.fromkeys(alphas, different)
    return [
        *columns("dimension", code, group.n, {"n": values_of(group.n)} | means),
        *columns("dimension", code, alpha.n, {"alpha_n": values_of(alpha.n)} | alphas),
    ]


def _named(codes: Values) -> Values:
    named = codes.copy()
    for place, found in enumerate(codes):
        named[place] = found if isinstance(found, Refusal) else ",".join(found) or "none"
    return named


def _nps(question: Question, scores: Numbers, rules: StatisticsRules) -> list[Column]:
    found = net_promoter_score(scores, question.scale, rules.confidence)
    n = (~np.isnan(scores)).sum(axis=-1)
    names = [field.name for field in fields(NpsFigures)]
    if isinstance(found, Refusal):
        told = dict.fromkeys(names, refusals(n.shape, found.reason_code))
    else:
        told = {name: getattr(found, name) for name in names}
    return columns("nps", question.code, n, {"n": values_of(n)} | told)


def _choice(question: Question, answers: Answered) -> list[Column]:
    n = answers.chosen_count(question.code)
    told: dict[str, Values] = {}
    for option in question.options:
        count = answers.chosen_count(question.code, option)
        told[f"count:{option}"] = values_of(count)
        told[f"share:{option}"] = values_of(100 * count / np.maximum(n, 1), (n == 0, "no_answers"))
    return columns("choice", question.code, n, {"n": values_of(n)} | told)
