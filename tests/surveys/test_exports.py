"""Exports of outside tools: three shapes, their dirt, and nothing that leads from an answer to a person."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from trainloop.settings import get_settings
from trainloop.surveys.evaluation import close_due, open_due_waves, sessions_to_report
from trainloop.surveys.milestones import plan_milestones
from trainloop.surveys.sources.exports import collect as collect_survey_responses
from trainloop.surveys.sources.exports import hash_keys, replay_survey_quarantine
from trainloop.warehouse import engine

from .conftest import Company, local
from .exports_of_tools import forms, limesurvey, place, wjx

pytestmark = pytest.mark.slow
NAME = "问卷星_EVAL-2026-C001.xlsx"
type_of_clock = Callable[..., datetime]


@pytest.fixture
def asked(company: Company, set_clock: type_of_clock) -> Company:
    """Class 2026-C001 is over, its wave open until 2026-03-13; it is Friday noon."""
    company.people("E1", "E2", "E3", "E4")
    company.session("2026-C001", local(2026, 3, 5, 17))
    company.attend("2026-C001", ["E1", "E2", "E3", "E4"])
    set_clock(2026, 3, 6, 6)
    plan_milestones()
    open_due_waves()
    set_clock(2026, 3, 6, 12)
    return company


def responses(company: Company) -> list[dict[str, Any]]:
    return company.read(
        """select * from (
               select wave_code, state::text, is_straight_lined, (
                   select jsonb_object_agg(item_code, coalesce(to_jsonb(score), to_jsonb(choice), to_jsonb(free_text)))
                   from confidential.answers where answers.response_id = responses.response_id
               ) as answers
               from confidential.responses
           ) as told order by answers ->> 'most_useful', state"""
    )


def conserved(company: Company) -> bool:
    return not company.read(
        """select from ops.inbox_files where state <> 'found' and row_count <>
               accepted_count + unchanged_count + quarantined_count + parked_count + refused_count"""
    )


def test_an_export_with_question_numbers_becomes_scored_answers(asked: Company, home: Path) -> None:
    """问卷星: anchors become scores, options codes, (空) nothing; address, nickname and time are not even landed."""
    rows = [
        {"id": 1, "scores": ["非常同意", *["同意"] * 11], "nps": 10, "focus": "销售业绩", "useful": "案例"},
        {"id": 2, "scores": ["不适用", 5, "4", "同意", "非常满意", *["中立"] * 7], "focus": "C. 工作效率"},
    ]
    place(home, NAME, wjx(rows))
    counts = collect_survey_responses()
    assert (counts["accepted_count"], counts["quarantined_count"], counts["changed_count"]) == (2, 0, 2)
    first, second = responses(asked)
    assert first["state"] == second["state"] == "complete"
    assert first["answers"]["content_relevant"] == 5
    assert first["answers"]["recommend"] == 10
    assert (first["answers"]["performance_focus"], first["answers"]["most_useful"]) == ("sales", "案例")
    assert "to_improve" not in first["answers"]
    assert second["answers"]["content_relevant"] == "not_applicable"
    assert second["answers"]["performance_focus"] == "efficiency"
    everything = str(asked.read("select to_jsonb(r) as r from confidential.responses r"))
    assert "192.0.2.1" not in everything


def test_limesurvey_csv_with_array_questions_and_unsubmitted_sheets(asked: Company, home: Path) -> None:
    """BOM, semicolons, answer codes, bracketed subquestions; no date = partial; the wave by the class's own code."""
    rows = [
        {"id": "7", "wave": "EVAL-2026-C001"},
        {"id": "8", "wave": "2026-C001", "submitted": ""},
        {"id": "9", "wave": "2026-C999"},
    ]
    place(home, "results-survey12345.csv", limesurvey(rows))
    counts = collect_survey_responses()
    assert (counts["accepted_count"], counts["parked_count"]) == (2, 1)
    assert sorted(row["state"] for row in responses(asked)) == ["complete", "partial"]
    assert {row["wave_code"] for row in responses(asked)} == {"EVAL-2026-C001"}
    assert conserved(asked)


