"""R32: a class's plans after 30 days are counted as the rules say, shown in groups only, printed and told once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest
from pypdf import PdfReader
from tests.plans.conftest import REPORT, SESSION, Company

from trainloop.faults import VARIABLE
from trainloop.outbox.composer import compose_due
from trainloop.plans.class_results import evaluate_session
from trainloop.plans.due import sessions_to_report
from trainloop.reporting.action_plans import render_reports
from trainloop.reporting.errors import NothingToReportError
from trainloop.settings import get_settings

STEP = "select state::text, due_on, reason from ops.milestones where step = 'action_plan_report_30d'"


def pdf_text(company: Company, audience: str, locale: str, kind: str = "action_plans_30d") -> str:
    row = company.rows(
        "select uri from ops.reports where kind = %s and audience = %s and locale = %s order by report_id desc limit 1",
        *(kind, audience, locale),
    )[0]
    return "".join(page.extract_text() for page in PdfReader(row["uri"].removeprefix("file://")).pages)


def test_rates_are_of_the_plans_that_count(twelve: Company) -> None:
    """Completed = done or verified: 8 of 12; verified 6 of 12. Whoever left counts as planned and in no rate."""
    assert evaluate_session(SESSION)["is_new"]
    said = twelve.figures()
    assert (said["response", "class", "asked_count"], said["response", "class", "plan_count"]) == (14, 13)
    assert (said["plan", "class", "n"], said["plan", "class", "done_pct"]) == (12, Decimal("66.7"))
    assert said["plan", "class", "verified_pct"] == Decimal("50.0")
    assert [said["plan", "class", f"count:{state}"] for state in ("verified", "done", "late", "withdrawn")] == [
        6,
        2,
        2,
        1,
    ]
    assert (said["blocker", "class", "count:time"], said["blocker", "class", "share:none"]) == (5, Decimal("33.3"))


def test_five_to_nine_plans_show_rates_only_and_four_show_nothing(company: Company) -> None:
    """Rates from five plans, states and causes from ten; who was asked and who planned is administrative."""
    company.learners(SESSION, range(1, 7))
    for number in range(1, 5):
        company.plan(SESSION, number, "done", "time", story="值得分享")
    evaluate_session(SESSION)
    assert company.figures()["plan", "class", "done_pct"] == "below_minimum_mean"
    assert company.figures()["response", "class", "plan_count"] == 4
    for number in (5, 6):
        company.plan(SESSION, number, "late", "tool")
    # Two more than a release that showed nothing of the plans: nothing can be subtracted.
    assert evaluate_session(SESSION)["revision_number"] == 2
    said = company.figures()
    assert said["plan", "class", "done_pct"] == Decimal("66.7")
    assert said["plan", "class", "count:done"] == said["blocker", "class", "share:tool"] == "below_minimum_distribution"
    assert not company.rows("select 1 from published.verbatims")


def test_a_revision_that_differs_by_few_people_is_withheld(twelve: Company) -> None:
    """One more plan after the report would give that one away by subtraction: the earlier release stays valid."""
    evaluate_session(SESSION)
    twelve.plan(SESSION, 14, "done", "time")
    outcome = evaluate_session(SESSION)
    assert (outcome["is_withheld"], outcome["revision_number"]) == (True, 2)
    twelve.do("update ops.action_plans set state = 'late' where plan_id like '%%-14'")
    assert evaluate_session(SESSION)["is_new"] is False
    assert render_reports(SESSION)["revision_number"] == 1


def test_a_later_confirmation_of_the_same_people_makes_a_revision(twelve: Company) -> None:
    """The same plans give the same release; a manager's word gives a new one."""
    evaluate_session(SESSION)
    assert evaluate_session(SESSION)["is_new"] is False
    twelve.do("update ops.action_plans set state = 'verified', confirmation = 'confirmed' where state = 'done'")
    assert evaluate_session(SESSION)["revision_number"] == 2
    assert twelve.figures()["plan", "class", "verified_pct"] == Decimal("66.7")


def test_stories_are_masked_and_in_no_order_of_people(twelve: Company) -> None:
    """A name in a story becomes a word; stories of withdrawn plans are not shown."""
    twelve.do("update ops.action_plans set story = '我放弃了' where state = 'withdrawn'")
    evaluate_session(SESSION)
    texts = [row["masked_text"] for row in twelve.rows("select masked_text from published.verbatims")]
    assert texts == ["[姓名]和我每天先列三件事"]


