"""Facts of indicators: what the gate holds back because a 90-day report would count it wrongly."""

from __future__ import annotations

import pytest
from tests.intake.conftest import Inbox
from tests.intake.files import moment, xlsx

DEFINED = "指标编码,名称,英文名称,方向,统计粒度,比率每\n"
DEFINITIONS = DEFINED + "complaints,投诉率,Complaints,越低越好,月,1000\nsales,销售额,Sales,越高越好,日,\n"
HEAD = "工号,指标编码,期间,分子,分母,数值,单位\n"


@pytest.fixture
def indicators(inbox: Inbox) -> Inbox:
    """Two indicators are defined on 2 March 2026: a monthly rate and a daily level."""
    inbox.take("kpi_definitions", "kpis.csv", DEFINITIONS)
    return inbox


def test_facts_of_any_grain_arrive_with_their_days(indicators: Inbox) -> None:
    """The period is canonical, its first and last day stand beside it; the unit is a person unless the file says so."""
    file = indicators.take(
        "kpi_facts", "f.csv", HEAD + "0012,complaints,2026年1月,3,1250,,\n0012,sales,2026/2/28,,,820.5,元\n"
    )
    assert (file["accepted_count"], file["quarantined_count"]) == (2, 0)
    found = indicators.rows("select * from core.kpi_facts order by kpi_code")
    assert [(row["unit_kind"], row["unit_id"], row["period"]) for row in found] == [
        ("employee", "0012", "2026-01"),
        ("employee", "0012", "2026-02-28"),
    ]
    assert [str(found[0][day]) for day in ("starts_on", "ends_on")] == ["2026-01-01", "2026-01-31"]


def test_a_computed_figure_keeps_all_its_digits(indicators: Inbox) -> None:
    """A spreadsheet's third has fifteen digits; it is no money, so it is neither refused nor rounded."""
    file = indicators.take("kpi_facts", "f.csv", HEAD + "0012,sales,2026/2/28,,,0.333333333333333,\n")
    assert file["accepted_count"] == 1
    assert str(indicators.rows("select value from core.kpi_facts")[0]["value"]) == "0.333333333333333"


@pytest.mark.parametrize(
    ("row", "rule", "zh", "en"),
    [
        ("0012,complaints,2026-01,3,0,,", "out_of_range", "请填写大于 0 的数值", "Write a number above 0"),
        ("0012,complaints,2026-03,3,900,,", "not_ended", "期间尚未结束", "has not ended yet"),
        ("0012,sales,2026-03-02,,,9,", "not_ended", "期间尚未结束", "after its end"),
        ("0012,complaints,2026-01-05,3,900,,", "wrong_grain", "不要混用", "never mixed"),
        ("0012,sales,2026-01,,,9,", "wrong_grain", "统计粒度", "as defined"),
        ("0012,sales,2026Q1,,,9,", "wrong_type", "2026-W10（周）", "2026-W10 (week)"),
        ("0012,sales,2026-01-05,,3,,", "row_rule:says_something", "至少填写其中一项", "Fill in one of them"),
    ],
)
def test_a_row_that_would_be_counted_wrongly_is_held_back_with_its_remedy(
    indicators: Inbox, row: str, rule: str, zh: str, en: str
) -> None:
    """No exposure, a running period, another grain than defined, nothing said: quarantine, never a wrong number."""
    file = indicators.take("kpi_facts", "f.csv", HEAD + "0011,complaints,2026-01,1,500,,\n" + row + "\n")
    assert (file["accepted_count"], file["quarantined_count"]) == (1, 1)
    reasons = indicators.reasons(file["file_id"])
    assert {reason["rule"] for reason in reasons} == {rule}
    assert zh in reasons[0]["message_zh"]
    assert en in reasons[0]["message_en"]
    assert reasons[0]["message_en"].startswith("Row 3")


def test_a_month_told_twice_with_other_figures_counts_as_neither(indicators: Inbox) -> None:
    """Two spellings of one month, two figures: nobody but the owner knows which is right; the same twice is no news."""
    rows = "0012,complaints,2026-01,3,900,,\n0012,complaints,2026年1月,4,900,,\n"
    same = "0013,complaints,2026-01,2,800,,\n0013,complaints,2026/01,2,800,,\n"
    file = indicators.take("kpi_facts", "f.csv", HEAD + rows + same)
    assert (file["accepted_count"], file["unchanged_count"], file["quarantined_count"]) == (1, 1, 2)
    assert {reason["rule"] for reason in indicators.reasons(file["file_id"])} == {"duplicate_key"}


def test_an_unknown_indicator_parks_its_facts_until_it_is_defined(indicators: Inbox) -> None:
    """Valid but early: the definition lets them in, and then their grain is judged."""
    from trainloop.intake.parking import match_parked_rows

    rows = "0012,visits,2026-01,4,,,\n0012,visits,2026-01-07,4,,,\n"
    assert indicators.take("kpi_facts", "f.csv", HEAD + rows)["parked_count"] == 2
    indicators.take("kpi_definitions", "more.csv", DEFINED + "visits,拜访,Visits,越高越好,月,\n")
    counts = match_parked_rows()
    assert (counts["matched_count"], counts["quarantined_count"]) == (1, 1)


def test_a_month_that_a_spreadsheet_made_a_date_of_is_still_a_month(indicators: Inbox) -> None:
    """Excel turns 2026-01 into 1 January shown as mmm-yy; the cell's format tells what was meant."""
    import io

    from openpyxl import load_workbook

    content = xlsx([
        ["工号", "指标编码", "期间", "分子", "分母"],
        ["0012", "complaints", moment("2026-01-01"), 3, 1250],
    ])
    book = load_workbook(io.BytesIO(content))
    book.active["C2"].number_format = "mmm-yy"
    buffer = io.BytesIO()
    book.save(buffer)
    assert indicators.take("kpi_facts", "f.xlsx", buffer.getvalue())["accepted_count"] == 1
    assert indicators.rows("select period from core.kpi_facts") == [{"period": "2026-01"}]
