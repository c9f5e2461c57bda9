"""Stages of internal trainers: what does not follow from the stage before it is held back with the reason."""

from __future__ import annotations

import pytest
from tests.intake.conftest import Inbox

TOPICS = "主题编码,主题名称,英文名称\nT-NEG,谈判,Negotiation\nT-FIN,财务,Finance\n"
HEAD = "候选人工号,主题编码,阶段,到达日期,导师工号,证书到期日\n"
MENTORED = "E0001,T-NEG,提名,2026-01-05,E0002,\nE0001,T-NEG,导师辅导,2026-01-20,E0002,\n"
WHOLE = MENTORED + "E0001,T-NEG,微课,2026-02-02,E0002,\nE0001,T-NEG,试讲,2026-02-10,,\n"


@pytest.fixture
def topics(people: Inbox) -> Inbox:
    people.take("training_topics", "topics.csv", TOPICS)
    return people


def wrong(topics: Inbox, rows: str) -> list[int]:
    """Rows of the file (the first is 2) that do not follow."""
    file = topics.take("trainer_candidates", f"c{len(rows)}.csv", HEAD + rows)
    return [reason["row_number"] for reason in topics.reasons(file["file_id"]) if reason["rule"] == "wrong_order"]


def test_stages_in_order_are_taken_in_over_one_file_or_two(topics: Inbox) -> None:
    """The stage before may be in the file, in any row of it, or known from an earlier file."""
    assert wrong(topics, "E0001,T-NEG,导师辅导,2026-01-20,E0002,\nE0001,T-NEG,提名,2026-01-05,E0002,\n") == []
    assert wrong(topics, "E0001,T-NEG,微课,2026-02-02,E0002,\nE0001,T-NEG,试讲,2026-02-02,,\n") == []
    assert wrong(topics, "E0001,T-NEG,授课认证,2026-02-20,,2028-02-19\n") == []
    assert len(topics.rows("select from core.trainer_candidates")) == 5


@pytest.mark.parametrize(
    ("rows", "held"),
    [
        ("E0001,T-NEG,授课认证,2026-02-20,,2028-02-19\n", [2]),
        ("E0001,T-NEG,导师辅导,2026-01-20,E0002,\n", [2]),
        ("E0001,T-NEG,提名,2026-01-05,,\nE0001,T-NEG,微课,2026-02-02,,\n", [3]),
        ("E0001,T-NEG,提名,2026-01-05,,\nE0001,T-NEG,导师辅导,2026-01-04,,\n", [2, 3]),
        ("E0001,T-NEG,提名,2026-01-05,,\nE0001,T-FIN,导师辅导,2026-01-20,,\n", [3]),
        ("E0001,T-NEG,提名,2026-01-05,,\nE0002,T-NEG,导师辅导,2026-01-20,,\n", [3]),
        ("E0001,T-NEG,失效,2026-01-05,,\n", [2]),
    ],
)
def test_a_stage_that_skips_one_is_held_back(topics: Inbox, rows: str, held: list[int]) -> None:
    """Nothing before it, the wrong one before it, before the one before, another topic or another person."""
    assert wrong(topics, rows) == held


def test_what_follows_a_refused_stage_of_the_same_file_is_refused_with_it(topics: Inbox) -> None:
    """A trial without a micro-course is refused, and so is the certificate that rests on that trial."""
    rows = MENTORED + "E0001,T-NEG,试讲,2026-02-10,,\nE0001,T-NEG,授课认证,2026-02-20,,2028-02-19\n"
    assert wrong(topics, rows) == [4, 5]


def test_a_lapsed_candidate_begins_again_or_gives_a_new_trial(topics: Inbox) -> None:
    """A renewed certificate after a lapse needs a trial; a new nomination needs nothing."""
    assert wrong(topics, WHOLE + "E0001,T-NEG,失效,2026-02-20,,\n") == []
    assert wrong(topics, "E0001,T-NEG,授课认证,2026-02-25,,2028-02-24\n") == [2]
    assert wrong(topics, "E0001,T-NEG,试讲,2026-02-25,,\nE0001,T-NEG,授课认证,2026-02-26,,2028-02-25\n") == []
    assert wrong(topics, "E0001,T-NEG,失效,2026-02-27,,\nE0001,T-NEG,提名,2026-02-28,,\n") == []


def test_the_reason_names_row_and_column_and_what_to_do(topics: Inbox) -> None:
    """In both languages."""
    file = topics.take("trainer_candidates", "c.csv", HEAD + "E0001,T-NEG,试讲,2026-02-10,,\n")
    (reason,) = topics.reasons(file["file_id"])
    assert reason["message_zh"].startswith("第 2 行")
    assert "「阶段」" in reason["message_zh"]
    assert "请补交缺少的阶段" in reason["message_zh"]
    assert "Trial lesson after Micro-course or Lapsed" in reason["message_en"]


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("E0001,T-NEG,授课认证,2026-02-20,,\n", "row_rule:certified_until"),
        ("E0001,T-NEG,授课认证,2026-02-20,,2026-02-19\n", "row_rule:expires_after_reached"),
        ("E0001,T-NEG,提名,2026-02-20,E0001,\n", "row_rule:mentor_is_another"),
    ],
)
def test_a_certificate_needs_its_end_and_a_mentor_is_another_person(topics: Inbox, row: str, rule: str) -> None:
    """Across the columns of one row."""
    file = topics.take("trainer_candidates", "c.csv", HEAD + row)
    assert rule in {reason["rule"] for reason in topics.reasons(file["file_id"])}
