"""The Annual Training Review: page one decides, numbers equal the tables, and nothing leaves HR before the approval."""

from __future__ import annotations

import pytest
from pypdf import PdfReader
from tests.resources.conftest import Company

from trainloop.config import Locale, get_site
from trainloop.outbox.composer import compose_due
from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.errors import VerdictMissingError
from trainloop.reporting.review_view import ReviewView, build_view
from trainloop.reporting.training_review import read_review, render_drafts, send_approved
from trainloop.requests import approvals
from trainloop.review import annual
from trainloop.warehouse import engine


def printed(company: Company, audience: str, locale: str) -> list[str]:
    """The pages of an edition, blanks squeezed out."""
    row = company.rows(
        "select uri from ops.reports where kind = 'training_review' and audience = %s and locale = %s", audience, locale
    )[0]
    pages = PdfReader(row["uri"].removeprefix("file://")).pages
    return ["".join(page.extract_text().split()) for page in pages]


def test_the_draft_waits_with_hr_and_says_first_what_to_decide(company: Company) -> None:
    """Page one names what to stop, mend and extend; its numbers are those of the release; few pages."""
    annual.review_year()
    assert render_drafts() == {"drafts": 1, "rendered": 2, "unchanged": 0}
    assert render_drafts() == {"drafts": 1, "rendered": 0, "unchanged": 2}
    pages = printed(company, "hr", "zh-CN")
    assert len(pages) <= 4
    assert "共开办5门课程：停办1，改进1，推广1，保持1；1门暂无建议" in pages[0]
    assert "停办，或说明保留的理由：课程STOP" in pages[0]
    assert "扩大开班范围：课程SCALE" in pages[0]
    figures = company.rows(
        """select code, statistic, value from published.figures where family = 'course'
        and statistic in ('reaction_mean', 'learning_gain') and release_id = (select max(release_id)
        from published.releases where product = 'training_review')"""
    )
    whole = "".join(pages)
    assert all(f"{row['value'].normalize():f}" in whole for row in figures)
    assert "不作结论（D）" in whole
    assert "韩梅梅" in whole
    assert send_approved()["approved"] == 0


def test_after_the_approval_executives_and_heads_get_it_without_trainers(company: Company) -> None:
    """The business version goes to executives, HR and the head of D1; figures of single trainers stay with HR."""
    annual.review_year()
    render_drafts()
    row = company.rows("select approval_id from ops.approvals")[0]
    approvals.decide(row["approval_id"], is_approved=True, decided_by="hr_lead", via="airflow")
    assert send_approved() == {"approved": 1, "notices_planned": 3, "rendered": 2, "unchanged": 0}
    assert send_approved()["notices_planned"] == 0
    assert "韩梅梅" not in "".join(printed(company, "business", "zh-CN"))
    compose_due()
    told = company.rows(
        "select recipient_id from ops.messages where template = 'training_review' order by recipient_id"
    )
    assert [one["recipient_id"] for one in told] == ["E01", "executives", "hr_lead"]


def plant_files(company: Company) -> None:
    """Classes, budgets, costs and indicators of the year come from a file each; a budget of 2025 from another."""
    company.do("update core.class_sessions set file_id = %s", company.file("class_sessions"))
    for year, dataset in ((2026, "budgets"), (2025, "vendors")):
        company.do(
            """insert into core.budgets (budget_code, year, planned_amount, file_id, row_number)
            values (%s, %s, 1000, %s, 1)""",
            *(f"B-{year}", year, company.file(dataset)),
        )
    company.do(
        """insert into core.session_costs (session_code, category, amount, file_id, row_number)
        values ('C-KEEP-1', 'venue', 10, %s, 1)""",
        company.file("session_costs"),
    )
    company.do("insert into ops.performance_files values ('C-KEEP-1', %s)", company.file("kpi_facts"))


def view(locale: Locale = "zh-CN") -> ReviewView:
    """HR's edition of the newest review, not drawn."""
    annual.review_year()
    with engine.connect("reporter") as connection:
        return build_view(read_review(connection, "2026", 1), get_site(), "hr", locale)


def test_files_behind_money_and_indicators_are_checked_and_a_feed_that_is_missing_is_named(company: Company) -> None:
    """R53: each file behind a figure stands on the page with its verdict; what never came is said, not passed over."""
    plant_files(company)
    said = view()
    assert [file.name for file in said.files] == [
        "budgets.csv",
        "class_sessions.csv",
        "kpi_facts.csv",
        "session_costs.csv",
    ]
    assert {file.verdict for file in said.files} == {"通过"}
    assert said.quality_notes[0].startswith("未收到以下数据的文件：课程、签到。")
    assert said.quality_tone == "caution"


@pytest.mark.parametrize(("locale", "sentence"), [("zh-CN", "没有做过数据质量检查"), ("en", "nothing went through")])
def test_a_review_of_which_no_file_was_checked_does_not_say_passed(
    company: Company, locale: Locale, sentence: str
) -> None:
    """Fail closed: without a file nothing was checked, and the page says so in both languages."""
    said, words = view(locale), catalogue(locale)
    assert sentence in said.quality_sentence
    assert words("quality.tone_good") not in words(f"quality.tone_{said.quality_tone}")


def test_a_budget_file_without_the_gates_verdict_stops_the_review(company: Company) -> None:
    """A report without its data-quality verdict is not made."""
    plant_files(company)
    company.do("delete from ops.check_runs where suite = 'budgets'")
    with pytest.raises(VerdictMissingError):
        view()
