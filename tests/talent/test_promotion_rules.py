"""R35, the rules alone: certificates, months and what is open."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from trainloop.domain.promotion import (
    CertificateState,
    Standing,
    certificate_state,
    months_between,
    open_conditions,
    verdict_of,
)

TODAY, SOON = date(2026, 3, 3), date(2026, 5, 2)


@pytest.mark.parametrize(
    ("held", "on_file", "until", "expected"),
    [
        (False, False, None, "missing"),
        (False, True, None, "unclear"),
        (True, True, None, "valid"),
        (True, True, date(2026, 5, 3), "valid"),
        (True, True, date(2026, 5, 2), "ending"),
        (True, True, date(2026, 3, 3), "ending"),
        (True, True, date(2026, 3, 2), "expired"),
    ],
)
def test_a_certificate_holds_through_its_last_day(
    held: bool, on_file: bool, until: date | None, expected: CertificateState
) -> None:
    """The last day counts; one that ends within the warning is met and said; revoked ones are unclear."""
    found = certificate_state("S2", until, is_held=held, is_on_file=on_file, today=TODAY, ends_soon=SOON)
    assert found == expected


def test_no_certificate_is_asked_for_where_the_rule_names_none() -> None:
    """An empty cell of the rule is no condition."""
    assert certificate_state(None, None, is_held=False, is_on_file=False, today=TODAY, ends_soon=SOON) == "not_asked"


@pytest.mark.parametrize(
    ("since", "day", "months"),
    [
        (date(2025, 3, 4), TODAY, 11),
        (date(2025, 3, 3), TODAY, 12),
        (date(2025, 8, 31), date(2026, 2, 28), 6),
        (date(2024, 2, 29), date(2025, 2, 28), 12),
        (date(2025, 12, 31), date(2026, 12, 31), 12),
    ],
)
def test_months_are_whole_and_the_last_day_of_a_month_completes_one(since: date, day: date, months: int) -> None:
    """31 August to 28 February is six months."""
    assert months_between(since, day) == months


def test_missing_evidence_is_open_and_never_met() -> None:
    """No ratings, no known start in the level, no points: each is open."""
    nothing = Standing("missing", Decimal(0), Decimal(20), None, 12, [])
    assert open_conditions(nothing, {"A", "B"}) == ("certificate", "points", "months", "appraisal")
    assert verdict_of(open_conditions(nothing, {"A", "B"})) is None


def test_one_rating_outside_the_accepted_ones_opens_the_appraisal() -> None:
    """Every rating of the newest quarters counts, not their mean."""
    one = Standing("ending", Decimal(20), Decimal(20), 12, 12, ["A", "C"])
    assert open_conditions(one, {"A", "B"}) == ("appraisal",)
    assert verdict_of(("appraisal",)) == "one_open"
    assert verdict_of(()) == "met"
