"""Data quality, outbox, approvals, needs: what is shown, who may take it away, who may change it, and the trail."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook
from tests.board.conftest import Board
from tests.board.world import add_file, add_mail, found_company

from trainloop.board import document_pages
from trainloop.config import get_site


def test_quarantined_rows_are_counted_for_all_and_given_to_the_owner_only(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Values of rows are personal: the contact of the contract gets them by its Airflow users, and engineers."""
    file_id = add_file("employees", held_rows=2, values={"employee_id": "00042", "email": "canary-value"})
    page = board.get("/data", lang="en").text
    assert "2 rows in quarantine" in page
    assert "No e-mail address. Correct it." in page
    assert "canary-value" not in page
    assert board.get(f"/quarantine/{file_id}.xlsx").status_code == 403
    site = get_site()
    owner = site.contacts["hr_data"].model_copy(update={"airflow_users": ("hr-owner",)})
    owned = site.model_copy(update={"contacts": site.contacts | {"hr_data": owner}})
    monkeypatch.setattr(document_pages, "get_site", lambda: owned)
    for visitor in ("hr-owner", "engineer"):
        made = board.get(f"/quarantine/{file_id}.xlsx", visitor)
        assert made.status_code == 200
        sheet = load_workbook(io.BytesIO(made.content)).worksheets[0]
        assert "canary-value" in {cell.value for row in sheet.iter_rows() for cell in row}
    assert board.get(f"/quarantine/{file_id}.xlsx").status_code == 403
    assert board.get("/quarantine/999.xlsx", "engineer").status_code == 404


def test_a_refused_file_says_why(board: Board) -> None:
    """The reason and the remedy, in the reader's language."""
    add_file("courses", state="refused")
    assert "The header is unknown" in board.get("/data", lang="en").text
    assert "表头不符" in board.get("/data", lang="zh-CN").text


def test_hr_holds_and_releases_a_template_and_the_trail_says_who(board: Board) -> None:
    """One entry per change that changed something, by the login."""
    for action, found in (("hold", 1), ("hold", 1), ("release", 0)):
        sent = board.post(f"/outbox/{action}", form_token=board.token(), template="survey_invitation")
        assert sent.status_code == 303
        assert len(board.run("select * from ops.held_templates")) == found
    trail = board.run("select actor, action, subject_id from ops.audit_entries order by audit_entry_id")
    assert trail == [
        {"actor": "airflow:hr", "action": "board.hold", "subject_id": "survey_invitation"},
        {"actor": "airflow:hr", "action": "board.release", "subject_id": "survey_invitation"},
    ]
    assert "Survey invitations" in board.get("/outbox", lang="en").text


def test_an_unknown_template_cannot_be_held(board: Board) -> None:
    """A word that somebody made up holds nothing."""
    sent = board.post("/outbox/hold", form_token=board.token(), template="no_such_thing")
    assert "done=nothing" in sent.headers["location"]
    assert board.run("select * from ops.held_templates") == []


def test_retrying_takes_the_failed_mails_of_one_template_and_no_others(board: Board) -> None:
    """What was sent stays sent; the same bytes go back into the queue."""
    found_company()
    failed, sent = add_mail("class_changed", "failed"), add_mail("class_changed", "sent", number=2)
    other = add_mail("evaluation_report", "failed", number=3)
    answer = board.post("/outbox/retry", form_token=board.token(), template="class_changed")
    assert "count=1" in answer.headers["location"]
    states = {row["message_id"]: row["state"] for row in board.run("select message_id, state from ops.messages")}
    assert states == {failed: "composed", sent: "sent", other: "failed"}
    assert board.run("select detail from ops.audit_entries") == [{"detail": {"count": 1}}]


def test_a_reader_sees_the_outbox_without_a_button(board: Board) -> None:
    """What one may not do is not offered."""
    add_mail("class_changed", "failed")
    assert "<button" in board.get("/outbox").text
    assert "<button" not in board.get("/outbox", "reader").text


def test_approvals_wait_with_the_words_of_their_kind(board: Board) -> None:
    """The board says what is to be decided and where; it decides nothing."""
    board.run(
        """insert into ops.approvals (kind, subject_kind, subject_id, asked_of, asked_at)
           values ('annual_needs_report', 'needs_year', '2027', 'hr_lead', ops.business_now())"""
    )
    text = board.get("/approvals", lang="en").text
    assert "Annual training needs report 2027" in text
    assert "/required_actions" in text
    assert "1 decision to take" in board.get("/", lang="en").text


def test_the_language_stays_chosen(board: Board) -> None:
    """One press, and every further page follows."""
    first = board.get("/", lang="en")
    assert "trainloop_board_language=en" in first.headers["set-cookie"]
    assert '<html lang="en">' in board.get("/sessions").text
