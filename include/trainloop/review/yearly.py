"""Figures of the whole year: what was planned and done, whom it reached, money, needs, barriers, promises, trainers.

| family | code | statistics | unit |
|---|---|---|---|
| year | all | planned_count held_count cancelled_count ahead_count; planned_hours held_hours | classes; hours |
| year | all | people_count seat_count; answer_count eligible_count rate_pct | people; people-classes; answers |
| budget | all | planned_amount committed_amount actual_amount; fund_pct | money; percent of the limit |
| department, level | code | people_count | people who came to a class, hidden where they are few |
| need | topic | verdict funding (texts); class_count | –; classes held |
| barrier | blocker | named_count | learners who named it, as the results of the months showed them |
| promise | kind | asked_count closed_count | what people owed after feedback |
| trainer | trainer | class_count hours answer_count mean verified_count | input of the award |
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from trainloop.config import Site
from trainloop.domain.budget import Budget, FundGauge, fund_gauge
from trainloop.plans.published import MONTH_UNIT
from trainloop.review.inputs import Year
from trainloop.statistics.disclosure import hidden_in_line
from trainloop.statistics.figures import Figure, figure

BELOW = "below_minimum_mean"
PROTECTS = "protects_other_figure"


def figures_of_year(found: Year, site: Site) -> Iterator[Figure]:
    """Yield every figure of the year but the courses'; a hidden one has its reason and no value."""
    yield from _plan_and_done(found)
    yield from _answers(found)
    yield from _money(found, site)
    yield from _reached(found, "department", "department_code", site.suppression.mean_min)
    yield from _reached(found, "level", "job_level", site.suppression.mean_min)
    yield from _needs(found)
    yield from _barriers(found)
    for row in found.promises:
        yield figure("promise", row["kind"], "asked_count", row["asked_count"])
        yield figure("promise", row["kind"], "closed_count", row["closed_count"])
    yield from _trainers(found, site)


def _plan_and_done(found: Year) -> Iterator[Figure]:
    planned = [row for row in found.classes if not row["is_cancelled"]]
    values = {
        "planned_count": len(found.classes),
        "held_count": len(found.held),
        "cancelled_count": len(found.classes) - len(planned),
        "ahead_count": len(planned) - len(found.held),
        "planned_hours": sum(float(row["hours"]) for row in found.classes),
        "held_hours": sum(float(row["hours"]) for row in found.held),
        "people_count": len(found.people),
        "seat_count": sum(row["learner_count"] for row in found.held),
    }
    for statistic, value in values.items():
        yield figure("year", "all", statistic, float(value))


def _answers(found: Year) -> Iterator[Figure]:
    asked = [row for row in found.evaluations.values() if row["complete_count"] is not None and row["eligible_count"]]
    answers, eligible = (sum(row[name] for row in asked) for name in ("complete_count", "eligible_count"))
    yield figure("year", "all", "answer_count", answers)
    yield figure("year", "all", "eligible_count", eligible)
    if eligible:
        yield figure("year", "all", "rate_pct", 100 * answers / eligible, answers)


def _money(found: Year, site: Site) -> Iterator[Figure]:
    budgets = [
        Budget(
            row["budget_code"],
            row["name"],
            row["planned_amount"],
            row["committed_amount"],
            row["actual_amount"],
            row["currency"],
        )
        for row in found.budgets
    ]
    currency = site.needs.currency
    if budgets and all(budget.currency == currency for budget in budgets):
        for name in ("planned", "committed", "actual"):
            total = sum((getattr(budget, name) for budget in budgets), Decimal(0))
            yield figure("budget", "all", f"{name}_amount", float(total))
    rules = site.resources
    gauge = fund_gauge(budgets, rules.payroll_amounts.get(found.year), rules.education_fund_pct, currency)
    value = float(gauge.share_pct) if isinstance(gauge, FundGauge) else gauge
    yield figure("budget", "all", "fund_pct", value)


def _reached(found: Year, family: str, column: str, minimum: int) -> Iterator[Figure]:
    counts = Counter(str(row[column]) for row in found.people)
    hidden = hidden_in_line(counts, minimum)
    for code, count in sorted(counts.items()):
        yield _counted(family, code, "people_count", count, minimum, is_hidden=code in hidden)


def _barriers(found: Year) -> Iterator[Figure]:
    """Yield what the months' results said; one that a month hides cannot be had by subtracting either."""
    named: Counter[str] = Counter()
    for row in found.month_figures:
        kind, _, cause = row["statistic"].partition(":")
        if row["unit"] == MONTH_UNIT and kind == "count":
            named[cause] += int(row["value"])
    for code, count in sorted(named.items()):
        yield figure("barrier", code, "named_count", count)


def _counted(family: str, code: str, statistic: str, count: int, minimum: int, *, is_hidden: bool) -> Figure:
    if not is_hidden:
        return figure(family, code, statistic, count)
    return Figure(family, code, statistic, refusal=BELOW if count < minimum else PROTECTS)


def _needs(found: Year) -> Iterator[Figure]:
    held = Counter(row["topic_code"] for row in found.held)
    for row in found.needs:
        yield figure("need", row["topic_code"], "verdict", row["verdict"])
        yield figure("need", row["topic_code"], "funding", row["funding"])
        yield figure("need", row["topic_code"], "class_count", held[row["topic_code"]])


def _trainers(found: Year, site: Site) -> Iterator[Figure]:
    own: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in found.held:
        own[row["trainer_id"]].append(row)
    for trainer_id, rows in sorted(own.items()):
        codes = [row["session_code"] for row in rows]
        said = [found.evaluations[code] for code in codes if code in found.evaluations]
        said = [row for row in said if row["trainer_mean"] is not None]
        answers = sum(row["answer_count"] for row in said)
        plans = [found.plans[code] for code in codes if code in found.plans]
        yield figure("trainer", trainer_id, "class_count", len(rows))
        yield figure("trainer", trainer_id, "hours", sum(float(row["hours"]) for row in rows))
        yield figure("trainer", trainer_id, "answer_count", answers)
        if answers:
            total = sum(float(row["trainer_mean"]) * row["answer_count"] for row in said)
            yield figure("trainer", trainer_id, "mean", total / answers, answers)
        if sum(row["plan_count"] for row in plans) >= site.suppression.mean_min:
            yield figure("trainer", trainer_id, "verified_count", sum(row["verified_count"] for row in plans))