def test_forms_csv_is_read_by_the_wording_of_its_questions(asked: Company, home: Path) -> None:
    """A question the form does not ask makes no answer sheet partial."""
    place(home, "forms_EVAL-2026-C001.csv", forms([{"id": 1}, {"id": 2, "scores": "Strongly agree"}]))
    assert collect_survey_responses()["accepted_count"] == 2
    assert {row["state"] for row in responses(asked)} == {"complete"}
    assert all(row["answers"]["recommend"] == 10 for row in responses(asked))


def test_dirt_is_quarantined_with_its_reason_and_nothing_is_lost(asked: Company, home: Path) -> None:
    """Out of scale, contradicting duplicates, empty sheets and late answers: a reason for each row; the rest is in."""
    place(
        home,
        NAME,
        wjx([
            {"id": 1},
            {"id": 2, "scores": ["7", *["同意"] * 11]},
            {"id": 3, "nps": 11},
            {"id": 4, "useful": "一"},
            {"id": 4, "useful": "二"},
            {"id": 5, "scores": "(跳过)", "nps": "(跳过)", "focus": "(跳过)"},
            {"id": 6, "at": "2026/3/14 08:00:00"},
            {"id": 7, "scores": ["(跳过)", *["同意"] * 11]},
            {"id": 8},
            {"id": 8},
        ]),
    )  # fmt: skip
    counts = collect_survey_responses()
    assert (counts["accepted_count"], counts["unchanged_count"], counts["quarantined_count"]) == (3, 1, 6)
    reasons = asked.read(
        """select row_values ->> 'external_response_id' as id, string_agg(rule, ',') as rules
           from ops.quarantined_rows join ops.quarantine_reasons using (quarantined_row_id) group by 1 order by 1"""
    )
    assert {row["id"]: row["rules"].split(",")[0] for row in reasons} == {
        "2": "not_allowed", "3": "not_allowed", "4": "duplicate_key", "5": "no_answers", "6": "after_close",
    }  # fmt: skip
    assert sorted(row["state"] for row in responses(asked)) == ["complete", "complete", "partial"]
    assert conserved(asked)
    assert counts["notices_planned"] == 1


def test_straight_lining_is_kept_and_flagged(asked: Company, home: Path) -> None:
    """Twelve times the same word may be the truth; it is counted, never thrown away."""
    place(home, NAME, wjx([{"id": 1, "useful": "a"}, {"id": 2, "scores": ["同意"] * 11 + ["中立"], "useful": "b"}]))
    collect_survey_responses()
    assert [row["is_straight_lined"] for row in responses(asked)] == [True, False]


def test_a_corrected_export_updates_and_the_same_rows_change_nothing(asked: Company, home: Path) -> None:
    """The tool's id, known only as a keyed hash, says which answer sheet a row is."""
    place(home, NAME, wjx([{"id": 1, "useful": "a"}, {"id": 2, "useful": "b"}]))
    collect_survey_responses()
    place(home, NAME, wjx([{"id": 1, "useful": "a"}, {"id": 2, "useful": "b", "nps": 3}, {"id": 3, "useful": "c"}]))
    counts = collect_survey_responses()
    assert (counts["accepted_count"], counts["unchanged_count"]) == (2, 1)
    assert [row["answers"]["recommend"] for row in responses(asked)] == [9, 3, 9]
    assert collect_survey_responses()["file_count"] == 0
    message = b"EVAL-2026-C001\x1f2"
    secret = hmac.new(get_settings().secret().encode(), b"survey-external-id", hashlib.sha256).digest()
    keyed = hmac.new(secret, message, hashlib.sha256).hexdigest()
    assert len(asked.read("select from confidential.responses where external_id_hash = %s", (keyed,))) == 1
    inner, outer = hash_keys()
    assert hashlib.sha256(outer + hashlib.sha256(inner + message).digest()).hexdigest() == keyed


