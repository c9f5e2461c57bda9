"""The list of classes and the page of one: what is shown is what the tables hold."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, expect
from tests.demo.browser import november
from tests.demo.browser.conftest import REPORTED, Board
from tests.demo.browser.truth import STAGES, ClassTruth, classes, rows

from trainloop.board.document_pages import OPEN_AUDIENCES
from trainloop.board.session_pages import PAGE_SIZE

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(2400)]
Fits = Callable[[ClassTruth], bool]


def shown_codes(page: Page) -> list[str]:
    return page.locator(".sessions h2 a").all_inner_texts()


def apply(page: Page, fits: Fits) -> list[str]:
    """Press the button; the page must tell the number of classes that fit, and show the first of them."""
    expected = [one.code for one in classes() if fits(one)]
    page.get_by_role("button", name="Filter").click()
    expect(page.locator(".bar-of-list .soft")).to_have_text(
        f"{len(expected)} class" if len(expected) == 1 else f"{len(expected)} classes"
    )
    assert shown_codes(page) == expected[:PAGE_SIZE]
    return expected


def test_each_filter_finds_the_classes_that_the_tables_hold(board: Board) -> None:
    """Stage, department, trainer, period, search, late only, and two together: neither none nor all."""
    everything = classes()
    department = next(iter(sorted(next(one for one in everything if one.departments).departments)))
    late_from, late_to = "2026-04-01", "2026-06-30"
    with board.visit("hr") as page:
        page.goto(f"{board.address}/sessions?lang=en")
        assert apply(page, lambda _: True) == [one.code for one in everything]
        for stage in STAGES:
            page.goto(f"{board.address}/sessions")
            page.get_by_label("Stage").select_option(stage)
            apply(page, lambda one, stage=stage: one.stage == stage)  # type: ignore[misc]
        choices: list[tuple[Callable[[], object], Fits]] = [
            (
                lambda: page.get_by_label("Department").select_option(department),
                lambda one: department in one.departments,
            ),
            (lambda: page.get_by_label("Trainer").select_option("T005"), lambda one: one.trainer_id == "T005"),
            (lambda: page.get_by_label("From").fill(late_from), lambda one: str(one.starts_on) >= late_from),
            (lambda: page.get_by_label("To", exact=True).fill(late_to), lambda one: str(one.starts_on) <= late_to),
            (
                lambda: page.get_by_label("Search").fill("negotiation"),
                lambda one: "negotiation" in one.course_en.lower(),
            ),
            (lambda: page.get_by_label("Search").fill("卓一鸣"), lambda one: one.trainer_name == "卓一鸣"),
            (lambda: page.get_by_label("Late only").check(), lambda one: one.late_count > 0),
        ]
        for choose, fits in choices:
            page.goto(f"{board.address}/sessions")
            choose()
            assert 0 < len(apply(page, fits)) < len(everything)
        page.goto(f"{board.address}/sessions")
        page.get_by_label("Trainer").select_option("T003")
        page.get_by_label("From").fill(late_from)
        page.get_by_label("To", exact=True).fill(late_to)
        both = apply(page, lambda one: one.trainer_id == "T003" and late_from <= str(one.starts_on) <= late_to)
        assert both == ["2026-C008"]


def test_pages_lead_through_all_classes_once(board: Board) -> None:
    """“Next” until there is none: every class of the filter, in order, none twice."""
    expected = [one.code for one in classes() if one.starts_on.year == 2027]
    assert len(expected) == november.NEXT_YEAR
    found: list[str] = []
    with board.visit("hr") as page:
        page.goto(f"{board.address}/sessions?lang=en&starts_from=2027-01-01")
        pages = -(-len(expected) // PAGE_SIZE)
        for place in range(1, pages + 1):
            expect(page.get_by_text(f"Page {place} of {pages}")).to_be_visible()
            found += shown_codes(page)
            if place < pages:
                page.get_by_role("link", name="Next").click()
        expect(page.get_by_role("link", name="Next")).to_have_count(0)
        page.get_by_role("link", name="Previous").click()
        expect(page.get_by_text(f"Page {pages - 1} of {pages}")).to_be_visible()
    assert found == expected


@pytest.mark.parametrize("kind", ["CSV", "XLSX"])
@pytest.mark.parametrize(("language", "word"), [("en", "Class"), ("zh-CN", "班次")])
def test_what_is_downloaded_is_what_was_filtered(board: Board, kind: str, language: str, word: str) -> None:
    """All pages of the filter in one file, in the reader's language, with the courses and trainers of the tables."""
    expected = [one for one in classes() if one.trainer_id == "T003"]
    assert len(expected) > PAGE_SIZE
    with board.visit("hr", locale=language) as page:
        page.goto(f"{board.address}/sessions?lang={language}&trainer=T003")
        with page.expect_download() as download:
            page.get_by_role("link", name=kind).click()
        content = Path(download.value.path()).read_bytes()
        assert download.value.suggested_filename == f"class-sessions-{november.TODAY}.{kind.lower()}"
    header, *lines = _cells(content, kind)
    assert header[0] == word
    course = {one.code: one.course_en if language == "en" else one.course_zh for one in expected}
    assert [line[0] for line in lines] == [one.code for one in expected]
    assert [line[1:3] for line in lines] == [[course[one.code], one.trainer_name] for one in expected]
    assert [line[3][:10] for line in lines] == [str(one.starts_on) for one in expected]
    assert [line[8] for line in lines] == [str(one.late_count) for one in expected]


