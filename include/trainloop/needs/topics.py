"""Topics as readers see them: ranked, with layers, evidence rows and the line of the budget (R06, R10, R11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trainloop.config.surveys import NeedsRules
from trainloop.domain.need import LAYERS, Layer
from trainloop.domain.need_priority import Funding, RankedNeed, best_use, fund, ranked, reweighted, variants
from trainloop.needs.figures import ledger_ids
from trainloop.needs.inputs import ASKING_ITEMS, Inputs
from trainloop.needs.judging import JudgedTopic, weights_of
from trainloop.needs.showing import Shown, rounded
from trainloop.statistics.disclosure import Guard, hidden_in_line
from trainloop.statistics.suppression import Visibility

_VERDICTS = ("valid", "to_clarify", "rejected")


@dataclass(frozen=True)
class Plan:
    """The order of topics, what is funded, and what other weights would do."""

    order: tuple[JudgedTopic, ...]
    rank: Mapping[str, int]
    funding: Mapping[str, Funding]
    cumulative: Mapping[str, Decimal]
    sensitivity: tuple[tuple[str, str, float, int, bool], ...]


def plan_year(judged: Sequence[JudgedTopic], rules: NeedsRules, budget_amount: Decimal, shown: Shown) -> Plan:
    """Rank the valid needs, draw the budget line, and move the weights; add the figures of both."""
    needs = [
        RankedNeed(each.topic.topic_code, each.scores, each.priority, each.topic.cost_amount)
        for each in judged
        if each.verdict == "valid"
    ]
    in_order = ranked(needs)
    funding = fund(in_order, budget_amount)
    cumulative, spent = {}, Decimal(0)
    for need in in_order:
        if need.cost_amount is not None:
            spent += need.cost_amount
            cumulative[need.topic_code] = spent
    funded = [need for need in in_order if funding[need.topic_code] == "funded"]
    shown.say(
        "budget",
        "year",
        {
            "budget_amount": float(budget_amount),
            "funded_amount": float(sum((need.cost_amount or Decimal(0) for need in funded), Decimal(0))),
            "valid_amount": float(spent),
            "funded_count": len(funded),
            "valid_count": len(needs),
        },
    )
    rank = {need.topic_code: place for place, need in enumerate(in_order, 1)}
    order = sorted(
        judged,
        key=lambda each: (
            _VERDICTS.index(each.verdict),
            rank.get(each.topic.topic_code, 0),
            -each.priority,
            -each.scores.strategic,
            -each.scores.scope,
            each.topic.topic_code,
        ),
    )
    lines = tuple(_sensitivity(in_order, funding, rules, budget_amount, shown))
    return Plan(tuple(order), rank, funding, cumulative, lines)


def _sensitivity(
    in_order: Sequence[RankedNeed],
    funding: Mapping[str, Funding],
    rules: NeedsRules,
    budget_amount: Decimal,
    shown: Shown,
) -> Iterator[tuple[str, str, float, int, bool]]:
    from trainloop.statistics.ranking import kendall_tau

    codes = [need.topic_code for need in in_order]
    base = {need.topic_code: need.priority for need in in_order}
    for variant, weights in variants(weights_of(rules), rules.weight_step):
        moved = reweighted(in_order, weights)
        now = fund(moved, budget_amount)
        priority_of = {need.topic_code: need.priority for need in moved}
        shown.say(
            "sensitivity",
            variant,
            {
                "kendall_tau": kendall_tau([base[code] for code in codes], [priority_of[code] for code in codes]),
                "crossings_count": sum((now[code] == "funded") != (funding[code] == "funded") for code in codes),
            },
        )
        for place, need in enumerate(moved, 1):
            yield variant, need.topic_code, need.priority, place, now[need.topic_code] == "funded"
    best = best_use(in_order, budget_amount)
    funded = [code for code in codes if funding[code] == "funded"]
    shown.say(
        "sensitivity",
        "knapsack",
        {"priority_sum": sum(base[code] for code in best), "funded_sum": sum(base[code] for code in funded)},
    )
    for place, need in enumerate(in_order, 1):
        yield "knapsack", need.topic_code, need.priority, place, need.topic_code in best


def need_rows(plan: Plan) -> list[dict[str, Any]]:
    """Return the rows of published.needs."""
    rows = []
    for position, each in enumerate(plan.order, 1):
        code, topic, override = each.topic.topic_code, each.topic, each.override
        is_overridden = override is not None
        rows.append({
            "topic_code": code,
            "position": position,
            "rank": plan.rank.get(code),
            "verdict": each.verdict,
            "computed_verdict": each.computed_verdict,
            "override_reason": override.reason if override else None,
            "override_by": override.decided_by if is_overridden and override else None,
            "priority": each.priority,
            "urgency_score": each.scores.urgency,
            "scope_score": each.scores.scope,
            "strategic_score": each.scores.strategic,
            "goal_code": topic.goal_code,
            "competency_code": topic.competency_code,
            "kpi_code": topic.kpi_code,
            "target_audience": topic.target_audience,
            "target_count": each.target_count,
            "deadline_on": topic.deadline_on,
            "estimated_cost_amount": topic.cost_amount,
            "cumulative_cost_amount": plan.cumulative.get(code),
            "funding": plan.funding.get(code, "not_valid"),
        })
    return rows


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One piece of evidence of one layer of one topic, already suppressed."""

    topic_code: str
    layer: Layer
    position: int
    kind: str
    code: str
    statistic: str
    value: Decimal | None
    text_value: str | None
    respondent_count: int | None
    is_hidden: bool
    reason: str | None


