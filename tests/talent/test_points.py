"""R45: the promotion points ledger counts everything once, keeps everything, and corrects by counter rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from trainloop.config import get_site
from trainloop.domain.promotion import Rate, points_of, rate_on
from trainloop.surveys.scan import Scan
from trainloop.talent import points
from trainloop.talent.points import Earned, PointRuleMissingError
from trainloop.warehouse import engine

AWARD = Earned("E1", "best_trainer", "trainer_award", "2026", date(2026, 3, 2))
RATES = {date(2026, 1, 1): Decimal(2), date(2026, 7, 1): Decimal("2.5"), date(2027, 1, 1): Decimal(0)}


@pytest.fixture(autouse=True)
def march(set_clock: Callable[..., datetime]) -> None:
    set_clock(2026, 3, 2)


def book(*earned: Earned) -> int:
    with engine.connect("planner") as connection:
        return points.book(connection, Scan.start(connection), earned)


def take_back(*entry_ids: int) -> int:
    with engine.connect("planner") as connection:
        return points.take_back(connection, Scan.start(connection), dict.fromkeys(entry_ids, "evidence_gone"))


def entries() -> list[dict[str, Any]]:
    with engine.connect("planner") as connection:
        return connection.execute("select * from ops.point_entries order by entry_id").fetchall()


def balance() -> Decimal:
    return sum((row["points"] for row in entries()), Decimal(0))


def test_the_rate_of_the_day_counts_and_a_later_rate_changes_nothing_earned_before() -> None:
    """A rule changed mid-year holds from its first day; zero suspends it; before the first day there is none."""
    assert rate_on(RATES, date(2026, 6, 30)) == Rate(date(2026, 1, 1), Decimal(2))
    assert rate_on(RATES, date(2026, 7, 1)) == Rate(date(2026, 7, 1), Decimal("2.5"))
    assert rate_on(RATES, date(2025, 12, 31)) is None
    assert rate_on(RATES, date(2027, 5, 1)) is None


def test_points_are_rounded_half_up_once() -> None:
    """2.5 points an hour for 3.33 hours are 8.325, so 8.33."""
    assert points_of(Rate(date(2026, 7, 1), Decimal("2.5")), Decimal("3.33")) == Decimal("8.33")


def test_the_same_evidence_is_booked_once_however_often_it_is_asked_for() -> None:
    """The business key is person, rule and evidence: runs, helpers and files may repeat themselves."""
    assert book(AWARD, AWARD) == 1
    assert book(AWARD) == 0
    (row,) = entries()
    assert (row["role"], row["points"], row["rule_valid_from"]) == ("trainer", Decimal(30), date(2026, 1, 1))


def test_a_booking_is_taken_back_by_one_counter_row_and_may_be_booked_again() -> None:
    """Corrections add rows: the sum is right and everything that ever stood can be read."""
    book(AWARD)
    assert take_back(1) == 1
    assert take_back(1) == 0
    assert balance() == 0
    assert book(AWARD) == 1
    assert [(row["version_number"], row["points"], row["reason"]) for row in entries()] == [
        (1, Decimal(30), "earned"),
        (1, Decimal(-30), "evidence_gone"),
        (2, Decimal(30), "earned"),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "update ops.point_entries set points = 99",
        "delete from ops.point_entries",
        "truncate ops.point_entries cascade",
        "update ops.point_entries set employee_id = 'E2'",
    ],
)
def test_nobody_changes_or_removes_an_entry(statement: str) -> None:
    """Neither the owner of the tables, whom grants do not bind, nor a role that books."""
    book(AWARD)
    with pytest.raises(psycopg.errors.RestrictViolation), engine.connect("owner") as connection:
        connection.execute(statement)  # type: ignore[arg-type]
    with pytest.raises(psycopg.errors.InsufficientPrivilege), engine.connect("planner") as connection:
        connection.execute(statement)  # type: ignore[arg-type]
    assert balance() == 30


def test_a_counter_row_that_does_not_mirror_its_booking_is_refused() -> None:
    """Nobody takes back more than was booked, or from somebody else."""
    book(AWARD)
    wrong = """insert into ops.point_entries (employee_id, role, rule_code, rule_valid_from, evidence_kind, evidence_id,
        earned_on, points, reason, corrects_entry_id) values ('E1', 'trainer', 'best_trainer', '2026-01-01',
        'trainer_award', '2026', '2026-03-02', -40, 'evidence_gone', 1)"""
    with pytest.raises(psycopg.errors.CheckViolation), engine.connect("planner") as connection:
        connection.execute(wrong)


def test_a_second_version_without_a_counter_row_is_refused() -> None:
    """The version number is no way round the business key."""
    book(AWARD)
    second = """insert into ops.point_entries (employee_id, role, rule_code, rule_valid_from, evidence_kind,
        evidence_id, version_number, earned_on, points, reason) values ('E1', 'trainer', 'best_trainer', '2026-01-01',
        'trainer_award', '2026', 2, '2026-03-02', 30, 'earned')"""
    with pytest.raises(psycopg.errors.CheckViolation), engine.connect("planner") as connection:
        connection.execute(second)


def test_a_rule_that_the_site_file_does_not_know_is_an_error_that_names_it() -> None:
    """A misspelt rule must not book nothing in silence."""
    with pytest.raises(PointRuleMissingError, match="golden_mic"):
        book(Earned("E1", "golden_mic", "trainer_award", "2026", date(2026, 3, 2)))


def test_what_was_earned_before_the_first_rate_earns_nothing() -> None:
    """Points begin with their rule."""
    assert book(Earned("E1", "best_trainer", "trainer_award", "2020", date(2020, 12, 1))) == 0


def test_every_rule_of_the_shipped_site_file_has_words_and_a_rate() -> None:
    """What people read on their page is named in both languages."""
    rules = get_site().talent.points
    assert {"plan_verified", "certificate", "teaching_hour", "best_trainer", "case_published"} <= rules.keys()
    assert all(rule.text("zh-CN") and rule.text("en") and max(rule.rates.values()) > 0 for rule in rules.values())
