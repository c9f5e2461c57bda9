"""A published needs analysis comes back as one frozen view."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from trainloop.needs.published import NeedsNotPublishedError, load_needs
from trainloop.warehouse import engine

RELEASE = """
insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256, site_version,
    released_at, is_withheld, withheld_reason)
values ('annual_needs', 'needs_year', %(year)s, %(revision)s, 'sha', '2026.1', '2026-11-24T01:00Z', %(withheld)s,
    case when %(withheld)s then 'too_close_to_earlier_release' end)
returning release_id
"""
ROWS = """
insert into published.figures (release_id, family, code, statistic, text_value, value)
values (%(id)s, 'analysis', 'year', 'wave_code', 'NEEDS-2027', null),
    (%(id)s, 'analysis', 'year', 'population_on', '2026-11-23', null),
    (%(id)s, 'analysis', 'year', 'currency', 'CNY', null),
    (%(id)s, 'budget', 'year', 'budget_amount', null, 500000);
insert into published.needs (release_id, topic_code, position, rank, verdict, computed_verdict, override_reason,
    override_by, priority, urgency_score, scope_score, strategic_score, target_count, funding)
values (%(id)s, 'T-B', 2, null, 'rejected', 'rejected', null, null, 20, 1, 1, 1, 90, 'not_valid'),
    (%(id)s, 'T-A', 1, 1, 'valid', 'to_clarify', '法规要求', '赵敏', 94, 5, 4, 5, 30, 'funded');
insert into published.need_layers (release_id, topic_code, layer, is_passed, is_evidence_missing, reason, value,
    threshold)
values (%(id)s, 'T-A', 'individual', false, false, 'share_below_threshold', 12.5, 30),
    (%(id)s, 'T-A', 'strategy', true, false, 'goal_has_weight', 40, 0);
insert into published.need_evidence (release_id, topic_code, layer, position, kind, code, statistic, value)
values (%(id)s, 'T-A', 'strategy', 1, 'goal', 'G1', 'weight_pct', 40);
insert into published.needs_cells (release_id, table_code, row_code, column_code, statistic, value)
values (%(id)s, 'interviews', 'T-A', 'D1', 'mentions_count', 2);
insert into published.needs_labels values (%(id)s, 'topic', 'T-A', '谈判', 'Negotiation');
insert into published.verbatims values (%(id)s, 'quote:T-A', 1, '我们总是先让价');
"""


def release(revision: int = 1, *, withheld: bool = False) -> int:
    with engine.connect("statistics") as connection:
        values = {"year": "2027", "revision": revision, "withheld": withheld}
        row = connection.execute(RELEASE, values).fetchone()
        assert row is not None
        if not withheld:
            for block in ROWS.split(";\n")[:-1]:
                connection.execute(block, {"id": row["release_id"]})  # type: ignore[arg-type]
    return int(row["release_id"])


def test_a_release_comes_back_whole_and_in_report_order(warehouse: str) -> None:
    """The report's role reads it, layers in the order strategy, business, individual."""
    release_id = release()
    with engine.connect("reporter") as connection:
        found = load_needs(connection, 2027)
    assert (found.release_id, found.year, found.wave_code) == (release_id, 2027, "NEEDS-2027")
    assert found.population_on == date(2026, 11, 23)
    assert [need.topic_code for need in found.needs] == ["T-A", "T-B"]
    first = found.needs[0]
    assert first.is_overridden
    assert [layer.layer for layer in first.layers] == ["strategy", "individual"]
    assert first.layer("strategy").evidence[0].value == 40
    assert found.of_verdict("rejected")[0].topic_code == "T-B"
    assert found.figures["budget", "year", "budget_amount"].value == Decimal(500000)
    assert found.cells["interviews"][0].value == 2
    assert found.quotes == {"T-A": ("我们总是先让价",)}
    assert found.name("topic", "T-A", "en") == "Negotiation"
    assert found.name("topic", "T-B", "zh-CN") == "T-B"


def test_a_withheld_revision_leaves_the_earlier_one_in_force(warehouse: str) -> None:
    """Readers go on seeing what they may see; a revision can be asked for by number."""
    first, _, third = release(), release(2, withheld=True), release(3)
    with engine.connect("reporter") as connection:
        assert load_needs(connection, 2027).release_id == third
        assert load_needs(connection, 2027, 1).release_id == first
        with pytest.raises(NeedsNotPublishedError):
            load_needs(connection, 2027, 2)


def test_a_year_without_a_release_is_an_error_that_says_what_to_do(warehouse: str) -> None:
    """Nothing is rendered from nothing."""
    with engine.connect("reporter") as connection, pytest.raises(NeedsNotPublishedError, match="2031"):
        load_needs(connection, 2031)
