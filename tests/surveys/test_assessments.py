"""R07: newly promoted managers are assessed once, by enough raters; only the person's own result is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import psycopg
import pytest
from tests.surveys import assessment_world as people
from tests.surveys import results_world as world

from trainloop.surveys.assessment_results import evaluate_assessments
from trainloop.surveys.assessments import plan_assessments
from trainloop.warehouse import engine

SetClock = Callable[..., datetime]
SHEETS: dict[str, list[people.Sheet]] = {"self": [5], "manager": [3], "peer": [4, 3, 4, 3], "report": [2, 3, 2]}


@pytest.fixture
def company(warehouse: str, set_clock: SetClock) -> None:
    """Monday 2026-03-30; M1 was promoted four weeks ago, M2 last year, M3 leads nobody."""
    world.make_company(0)
    set_clock(2026, 3, 30)
    people.make_manager("M1", "2026-03-02")
    people.make_manager("M2", "2025-06-01")
    people.make_manager("M3", "2026-03-02", reports=0)


def listed(wave_code: str) -> dict[str, int]:
    rows = world.execute(
        "select rater_group, count(*) as n from ops.wave_people where wave_code = %s group by rater_group", wave_code
    )
    return {row["rater_group"]: row["n"] for row in rows}


def test_whoever_was_promoted_in_the_last_90_days_and_leads_is_assessed_once(company: None) -> None:
    """Rated by the person, the manager, peers and reports; the wave and its subject name nobody."""
    assert plan_assessments()["assessments_planned"] == 1
    assert plan_assessments()["assessments_planned"] == 0
    found = people.waves()
    assert list(found) == ["M1"]
    assert listed(found["M1"]) == {"self": 1, "manager": 1, "peer": 4, "report": 4}
    (wave,) = world.execute("select wave_code, subject_id, state::text as state, minimum_count from ops.survey_waves")
    assert wave == {"wave_code": found["M1"], "subject_id": found["M1"], "state": "planned", "minimum_count": 3}
    assert "M1" not in found["M1"]


def test_a_planned_wave_keeps_its_day(company: None, set_clock: SetClock) -> None:
    """The daily scan does not push it ahead."""
    plan_assessments()
    before = world.execute("select opened_at, closes_at from ops.survey_waves")
    set_clock(2026, 3, 31)
    plan_assessments()
    assert world.execute("select opened_at, closes_at from ops.survey_waves") == before


def test_what_hr_nominates_replaces_the_rule_and_joins_a_wave_that_is_open(company: None) -> None:
    """Nominations that come late are added; who was asked by the rule stays asked."""
    plan_assessments()
    wave_code = people.waves()["M1"]
    world.execute(
        """insert into core.rater_nominations (employee_id, rater_id, rater_group, file_id, row_number)
           values ('M1', 'M2', 'other', 1, 1)"""
    )
    plan_assessments()
    assert listed(wave_code) == {"self": 1, "manager": 1, "peer": 4, "report": 4}
    world.execute(
        """insert into core.rater_nominations (employee_id, rater_id, rater_group, file_id, row_number)
           values ('M1', 'M2-P0', 'other', 1, 2), ('M1', 'M2-P1', 'other', 1, 3)"""
    )
    plan_assessments()
    assert listed(wave_code) == {"self": 1, "manager": 1, "peer": 4, "report": 4, "other": 3}


def test_with_too_few_raters_nobody_is_asked_in_vain_and_hr_is_told_once(company: None, set_clock: SetClock) -> None:
    """Nothing but the manager's rating could be shown; as soon as HR names raters the assessment is planned."""
    people.make_manager("M4", "2026-03-10", reports=1, peers=1)
    counts = plan_assessments()
    assert (counts["assessments_planned"], counts["without_raters"], counts["notices_planned"]) == (1, 1, 1)
    set_clock(2026, 3, 31)
    assert plan_assessments()["notices_planned"] == 0
    world.execute(
        """insert into core.rater_nominations (employee_id, rater_id, rater_group, file_id, row_number)
           select 'M4', 'M2-P' || number, 'other', 1, number from generate_series(0, 2) as number"""
    )
    assert plan_assessments()["assessments_planned"] == 1


def test_a_second_promotion_is_a_second_assessment(company: None) -> None:
    """Promoted again after the first was closed: a wave of its own."""
    plan_assessments()
    people.close_with(people.waves()["M1"], {})
    world.execute("update core.employees set promoted_on = '2026-03-29' where employee_id = 'M1'")
    assert plan_assessments()["assessments_planned"] == 1
    assert len(world.execute("select 1 as n from ops.assessments where employee_id = 'M1'")) == 2


