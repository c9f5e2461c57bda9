"""Every topic of the year on three layers, with scores and the groups of people behind each number (R10, R11)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from trainloop.config import Site
from trainloop.config.surveys import NeedsRules
from trainloop.domain.need import (
    TRAINABLE,
    Cause,
    DepartmentEvidence,
    Layer,
    LayerResult,
    Measure,
    Override,
    Verdict,
    agreed_override,
    business_layer,
    individual_layer,
    main_cause,
    strategy_layer,
    verdict_of,
)
from trainloop.domain.need_priority import Scores, Weights, priority, scope_score, strategic_score, urgency_score
from trainloop.needs.gaps import LevelGap, ResultGap, shortfall_of
from trainloop.needs.inputs import Confirmation, Inputs, Person, Topic


@dataclass(frozen=True)
class JudgedTopic:
    """One topic with its layers and scores, unsuppressed.

    `measured` are the employees behind the business gap by department; `counted` the departments it stands for;
    `asked` the forms of the target group (ids).
    """

    topic: Topic
    layers: tuple[LayerResult, ...]
    override: Override | None
    is_override_disputed: bool
    scores: Scores
    priority: float
    target_count: int
    measure: Measure | None
    measure_code: str | None
    departments: tuple[DepartmentEvidence, ...]
    measured: Mapping[str, frozenset[str]]
    asked: frozenset[str]

    @property
    def computed_verdict(self) -> Verdict:
        return verdict_of(self.layers)

    @property
    def verdict(self) -> Verdict:
        return self.override.verdict if self.override else self.computed_verdict

    @property
    def pooled(self) -> frozenset[str]:
        """The employees behind the business layer's value."""
        counted = [each.department_code for each in self.departments if each.is_trainable] or list(self.measured)
        return frozenset().union(*(self.measured.get(code, frozenset()) for code in counted))

    def layer(self, layer: Layer) -> LayerResult:
        """Return one of the three layers."""
        return next(found for found in self.layers if found.layer == layer)


def judge_topics(
    inputs: Inputs,
    results: Mapping[str, Mapping[str, ResultGap]],
    levels: Mapping[str, Mapping[str, LevelGap]],
    site: Site,
) -> list[JudgedTopic]:
    """Judge every topic. `results` and `levels` are the gaps of single people by indicator and by competency."""
    said: dict[str, dict[str, Confirmation]] = defaultdict(dict)
    for confirmation in inputs.confirmations:
        said[confirmation.topic_code][confirmation.department_code] = confirmation
    return [_judge(topic, inputs, results, levels, said.get(topic.topic_code, {}), site) for topic in inputs.topics]


def _judge(
    topic: Topic,
    inputs: Inputs,
    results: Mapping[str, Mapping[str, ResultGap]],
    levels: Mapping[str, Mapping[str, LevelGap]],
    said: Mapping[str, Confirmation],
    site: Site,
) -> JudgedTopic:
    rules, minimum = site.needs, site.suppression.mean_min
    target = [person for person in inputs.people if topic.is_for(person.job_family, person.job_level)]
    measure, code, gaps = _measure(topic, target, results, levels)
    departments, measured = _departments(target, gaps, said, inputs.parents)
    asked = frozenset(form.respondent_id for form in inputs.forms if topic.is_for(form.job_family, form.job_level))
    layers = (
        strategy_layer(topic.goal_code, inputs.goals),
        business_layer(departments, measure, rules.min_gap_pct, minimum),
        individual_layer(
            len(asked & inputs.who_asks(topic.topic_code)),
            len(asked) if inputs.forms else None,
            rules.min_asking_pct,
            minimum,
            sum(topic.is_unknown_for(form.job_family, form.job_level) for form in inputs.forms),
        ),
    )
    overrides = [
        Override(each.override_verdict, each.override_reason, each.override_by)
        for each in said.values()
        if each.override_verdict and each.override_reason and each.override_by
    ]
    override = agreed_override(overrides)
    scores = _scores(topic, inputs, departments, layers, target, rules)
    return JudgedTopic(
        topic=topic,
        layers=layers,
        override=override,
        is_override_disputed=bool(overrides) and override is None,
        scores=scores,
        priority=priority(scores, weights_of(rules)),
        target_count=len(target),
        measure=measure,
        measure_code=code,
        departments=departments,
        measured=measured,
        asked=asked,
    )


