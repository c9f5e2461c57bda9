"""Page 1 of the needs report: what to fund, what not, what is still open, and on what it rests."""

from __future__ import annotations

from decimal import Decimal

from trainloop.domain.need_reasons import need_reason_text
from trainloop.needs.published import ShownNeed
from trainloop.reporting.needs_desk import NeedsDesk
from trainloop.reporting.needs_ranking import state_of
from trainloop.reporting.view import Fact, Point

# Causes that no training mends.
_OTHER_CAUSES = ("cause_process", "cause_tool", "cause_motivation")


def funded(desk: NeedsDesk) -> tuple[ShownNeed, ...]:
    return tuple(need for need in desk.needs.needs if need.funding == "funded")


def headline(desk: NeedsDesk) -> str:
    """Return the one sentence that a reader of one sentence reads."""
    valid, chosen = desk.needs.of_verdict("valid"), funded(desk)
    if not valid:
        return desk.words("needs.headline_none")
    if not chosen:
        return desk.words("needs.headline_unfunded", count=len(valid))
    sums = desk.budget
    return desk.words(
        "needs.headline",
        count=len(chosen),
        valid=len(valid),
        names=desk.names(chosen),
        amount=desk.money(sums["funded_amount"]),
        budget=desk.money(sums["budget_amount"]),
    )


def evidence(desk: NeedsDesk) -> str:
    """Return how the topics were judged, and how many stand where."""
    needs = desk.needs
    return desk.words(
        "needs.evidence",
        topics=len(needs.needs),
        valid=len(needs.of_verdict("valid")),
        to_clarify=len(needs.of_verdict("to_clarify")),
        rejected=len(needs.of_verdict("rejected")),
    )


def decide(desk: NeedsDesk) -> tuple[Point, ...]:
    """Return what is to be decided, most money first; at most one point of each sort."""
    points = [
        _fund(desk),
        _below_line(desk),
        *_clarify(desk),
        _not_training(desk),
        _popular(desk),
        _overridden(desk),
        _orphan_goals(desk),
    ]
    return tuple(point for point in points if point is not None)


def _fund(desk: NeedsDesk) -> Point | None:
    chosen = funded(desk)
    if not chosen:
        return None
    deadlines = [need.deadline_on for need in chosen if need.deadline_on]
    detail = desk.words("needs.decide.fund_first", date=desk.words.day(min(deadlines))) if deadlines else ""
    return Point(
        title=desk.words("needs.decide.fund", amount=desk.money(desk.budget["funded_amount"])),
        detail=detail,
        advice=desk.names(chosen),
    )


def _below_line(desk: NeedsDesk) -> Point | None:
    below = tuple(need for need in desk.needs.needs if need.funding in {"below_line", "cost_missing"})
    if not below:
        return None
    first = below[0]
    if first.cumulative_cost_amount is None:
        advice = desk.words("needs.decide.below_no_cost", name=desk.name("topic", first.topic_code))
    else:
        more = first.cumulative_cost_amount - desk.budget["budget_amount"]
        advice = desk.words(
            "needs.decide.below_next",
            name=desk.name("topic", first.topic_code),
            amount=desk.money(max(more, Decimal(0))),
        )
    return Point(title=desk.words("needs.decide.below", count=len(below)), detail=desk.names(below), advice=advice)


def _clarify(desk: NeedsDesk) -> list[Point]:
    open_needs = desk.needs.of_verdict("to_clarify")
    if len(open_needs) > 1:
        names = desk.names(open_needs)
        return [Point(title=desk.words("needs.decide.clarify_many", count=len(open_needs)), detail="", advice=names)]
    return [
        Point(
            title=desk.words("needs.decide.clarify", name=desk.name("topic", need.topic_code)),
            detail="",
            advice=desk.words("format.list_separator").join(
                desk.words(
                    "needs.decide.layer_open",
                    layer=desk.words(f"needs.layer.{layer.layer}"),
                    reason=need_reason_text(layer.reason, desk.words.locale),
                )
                for layer in need.layers
                if state_of(layer) != "passed"
            ),
        )
        for need in open_needs
    ]


def _not_training(desk: NeedsDesk) -> Point | None:
    """Return gaps that are a matter of process, tool or motivation: to whoever owns that, not to training."""
    found = tuple(need for need in desk.needs.needs if need.layer("business").reason in _OTHER_CAUSES)
    if not found:
        return None
    return Point(
        title=desk.words("needs.decide.not_training", names=desk.names(found)),
        detail="",
        advice=desk.words("needs.decide.not_training_advice"),
    )


def _popular(desk: NeedsDesk) -> Point | None:
    """Return the most wished topic that is rejected all the same: people will ask why."""

    def asking(need: ShownNeed) -> Decimal:
        return need.layer("individual").value or Decimal(0)

    rejected = [need for need in desk.needs.of_verdict("rejected") if need.layer("individual").is_passed]
    if not rejected:
        return None
    need = max(rejected, key=asking)
    sign = desk.words("format.percent_sign")
    return Point(
        title=desk.words("needs.decide.popular", name=desk.name("topic", need.topic_code)),
        detail="",
        advice=desk.words("needs.decide.popular_advice", share=desk.words.number(asking(need)) + sign),
    )


def _overridden(desk: NeedsDesk) -> Point | None:
    found = tuple(need for need in desk.needs.needs if need.is_overridden)
    if not found:
        return None
    return Point(
        title=desk.words("needs.decide.overridden", names=desk.names(found)),
        detail="",
        advice=desk.words("needs.decide.overridden_advice"),
    )


def _orphan_goals(desk: NeedsDesk) -> Point | None:
    goals = [line for line in desk.needs.trace if line.finding == "goal_without_topic" and line.goal_code]
    if not goals:
        return None
    names = desk.words("format.list_separator").join(desk.name("goal", line.goal_code or "") for line in goals)
    return Point(
        title=desk.words("needs.decide.orphan_goal", names=names),
        detail="",
        advice=desk.words("needs.decide.orphan_goal_advice"),
    )


def glance(desk: NeedsDesk, quality: str) -> tuple[Fact, ...]:
    """Return what the verdicts rest on, in four numbers."""
    words = desk.words
    interviewed = {
        name: desk.count("interviews", "year", f"{name}_departments_count") for name in ("interviewed", "planned")
    }
    return (
        Fact(label=words("needs.glance.response"), text=response_text(desk)),
        Fact(
            label=words("needs.glance.interviews"),
            text=words(
                "needs.glance.interviews_text",
                coverage=desk.percent("interviews", "year", "coverage_pct"),
                **interviewed,
            ),
        ),
        Fact(label=words("needs.glance.strategy"), text=desk.percent("trace", "year", "covered_weight_pct")),
        Fact(label=words("needs.glance.quality"), text=quality),
    )


def response_text(desk: NeedsDesk) -> str:
    """Return the response rate with how many stand behind it and what it is worth."""
    figure = desk.figure("response", "wave", "rr1_pct")
    if figure.value is None:
        return desk.reason(figure.reason)
    band = desk.figure("response", "wave", "band").text_value
    return desk.words(
        "needs.response_text",
        rate=desk.words.percent(figure.value),
        complete=desk.words.number(desk.count("response", "wave", "complete_count")),
        eligible=desk.words.number(desk.count("response", "wave", "eligible_count")),
        band=desk.words(f"response.band_{band or 'none'}").lower(),
    )
