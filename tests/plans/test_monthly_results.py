"""R34, R40: a month of plans by department and course, obstacles to the heads, and nothing that gives a few away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from tests.plans.conftest import Company
from tests.plans.test_plan_results import pdf_text

from trainloop.outbox.composer import compose_due
from trainloop.plans.class_results import evaluate_session
from trainloop.plans.due import sessions_to_report
from trainloop.plans.monthly import evaluate_month
from trainloop.reporting.monthly_results import render_month

SECOND, THIRD = "2026-C002", "2026-C003"


@pytest.fixture
def march(twelve: Company, set_clock: Callable[..., datetime]) -> Company:
    """Three classes due in March: 12 plans of D110, 11 of D120 in another course, 3 of D120 in the first course."""
    for code, course, first, count in ((SECOND, "C2", 20, 11), (THIRD, "C1", 40, 3)):
        twelve.session(code, course)
        twelve.learners(code, range(first, first + count), "D120")
        for number in range(first, first + count):
            state = "verified" if number % 2 else "late"
            twelve.plan(code, number, state, "tool" if number % 4 else "time")
    for code in sessions_to_report():
        evaluate_session(code)
    set_clock(2026, 4, 1)
    return twelve


def test_a_month_is_rolled_up_by_department_and_course(march: Company) -> None:
    """Companywide, departments and courses are of the people of the class's day; the classes' stories come along."""
    assert evaluate_month() == {"month": "2026-03", "classes": 3, "is_new": 1}
    said = march.figures("monthly_results")
    assert (said["response", "all", "class_count"], said["plan", "all", "n"]) == (3, 26)
    assert said["plan", "department:D110", "done_pct"] == Decimal("66.7")
    assert said["plan", "course:C2", "n"] == 11
    assert march.rows(
        "select masked_text from published.verbatims v join published.releases using (release_id) "
        "where product = 'monthly_results'"
    ) == [{"masked_text": "[姓名]和我每天先列三件事"}]


def test_a_unit_that_differs_from_a_class_by_few_people_is_hidden(march: Company) -> None:
    """Course C1 is the class of twelve and three others: shown, it would give these away. So would department D120."""
    evaluate_month()
    said = march.figures("monthly_results")
    for unit in ("course:C1", "department:D120"):
        assert isinstance(said["plan", unit, "done_pct"], str), unit
        assert isinstance(said["blocker", unit, "share:tool"], str), unit


def test_nothing_is_due_before_the_first_working_day(twelve: Company, set_clock: Callable[..., datetime]) -> None:
    """1 May 2026 begins a holiday: April's results come on the first working day after it, and only once."""
    sessions_to_report()
    set_clock(2026, 4, 1)
    assert evaluate_month()["is_new"] == 1
    assert evaluate_month()["is_new"] == 0
    set_clock(2026, 5, 1)
    assert evaluate_month()["month"] == ""
    set_clock(2026, 5, 6)
    assert evaluate_month() == {"month": "2026-04", "classes": 0, "is_new": 0}


def test_heads_read_their_own_department_and_hr_the_whole(march: Company) -> None:
    """R40: obstacles go to the heads of departments whose figures may be shown; told once, drawn once."""
    evaluate_month()
    assert render_month() == {"rendered": 2, "unchanged": 0, "notices_planned": 2}
    assert render_month() == {"rendered": 0, "unchanged": 2, "notices_planned": 0}
    told = march.rows("select recipient_kind, recipient_id, step from ops.notices where kind = 'monthly_results'")
    assert {"recipient_kind": "employee", "recipient_id": "E9002", "step": "D110"} in told
    assert "部门D110" in pdf_text(march, "hr", "zh-CN", "monthly_results")
    compose_due()
    subjects = {row["subject"] for row in march.rows("select subject from ops.messages where state = 'composed'")}
    assert any("部门D110" in subject and "2026年3月" in subject for subject in subjects)


def test_without_classes_there_are_no_results(company: Company) -> None:
    """A month in which no report fell due makes no release, no PDF and no mail."""
    assert evaluate_month()["is_new"] == 0
    assert render_month() == {"rendered": 0, "unchanged": 0, "notices_planned": 0}