def test_answers_after_the_close_are_refused_kindly_and_corrections_make_the_report_due_again(
    asked: Company, home: Path, set_clock: type_of_clock
) -> None:
    """What was sent in time counts whenever the file comes; what was sent later is quarantined with the reason."""
    place(home, NAME, wjx([{"id": 1, "useful": "a"}]))
    collect_survey_responses()
    set_clock(2026, 3, 14, 6)
    assert close_due()["responses_rewritten"] == 1
    set_clock(2026, 3, 16, 6)
    assert sessions_to_report() == ["2026-C001"]
    asked.write(
        "update ops.milestones set state = 'done', done_at = ops.business_now() where step = 'evaluation_report'"
    )
    place(home, NAME, wjx([{"id": 2, "useful": "b"}, {"id": 3, "at": "2026/3/15 10:00:00"}]))
    counts = collect_survey_responses()
    assert (counts["accepted_count"], counts["quarantined_count"]) == (1, 1)
    assert asked.steps("2026-C001")["evaluation_report"][0::2] == ("pending", "data_changed")
    assert sessions_to_report() == ["2026-C001"]
    place(
        home,
        "results-survey1.csv",
        limesurvey([{"id": "1", "wave": "EVAL-2026-C001"}, {"id": "9", "wave": "2026-C001"}]),
    )
    counts = collect_survey_responses()
    assert (counts["accepted_count"], counts["quarantined_count"]) == (1, 1)


def test_a_parked_answer_sheet_enters_when_its_wave_opens(asked: Company, home: Path, set_clock: type_of_clock) -> None:
    """Early: the class is unknown or its wave not open; nothing is guessed, nothing is lost."""
    place(home, "wjx_EVAL-2026-C002.xlsx", wjx([{"id": 1}, {"id": 2}]))
    assert collect_survey_responses()["parked_count"] == 2
    asked.session("2026-C002", local(2026, 3, 6, 11))
    asked.attend("2026-C002", ["E1", "E2"])
    plan_milestones()
    open_due_waves()
    counts = collect_survey_responses()
    assert counts["accepted_count"] == 2
    assert {row["wave_code"] for row in responses(asked)} == {"EVAL-2026-C002"}
    assert asked.read("select from ops.parked_rows where state = 'waiting' or row_values <> '{}'") == []


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("feishu.csv", "no_mapping"),
        ("wjx_without_wave.xlsx", "no_wave"),
        ("forms_EVAL-2026-C001.csv", "question_missing"),
    ],
)
def test_a_file_that_no_mapping_can_read_is_refused_with_one_clear_reason(
    asked: Company, home: Path, name: str, rule: str
) -> None:
    """The owner is told what is missing and what to do; the next file is taken in all the same."""
    content = wjx([{"id": 1}]) if name.endswith("xlsx") else b"ID,Completion time,Something\n1,2026-03-06 10:00,5\n"
    place(home, name, content)
    place(home, NAME, wjx([{"id": 2}]))
    counts = collect_survey_responses()
    assert (counts["refused_file_count"], counts["accepted_count"]) == (1, 1)
    (file,) = asked.read(
        "select refused_rule, refused_reason_en, refused_reason_zh from ops.inbox_files where state = 'refused'"
    )
    assert file["refused_rule"] == rule
    assert name in file["refused_reason_en"]
    assert name in file["refused_reason_zh"]


def test_rows_quarantined_for_an_unknown_word_enter_when_the_mapping_is_mended(asked: Company, home: Path) -> None:
    """The mapping's owner adds the word; nobody has to export again."""
    place(home, NAME, wjx([{"id": 1, "scores": "还行吧"}]))
    assert collect_survey_responses()["quarantined_count"] == 1
    path = home / "inbox" / "survey_exports" / "mappings" / "wjx.yaml"
    path.write_text(path.read_text("utf-8").replace("3: [中立]", "3: [中立, 还行吧]"), "utf-8")
    assert replay_survey_quarantine()["accepted_count"] == 1
    assert responses(asked)[0]["answers"]["content_depth"] == 3


