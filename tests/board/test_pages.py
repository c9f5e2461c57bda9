"""What HR sees on the board: every class, what is late, who must act; nobody's name but the trainer's."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from tests.board.conftest import Board
from tests.board.world import PDF, TODAY, add_class, add_mail, add_report, add_wave, found_company

PAGES = ("/", "/sessions", "/needs", "/data", "/outbox", "/approvals", "/trainers")


@pytest.fixture
def classes(board: Board) -> Board:
    """One class in preparation, one being evaluated and late, one finished, one cancelled."""
    found_company()
    add_class("2026-C001", TODAY - timedelta(days=7), ("readiness_1", -1, "done"), ("class_log", 0, "expired"),
              ("evaluation_open", 0, "done"), ("evaluation_close", 6, "pending"),
              ("joint_review", 20, "pending"))  # fmt: skip
    add_class(
        "2026-C002", TODAY + timedelta(days=10), ("readiness_7", -7, "pending"), course="C-PY", trainer="T2", learners=1
    )
    add_class("2025-C009", TODAY - timedelta(days=200), ("evaluation_report", 8, "done"))
    add_class("2026-C003", TODAY + timedelta(days=3), ("readiness_3", -3, "skipped"), status="cancelled")
    return board


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_an_empty_warehouse_makes_pages_that_say_so(board: Board, path: str, language: str) -> None:
    """The first thing a new site sees is a board that explains itself, in both languages."""
    answer = board.get(path, lang=language)
    assert answer.status_code == 200
    assert 'class="' in answer.text
    assert "empty" in answer.text
    assert f'<html lang="{language}">' in answer.text


def test_the_overview_counts_classes_by_stage_and_names_what_is_late(classes: Board) -> None:
    """A class stands at its earliest step that is not done; a cancelled one stands nowhere."""
    text = classes.get("/", lang="en").text
    found = [part.split("</li>")[0] for part in text.split("<li>")[1:7]]
    counts = [one.split('class="count">')[1].split("<")[0] for one in found]
    assert counts == ["1 class", "0 classes", "1 class", "0 classes", "0 classes", "1 class"]
    assert "1 late" in found[2]
    assert "Evaluation closed" in text
    assert "1 d late" in text


def test_a_step_that_a_later_one_stands_in_for_is_no_failure(classes: Board) -> None:
    """A class announced late owes nothing for the days before; red is kept for what was really missed."""
    classes.run("update ops.milestones set reason = 'later_step_stands_in' where step = 'class_log'")
    text = classes.get("/sessions/2026-C001", lang="en").text
    assert '<span class="word">expired</span>' not in text
    assert "a later step stands in" in text
    assert "2 of 4 done" in classes.get("/sessions", lang="en").text


def test_a_late_step_is_told_by_word_and_icon(classes: Board) -> None:
    """Colour alone says nothing to one in twelve men."""
    text = classes.get("/sessions/2026-C001", lang="en").text
    assert '<b class="icon" aria-hidden="true">!</b>' in text
    assert '<span class="word">late</span>' in text
    assert '<span class="word">expired</span>' in text


@pytest.mark.parametrize(
    ("narrowed", "expected"),
    [
        ({}, ["2026-C002", "2026-C003", "2026-C001", "2025-C009"]),
        ({"stage": "evaluation"}, ["2026-C001"]),
        ({"stage": "finished"}, ["2025-C009"]),
        ({"stage": "preparation"}, ["2026-C002"]),
        ({"trainer": "T2"}, ["2026-C002"]),
        ({"department": "D2"}, ["2026-C003", "2026-C001", "2025-C009"]),
        ({"late": "1"}, ["2026-C001"]),
        ({"search": "谈判"}, ["2026-C003", "2026-C001", "2025-C009"]),
        ({"search": "c002"}, ["2026-C002"]),
        ({"search": "%"}, []),
        ({"starts_from": "2026-03-09", "starts_to": "2026-03-09"}, ["2026-C001"]),
        ({"starts_from": "", "starts_to": ""}, ["2026-C002", "2026-C003", "2026-C001", "2025-C009"]),
    ],
)
def test_the_list_is_narrowed_and_exported_alike(classes: Board, narrowed: dict[str, str], expected: list[str]) -> None:
    """What the page shows is what the file holds; a wildcard that somebody types means itself."""
    text = classes.get("/sessions", **narrowed).text
    assert [code for code in expected if f">{code}</a>" in text] == expected
    lines = list(csv.reader(io.StringIO(classes.get("/sessions.csv", **narrowed).content.decode("utf-8-sig"))))
    assert [line[0] for line in lines[1:]] == expected


def test_a_filter_that_is_no_date_is_refused_with_a_way_back(classes: Board) -> None:
    """Bad input is told as a sentence, not as a stack."""
    answer = classes.get("/sessions", starts_from="2026-13-45", lang="en")
    assert answer.status_code == 422
    assert "not valid" in answer.text


def test_pages_hold_a_few_classes_each(classes: Board) -> None:
    """Paging is the database's work."""
    for number in range(30):
        add_class(f"2026-X{number:03}", TODAY + timedelta(days=60 + number))
    first, second = classes.get("/sessions").text, classes.get("/sessions", page=2).text
    assert first.count('class="head"') == 25
    assert second.count('class="head"') == 9
    assert 'rel="next"' in first
    assert 'rel="prev"' in second


