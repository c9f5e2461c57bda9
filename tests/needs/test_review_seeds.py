"""R39 → R01–R11: what last year's training review found is named evidence of next year's needs and no verdict."""

from __future__ import annotations

import pytest
from tests.needs import world

from trainloop.needs.analysis import analyze_year
from trainloop.needs.published import PublishedNeeds, load_needs
from trainloop.review import annual
from trainloop.warehouse import engine

YEAR = world.YEAR


def published() -> PublishedNeeds:
    with engine.connect("reporter") as connection:
        return load_needs(connection, YEAR)


def facts() -> dict[str, object]:
    found = published()
    return {
        statistic: figure.text_value or figure.value
        for (family, _, statistic), figure in found.figures.items()
        if family == "review"
    }


@pytest.fixture
def reviewed(company: None) -> int:
    """The review of 2026 with three findings about the course of T-QUIET and one about a topic that is gone."""
    world.write(
        """insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256,
        site_version, released_at) values ('training_review', 'training_year', '2026', 1, 'x', '1', now())"""
    )
    world.write(
        """insert into ops.need_seeds (year, topic_code, source_kind, source_code, finding, release_id, seeded_at)
        select 2027, rows.*, (select release_id from published.releases where product = 'training_review'), now()
        from (values ('T-QUIET', 'course', 'C-1', 'fix'), ('T-QUIET', 'item', 'C-1:case_practice', 'weak'),
            ('T-QUIET', 'barrier', 'C-1:tool', 'tool'), ('T-GONE', 'course', 'C-7', 'stop')) as rows"""
    )
    world.make_wave(world.usual_forms())
    return int(
        world.read("select release_id from published.releases where product = 'training_review'")[0]["release_id"]
    )


def test_findings_of_the_review_stand_on_the_path_of_their_topic_with_the_release_they_come_from(reviewed: int) -> None:
    """Each seed is one line of the trace: goal, topic, course, finding, release; a topic that is gone is named."""
    analyze_year(YEAR)
    found = published()
    lines = {
        (line.goal_code, line.topic_code, line.course_code, line.seed_kind, line.seed_code, line.seed_finding)
        for line in found.seeds()
    }
    assert lines == {
        ("G1", "T-QUIET", "C-1", "course", "C-1", "fix"),
        ("G1", "T-QUIET", "C-1", "item", "C-1:case_practice", "weak"),
        ("G1", "T-QUIET", "C-1", "barrier", "C-1:tool", "tool"),
        (None, "T-GONE", "C-7", "course", "C-7", "stop"),
    }
    assert {line.seed_release_id for line in found.seeds()} == {reviewed}
    assert [line.finding for line in found.seeds("T-GONE")] == ["seed_without_topic"]
    assert facts() == {
        "state": "found",
        "seeds_count": 4,
        "topics_count": 2,
        "unplaced_seeds_count": 1,
        "dropped_seeds_count": 0,
    }


def test_a_review_moves_no_verdict_no_rank_and_no_count_of_the_strategy(reviewed: int) -> None:
    """Three layers decide; a finding about a course passes none of them, and its path is counted once."""
    analyze_year(YEAR)
    found = published()
    verdicts = {need.topic_code: need.verdict for need in found.needs}
    assert verdicts == {"T-QUIET": "valid", "T-PROC": "to_clarify", "T-POP": "rejected", "T-SOLO": "rejected"}
    counts = [
        found.figures["trace", "year", f"{name}_count"].value
        for name in ("topics", "courses", "orphan_topics", "orphan_courses")
    ]
    assert counts == [4, 2, 1, 1]


def test_a_finding_that_hr_dropped_does_not_count_and_makes_the_next_revision(reviewed: int) -> None:
    """`trainloop seeds drop` with a reason: out of the evidence, counted as dropped; nothing else is news."""
    assert analyze_year(YEAR)["revision_number"] == 1
    annual.drop_seed(YEAR, "T-QUIET", "C-1", "课程已改版", "赵敏")
    assert analyze_year(YEAR)["revision_number"] == 2
    assert [line.seed_kind for line in published().seeds("T-QUIET")] == ["barrier", "item"]
    assert (facts()["seeds_count"], facts()["dropped_seeds_count"]) == (3, 1)
    assert analyze_year(YEAR)["is_new"] is False


def test_a_year_without_a_review_says_so_and_a_review_that_comes_later_is_news(company: None) -> None:
    """Missing evidence is named; the review of December makes a revision of November's analysis."""
    world.make_wave(world.usual_forms())
    analyze_year(YEAR)
    assert facts()["state"] == "missing"
    world.write(
        """insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256,
        site_version, released_at) values ('training_review', 'training_year', '2026', 1, 'x', '1', now())"""
    )
    assert analyze_year(YEAR)["revision_number"] == 2
    assert facts()["state"] == "found"