def test_place_transaction_and_columns_of_an_answer_tell_nothing(
    asked: Company, home: Path, set_clock: type_of_clock
) -> None:
    """Order tells nothing: after each arrival and after the close one transaction wrote all, in random order."""
    names = [f"{number:03d}" for number in range(40)]
    place(home, NAME, wjx([{"id": one, "useful": one} for one in names[:20]]))
    collect_survey_responses()
    place(home, "问卷星_2_EVAL-2026-C001.xlsx", wjx([{"id": one, "useful": one} for one in names[20:]]))
    collect_survey_responses()
    order = """select free_text, answers.xmin::text as answer_xmin, responses.xmin::text as response_xmin
               from confidential.responses join confidential.answers using (response_id)
               where item_code = 'most_useful' order by {}.ctid"""

    def told() -> None:
        for table in ("responses", "answers"):
            rows = asked.read(order.format(table))
            assert [row["free_text"] for row in rows] != names
            assert sum(int(row["free_text"]) for row in rows[:20]) != sum(range(20))
            assert len({row["answer_xmin"] for row in rows} | {row["response_xmin"] for row in rows}) == 1

    told()
    before = {row["response_id"] for row in asked.read("select response_id from confidential.responses")}
    set_clock(2026, 3, 14, 6)
    close_due()
    told()
    assert before.isdisjoint(row["response_id"] for row in asked.read("select response_id from confidential.responses"))
    columns = asked.read(
        """select column_name, data_type from information_schema.columns
           where table_schema = 'confidential' and table_name in ('responses', 'answers')"""
    )
    assert not [row for row in columns if "time" in row["data_type"] or "date" in row["data_type"]]
    assert not {"file_id", "row_number", "token", "employee_id"} & {row["column_name"] for row in columns}


def test_no_table_of_the_file_outlives_its_commit(asked: Company, home: Path) -> None:
    """raw and staging hold a person's row beside its answers: they go in the commit that merges them."""
    place(home, NAME, wjx([{"id": 1}, {"id": 2, "nps": 11}]))
    collect_survey_responses()
    assert asked.read("select tablename from pg_tables where schemaname in ('raw', 'staging')") == []


def test_completions_mark_invitations_and_unknown_tokens_are_counted(asked: Company) -> None:
    """Only tokens we gave out count; the wave then knows whom to leave alone. No time is kept."""
    tokens = {row["employee_id"]: row["token"] for row in asked.read("select employee_id, token from ops.invitations")}
    asked.write(
        """insert into core.survey_completions (wave_code, token, file_id)
           values ('EVAL-2026-C001', %s, 1), ('2026-C001', %s, 1), ('EVAL-2026-C001', 'forged', 1)""",
        (tokens["E1"], tokens["E2"]),
    )
    counts = collect_survey_responses()
    assert (counts["completions_marked"], counts["completions_unknown"], counts["waves_with_completions"]) == (2, 1, 1)
    used = asked.read("select employee_id from ops.invitations where is_used order by employee_id")
    assert [row["employee_id"] for row in used] == ["E1", "E2"]
    assert collect_survey_responses()["completions_marked"] == 0


def test_the_planner_cannot_read_an_answer_but_can_have_them_rewritten(asked: Company, home: Path) -> None:
    """Least privilege: closing needs no look into an answer."""
    import psycopg

    place(home, NAME, wjx([{"id": 1}]))
    collect_survey_responses()
    with engine.connect("planner") as connection:
        row = connection.execute("select ops.rewrite_responses(array['EVAL-2026-C001'], true) as count").fetchone()
        assert row == {"count": 1}
    with pytest.raises(psycopg.errors.InsufficientPrivilege), engine.connect("board") as connection:
        connection.execute("select ops.rewrite_responses(array['EVAL-2026-C001'], true)")
