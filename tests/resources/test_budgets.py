"""R17: an overspent budget is one question to HR, a larger one the next; HR reads once a month how the year stands."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from tests.resources.conftest import Company

from trainloop.config import Locale, get_site
from trainloop.domain.budget import Budget, FundGauge, fund_gauge
from trainloop.outbox.composer import compose_due
from trainloop.outbox.wording import money_text
from trainloop.reporting.catalogue import catalogue
from trainloop.requests import approvals
from trainloop.resources.budgets import check_due


def put(company: Company, code: str, planned: int, committed: int, actual: int, currency: str = "CNY") -> None:
    company.do(
        """insert into core.budgets (budget_code, name, year, planned_amount, committed_amount, actual_amount, currency,
        file_id, row_number) values (%s, '谈判', 2026, %s, %s, %s, %s, 1, 1) on conflict (budget_code) do update
        set committed_amount = excluded.committed_amount, actual_amount = excluded.actual_amount""",
        *(code, planned, committed, actual, currency),
    )


def questions(company: Company) -> list[tuple[str, int, str]]:
    rows = company.rows("select subject_id, revision_number, state::text from ops.approvals order by 1, 2")
    return [(row["subject_id"], row["revision_number"], row["state"]) for row in rows]


def test_an_overspent_budget_is_asked_about_once(company: Company) -> None:
    """Signed and paid above the plan: one question; the next scan asks nothing."""
    put(company, "B1", 100_000, 60_000, 50_000)
    put(company, "B2", 100_000, 50_000, 50_000)
    counts = check_due()
    assert (counts["budgets"], counts["over"], counts["asked"]) == (2, 1, 1)
    assert check_due()["asked"] == 0
    assert questions(company) == [("B1", 1, "open")]


def test_only_a_larger_overspend_is_asked_about_again(company: Company) -> None:
    """A smaller one was covered by the answer; a larger one withdraws the open question and asks the next."""
    put(company, "B1", 100_000, 60_000, 50_000)
    check_due()
    put(company, "B1", 100_000, 55_000, 50_000)
    assert check_due()["asked"] == 0
    put(company, "B1", 100_000, 70_000, 50_000)
    assert check_due()["asked"] == 1
    assert questions(company) == [("B1", 1, "withdrawn"), ("B1", 2, "open")]


def test_a_decision_is_noted_as_seen_and_the_overspend_stays_approved(company: Company) -> None:
    """Approved once: neither asked again nor waiting to be carried out."""
    put(company, "B1", 100_000, 60_000, 50_000)
    check_due()
    approval_id = company.rows("select approval_id from ops.approvals")[0]["approval_id"]
    approvals.decide(approval_id, is_approved=True, decided_by="hr_lead", via="link")
    assert check_due()["asked"] == 0
    assert company.rows("select effect_at is not null as is_seen from ops.approvals")[0]["is_seen"]


def test_a_date_in_the_past_asks_nobody(company: Company, set_clock: Callable[..., datetime]) -> None:
    """A backfill mails nobody."""
    moment = set_clock(2026, 3, 10)
    put(company, "B1", 100_000, 60_000, 50_000)
    counts = check_due(as_of=moment.date().replace(day=5))
    assert (counts["asked"], counts["notices_planned"]) == (0, 0)


def test_hr_reads_the_question_and_the_month_in_amounts(company: Company) -> None:
    """The request names plan, forecast and overspend; the monthly mail comes once a month and lists the worst first."""
    put(company, "B1", 100_000, 60_000, 50_000)
    put(company, "B2", 200_000, 50_000, 50_000)
    check_due()
    check_due()
    compose_due()
    rows = company.rows("select template, subject, mime_bytes from ops.messages order by 1")
    assert [row["template"] for row in rows] == ["approval_request", "budget_status"]
    assert "B1" in rows[0]["subject"]
    assert rows[1]["subject"] == "2026年3月培训预算状况，1 个预算超支"
    request, month = (" ".join(text_of(bytes(row["mime_bytes"])).split()) for row in rows)
    assert all(figure in request for figure in ("计划: 100,000 元", "预计: 110,000 元", "超出: 10,000 元"))
    assert all(figure in month for figure in ("计划: 300,000 元", "预计（已付 + 已签）: 210,000 元"))
    assert 0 < month.index("B1") < month.index("B2")


def text_of(mime_bytes: bytes) -> str:
    body = email.message_from_bytes(mime_bytes, policy=email.policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@pytest.mark.parametrize(
    ("locale", "currency", "text"),
    [("zh-CN", "CNY", "1,234,568 元"), ("zh-CN", "EUR", "1,234,568 EUR"), ("en", "CNY", "CNY 1,234,568")],
)
def test_an_amount_stands_in_mails_as_its_readers_write_it(locale: Locale, currency: str, text: str) -> None:
    """The same forms as in the PDFs."""
    amount = Decimal("1234567.80")
    assert money_text(amount, currency, locale) == text == catalogue(locale).money(amount, currency, 0)


def test_the_education_fund_is_eight_percent_of_the_payroll_or_says_why_not() -> None:
    """1,000,000 of payroll allow 80,000; 20,000 spent are a quarter. Several currencies have no sum."""
    budget = Budget("B1", None, Decimal(100_000), Decimal(5), Decimal(20_000), "CNY")
    limit_pct = get_site().resources.education_fund_pct
    assert fund_gauge([budget], Decimal(1_000_000), limit_pct, "CNY") == FundGauge(
        Decimal(80_000), Decimal(20_000), Decimal("25.0")
    )
    assert fund_gauge([budget], None, limit_pct, "CNY") == "payroll_missing"
    assert fund_gauge([], Decimal(1), limit_pct, "CNY") == "no_budgets"
    other = Budget("B2", None, Decimal(1), Decimal(0), Decimal(1), "SGD")
    assert fund_gauge([budget, other], Decimal(1_000_000), limit_pct, "CNY") == "mixed_currencies"


@pytest.mark.parametrize(
    ("committed", "actual", "variance", "over"), [(60, 50, -10, 10), (60, 40, 0, 0), (0, 0, 100, 0)]
)
def test_a_forecast_is_what_is_signed_and_what_is_paid(committed: int, actual: int, variance: int, over: int) -> None:
    """Planned 100."""
    budget = Budget("B", None, Decimal(100), Decimal(committed), Decimal(actual), "CNY")
    assert (budget.variance, budget.over) == (variance, over)