def test_the_private_result_shows_groups_gaps_and_the_declared_manager(company: None, set_clock: SetClock) -> None:
    """Group means with their n, self against others, agreement in words: made once, whatever comes later."""
    plan_assessments()
    wave_code = people.waves()["M1"]
    people.close_with(wave_code, SHEETS)
    set_clock(2026, 4, 21)
    assert evaluate_assessments() == {"assessments_evaluated": 1}
    found = people.private(wave_code)
    mean = {
        group: (
            found[group, "dimension", "coaching", "mean"]["value"],
            found[group, "dimension", "coaching", "mean"]["rater_count"],
        )
        for group in ("self", "manager", "peer", "report", "others")
    }
    assert mean == {
        "self": (Decimal("5.0"), 1),
        "manager": (Decimal("3.0"), 1),
        "peer": (Decimal("3.5"), 4),
        "report": (Decimal("2.3"), 3),
        "others": (Decimal("3.0"), 8),
    }
    assert found["others", "dimension", "coaching", "gap"]["value"] == Decimal("2.0")
    assert found["others", "dimension", "coaching", "view"]["text_value"] == "higher"
    assert found["others", "agreement", "coaching", "band"]["text_value"] == "strong"
    people.write_sheets(wave_code, [("report", 1)], start=99)
    assert evaluate_assessments() == {"assessments_evaluated": 0}
    assert people.private(wave_code) == found


def test_a_group_below_three_is_merged_and_never_stands_alone(company: None, set_clock: SetClock) -> None:
    """Two reports: shown with the peers or not at all."""
    plan_assessments()
    wave_code = people.waves()["M1"]
    people.close_with(wave_code, SHEETS | {"report": [1, 1]})
    set_clock(2026, 4, 21)
    evaluate_assessments()
    groups = {group for group, *_ in people.private(wave_code)}
    assert groups == {"self", "manager", "peer+report", "others"}


def test_comments_are_shown_from_ten_raters_only_and_without_names(company: None, set_clock: SetClock) -> None:
    """Methods §7: verbatims from n ≥ 10, masked; the own words are no comment."""
    plan_assessments()
    people.make_manager("M5", "2026-03-20", reports=5, peers=6)
    plan_assessments()
    said = dict.fromkeys(people.ITEMS, 4) | {"suggestions": "少开会，员工M5-R1 也这样想"}
    few, many = people.waves()["M1"], people.waves()["M5"]
    people.close_with(few, SHEETS | {"peer": [said] * 4})
    people.close_with(many, {"self": [said], "manager": [3], "peer": [said] * 6, "report": [4] * 4})
    set_clock(2026, 4, 21)
    evaluate_assessments()
    comments = world.execute("select * from confidential.assessment_comments")
    assert {row["wave_code"] for row in comments} == {many}
    assert sorted(row["position"] for row in comments) == [1, 2, 3, 4, 5, 6]
    assert all("M5-R1" not in row["masked_text"] for row in comments)


@pytest.mark.parametrize("role", ["planner", "reporter", "sender", "board", "intake", "forms"])
@pytest.mark.parametrize(
    "table", ["confidential.assessment_figures", "confidential.assessment_answers", "marts.assessment_scores"]
)
def test_no_other_role_reads_a_private_result(warehouse: str, role: engine.Role, table: str) -> None:
    """The database itself says no."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), engine.connect(role) as connection:
        connection.execute(f"select * from {table}")


@pytest.mark.parametrize(
    "query",
    [
        "select * from confidential.answers",
        "select * from confidential.responses",
        "select name from core.employees",
        "select token from ops.invitations",
        "select employee_id from ops.invitations",
    ],
)
def test_the_role_of_private_feedback_sees_ratings_and_nothing_else(warehouse: str, query: str) -> None:
    """It knows who is assessed, not who rated; other surveys are not its business."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), engine.connect("feedback") as connection:
        connection.execute(query)


def test_an_open_wave_gives_no_answer_to_anybody(company: None) -> None:
    """While people answer there is nothing to read, not even for the role that will."""
    plan_assessments()
    wave_code = people.waves()["M1"]
    people.write_sheets(wave_code, [("peer", 4)])
    assert evaluate_assessments() == {"assessments_evaluated": 0}
    with engine.connect("feedback") as connection:
        assert connection.execute("select * from confidential.assessment_answers").fetchall() == []
    assert date(2026, 3, 30) == world.execute("select planned_at::date as day from ops.assessments")[0]["day"]
