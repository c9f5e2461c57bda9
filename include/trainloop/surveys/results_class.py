"""What a class did and cost, as figures of its evaluation: turns, uses, quiz items, money a head (R24, R28).

| family | code | statistics | unit |
|---|---|---|---|
| interaction | class | n spoke_pct turns_gini poll_uses_count (chat_, breakout_) | people, percent, 0–1, uses |
| quiz | item | n right_pct discrimination flag | people, percent, −1–1, word |
| cost | class | total_amount head_amount hour_amount currency | money, word |

What people did is hidden below the minimum of a distribution: who was wrong in a quiz is nobody's business.
"""

from __future__ import annotations

from collections.abc import Iterator

from trainloop.config import get_site
from trainloop.statistics.figures import Figure, figure
from trainloop.statistics.interaction import gini, quiz_items, share_spoke
from trainloop.statistics.refusal import Refusal
from trainloop.surveys.results_inputs import Inputs

_USES = ("poll", "chat", "breakout")


def interaction_figures(inputs: Inputs, groups: dict[str, frozenset[str]]) -> Iterator[Figure]:
    """Return what the class did; learners without a single row said nothing, as far as the platform knows."""
    learners = inputs.learner_ids | {one.respondent_id for one in inputs.interactions}
    if not inputs.interactions:
        yield figure("interaction", "class", "spoke_pct", Refusal("no_interactions"))
        return
    groups["interaction:class"] = learners
    n = len(learners)
    yield figure("interaction", "class", "n", n, n)
    turns = dict.fromkeys(learners, 0)
    for one in inputs.interactions:
        if one.kind == "turn":
            turns[one.respondent_id] += one.turn_count
    spoke = share_spoke(list(turns.values()))
    has_turns = any(one.kind == "turn" for one in inputs.interactions)
    for statistic, value in (
        ("spoke_pct", spoke if isinstance(spoke, Refusal) else 100 * spoke),
        ("turns_gini", gini(list(turns.values()))),
    ):
        yield figure("interaction", "class", statistic, value if has_turns else Refusal("no_interactions"), n)
    for kind in _USES:
        count = sum(one.turn_count for one in inputs.interactions if one.kind == kind)
        yield figure("interaction", "class", f"{kind}_uses_count", count, n)
    yield from _quiz(inputs, groups)


def _quiz(inputs: Inputs, groups: dict[str, frozenset[str]]) -> Iterator[Figure]:
    rules = get_site().class_days
    answers = {
        (one.respondent_id, one.item_code): one.is_correct
        for one in inputs.interactions
        if one.kind == "quiz" and one.item_code is not None and one.is_correct is not None
    }
    for item in quiz_items(answers, rules.quiz_hard_below, rules.quiz_easy_above):
        groups[f"quiz:{item.code}"] = frozenset(person for person, code in answers if code == item.code)
        right = item.difficulty if isinstance(item.difficulty, Refusal) else 100 * item.difficulty
        yield figure("quiz", item.code, "n", item.n, item.n)
        yield figure("quiz", item.code, "right_pct", right, item.n)
        yield figure("quiz", item.code, "discrimination", item.discrimination, item.n)
        yield figure("quiz", item.code, "flag", item.flag, item.n)


def cost_figures(inputs: Inputs) -> Iterator[Figure]:
    """Return what the class cost, a head who attended and an hour they were taught."""
    if not inputs.costs:
        yield figure("cost", "class", "total_amount", Refusal("no_costs"))
        return
    if len(inputs.costs) > 1:
        yield figure("cost", "class", "total_amount", Refusal("mixed_currencies"))
        return
    currency, total = inputs.costs[0]
    heads = inputs.attendance["attended_count"] if inputs.is_attendance_recorded else 0
    yield figure("cost", "class", "currency", currency)
    yield figure("cost", "class", "total_amount", float(total))
    yield figure("cost", "class", "head_amount", float(total / heads) if heads else Refusal("no_attendance"))
    hours = heads * inputs.course_hours
    yield figure("cost", "class", "hour_amount", float(total / hours) if hours else Refusal("no_attendance"))
