"""Questions with several answers, and with numbers: a column for each option, or one cell, in the shapes of tools."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml

from trainloop.surveys.choices import split_choices
from trainloop.surveys.sources.exports import collect

from .conftest import Company
from .exports_of_tools import place

WAVE = "NEEDS-2027"
TOPICS = {
    "T-NEG": ("谈判技巧", "Negotiation"),
    "T-DATA": ("数据分析, 入门", "Data analysis, basics"),
    "T-LEAD": ("领导力", "Leadership"),
}
BASE: dict[str, Any] = {
    "name": "tool", "file_patterns": ["tool_*"], "instrument": "annual_needs", "wave": {"constant": WAVE},
    "external_id": "ID",
}  # fmt: skip


@pytest.fixture
def asked(company: Company, set_clock: Callable[..., datetime]) -> Company:
    """The needs survey is open; three topics can be chosen."""
    set_clock(2026, 11, 5, 12)
    for code, (zh, en) in TOPICS.items():
        company.write(
            """insert into core.training_topics (topic_code, name_zh, name_en, file_id, row_number)
               values (%s, %s, %s, 1, 1)""",
            (code, zh, en),
        )
    company.write(
        """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
               anonymity, opened_at, closes_at, minimum_count, population)
           values (%s, 'annual_needs', '1', 'needs_year', '2027', 'anonymous', '2026-11-02', '2026-11-23', 5,
               'active_employees')""",
        (WAVE,),
    )
    return company


def mapped(home: Path, **changes: Any) -> None:
    folder = home / "inbox" / "survey_exports" / "mappings"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tool.yaml").write_text(yaml.safe_dump(BASE | changes, allow_unicode=True), "utf-8")


def as_csv(rows: list[list[Any]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()


def said(company: Company) -> list[dict[str, Any]]:
    """Answers of each form by item; several answers as a sorted list."""
    rows = company.read(
        """select (
               select jsonb_object_agg(item_code, said) from (
                   select item_code, jsonb_agg(coalesce(to_jsonb(choice), to_jsonb(score), to_jsonb(free_text))
                       order by choice) as said
                   from confidential.answers where answers.response_id = responses.response_id group by item_code
               ) as items
           ) as answers, state::text
           from confidential.responses order by 1"""
    )
    return [{**row["answers"], "state": row["state"]} for row in rows]


REST = [["同意", "面授课堂", "8"], ["Agree", "Classroom", "12.5"]]
ASKED = ["我的直属上级支持我投入时间学习", "哪种学习方式对您的工作最有效？", "您每月大约能投入多少小时学习？"]


@pytest.mark.parametrize(
    ("cells", "separator"),
    [
        (["谈判技巧┋领导力", "A.谈判技巧┋C.领导力"], None),
        (["谈判技巧;领导力;", "Negotiation;Leadership"], None),
        (["T-LEAD|T-NEG", "谈判技巧 | 领导力"], None),
        (["谈判技巧, 领导力", "Negotiation, Leadership"], ", "),
    ],
    ids=["wjx", "microsoft", "bar", "google"],
)
def test_one_cell_lists_several_answers(asked: Company, home: Path, cells: list[str], separator: str | None) -> None:
    """Codes or words in either language, lettered or not: one row for each chosen option, whatever stands between."""
    mapped(home, **({"separator": separator} if separator else {}))
    head = ["ID", "您明年最希望参加哪些主题的培训？", *ASKED]
    rows = [[1, cells[0], *REST[0]], [2, cells[1], *REST[1]]]
    place(home, "tool_1.csv", as_csv([head, *rows]))
    assert collect()["accepted_count"] == 2
    answers = said(asked)
    assert [one["wished_topics"] for one in answers] == [["T-LEAD", "T-NEG"]] * 2
    assert {one["available_hours"][0] for one in answers} == {8, 12.5}
    assert {one["preferred_mode"][0] for one in answers} == {"classroom"}


@pytest.mark.parametrize(
    ("heads", "yes", "no"),
    [
        (["Q1 [谈判技巧]", "Q1 [数据分析, 入门]", "Q1 [领导力]"], "Yes", ""),
        (["1、您明年最希望参加哪些主题的培训？(谈判技巧)", "1(数据分析, 入门)", "1、哪些主题？（领导力）"], "1", "0"),
        (["1. Topics: Negotiation", "1. Topics: Data analysis, basics", "1. Topics: Leadership"], "是", "否"),
        (["Q1_T-NEG", "Q1_T-DATA", "Q1_T-LEAD"], "Y", "N"),
    ],
    ids=["limesurvey", "wjx", "colon", "codes"],
)
def test_each_option_has_a_column(asked: Company, home: Path, heads: list[str], yes: str, no: str) -> None:
    """1, Yes or 是 says chosen; 0, No, 否 or nothing says not."""
    mapped(home, items={"wished_topics": {"number": 1}})
    rows = [[1, yes, no, yes, *REST[0]], [2, no, no, no, *REST[1]]]
    place(home, "tool_1.csv", as_csv([["ID", *heads, *ASKED], *rows]))
    counts = collect()
    assert (counts["accepted_count"], counts["quarantined_count"]) == (2, 0)
    topics = sorted(one.get("wished_topics", []) for one in said(asked))
    assert topics == [[], ["T-LEAD", "T-NEG"]]
    assert {one["state"] for one in said(asked)} == {"complete"}


def test_an_option_that_nobody_knows_holds_its_row_or_its_file(asked: Company, home: Path) -> None:
    """A spelling in a cell is a row's matter, a column of an unknown option the file's: nothing is guessed."""
    mapped(home, items={"wished_topics": {"number": 1}})
    place(
        home, "tool_1.csv", as_csv([["ID", "1、主题", *ASKED], [1, "谈判技巧;烹饪", *REST[0]], [2, "领导力", *REST[1]]])
    )
    counts = collect()
    assert (counts["accepted_count"], counts["quarantined_count"]) == (1, 1)
    reason = asked.read("select rule, message_zh, message_en from ops.quarantine_reasons")[0]
    assert reason["rule"] == "unknown_option"
    assert "烹饪" not in str(reason)
    place(home, "tool_2.csv", as_csv([["ID", "1、主题(谈判技巧)", "1、主题(烹饪)", *ASKED], [3, "1", "1", *REST[0]]]))
    assert collect()["refused_file_count"] == 1


def test_a_number_out_of_range_is_quarantined(asked: Company, home: Path) -> None:
    """81 hours of learning a month is a slip of the key."""
    mapped(home)
    rows = [
        [1, "同意", "面授课堂", 81],
        [2, "同意", "面授课堂", "很多"],
        [3, "同意", "面授课堂", "20"],
        [4, "同意", "面授课堂", ""],
    ]
    place(home, "tool_1.csv", as_csv([["ID", *ASKED], *rows]))
    counts = collect()
    assert (counts["accepted_count"], counts["quarantined_count"]) == (2, 2)


def test_a_corrected_choice_replaces_the_old_one(asked: Company, home: Path) -> None:
    """The same options in another order are the same answer."""
    mapped(home)
    head = ["ID", "wished_topics", *ASKED]
    place(home, "tool_1.csv", as_csv([head, [1, "谈判技巧;领导力", *REST[0]], [2, "领导力", *REST[0]]]))
    collect()
    place(home, "tool_2.csv", as_csv([head, [1, "领导力;谈判技巧", *REST[0]], [2, "谈判技巧", *REST[0]]]))
    counts = collect()
    assert (counts["accepted_count"], counts["unchanged_count"]) == (1, 1)
    assert sorted(one["wished_topics"] for one in said(asked)) == [["T-LEAD", "T-NEG"], ["T-NEG"]]


def test_a_sheet_of_a_workbook_with_merged_question_cells(asked: Company, home: Path) -> None:
    """问卷星 as XLSX: the question above its options, merged, in two header rows."""
    mapped(home, items={"wished_topics": {"contains": "哪些主题"}}, file_patterns=["tool_*.xlsx"])
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([
        "ID",
        "1、您明年最希望参加哪些主题的培训？(谈判技巧)",
        "1、您明年最希望参加哪些主题的培训？(领导力)",
        *ASKED,
    ])
    sheet.append([1, 1, 0, *REST[0]])
    sheet.append([2, "谈判技巧", "(空)", *REST[1]])
    buffer = io.BytesIO()
    book.save(buffer)
    place(home, "tool_1.xlsx", buffer.getvalue())
    assert collect()["accepted_count"] == 2
    assert [one["wished_topics"] for one in said(asked)] == [["T-NEG"]] * 2


@pytest.mark.parametrize(
    ("cell", "separator", "codes"),
    [
        ("Data analysis, basics, Negotiation", ", ", ("T-DATA", "T-NEG")),
        ("Data analysis, Negotiation", ", ", None),
        ("其他〖烹饪〗┋领导力", None, ("OTHER", "T-LEAD")),
        ("领导力;领导力;", None, ("T-LEAD",)),
        (";", None, ()),
    ],
)
def test_the_longest_known_option_wins(cell: str, separator: str | None, codes: tuple[str, ...] | None) -> None:
    """A comma may stand in an option; what was written beside "other" is dropped with its brackets."""
    words = {"data analysis, basics": "T-DATA", "negotiation": "T-NEG", "领导力": "T-LEAD", "其他": "OTHER"}
    assert split_choices(cell, words, separator) == codes
