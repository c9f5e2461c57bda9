"""Internal trainers in the making: where a candidate stands on a day, and what a trial says."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trainloop.domain.resource_finding import OF_KNOWLEDGE, OF_TRAINERS, sentence
from trainloop.domain.trainer_pipeline import STAGES, Reached, can_teach, rubric, standing

DAYS = {"nominated": 30, "mentored": 60, "micro_course": 45, "trial": 30}
FIRST = date(2026, 3, 2)
ways = st.lists(st.tuples(st.sampled_from(STAGES), st.integers(0, 400)), max_size=8).map(
    lambda found: [
        Reached(stage, FIRST + timedelta(days=after), None, FIRST + timedelta(days=after + 300))
        for stage, after in found
    ]
)


def test_the_stage_of_the_newest_day_counts_and_its_deadline_rolls_to_a_working_day() -> None:
    """Mentored on Tuesday 10 March + 60 days = Saturday 9 May, in 2026 a day of make-up work."""
    way = [Reached("nominated", FIRST, "M1"), Reached("mentored", date(2026, 3, 10), None)]
    found = standing(way, date(2026, 4, 1), DAYS, "CN")
    assert found is not None
    assert (found.stage, found.mentor_id, found.due_on) == ("mentored", "M1", date(2026, 5, 9))
    assert found.is_due(date(2026, 4, 29), 10)
    assert not found.is_overdue(date(2026, 5, 9))
    assert found.is_overdue(date(2026, 5, 10))
    assert standing(way, date(2026, 3, 1), DAYS, "CN") is None


def test_two_stages_of_one_day_count_in_their_order() -> None:
    """The trial of the day the micro-course was shown comes after it."""
    found = standing([Reached("trial", FIRST), Reached("micro_course", FIRST)], FIRST, DAYS, "CN")
    assert found is not None
    assert found.stage == "trial"


@given(way=ways, after=st.integers(0, 800))
def test_whatever_the_history_a_standing_holds_together(way: list[Reached], after: int) -> None:
    """Only stages on the way have a deadline, not before they began; an ended certificate never teaches."""
    today = FIRST + timedelta(days=after)
    found = standing(way, today, DAYS, "CN")
    assert (found is None) == all(one.reached_on > today for one in way)
    if found is None:
        return
    assert (found.due_on is not None) == (found.stage in DAYS)
    assert found.since <= today
    assert found.due_on is None or found.due_on > found.since
    if can_teach(found, "passed"):
        assert found.certificate_expires_on is not None
        assert found.certificate_expires_on >= today


def test_fewer_assessors_than_needed_decide_nothing() -> None:
    """Even a perfect mark of one."""
    assert rubric([Decimal(5)], 2, Decimal("3.5")) == "too_few_assessors"
    assert rubric([Decimal(4), Decimal("2.9")], 2, Decimal("3.5")) == "failed"


def test_every_finding_has_a_sentence_in_both_languages_that_says_what_to_do() -> None:
    """Two sentences at least, and nothing left to fill in."""
    detail = {
        "reviewed_on": None, "others": ["KA-2"], "expires_on": "d", "why": "no_address", "missing": ["case"],
        "stage": "trial", "due_on": "d", "assessors": 1, "needed": 2, "count": 1, "quarter": "2026Q1", "limit": 60,
    }  # fmt: skip
    names = {"asset": "A", "course": "C", "topic": "T", "person": "P", "trainer": "R", "amount": "61", "relief": ["E"]}
    for kind in (*OF_KNOWLEDGE, *OF_TRAINERS):
        assert sentence(kind, detail, names, "zh-CN").count("。") >= 1
        assert sentence(kind, detail, names, "en").count(". ") >= 1
        assert "{" not in sentence(kind, detail, names, "en")
