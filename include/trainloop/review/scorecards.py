"""The scorecard of every course of a year (R39): its five levels, what they rest on, and what they lead to.

| family | code | statistics | unit |
|---|---|---|---|
| course | course | class_count learner_count; cost_amount | –; money of the site's currency |
| course | course | reaction_mean reaction_low reaction_high reaction_answer_count | scale points; answers |
| course | course | rate_pct | share of those asked who answered |
| course | course | learning_gain learning_low learning_high | Hake gain: mean, lowest and highest class |
| course | course | behaviour_pct behaviour_low behaviour_high behaviour_verified_pct | percent of plans |
| course | course | results_grade results_outcome (texts) | best evidence grade; what its key indicator says |
| course | course | returns_pct returns_low returns_high | percent |
| course | course | <level>_standing, suggestion (texts); rule_number | good, middle, weak, missing |
| item | course:item | weak (text: finding) | what the course's last evaluated class left |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, cast

from trainloop.config import Site
from trainloop.config.review import ReviewRules
from trainloop.domain.scorecard import (
    LEVELS,
    Finding,
    Level,
    Range,
    Rule,
    Standing,
    Threshold,
    Verdict,
    best_grade,
    standing,
    standing_of_results,
    suggest,
)
from trainloop.review.inputs import Year
from trainloop.statistics.figures import Figure, figure
from trainloop.statistics.refusal import Refusal

_WORST_OUTCOME: Final = ("improved", "no_clear_change", "worsened", "not_measured")


@dataclass(frozen=True)
class Scorecard:
    """One course of the year; `ranges` holds what was measured, levels that are missing have no entry."""

    course_code: str
    topic_code: str | None
    class_count: int
    learner_count: int
    answer_count: int
    plan_count: int
    rate_pct: float | None
    verified_pct: float | None
    cost_amount: Decimal | None
    ranges: Mapping[Level, Range]
    follow_up_count: int
    findings: Sequence[Finding]
    standings: Mapping[Level, Standing]
    verdict: Verdict
    weak_items: tuple[str, ...] = ()
    blockers: Mapping[str, int] = field(default_factory=dict)


def scorecards(found: Year, site: Site) -> list[Scorecard]:
    """Return the scorecards of the courses with a class that was held in the year."""
    return [_scorecard(found, site, code) for code in sorted({row["course_code"] for row in found.held})]


def figures_of(card: Scorecard) -> Iterator[Figure]:
    """Yield one scorecard as figures."""

    def one(statistic: str, value: float | str, n: int | None = None) -> Figure:
        return figure("course", card.course_code, statistic, value, n)

    yield one("class_count", card.class_count)
    yield one("learner_count", card.learner_count)
    if card.cost_amount is not None:
        yield one("cost_amount", float(card.cost_amount))
    if card.rate_pct is not None:
        yield one("rate_pct", card.rate_pct, card.answer_count)
    names: Mapping[Level, str] = {
        "reaction": "mean",
        "learning": "gain",
        "behaviour": "mean" if card.follow_up_count else "pct",
        "returns": "pct",
    }
    people: Mapping[Level, int] = {
        "reaction": card.answer_count,
        "behaviour": card.follow_up_count or card.plan_count,
    }
    for level, measured in card.ranges.items():
        n = people.get(level)
        yield one(f"{level}_{names[level]}", measured.value, n)
        yield one(f"{level}_low", measured.low, n)
        yield one(f"{level}_high", measured.high, n)
    if card.verified_pct is not None:
        yield one("behaviour_verified_pct", card.verified_pct, card.plan_count)
    if grade := best_grade(card.findings):
        yield one("results_grade", grade)
        graded = {finding.outcome for finding in card.findings if finding.grade == grade}
        yield one("results_outcome", next(outcome for outcome in _WORST_OUTCOME[::-1] if outcome in graded))
    for level in LEVELS:
        yield one(f"{level}_standing", card.standings[level])
    yield one("suggestion", card.verdict.suggestion)
    yield one("rule_number", card.verdict.rule_number)
    for item in card.weak_items:
        yield figure("item", f"{card.course_code}:{item}", "weak", "finding")


def rules_of(rules: ReviewRules) -> list[Rule]:
    """Return the rules of the site file."""
    return [
        Rule(one.suggestion, cast("Mapping[Level, Sequence[Standing]]", one.when), one.min_classes)
        for one in rules.rules
    ]


def _scorecard(found: Year, site: Site, course_code: str) -> Scorecard:
    from trainloop.statistics.shrinkage import pooled_mean

    held = found.of_course(course_code)
    codes = [row["session_code"] for row in held]
    said = [found.evaluations[code] for code in codes if code in found.evaluations]
    plans = [found.plans[code] for code in codes if code in found.plans]
    own = [row for row in found.findings if row["course_code"] == course_code]
    findings = [Finding(row["grade"], row["outcome"]) for row in own if row["is_key"]]
    answered = [row for row in said if row["reaction_mean"] is not None]
    ranges: dict[Level, Range] = {}
    pooled = pooled_mean(
        [(float(row["reaction_mean"]), row["answer_count"]) for row in answered],
        site.resources.history_sigma,
        site.resources.history_tau,
    )
    if not isinstance(pooled, Refusal):
        ranges["reaction"] = Range(*pooled)
    if gains := [float(row["gain"]) for row in said if row["gain"] is not None]:
        ranges["learning"] = Range(sum(gains) / len(gains), min(gains), max(gains))
    plan_count, verified_pct = sum(row["plan_count"] for row in plans), None
    if plan_count >= site.suppression.mean_min:
        ranges["behaviour"] = _share(plans, "done_count", plan_count, site)
        verified_pct = 100 * sum(row["verified_count"] for row in plans) / plan_count
    followed_up = [found.follow_ups[code] for code in codes if code in found.follow_ups] if verified_pct is None else []
    used = pooled_mean(
        [(float(row["mean"]), row["answer_count"]) for row in followed_up],
        site.resources.history_sigma,
        site.resources.history_tau,
    )
    if not isinstance(used, Refusal):
        # Plans show what was done; where a course asks for none, learners say how much of it they use.
        ranges["behaviour"] = Range(*used)
    if (returns := _returns(own)) is not None:
        ranges["returns"] = returns
    standings = _standings(ranges, findings, site.review, has_plans=verified_pct is not None)
    asked = [row for row in said if row["complete_count"] is not None and row["eligible_count"]]
    eligible = sum(row["eligible_count"] for row in asked)
    amounts = [row for row in found.costs if row["course_code"] == course_code]
    is_one_currency = [row["currency"] for row in amounts] == [site.needs.currency]
    return Scorecard(
        course_code=course_code,
        topic_code=held[0]["topic_code"],
        class_count=len(held),
        learner_count=sum(row["learner_count"] for row in held),
        answer_count=sum(row["answer_count"] or 0 for row in answered),
        plan_count=plan_count,
        rate_pct=100 * sum(row["complete_count"] for row in asked) / eligible if eligible else None,
        verified_pct=verified_pct,
        cost_amount=amounts[0]["amount"] if is_one_currency else None,
        ranges=ranges,
        follow_up_count=sum(row["answer_count"] for row in followed_up),
        findings=findings,
        standings=standings,
        verdict=suggest(standings, len(held), rules_of(site.review)),
        weak_items=tuple(row["item_code"] for row in found.weak_items if row["course_code"] == course_code),
        blockers=_unmet(found, course_code, site),
    )


def _share(plans: Sequence[Mapping[str, Any]], name: str, plan_count: int, site: Site) -> Range:
    from trainloop.statistics.items import wilson

    interval = wilson(sum(row[name] for row in plans), plan_count, site.statistics.confidence)
    return Range(interval.estimate, interval.low, interval.high)


def _returns(own: Sequence[Mapping[str, Any]]) -> Range | None:
    """Return the widest range of what the classes' reports say; there is none below grade C."""
    known = [row for row in own if row["return_pct"] is not None and row["return_low_pct"] is not None]
    if not known:
        return None
    values = [float(row["return_pct"]) for row in known]
    return Range(
        sum(values) / len(values),
        min(float(row["return_low_pct"]) for row in known),
        max(float(row["return_high_pct"]) for row in known),
    )


def _standings(
    ranges: Mapping[Level, Range], findings: Sequence[Finding], rules: ReviewRules, *, has_plans: bool
) -> Mapping[Level, Standing]:
    thresholds = {
        "reaction": rules.reaction,
        "learning": rules.learning,
        "behaviour": rules.behaviour if has_plans else rules.follow_up,
        "returns": rules.returns,
    }
    found: dict[Level, Standing] = {
        cast("Level", level): standing(ranges.get(cast("Level", level)), Threshold(one.good, one.weak))
        for level, one in thresholds.items()
    }
    return found | {"results": standing_of_results(findings)}


def _unmet(found: Year, course_code: str, site: Site) -> dict[str, int]:
    """Return the blockers that enough of a course's learners named, with how many did."""
    return {
        row["blocker"]: row["named_count"]
        for row in found.blockers
        if row["course_code"] == course_code
        and row["blocker"] != "none"
        and row["named_count"] >= site.suppression.mean_min
        and 100 * row["named_count"] >= site.review.barrier_share_pct * row["plan_count"]
    }
