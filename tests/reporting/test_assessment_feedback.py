"""The private 360 PDF: made for one person, mailed to that person, and nowhere else."""

from __future__ import annotations

import email
import email.policy
import io
import random
import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypdf
import pytest
from tests.surveys import assessment_world as people
from tests.surveys import results_world as world

from trainloop.outbox.composer import compose_due
from trainloop.outbox.notices import Notice, plan
from trainloop.reporting.assessment_feedback import render_feedback
from trainloop.surveys.assessment_results import evaluate_assessments
from trainloop.surveys.assessments import plan_assessments
from trainloop.warehouse import engine

pytestmark = pytest.mark.slow
SetClock = Callable[..., datetime]


def sheet(centre: float, seed: int, **items: int) -> dict[str, Any]:
    draw = random.Random(seed)
    return {
        item: items.get(item.rpartition("_")[0], min(5, max(1, round(draw.gauss(centre, 0.6)))))
        for item in people.ITEMS
    }


@pytest.fixture
def closed(warehouse: str, set_clock: SetClock) -> str:
    """M1's assessment is closed and worked out: eleven raters, coaching seen much lower than M1 sees it."""
    world.make_company(0)
    set_clock(2026, 3, 30)
    people.make_manager("M1", "2026-03-02", reports=5, peers=5)
    people.make_manager("M2", "2025-03-02")
    plan_assessments()
    wave_code = people.waves()["M1"]
    said = {"suggestions": "多听一线的意见，别总打断，员工M1-P0 也这么说。"}
    people.close_with(
        wave_code,
        {
            "self": [sheet(4.4, 1, coaching=5)],
            "manager": [sheet(3.6, 2, coaching=3)],
            "peer": [sheet(3.9, 10 + number, coaching=3) | said for number in range(5)],
            "report": [sheet(3.7, 20 + number, coaching=2) for number in range(5)],
        },
    )
    set_clock(2026, 4, 21)
    evaluate_assessments()
    return wave_code


def reports() -> list[dict[str, Any]]:
    return world.execute("select * from ops.reports order by locale")


def text_of(report: dict[str, Any]) -> str:
    content = Path(urlsplit(report["uri"]).path).read_bytes()
    return re.sub(r"\s+", "", " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages))


def test_the_person_gets_the_own_pdf_and_nobody_else_gets_anything(closed: str) -> None:
    """R07: one PDF a language, one mail with one of them, to the assessed person."""
    assert render_feedback() == {"rendered": 2, "unchanged": 0, "notices_planned": 1}
    assert {(row["audience"], row["release_id"], row["subject_id"]) for row in reports()} == {("subject", None, closed)}
    assert world.execute("select count(*)::int as n from published.releases")[0]["n"] == 0
    compose_due()
    (message,) = world.execute("select recipient_id, recipient_address, mime_bytes from ops.messages")
    assert (message["recipient_id"], message["recipient_address"]) == ("M1", "m1@example.com")
    mail = email.message_from_bytes(message["mime_bytes"], policy=email.policy.default)
    assert [part.get_filename() for part in mail.iter_attachments()] == ["360度反馈_仅供本人.pdf"]  # type: ignore[attr-defined]
    assert render_feedback() == {"rendered": 0, "unchanged": 2, "notices_planned": 0}


def test_both_languages_say_where_to_begin_and_name_nobody(closed: str) -> None:
    """Headline, gaps, groups with their n, comments without names, what it rests on."""
    render_feedback()
    english, chinese = map(text_of, reports())
    assert "在“辅导下属”上，您对自己的评价明显高于身边同事的观察" in chinese
    assert "In“Coaching”youseeyourselfclearlyhigherthanthepeoplearoundyoudo" in english
    assert "自评5.0分，他评2.5分（11位评价人）" in chinese
    assert "5/5人" in chinese
    assert "别总打断" in chinese
    for text in (english, chinese):
        assert "M1" not in text
        assert "员工" not in text


def test_a_forged_notice_gives_nobody_elses_feedback_away(closed: str) -> None:
    """Whatever a planning step wrote, the file goes to the person who was assessed: M2 waits for ever."""
    render_feedback()
    with engine.connect("planner") as connection:
        plan(connection, [Notice("assessment_feedback", "assessment", closed, "employee", "M2")])
        plan(connection, [Notice("assessment_feedback", "assessment", closed, "contact", "hr_lead")])
    compose_due()
    assert {row["recipient_id"] for row in world.execute("select recipient_id from ops.messages")} == {"M1"}


def test_a_result_of_too_few_raters_makes_no_pdf(warehouse: str, set_clock: SetClock) -> None:
    """Two reports and a self rating: there is nothing that may be shown."""
    world.make_company(0)
    set_clock(2026, 3, 30)
    people.make_manager("M1", "2026-03-02")
    plan_assessments()
    people.close_with(people.waves()["M1"], {"self": [4], "report": [3, 2]})
    set_clock(2026, 4, 21)
    evaluate_assessments()
    assert render_feedback() == {"rendered": 0, "unchanged": 0, "notices_planned": 0}


def test_a_past_date_draws_and_mails_nobody_and_the_next_run_does(closed: str, set_clock: SetClock) -> None:
    """A backfill prepares the PDF; the ordinary run tells the person."""
    set_clock(2026, 4, 23)
    assert render_feedback(date(2026, 4, 22))["notices_planned"] == 0
    assert render_feedback() == {"rendered": 0, "unchanged": 2, "notices_planned": 1}


def test_the_file_name_and_folder_say_nothing_about_the_person(closed: str) -> None:
    """Whoever lists the store sees keyed codes."""
    render_feedback()
    assert all("M1" not in row["uri"] for row in reports())


@pytest.mark.parametrize("role", ["planner", "reporter", "board", "statistics", "sender", "intake", "forms"])
def test_no_other_role_could_make_it(warehouse: str, role: str) -> None:
    """Private results are read by the role `feedback`, and by `purge` for whoever asks what is kept about them."""
    for table in ("confidential.assessment_figures", "confidential.assessment_comments"):
        row = world.execute("select has_table_privilege(%s, %s, 'select') as may_read", f"trainloop_{role}", table)
        assert row == [{"may_read": False}]