def weights_of(rules: NeedsRules) -> Weights:
    """Return the site's weights of the three scores."""
    return Weights(rules.weights.urgency, rules.weights.scope, rules.weights.strategic)


def _measure(
    topic: Topic,
    target: Sequence[Person],
    results: Mapping[str, Mapping[str, ResultGap]],
    levels: Mapping[str, Mapping[str, LevelGap]],
) -> tuple[Measure | None, str | None, Mapping[str, ResultGap | LevelGap]]:
    """Choose what quantifies the gap: the topic's indicator, or its competency where the group has no results in it."""
    own = {person.employee_id for person in target}
    by_result = results.get(topic.kpi_code or "", {})
    by_level = levels.get(topic.competency_code or "", {})
    has_results = not own.isdisjoint(by_result)
    if topic.kpi_code and (has_results or own.isdisjoint(by_level)):
        return "performance", topic.kpi_code, by_result
    if topic.competency_code:
        return "competency", topic.competency_code, by_level
    return None, None, {}


def _departments(
    target: Sequence[Person],
    gaps: Mapping[str, ResultGap | LevelGap],
    said: Mapping[str, Confirmation],
    parents: Mapping[str, str],
) -> tuple[tuple[DepartmentEvidence, ...], dict[str, frozenset[str]]]:
    people: dict[str, list[str]] = defaultdict(list)
    for person in target:
        people[person.department_code].append(person.employee_id)
    measured = {code: frozenset(each for each in members if each in gaps) for code, members in people.items()}
    evidence = []
    for code in sorted(people):
        own = [gaps[each] for each in sorted(measured[code])]
        word = _word(code, said, parents)
        evidence.append(
            DepartmentEvidence(
                code,
                len(own),
                fmean(gap.gap_pct for gap in own) if own else None,
                word.is_confirmed if word else None,
                (word.cause if word else None) or _stated_cause(own),
            )
        )
    return tuple(evidence), measured


def _word(code: str, said: Mapping[str, Confirmation], parents: Mapping[str, str]) -> Confirmation | None:
    """The head's word on a department: its own, else that of the nearest department above."""
    seen: set[str] = set()
    while code not in seen:
        if code in said:
            return said[code]
        seen.add(code)
        code = parents.get(code, code)
    return None


def _stated_cause(gaps: Iterable[ResultGap | LevelGap]) -> Cause | None:
    """The cause behind most of a department's shortfall; a shortfall mostly without a stated cause has none."""
    shortfall = shortfall_of([gap for gap in gaps if isinstance(gap, ResultGap)])
    known = {cause: part for cause, part in shortfall.items() if cause is not None}
    cause = main_cause(known)
    if cause == TRAINABLE and shortfall.get(None, 0.0) >= sum(known.values()):
        return None
    return cause


def _scores(
    topic: Topic,
    inputs: Inputs,
    departments: Sequence[DepartmentEvidence],
    layers: Sequence[LayerResult],
    target: Sequence[Person],
    rules: NeedsRules,
) -> Scores:
    """Score by the site's anchors; scope counts the people of the departments the gap stands for."""
    counted = {each.department_code for each in departments if each.is_trainable}
    affected = [person for person in target if not counted or person.department_code in counted]
    share_pct = 100 * len(affected) / len(inputs.people) if inputs.people else 0.0
    gap_pct = next(layer.value for layer in layers if layer.layer == "business") or 0.0
    goal = inputs.goals.get(topic.goal_code or "")
    heaviest_pct = max((each.weight_pct for each in inputs.goals.values()), default=0.0)
    return Scores(
        urgency_score(inputs.population_on, topic.deadline_on, rules.urgency_months),
        scope_score(share_pct, gap_pct, rules.scope_pct),
        strategic_score(goal.weight_pct if goal else 0.0, heaviest_pct),
    )
