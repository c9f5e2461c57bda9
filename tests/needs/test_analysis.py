"""The year's needs: planted truth comes back, and again as the same release."""

from __future__ import annotations

from tests.needs import world

from trainloop.needs.analysis import analyze_year
from trainloop.needs.published import PublishedNeeds, load_needs
from trainloop.warehouse import engine

YEAR = world.YEAR


def published(revision: int | None = None) -> PublishedNeeds:
    with engine.connect("reporter") as connection:
        return load_needs(connection, YEAR, revision)


def analyzed() -> PublishedNeeds:
    world.make_wave(world.usual_forms())
    analyze_year(YEAR)
    return published()


def test_the_quiet_strategic_gap_ranks_first_and_the_popular_topic_is_rejected(company: None) -> None:
    """Three layers decide, not the number of wishes."""
    found = analyzed()
    verdicts = {need.topic_code: need.verdict for need in found.needs}
    assert verdicts == {"T-QUIET": "valid", "T-PROC": "to_clarify", "T-POP": "rejected", "T-SOLO": "rejected"}
    first = found.needs[0]
    assert (first.topic_code, first.rank, first.funding) == ("T-QUIET", 1, "funded")
    assert (first.urgency_score, first.scope_score, first.strategic_score) == (5, 5, 5)
    assert first.layer("business").value == 30
    assert first.layer("individual").value == 40