def layer_rows(
    judged: JudgedTopic, inputs: Inputs, business: Guard | None, survey: Guard
) -> tuple[list[dict[str, Any]], list[EvidenceRow]]:
    """Return the layers and evidence rows of one topic; the guards are of its gap's measure and of its demand."""
    code = judged.topic.topic_code
    pooled = (
        business.admit(f"topic:{code}", ledger_ids(inputs, judged.pooled), "mean")
        if business
        else Visibility("hidden", None)
    )
    asked = survey.admit("target", judged.asked)
    seen: dict[Layer, bool] = {
        "strategy": True,
        "business": pooled.level != "hidden",
        "individual": asked.level == "distribution",
    }
    layers = []
    for name in LAYERS:
        result = judged.layer(name)
        value = None if result.value is None or not seen[name] else rounded("pct", result.value)
        layers.append({
            "topic_code": code,
            "layer": name,
            "is_passed": result.is_passed,
            "is_evidence_missing": result.is_evidence_missing,
            "reason": result.reason,
            "value": value,
            "threshold": None if result.threshold is None else float(result.threshold),
            "respondent_count": result.people_count,
            "is_hidden": result.value is not None and not seen[name],
        })
    evidence = [
        *_strategy_evidence(judged, inputs),
        *_business_evidence(judged, inputs, business, pooled),
        *_individual_evidence(judged, inputs, asked),
    ]
    counters = dict.fromkeys(LAYERS, 0)
    rows = []
    for layer, kind, what, statistic, shown in evidence:
        counters[layer] += 1
        rows.append(EvidenceRow(code, layer, counters[layer], kind, what, statistic, *shown))
    return layers, rows


_Shown = tuple[Decimal | None, str | None, int | None, bool, str | None]
_Line = tuple[Layer, str, str, str, _Shown]


def _fact(statistic: str, value: float | str | None, n: int | None = None) -> _Shown:
    if isinstance(value, str):
        return None, value, n, False, None
    return (None if value is None else rounded(statistic, value)), None, n, False, None


def _seen(statistic: str, value: float | None, n: int, seen: Visibility, *, is_share: bool = False) -> _Shown:
    is_hidden = seen.level == "hidden" or (is_share and seen.level != "distribution")
    if is_hidden:
        needed = "distribution" if is_share else "mean"
        return None, None, n, True, seen.reason or f"below_minimum_{needed}"
    return _fact(statistic, value, n)


def _strategy_evidence(judged: JudgedTopic, inputs: Inputs) -> Iterator[_Line]:
    goal = inputs.goals.get(judged.topic.goal_code or "")
    if goal:
        yield "strategy", "goal", goal.goal_code, "weight_pct", _fact("weight_pct", goal.weight_pct)


def _business_evidence(
    judged: JudgedTopic, inputs: Inputs, business: Guard | None, pooled: Visibility
) -> Iterator[_Line]:
    result = judged.layer("business")
    hidden = _hidden_departments(judged, business.minimums.mean) if business else set()
    if judged.measure_code is not None:
        kind = "kpi" if judged.measure == "performance" else "competency"
        n = result.people_count or 0
        yield "business", kind, judged.measure_code, "gap_pct", _seen("gap_pct", result.value, n, pooled)
    code, groups = judged.topic.topic_code, {}
    for name, people in judged.measured.items():
        if people and name not in hidden:
            groups[f"topic:{code}:{name}"] = ledger_ids(inputs, people)
    seen = business.admit_all(groups, "mean") if business else {}
    for each in judged.departments:
        name, n = each.department_code, each.people_count
        if not n and each.is_confirmed is None:
            continue
        word = "none" if each.is_confirmed is None else "yes" if each.is_confirmed else "no"
        yield "business", "department", name, "confirmed", _fact("confirmed", word)
        yield "business", "department", name, "cause", _fact("cause", each.cause or "unknown")
        if business is not None and n:
            below = "below_minimum_mean" if n < business.minimums.mean else "protects_other_figure"
            found = seen.get(f"topic:{code}:{name}", Visibility("hidden", below))
            yield "business", "department", name, "gap_pct", _seen("gap_pct", each.gap_pct, n, found)
    for line in inputs.interviews:
        if line["topic_code"] == judged.topic.topic_code:
            count, severity = line["mentions_count"], float(line["severity_mean"])
            yield "business", "interview", line["department_code"], "severity_mean", _fact("severity", severity, count)


def _hidden_departments(judged: JudgedTopic, minimum: int) -> set[str]:
    """The departments whose gap could be worked out from a pooled one, or give away another's."""
    people = {each.department_code: each.people_count for each in judged.departments if each.people_count}
    counted = {each.department_code for each in judged.departments if each.is_trainable}
    parts = {code: count for code, count in people.items() if code in counted}
    return hidden_in_line(parts, minimum) | hidden_in_line(people, minimum)


def _individual_evidence(judged: JudgedTopic, inputs: Inputs, asked: Visibility) -> Iterator[_Line]:
    n = len(judged.asked)
    yield "individual", "wave", inputs.wave_code, "answered_count", _fact("answered_count", float(n), n)
    for item in ASKING_ITEMS:
        if n:
            share = 100 * len(judged.asked & inputs.who_asks(judged.topic.topic_code, (item,))) / n
            name = f"{item.partition('_')[0]}_pct"
            yield "individual", "wave", inputs.wave_code, name, _seen(name, share, n, asked, is_share=True)
