"""Needs, data quality, outbox, approvals, trainers: the numbers of the tables, and who may do what."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect
from tests.demo.browser.conftest import Board
from tests.demo.browser.truth import number, rows

from trainloop.board.words import words

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(2400)]
EN = words("en")


def test_the_needs_are_those_that_were_released(board: Board) -> None:
    """Every topic in the order of its rank, with verdict, priority and funding as released."""
    topics = rows(
        """select needs.rank, needs.verdict, needs.priority, needs.funding from published.needs as needs
           where needs.release_id = (select release_id from published.releases where product = 'annual_needs'
               order by subject_id desc, revision_number desc limit 1)
           order by needs.position"""
    )
    assert {topic["verdict"] for topic in topics} >= {"valid", "rejected"}
    with board.visit("hr") as page:
        page.goto(f"{board.address}/needs?lang=en")
        lines = [line.split("\t") for line in page.locator("tbody tr").all_inner_texts()]
        assert [line[0].strip() for line in lines] == [str(topic["rank"] or "–") for topic in topics]
        for line, topic in zip(lines, topics, strict=True):
            assert EN.code("verdict", topic["verdict"]) in line[2]
            assert line[4].strip() == str(topic["priority"])
            assert line[5].strip() == EN.code("funding", topic["funding"])


def test_data_quality_shows_what_is_held_back_and_an_engineer_gets_the_rows(board: Board) -> None:
    """As many rows as wait in quarantine; HR sees the reasons, the rows themselves go to whoever may have them."""
    held = rows(
        """select files.file_id, files.name, count(*) as row_count from ops.quarantined_rows as held
               join ops.inbox_files as files using (file_id)
           where held.state = 'open' group by files.file_id, files.name"""
    )
    assert len(held) > 3
    with board.visit("hr") as page:
        page.goto(f"{board.address}/data?lang=en")
        shown = page.locator("section[aria-labelledby=quarantine] li")
        expect(shown).to_have_count(len(held))
        texts = shown.all_inner_texts()
        for file in held:
            told = EN.say("open_rows", count=file["row_count"])
            assert any(file["name"] in text and told in text for text in texts), file
        expect(page.get_by_role("link", name="Rows to correct")).to_have_count(0)
        refused = page.request.get(f"{board.address}/quarantine/{held[0]['file_id']}.xlsx")
        assert refused.status == 403
        datasets = number("select count(distinct dataset) from ops.inbox_files")
        expect(page.locator("section[aria-labelledby=contracts] tbody tr")).to_have_count(datasets)
    with board.visit("admin") as page:
        page.goto(f"{board.address}/data?lang=en")
        largest = max(held, key=lambda file: file["row_count"])
        with page.expect_download() as download:
            page.locator(f"a[href$='/quarantine/{largest['file_id']}.xlsx']").click()
        book = load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
        assert sum(sheet.max_row - 1 for sheet in book.worksheets[:1]) >= largest["row_count"]


def test_the_outbox_counts_the_mails_of_the_year(board: Board) -> None:
    """Per template: sent, waiting and failed, as the tables count them."""
    sent = {
        row["template"]: row["mail_count"]
        for row in rows("select template, count(*) as mail_count from ops.messages where state = 'sent' group by 1")
    }
    assert sum(sent.values()) > 500
    with board.visit("hr") as page:
        page.goto(f"{board.address}/outbox?lang=en")
        lines = [line.split("\t") for line in page.locator("tbody tr").all_inner_texts()]
        shown = {line[0].strip(): int(line[3]) for line in lines if int(line[3])}
        assert shown == {EN.notice(template): count for template, count in sent.items()}


def test_decisions_wait_on_the_board_and_in_airflow(board: Board) -> None:
    """What waits and what was decided; the button leads to the very question in Airflow."""
    waiting = rows("select kind, subject_id, revision_number from ops.approvals where state = 'open'")
    decided = number("select count(*) from ops.approvals where state <> 'open'")
    with board.visit("hr") as page:
        page.goto(f"{board.address}/approvals?lang=en")
        cards = page.locator("section.card")
        expect(cards.first.locator("li")).to_have_count(len(waiting))
        for one in waiting:
            expect(cards.first).to_contain_text(EN.approval(one["kind"], one["subject_id"], one["revision_number"]))
        expect(cards.last.locator("li")).to_have_count(min(20, decided))
        page.get_by_role("link", name="Decide").first.click()
        page.wait_for_url("**/required_actions**")
        for one in waiting:
            question = EN.approval(one["kind"], one["subject_id"], one["revision_number"])
            expect(page.get_by_text(question).first).to_be_visible()
        page.screenshot(path=board.pictures / "required-actions.png")


def test_trainers_with_their_classes_held_and_to_come(board: Board) -> None:
    """Counted from the classes; a name leads to that trainer's classes."""
    counted = {
        row["trainer_id"]: (row["to_come"], row["held"])
        for row in rows(
            """select trainer_id, count(*) filter (where ends_at > ops.business_now()) as to_come,
                   count(*) filter (where ends_at <= ops.business_now()) as held
               from core.class_sessions where status <> 'cancelled' group by trainer_id"""
        )
    }
    with board.visit("hr") as page:
        page.goto(f"{board.address}/trainers?lang=en")
        lines = [line.split("\t") for line in page.locator("tbody tr").all_inner_texts()]
        shown = {line[0].split()[-1]: (int(line[2]), int(line[3])) for line in lines}
        assert {code: counts for code, counts in shown.items() if counts != (0, 0)} == counted
        page.get_by_role("searchbox").fill("T005")
        page.get_by_role("button", name="Filter").click()
        expect(page.locator("tbody tr")).to_have_count(1)
        page.locator("tbody a").click()
        of_trainer = number("select count(*) from core.class_sessions where trainer_id = 'T005'")
        expect(page.locator(".bar-of-list .soft")).to_have_text(f"{of_trainer} classes")


def test_hr_holds_mails_and_a_viewer_may_not(board: Board) -> None:
    """The button is there for HR only, and the server says no whatever a page says; the trail names who did it."""
    with board.visit("hr") as page:
        page.goto(f"{board.address}/outbox?lang=en")
        page.get_by_role("button", name="Hold digest").click()
        expect(page.get_by_role("status")).to_be_visible()
        assert rows("select template from ops.held_templates") == [{"template": "digest"}]
        page.get_by_role("button", name="Release digest").click()
        expect(page.get_by_role("status")).to_contain_text("may leave again")
        token = page.locator("input[name=form_token]").first.input_value()
    trail = rows(
        "select actor, action, subject_id from ops.audit_entries where action like 'board.%' order by audit_entry_id"
    )
    assert trail == [
        {"actor": "airflow:hr", "action": f"board.{action}", "subject_id": "digest"} for action in ("hold", "release")
    ]
    with board.visit("reader") as page:
        page.goto(f"{board.address}/outbox?lang=en")
        expect(page.get_by_role("button")).to_have_count(0)
        for form in ({"template": "digest"}, {"template": "digest", "form_token": token}):
            assert page.request.post(f"{board.address}/outbox/hold", form=form).status == 403
    assert rows("select template from ops.held_templates") == []
