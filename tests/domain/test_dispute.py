"""R47–R52: what divides two statements, shares of 100 %, windows that are locked, what a pilot suggests."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal

import numpy as np
import pytest

from trainloop.domain.dispute import (
    TRANSITIONS,
    Decision,
    DisputeMoveError,
    Grain,
    PilotResult,
    Registration,
    divergences,
    moved,
    pilot_windows,
    registration_problem,
    shares_problem,
    suggestion,
    window_months,
)
from trainloop.statistics.windows import WindowRules, window_days

REGISTERED = Registration(
    "D-2026-001", 1, "2026-C012", "sales", "higher", "5", "万元", "D11", "D12", date(2026, 9, 29), 30,
    date(2026, 8, 1), date(2026, 8, 31), date(2026, 10, 1), date(2026, 10, 31),
)  # fmt: skip


def test_a_dispute_moves_by_its_table_only() -> None:
    """Nobody signs what was not decided; what is signed or withdrawn stays so."""
    assert moved("opened", "statements") == "statements"
    with pytest.raises(DisputeMoveError, match="cannot become signed"):
        moved("pilot_reported", "signed")
    assert TRANSITIONS["signed"] == TRANSITIONS["withdrawn"] == frozenset()
    assert moved("decided", "pilot_reported") == "pilot_reported"


def test_two_points_apart_or_another_choice_is_a_divergence() -> None:
    """One point is a difference of taste; the widest comes first, a topic only one answered is none."""
    said = {"fits": "4", "level": "3", "goal": "skill", "measure": "kpi", "only": "5"}
    wanted = {"fits": "1", "level": "2", "goal": "result", "measure": "kpi"}
    found = divergences(said, wanted, ("fits", "level", "only"), ("goal", "measure"))
    assert [(topic.code, topic.is_divergent) for topic in found] == [
        ("goal", True), ("fits", True), ("level", False), ("measure", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shares", "problem"),
    [(("20", "30", "50"), None), (("20", "30", "49"), "shares_sum"), (("33.33", "33.33", "33.34"), None),
     (("33.33", "33.33", "33.33"), "shares_sum"), (("-10", "60", "50"), "shares_range")],
)  # fmt: skip
def test_shares_are_exactly_the_whole(shares: tuple[str, str, str], problem: str | None) -> None:
    """R49: 99 % is not 100 %, and rounding is no excuse."""
    assert shares_problem(*map(Decimal, shares)) == problem


@pytest.mark.parametrize("grain", ["day", "month"])
@pytest.mark.parametrize("days", [30, 60, 90])
def test_a_registered_window_is_the_one_the_analysis_counts(grain: Grain, days: int) -> None:
    """What is locked on the form is what is measured: first day before and last day after agree."""
    ends_on = date(2026, 11, 17)
    first, before, after, last = pilot_windows(ends_on, days, grain)
    counted = window_days(np.array([ends_on], dtype="datetime64[D]"), grain, WindowRules(days, window_months(days)))
    assert (first, last) == (counted[0][0].item(), counted[1][0].item())
    assert first < before < ends_on < after < last


def test_months_cross_the_year() -> None:
    """Three whole months before December, three after: September to March."""
    assert pilot_windows(date(2026, 12, 15), 90, "month") == (
        date(2026, 9, 1), date(2026, 11, 30), date(2027, 1, 1), date(2027, 3, 31),
    )  # fmt: skip


def test_a_registration_is_known_by_the_hash_of_its_canonical_text() -> None:
    """Sorted keys, no spaces, dates as ISO: anybody can compute the printed hash again."""
    text = REGISTERED.canonical_json()
    assert text.startswith('{"class_ends_on":"2026-09-29","comparison_department_code":"D12"')
    assert REGISTERED.sha256() == hashlib.sha256(text.encode()).hexdigest()


def test_a_team_is_not_compared_with_itself() -> None:
    """R50: comparison team = pilot team is refused, and so is a threshold of nothing."""
    changed = {name: getattr(REGISTERED, name) for name in REGISTERED.__slots__}
    assert registration_problem(REGISTERED) is None
    assert registration_problem(Registration(**changed | {"comparison_department_code": "D11"})) == "same_team"
    assert registration_problem(Registration(**changed | {"threshold": "0"})) == "threshold_not_positive"


@pytest.mark.parametrize(
    ("grade", "effect", "direction", "mean", "expected"),
    [
        ("C", "9", "higher", "4.2", ("adopt", "criterion_met")),
        ("C", "-9", "lower", "4.2", ("adopt", "criterion_met")),
        ("C", "9", "higher", "3.1", ("adjust", "team_against")),
        ("C", "9", "higher", None, ("adjust", "reaction_unknown")),
        ("C", "3", "higher", "4.2", ("adjust", "below_threshold")),
        ("C", "-1", "higher", "4.2", ("drop", "not_better")),
        ("C", "2", "lower", "4.2", ("drop", "not_better")),
        ("D", "9", "higher", "4.2", ("adjust", "evidence_too_weak")),
        ("E", None, "higher", "4.2", ("adjust", "evidence_too_weak")),
    ],
)
def test_a_pilot_suggests_by_grade_direction_threshold_and_team(
    grade: str, effect: str | None, direction: str, mean: str | None, expected: tuple[Decision, str]
) -> None:
    """Below grade C nothing is adopted or dropped for its effect; lower complaints are better."""
    result = PilotResult(
        grade,
        None if effect is None else Decimal(effect),
        direction,  # type: ignore[arg-type]
        Decimal(5),
        None if mean is None else Decimal(mean),
    )
    assert suggestion(result) == expected
