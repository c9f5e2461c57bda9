"""The needs stage: each topic has the planted verdict for the planted reason, orphans are named, the order is right."""

from __future__ import annotations

from collections.abc import Iterator

from trainloop.demo.findings import Check, same
from trainloop.demo.needs_truth import Topic, needs
from trainloop.needs.published import NeedsNotPublishedError, PublishedNeeds, ShownNeed, load_needs
from trainloop.warehouse.engine import Connection

# Few people answer where groups are small, so a share may lie a little beside the planted one.
SHARE_TOLERANCE, GAP_TOLERANCE = 5.0, 1.5


def check_needs(connection: Connection) -> Iterator[Check]:
    """Yield the checks of the year's needs analysis; one that is missing is a broken promise."""
    truth = needs()
    subject = f"{truth.plan_year}"
    try:
        found = load_needs(connection, truth.plan_year)
    except NeedsNotPublishedError:
        yield same("needs_published", subject, 1, 0)
        return
    shown = {one.topic_code: one for one in found.needs}
    for topic in truth.topics:
        yield from _check_topic(topic, shown.get(topic.code))
    planted = (["G-GREEN"], ["T-AI", "T-PROJ"], ["C-PROJ"])
    yield same("orphans", subject, planted, _orphans(found))


def _check_topic(topic: Topic, found: ShownNeed | None) -> Iterator[Check]:
    if found is None:
        yield same("verdict", topic.code, topic.verdict, None)
        return
    planted = (topic.verdict, topic.override or topic.verdict, topic.reason)
    business = found.layer("business")
    yield same("verdict", topic.code, planted, (found.computed_verdict, found.verdict, business.reason))
    yield same("priority", topic.code, (topic.rank, topic.funding), (found.rank, found.funding))
    asking = found.layer("individual").value
    is_near = asking is not None and abs(float(asking) - topic.asking_pct) <= SHARE_TOLERANCE
    yield Check("asking", topic.code, f"{topic.asking_pct:g} %", f"{asking} %", is_near)
    if topic.gap_pct is not None:
        gap = business.value
        is_near = gap is not None and abs(float(gap) - topic.gap_pct) <= GAP_TOLERANCE
        yield Check("gap", topic.code, f"{topic.gap_pct:g} %", f"{gap} %", is_near)


def _orphans(found: PublishedNeeds) -> tuple[list[str], list[str], list[str]]:
    """Return goals that no topic serves, topics of no goal of the year, and courses that serve no goal."""
    goals = {line.goal_code for line in found.trace if line.topic_code is None}
    topics = {line.topic_code for line in found.trace if line.goal_code is None}
    courses = {line.course_code for line in found.trace if line.goal_code is None}
    goal_codes, topic_codes, course_codes = (sorted(filter(None, codes)) for codes in (goals, topics, courses))
    return goal_codes, topic_codes, course_codes
