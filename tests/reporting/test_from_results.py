"""The whole way of a number: answers → statistics and suppression → release → PDF."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypdf
import pytest
from tests.surveys import results_world as world

from trainloop.reporting.course_evaluation import render_reports
from trainloop.surveys.results import evaluate_session
from trainloop.warehouse import engine

pytestmark = pytest.mark.slow
LEVELS = [5, 4, 4, 3, 5, 2, 4, 4, 5, 3, 4, 5]


@pytest.fixture
def company(set_clock: Callable[..., Any]) -> None:
    """A company whose files all passed the gate."""
    set_clock(2026, 4, 20)
    world.make_company()
    world.execute("update ops.inbox_files set dataset = 'survey_exports', state = 'merged', finished_at = now()")
    world.execute(
        """insert into ops.check_runs (suite, file_id, checked_at, row_count, is_passed, gate_decision)
           values ('survey_exports', 1, now(), 12, true, 'pass')"""
    )


def text_of(audience: str, locale: str) -> str:
    with engine.connect("owner") as connection:
        row = connection.execute(
            "select uri from ops.reports where audience = %s and locale = %s order by report_id desc limit 1",
            (audience, locale),
        ).fetchone()
    assert row is not None
    content = Path(urlsplit(row["uri"]).path).read_bytes()
    return re.sub(r"\s+", "", " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages))


@pytest.mark.parametrize(("answers", "invited"), [(LEVELS, 14), (LEVELS * 2, 26), (LEVELS[:7], 20), (LEVELS[:3], 20)])
def test_what_was_released_is_what_is_printed(company: None, answers: list[int], invited: int) -> None:
    """Every shown mean of the release stands in both languages' PDFs; hidden ones print n and their reason."""
    world.make_class("S1", world.forms(answers, most_useful="案例讨论很好", to_improve="练习时间太短"), invited=invited)
    world.execute("insert into ops.survey_wave_files values ('EVAL-S1', 1)")
    release_id = evaluate_session("S1")["release_id"]

    answer = render_reports("S1")

    assert (answer["release_id"], answer["rendered"]) == (release_id, 4)
    found = world.figures(int(release_id))
    for audience, locale in (("hr", "zh-CN"), ("trainer", "en")):
        text = text_of(audience, locale)
        assert f"n={len(answers)}" in text
        for (family, _, statistic), row in found.items():
            if statistic == "mean" and family in {"item", "dimension"} and row["value"] is not None:
                assert str(row["value"]) in text


def test_later_sessions_are_compared_with_earlier_ones(company: None) -> None:
    """The course's and the trainer's earlier sessions and the verification of the last findings have their place."""
    low, high = ([world.form(level, practice_enough=best - level % 2) for level in LEVELS] for best in (2, 5))
    world.make_class("S1", low, number=1)
    world.make_class("S2", high, number=2)
    world.execute("insert into ops.survey_wave_files values ('EVAL-S1', 1), ('EVAL-S2', 1)")
    evaluate_session("S1")
    evaluate_session("S2")

    render_reports("S2")

    text = text_of("hr", "zh-CN")
    assert "实操练习时间充分" in text
    assert "▲更高" in text
    assert "上一班次S1中达到改进规则的题目" in text
    assert "▲已改善" in text


def test_interaction_and_cost_stand_in_the_report_and_no_money_in_the_trainers(company: None) -> None:
    """R24, R28: who spoke and a quiz item from ten people on; the trainer's edition and its data have no money."""
    world.make_class("S1", world.forms(LEVELS), invited=14)
    world.execute("insert into ops.survey_wave_files values ('EVAL-S1', 1)")
    world.execute(
        """insert into core.interactions (interaction_id, session_code, employee_id, kind, item_code, is_correct,
               turn_count, file_id, row_number)
           select kind || person.employee_id, 'S1', person.employee_id, kind, case kind when 'quiz' then 'Q1' end,
               case kind when 'quiz' then true end, 2, 1, 1
           from ops.evaluation_population(array['S1']) as person, unnest(array['turn', 'quiz', 'poll']) as kind"""
    )
    world.execute("insert into core.session_costs values ('S1', 'venue', 1400, 'CNY', 1, 1)")
    release = world.figures(int(evaluate_session("S1")["release_id"]))
    assert release["interaction", "class", "spoke_pct"]["value"] == 100
    assert release["quiz", "Q1", "flag"]["text_value"] == "too_easy"
    render_reports("S1")
    text = text_of("hr", "zh-CN")
    assert "发言学员100" in text
    assert "过易" in text
    assert "1,400.00元" in text
    assert "CNY" not in text_of("trainer", "en")
    assert "1,400" not in text_of("trainer", "zh-CN")


def test_few_people_in_a_quiz_are_not_shown(company: None) -> None:
    """Six learners: who was wrong is nobody's business."""
    world.make_class("S1", world.forms(LEVELS), invited=14)
    world.execute("insert into ops.survey_wave_files values ('EVAL-S1', 1)")
    world.execute(
        """insert into core.interactions (interaction_id, session_code, employee_id, kind, item_code, is_correct,
               file_id, row_number)
           select employee_id, 'S1', employee_id, 'quiz', 'Q1', false, 1, 1
           from ops.evaluation_population(array['S1']) limit 6"""
    )
    shown = world.figures(int(evaluate_session("S1")["release_id"]))
    assert shown["quiz", "Q1", "right_pct"]["value"] is None
    assert shown["quiz", "Q1", "flag"]["text_value"] is None
