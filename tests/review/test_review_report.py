"""The Annual Training Review: page one decides, numbers equal the tables, and nothing leaves HR before the approval."""

from __future__ import annotations

from pypdf import PdfReader
from tests.resources.conftest import Company

from trainloop.outbox.composer import compose_due
from trainloop.reporting.training_review import render_drafts, send_approved
from trainloop.requests import approvals
from trainloop.review import annual


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