def _cells(content: bytes, kind: str) -> list[list[str]]:
    if kind == "CSV":
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    sheet = load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    return [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]


def test_the_keyboard_filters_and_opens_a_class(board: Board) -> None:
    """Skip the menu, type, Enter; on to the class, Enter: nothing needs a mouse, and the focus is always seen."""
    with board.visit("hr") as page:
        page.goto(f"{board.address}/sessions?lang=en")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to content"
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash") == "#content"
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.name") == "search"
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.type("2026-C001")
        page.keyboard.press("Enter")
        expect(page.locator(".bar-of-list .soft")).to_have_text("1 class")
        link = page.locator(".sessions h2 a")
        # Menu, filters and exports come first; a date alone has four stops.
        for _ in range(40):
            if link.evaluate("e => document.activeElement === e"):
                break
            page.keyboard.press("Tab")
        assert link.evaluate("e => document.activeElement === e")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("2026-C001")


def test_the_page_of_a_class_tells_every_step_and_opens_its_pdfs(board: Board) -> None:
    """From need to 90-day result: each step of the tables once; each PDF opens, byte for byte as registered."""
    steps = rows(
        "select state::text from ops.milestones where subject_kind = 'class_session' and subject_id = %s", REPORTED
    )
    reports = rows(
        """select distinct on (kind, subject_id, audience, locale) pdf_sha256 from ops.reports
           where ((subject_kind = 'class_session' and subject_id = %s)
                   or (subject_kind = 'class_day' and subject_id like %s))
               and state = 'rendered' and audience = any(%s)
           order by kind, subject_id, audience, locale, revision_number desc""",
        REPORTED, f"{REPORTED}.%", list(OPEN_AUDIENCES),
    )  # fmt: skip
    own = rows("select 1 from ops.reports where subject_id = %s and audience = 'trainer'", REPORTED)
    assert reports
    assert own, "the trainer's own edition is there, and not on the board"
    with board.visit("hr") as page:
        page.goto(f"{board.address}/sessions?lang=en&search={REPORTED}")
        page.get_by_role("link", name=REPORTED).click()
        expect(page.locator(".timeline li")).to_have_count(len(steps))
        expect(page.locator(".timeline li.done, .timeline li.done_late")).to_have_count(
            sum(step["state"] == "done" for step in steps)
        )
        links = page.get_by_role("link", name="Open PDF")
        expect(links).to_have_count(len(reports))
        opened = set()
        for link in links.all():
            answer = page.request.get(f"{board.stack.api.url}{link.get_attribute('href')}")
            assert answer.headers["content-type"] == "application/pdf"
            assert answer.body().startswith(b"%PDF-")
            opened.add(hashlib.sha256(answer.body()).hexdigest())
        assert opened == {report["pdf_sha256"] for report in reports}


def test_a_pdf_and_the_runs_of_a_class_open_from_airflows_frame(board: Board) -> None:
    """The PDF in its own window, the runs in Airflow's: there is the run of this class, and its page opens."""
    [run] = board.stack.api.runs("report_course_evaluations", partition_key=REPORTED)
    with board.visit("hr") as page:
        page.goto(f"{board.stack.api.url}/plugin/lifecycle-board")
        frame = page.frame_locator("iframe")
        frame.get_by_role("link", name=re.compile("^(Classes|班次)$")).first.click()
        frame.locator("input[name=search]").fill(REPORTED)
        frame.locator("form[role=search] button").click()
        frame.get_by_role("link", name=REPORTED).click()
        with page.context.expect_page() as window:
            frame.locator("a[data-window]").first.click()
        assert page.context.request.get(window.value.url).body().startswith(b"%PDF-")
        frame.locator("a[title=report_course_evaluations]").click()
        page.wait_for_url(f"**/dags/report_course_evaluations/runs?partition_key_pattern={REPORTED}")
        page.locator(f"a[href*='/runs/{run.run_id}']").first.click()
        page.wait_for_url(re.compile(f"/dags/report_course_evaluations/runs/{re.escape(run.run_id)}"))
        expect(page.get_by_text("Success").first).to_be_visible()
        page.screenshot(path=board.pictures / "run.png")


def test_a_class_of_next_year_leads_to_the_need_behind_it(board: Board) -> None:
    """The plan follows the analysis: the class's topic with its rank, and the page of that year's needs."""
    [need] = rows(
        """select needs.rank, labels.name_en from published.needs as needs
               join published.releases as releases using (release_id)
               join published.needs_labels as labels
                   on labels.release_id = needs.release_id and labels.kind = 'topic' and labels.code = needs.topic_code
           where releases.product = 'annual_needs' and releases.subject_id = '2027' and needs.topic_code = 'T-NEG'
           order by releases.revision_number desc limit 1"""
    )
    code = next(one.code for one in classes() if one.starts_on.year == 2027 and "egotiation" in one.course_en)
    with board.visit("hr") as page:
        page.goto(f"{board.address}/sessions/{code}?lang=en")
        link = page.get_by_role("link", name=f"Need of 2027: {need['name_en']}, rank {need['rank']}")
        link.click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Needs")
        assert page.url.endswith("/needs?year=2027")