def test_exports_hold_no_formula(classes: Board) -> None:
    """A course named =cmd() is a text in CSV and XLSX."""
    classes.run("update core.courses set name_zh = '=cmd|calc', name_en = '＝1+1'")
    text = classes.get("/sessions.csv", lang="zh-CN").content.decode("utf-8-sig")
    assert "'=cmd|calc" in text
    sheet = load_workbook(io.BytesIO(classes.get("/sessions.xlsx", lang="en").content)).active
    assert sheet is not None
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "inlineStr"}
    assert "'＝1+1" in {cell.value for cell in cells}


@pytest.mark.parametrize(
    ("asked", "answered", "shown"),
    [(10, 4, "at least 40 %"), (10, 5, "at least 50 %"), (12, 5, "at least 40 %"), (12, 12, "at least 100 %"),
     (4, 2, "Too few were asked")],
)  # fmt: skip
def test_a_response_rate_moves_in_steps_while_the_wave_is_open(
    classes: Board, asked: int, answered: int, shown: str
) -> None:
    """Nobody watches a single answer come in; small waves show no rate at all."""
    add_wave("2026-C001", asked=asked, answered=answered)
    text = classes.get("/sessions/2026-C001", lang="en").text
    assert shown in text
    assert f"{answered}/{asked}" not in text


def test_the_class_page_counts_mails_and_names_nobody(classes: Board) -> None:
    """Sent, held, failed: whom, with which words, is not the board's business."""
    add_mail("class_changed", "sent")
    add_mail("class_changed", "failed", number=2)
    add_mail("survey_invitation", "composed", subject=("survey_wave", add_wave("2026-C001", asked=6, answered=1)))
    classes.run("insert into ops.held_templates values ('survey_invitation', now(), 'x')")
    text = classes.get("/sessions/2026-C001", lang="en").text
    for word in ("Corrections of classes", "sent 1", "failed 1", "Survey invitations", "held 1"):
        assert word in text
    for secret in ("secret-address", "secret subject", "学员", "E1"):
        assert secret not in text


def test_unknown_steps_of_other_packages_show_by_themselves(classes: Board) -> None:
    """Whoever plans a new step needs no word here to be seen."""
    add_class("2026-C010", TODAY, ("quantum_leap_2", 1, "pending"))
    assert "quantum leap 2" in classes.get("/sessions/2026-C010").text
    assert "2026-C010" in classes.get("/sessions", stage="transfer").text


def test_a_class_that_is_not_there_is_not_found(classes: Board) -> None:
    """No page of an empty class."""
    assert classes.get("/sessions/2026-C999").status_code == 404
    assert classes.get("/sessions/'; drop table x").status_code == 404


def test_a_pdf_opens_only_when_its_audience_is_the_boards(classes: Board, tmp_path: Path) -> None:
    """Trainers' own editions and 360 feedback go to nobody by the board, not even to an engineer."""
    shown = add_report(tmp_path, "2026-C001", "class_manager")
    private = add_report(tmp_path, "2026-C001", "trainer", kind="class_log")
    subject = add_report(tmp_path, "2026-C001", "subject", kind="assessment_feedback")
    answer = classes.get(f"/reports/{shown}.pdf")
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    page = classes.get("/sessions/2026-C001").text
    assert f"/reports/{shown}.pdf" in page
    for visitor in ("hr", "engineer"):
        for hidden in (private, subject):
            assert f"/reports/{hidden}.pdf" not in page
            assert classes.get(f"/reports/{hidden}.pdf", visitor).status_code == 404


def test_a_pdf_that_is_not_the_registered_one_is_not_shown(classes: Board, tmp_path: Path) -> None:
    """A file that somebody exchanged or removed is told, never served."""
    report = add_report(tmp_path, "2026-C001", "hr")
    path = tmp_path / "run_sheet-2026-C001-hr.pdf"
    path.write_bytes(b"%PDF-1.7 forged")
    assert classes.get(f"/reports/{report}.pdf").status_code == 404
    path.unlink()
    assert classes.get(f"/reports/{report}.pdf").status_code == 404