def test_the_report_is_owed_a_week_after_the_last_check_in(twelve: Company, set_clock: Callable[..., datetime]) -> None:
    """16 January + 30 days is 24 February in the calendar of China; the report is due on 3 March and announced once."""
    set_clock(2026, 3, 2)
    assert sessions_to_report() == []
    set_clock(2026, 3, 3)
    assert sessions_to_report() == [SESSION]
    assert sessions_to_report() == []
    assert twelve.rows(STEP) == [{"state": "pending", "due_on": date.fromisoformat(REPORT), "reason": None}]


def test_a_report_that_comes_a_month_late_is_expired_and_recorded(
    twelve: Company, set_clock: Callable[..., datetime]
) -> None:
    """Past its not_after a report helps nobody: expired, with an entry in the audit trail."""
    set_clock(2026, 3, 27)
    assert sessions_to_report() == []
    assert [row["state"] for row in twelve.rows(STEP)] == ["expired"]
    assert twelve.rows("select 1 from ops.audit_entries where action = 'milestone_expired'")


def test_a_cancelled_class_owes_no_report(twelve: Company, set_clock: Callable[..., datetime]) -> None:
    """Cancelled after plans were made: the step is skipped with that reason, and nothing is announced."""
    set_clock(2026, 3, 2)
    sessions_to_report()
    twelve.do("update core.class_sessions set status = 'cancelled'")
    set_clock(2026, 3, 3)
    assert sessions_to_report() == []
    assert [(row["state"], row["reason"]) for row in twelve.rows(STEP)] == [("skipped", "class_cancelled")]


def test_a_class_where_nobody_planned_is_reported_as_that(company: Company, set_clock: Callable[..., datetime]) -> None:
    """Asked and silent: the report says so instead of staying away."""
    company.learners(SESSION, range(1, 7))
    assert sessions_to_report() == [SESSION]
    evaluate_session(SESSION)
    render_reports(SESSION)
    assert "None of 6 learners has made an action plan" in pdf_text(company, "hr", "en")


def test_each_reader_gets_their_own_edition_and_one_mail(twelve: Company) -> None:
    """HR, trainer and the head of the learners' department; obstacles of the workplace are not told to the trainer."""
    sessions_to_report()
    evaluate_session(SESSION)
    made = render_reports(SESSION)
    assert (made["rendered"], made["notices_planned"]) == (6, 3)
    assert render_reports(SESSION) | {"release_id": 0} == {
        "release_id": 0,
        "revision_number": 1,
        "rendered": 0,
        "unchanged": 6,
        "notices_planned": 0,
    }
    told = twelve.rows("select recipient_kind, recipient_id from ops.notices where kind = 'action_plan_report'")
    assert {(row["recipient_kind"], row["recipient_id"]) for row in told} >= {("trainer", "T1"), ("employee", "E9002")}
    assert twelve.rows(STEP)[0]["state"] == "done"
    hr, trainer, business = (pdf_text(twelve, name, "en") for name in ("hr", "trainer", "business"))
    assert "66.7%" in hr
    assert "50%" in hr.replace("50.0", "50")
    assert "No time" in business
    assert "No time" not in trainer
    assert "Unclear how to use it" in trainer
    assert "每周用新方法" not in hr
    assert "欧阳" not in hr
    compose_due()
    mails = twelve.rows("select subject from ops.messages where state <> 'suppressed'")
    assert sum("30" in row["subject"] for row in mails) == 3


def test_without_a_release_there_is_no_report(company: Company) -> None:
    """A report about nothing says what to run first."""
    with pytest.raises(NothingToReportError):
        render_reports(SESSION)


@pytest.mark.parametrize("point", ["reporting.after_rename", "plans.report.before_commit", "plans.report.after_commit"])
def test_a_killed_report_is_made_once_after_all(twelve: Company, point: str) -> None:
    """Killed anywhere: the next run leaves the rows, the files and the mails of a run that was not killed."""
    sessions_to_report()
    evaluate_session(SESSION)
    code = f"from trainloop.reporting.action_plans import render_reports; render_reports({SESSION!r})"
    killed = subprocess.run([sys.executable, "-c", code], env=os.environ | {VARIABLE: point}, check=False)
    assert killed.returncode != 0
    render_reports(SESSION)
    assert twelve.rows("select count(*) from ops.notices where kind = 'action_plan_report'")[0]["count"] == 3
    reports = twelve.rows("select uri from ops.reports where state = 'rendered'")
    assert len(reports) == 6
    assert str(get_settings().home) in reports[0]["uri"]
