"""The Annual Training Review: page one decides, numbers equal the tables, and nothing leaves HR before the approval."""

from __future__ import annotations

import pytest
from pypdf import PdfReader
from tests.resources.conftest import Company

from trainloop.config import Locale, get_site
from trainloop.outbox.composer import compose_due
from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.department_review import build_extract, departments
from trainloop.reporting.errors import VerdictMissingError
from trainloop.reporting.review_desk import Review
from trainloop.reporting.review_view import ReviewView, build_view
from trainloop.reporting.training_review import read_review, render_drafts, send_approved
from trainloop.requests import approvals
from trainloop.review import annual
from trainloop.warehouse import engine


def printed(company: Company, audience: str, locale: str, kind: str = "training_review") -> list[str]:
    """The pages of an edition (of several the first), blanks squeezed out."""
    row = company.rows(
        "select uri from ops.reports where kind = %s and audience = %s and locale = %s order by subject_id",
        *(kind, audience, locale),
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


def two_departments(company: Company) -> None:
    """Ten people each: D1 with a budget, a confirmed need in the plan and a month of plans; D2 has a head, too."""
    company.do("update core.employees set department_code = 'D2' where employee_id > 'E10'")
    company.do("update core.departments set head_employee_id = 'E20' where department_code = 'D2'")
    company.do(
        """insert into core.budgets (budget_code, year, department_code, planned_amount, actual_amount, file_id,
        row_number) values ('B-D1', 2026, 'D1', 4321, 1234, 1, 1), ('B-D2', 2026, 'D2', 9876, 8765, 1, 1)"""
    )
    company.do(
        """insert into core.need_confirmations (year, topic_code, department_code, is_confirmed, file_id, row_number)
        values (2026, 'T-STOP', 'D1', true, 1, 1), (2026, 'T-KEEP', 'D2', true, 1, 1),
            (2026, 'T-FIX', 'D1', false, 1, 1)"""
    )
    for product, kind, subject in (("annual_needs", "needs_year", "2026"), ("monthly_results", "month", "2026-05")):
        company.do(
            """insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256,
            site_version, released_at) values (%s, %s, %s, 1, 'x', '1', now())""",
            *(product, kind, subject),
        )
    company.do(
        """insert into published.needs (release_id, topic_code, position, rank, verdict, computed_verdict, priority,
        urgency_score, scope_score, strategic_score, target_count, funding)
        select release_id, topic, position, position, 'valid', 'valid', 60, 3, 3, 3, 20, 'funded'
        from published.releases, (values ('T-STOP', 1), ('T-KEEP', 2)) as topics (topic, position)
        where product = 'annual_needs'"""
    )
    company.do(
        """insert into published.figures (release_id, family, code, statistic, value, respondent_count)
        select release_id, rows.* from published.releases, (values ('plan', 'department:D1', 'n', 10, 10),
            ('plan', 'department:D1', 'done_pct', 62.5, 10), ('blocker', 'department:D1', 'share:tool', 70, 10),
            ('plan', 'department:D2', 'done_pct', 87.5, 10)) as rows (family, code, statistic, value, n)
        where product = 'monthly_results'"""
    )


def test_after_the_approval_heads_get_their_own_department_and_executives_the_whole(company: Company) -> None:
    """Nobody but HR reads of single trainers; a head reads of the own department and of no other; each mail once."""
    two_departments(company)
    annual.review_year()
    render_drafts()
    row = company.rows("select approval_id from ops.approvals")[0]
    approvals.decide(row["approval_id"], is_approved=True, decided_by="hr_lead", via="airflow")
    assert send_approved() == {"approved": 1, "notices_planned": 4, "rendered": 6, "unchanged": 0}
    assert send_approved()["notices_planned"] == 0
    assert "韩梅梅" not in "".join(printed(company, "business", "zh-CN"))
    own = "".join(printed(company, "business", "zh-CN", kind="department_review"))
    assert "停办，如仍需要请说明：课程STOP" in own
    assert "2026年5月1062.5%–缺少工具或系统" in own
    assert not [said for said in ("D2", "韩梅梅", "8,765", "9,876", "87.5", "T-KEEP") if said in own]
    compose_due()
    told = company.rows(
        """select recipient_id, template from ops.messages where template in ('training_review', 'department_review')
        order by recipient_id"""
    )
    assert [(one["recipient_id"], one["template"]) for one in told] == [
        ("E01", "department_review"),
        ("E20", "department_review"),
        ("executives", "training_review"),
        ("hr_lead", "training_review"),
    ]


def test_an_extract_holds_what_is_its_departments_and_none_is_made_of_a_small_one(company: Company) -> None:
    """Figures of the attached data are the own ones; with D2 of three people neither department may be shown."""
    assert departments(read(1)) == []
    two_departments(company)
    extract = build_extract(read(2), get_site(), "D1", "en")
    assert {row.code.partition("|")[0] for row in extract.data_rows} == {"D1"}
    assert [fact.text for fact in extract.facts] == ["10", "5", "1 / 1", "1,234 / 4,321"]
    assert [line.cells for line in extract.sheets[1].lines] == [("T-STOP", "Valid", "In the plan", "2")]
    company.do("update core.employees set department_code = 'D3' where employee_id > 'E09'")
    assert [sheet.lines for sheet in build_extract(read(3), get_site(), "D1", "en").sheets[:1]] == [()]


def read(revision_number: int) -> Review:
    annual.review_year()
    with engine.connect("reporter") as connection:
        return read_review(connection, "2026", revision_number)


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
    """HR's edition of the first review, not drawn."""
    return build_view(read(1), get_site(), "hr", locale)


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
