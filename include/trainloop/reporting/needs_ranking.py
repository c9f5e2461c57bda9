"""The needs one by one: verdict, scores, the three layers with their evidence, the place at the budget line."""

from __future__ import annotations

from decimal import Decimal

from trainloop.domain.need_reasons import need_reason_text
from trainloop.needs.published import ShownLayer, ShownNeed
from trainloop.reporting import needs_lines, needs_review
from trainloop.reporting.catalogue import opened
from trainloop.reporting.document import Tone
from trainloop.reporting.needs_desk import NeedsDesk
from trainloop.reporting.needs_model import LayerState, LayerView, NeedView, TableRow
from trainloop.reporting.view import Fact

_TONES: dict[str, Tone] = {"valid": "good", "to_clarify": "caution", "rejected": "neutral"}
_SHOWN_QUOTES = 3


def need_views(desk: NeedsDesk) -> tuple[NeedView, ...]:
    """Return every topic in report order: valid ones by rank, then those to clarify, then the rejected."""
    return tuple(need_view(desk, need) for need in desk.needs.needs)


def need_view(desk: NeedsDesk, need: ShownNeed) -> NeedView:
    words = desk.words
    scores = {"urgency": need.urgency_score, "scope": need.scope_score, "strategic": need.strategic_score}
    return NeedView(
        code=need.topic_code,
        name=desk.name("topic", need.topic_code),
        rank=str(need.rank) if need.rank else "–",
        verdict=words(f"needs.verdict.{need.verdict}"),
        tone=_TONES[need.verdict],
        priority=float(need.priority),
        priority_text=words.number(need.priority, 0),
        scores=tuple(words(f"needs.score.{name}", score=score) for name, score in scores.items()),
        target=_target(desk, need),
        deadline=words.day(need.deadline_on) if need.deadline_on else "–",
        cost=desk.money(need.estimated_cost_amount),
        cumulative=desk.money(need.cumulative_cost_amount) if need.cumulative_cost_amount is not None else "–",
        funding=words(f"needs.funding.{need.funding}"),
        is_funded=need.funding == "funded",
        layers=tuple(_layer(desk, layer) for layer in need.layers),
        review=needs_review.of_need(desk, need),
        override=_override(desk, need),
        quotes=tuple(dict.fromkeys(desk.free(text) for text in desk.needs.quotes.get(need.topic_code, ())))[
            :_SHOWN_QUOTES
        ],
    )


def _target(desk: NeedsDesk, need: ShownNeed) -> str:
    people = desk.words("needs.people", count=desk.words.number(need.target_count))
    if not need.target_audience:
        return people
    return desk.words("needs.audience_of", audience=desk.free(need.target_audience), people=people)


def _override(desk: NeedsDesk, need: ShownNeed) -> str:
    if not need.is_overridden:
        return ""
    return desk.words(
        "needs.override",
        computed=desk.words(f"needs.verdict.{need.computed_verdict}"),
        name=desk.free(need.override_by or ""),
        reason=desk.free(need.override_reason or ""),
    )


def state_of(layer: ShownLayer) -> LayerState:
    """Return a layer's state: missing evidence is a failure with a name of its own."""
    return "passed" if layer.is_passed else "missing" if layer.is_evidence_missing else "failed"


def _layer(desk: NeedsDesk, layer: ShownLayer) -> LayerView:
    words = desk.words
    sign = words("format.percent_sign")
    state = state_of(layer)
    value, threshold = "", ""
    if layer.value is not None:
        number = layer.value.normalize() if layer.layer == "strategy" else layer.value
        value = words(f"needs.value.{layer.layer}", value=words.number(number) + sign)
    elif layer.is_hidden:
        value = words("needs.value_hidden")
    if layer.threshold is not None and layer.layer != "strategy":
        threshold = words("needs.threshold", value=words.number(layer.threshold) + sign)
    return LayerView(
        label=words(f"needs.layer.{layer.layer}"),
        state=state,
        state_label=words(f"needs.state.{state}"),
        value=value,
        threshold=threshold,
        reason=opened(need_reason_text(layer.reason, words.locale)),
        evidence=needs_lines.lines(desk, layer),
    )


def budget_facts(desk: NeedsDesk) -> tuple[Fact, ...]:
    """Return the sums at the budget line."""
    sums = desk.budget
    texts = {
        "amount": desk.money(sums["budget_amount"]),
        "funded": desk.money(sums["funded_amount"]),
        "left": desk.money(sums["budget_amount"] - sums["funded_amount"]),
        "valid": desk.money(sums["valid_amount"]),
    }
    return tuple(Fact(label=desk.words(f"needs.budget.{name}"), text=text) for name, text in texts.items())


def sensitivity(desk: NeedsDesk) -> tuple[str, tuple[TableRow, ...]]:
    """Return what other weights would change, in one sentence and a row per variant."""
    variants = [code for code in desk.needs.codes("sensitivity") if code != "knapsack"]
    crossings = [desk.figure("sensitivity", code, "crossings_count").value or Decimal(0) for code in variants]
    taus = [value for code in variants if (value := desk.figure("sensitivity", code, "kendall_tau").value) is not None]
    rows = tuple(
        TableRow(
            cells=(
                desk.words(f"needs.variant.{code}"),
                desk.text("sensitivity", code, "kendall_tau"),
                desk.words.number(int(count)),
                _crossing_names(desk, code) if count else "–",
            )
        )
        for code, count in zip(variants, crossings, strict=True)
    )
    if not taus:
        return desk.words("needs.sensitivity_none"), ()
    is_stable = not any(crossings)
    key = "needs.sensitivity_stable" if is_stable else "needs.sensitivity_moves"
    step = desk.words.number(Decimal(str(desk.site.needs.weight_step)))
    return desk.words(key, step=step, tau=desk.words.number(min(taus)), count=sum(map(bool, crossings))), rows


def _crossing_names(desk: NeedsDesk, variant: str) -> str:
    funded = {need.topic_code for need in desk.needs.needs if need.funding == "funded"}
    moved = [
        desk.name("topic", line.topic_code)
        for line in desk.needs.sensitivity
        if line.variant == variant and line.is_funded != (line.topic_code in funded)
    ]
    return desk.words("format.list_separator").join(moved)


def knapsack(desk: NeedsDesk) -> str:
    """Return what the best use of the budget would buy, as a note beside the plan by rank."""
    chosen = tuple(line.topic_code for line in desk.needs.sensitivity if line.variant == "knapsack" and line.is_funded)
    needs = tuple(need for need in desk.needs.needs if need.topic_code in chosen)
    if not needs:
        return ""
    if {need.topic_code for need in needs} == {
        need.topic_code for need in desk.needs.needs if need.funding == "funded"
    }:
        return desk.words("needs.knapsack_same")
    return desk.words(
        "needs.knapsack",
        names=desk.names(needs),
        best=desk.text("sensitivity", "knapsack", "priority_sum"),
        ranked=desk.text("sensitivity", "knapsack", "funded_sum"),
    )
