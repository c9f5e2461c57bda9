"""`trainloop impact`: an analyst's files in, a graded answer out; every fault of a file names its place and remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from tests.impact.world import FIRST, MONTHS, complaints, facts, levels, staff
from tests.intake.files import xlsx
from typer.testing import CliRunner

from trainloop.cli import app
from trainloop.impact.cells import period_of
from trainloop.impact.design import read_design
from trainloop.settings import PROJECT_DIR

DESIGN: dict[str, Any] = {
    "title": "Negotiation 2026-C001",
    "people": "people.csv",
    "kpis": [
        {"kpi_code": "sales", "name_zh": "销售额", "name_en": "sales", "direction": "higher", "unit": "千元"},
        {"kpi_code": "complaints", "name_zh": "投诉率", "name_en": "rate", "direction": "lower", "rate_per": 1000},
    ],
    "returns": {
        "kpi_code": "sales", "unit_value_amount": 300, "currency": "CNY", "learners_in_job": 58, "periods": 12,
        "confidence": 0.8, "costs": [{"category": "delivery", "amount": 60000, "currency": "CNY"}],
    },
}  # fmt: skip


class Files:
    """The three files of a study in one folder; `run` is the command on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        generator = np.random.default_rng(21)
        people = staff(60, 60, "waitlisted")
        self.people = people.assign(class_ends_on="2026年5月14日").rename(
            columns={"unit_id": "工号", "role": "角色", "team_code": "团队", "job_family": "序列", "job_level": "职级",
                     "class_ends_on": "结课日期"}
        )  # fmt: skip
        self.people["角色"] = np.where(people["role"] == "learner", "学员", "候补")
        sales = facts(people, levels(people, generator, effect=6)).assign(unit="千元")
        both = pd.concat([sales, complaints(people, generator, 0.5)])
        self.facts = pd.DataFrame({
            "工号": both["unit_id"],
            "指标": both["kpi_code"],
            "月份": both["starts_on"].dt.strftime("%Y年%-m月"),
            "分子": both["numerator"],
            "分母": both["denominator"],
            "数值": both["value"].round(4),
            "币种": both["unit"],
        }).reset_index(drop=True)
        self.design = json.loads(json.dumps(DESIGN))

    def run(self, *options: str, name: str = "facts.csv", code: int = 0) -> str:
        self.people.to_csv(self.folder / "people.csv", index=False, encoding="utf-8-sig")
        if not (self.folder / name).exists():
            self.facts.to_csv(self.folder / name, index=False, encoding="gb18030")
        (self.folder / "design.yaml").write_text(yaml.safe_dump(self.design, allow_unicode=True), "utf-8")
        arguments = ["impact", str(self.folder / name), "--design", str(self.folder / "design.yaml"), *options]
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "1000"})
        assert result.exit_code == code, result.output
        return result.output


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_the_analysis_is_json_for_whoever_computes_on(files: Files) -> None:
    """Chinese headers, GB18030, months as 2026年2月: planted 6 and half the complaints are found."""
    found = json.loads(files.run("--json"))
    sales, complaint_rate = found["findings"]
    assert sales["effect"]["low"] < 6 < sales["effect"]["high"]
    assert (sales["graded"]["grade"], sales["outcome"], complaint_rate["outcome"]) == ("B", "improved", "improved")
    assert complaint_rate["learners"]["rate_ratio"]["high"] < 0.7
    assert sales["what_would_raise_the_grade"][0]["remedy"].startswith("next time draw lots")
    assert found["known_until"] == "2026-08-31"
    benefit = 300 * 58 * 12 * 0.8 * sales["effect"]["estimate"]
    assert float(found["returns"]["benefit"]["figure"]) == pytest.approx(benefit, abs=0.01)


def test_the_terminal_shows_verdict_table_exclusions_and_what_would_raise_the_grade(files: Files) -> None:
    """Everything the report would say, for reading."""
    files.people["离职日期"] = ["2026-06-30", *[""] * 119]
    text = files.run("--zh")
    for part in (
        "证据等级 B",
        "很可能来自培训",
        "left the company 离职",
        "下次在符合条件的人员中抽签",
        "return on investment",
        "parallel 平行",
    ):
        assert part in text, part


def test_weak_evidence_is_shown_without_a_causal_word_and_without_a_gain(files: Files) -> None:
    """Learners chosen for low results: grade D, no growth, no ratio after/before, no talk of effects, no return."""
    files.design |= {"selected_on_results": True, "title": "[Pilot] 2026"}
    for text in (files.run(), files.run("--zh")):
        assert "[Pilot] 2026" in text
        assert "证据等级 D" in text
        for word in ("effect", "效应", "效果", "improve", "改善", "growth", "after/before", "benefit"):
            assert word not in text.lower(), word


def test_a_workbook_is_read_like_a_csv(files: Files) -> None:
    """The same facts as XLSX, with its own column order."""
    rows = [list(files.facts.columns), *files.facts.astype(object).where(files.facts.notna(), None).values.tolist()]
    (files.folder / "facts.xlsx").write_bytes(xlsx(rows))
    assert json.loads(files.run("--json", name="facts.xlsx"))["findings"][0]["graded"]["grade"] == "B"


@pytest.mark.parametrize(
    ("row", "column", "value", "said"),
    [
        (3, "月份", "2026Q1", "Row 5, “月份”: not recognised as a period"),
        (4, "月份", "2026-03-05", "Row 6, “月份”: a period of another grain"),
        (5, "数值", "很多", "Row 7, “数值”: not a number"),
        (6, "工号", "", "Row 8, “工号”: required but empty"),
        (7, "数值", None, "neither the numerator nor the value"),
        (1250, "分母", 0, "Row 1252, “分母”: out of range. Write a number above 0"),
        (9, "月份", "2025年11月", "repeats another row"),
        (9, "月份", "2099年8月", "Row 11, “月份”: a period that has not ended yet"),
    ],
)
def test_a_wrong_cell_is_named_by_file_row_column_and_remedy(
    files: Files, row: int, column: str, value: object, said: str
) -> None:
    """The first rows are listed, the file is not analysed: no number is guessed."""
    files.facts = files.facts.astype(object)
    files.facts.loc[row, column] = value
    text = files.run(code=1)
    assert "facts.csv cannot be analysed" in text
    assert said in text
    assert "grade" not in text


def test_many_wrong_cells_are_counted_and_the_first_are_listed(files: Files) -> None:
    """A column that is wrong throughout makes no book."""
    files.facts["数值"] = "?"
    text = files.run(code=1)
    assert "2400 cells are wrong" in text
    assert text.count("Row ") == 10
    assert "2390 more" in text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kpis": []}, "kpis: "),
        ({"drawn_by": "nobody"}, "drawn_by: "),
        ({"surprise": 1}, "surprise: "),
        ({"people": "nobody.csv"}, "nobody.csv"),
        ({"covariates": ["司龄"]}, "people.csv has no column 司龄"),
        ({"returns": DESIGN["returns"] | {"kpi_code": "visits"}}, "visits is none of the kpis"),
    ],
)
def test_a_wrong_design_is_named_by_its_key(files: Files, change: dict[str, Any], said: str) -> None:
    """The analyst reads which key to mend."""
    files.design |= change
    assert said in files.run(code=1)


def test_a_design_that_is_no_yaml_is_told_by_line(files: Files) -> None:
    """A tab or a colon too many: the line and column of the trouble."""
    files.run()
    (files.folder / "design.yaml").write_text("title: a\nkpis: [", "utf-8")
    path = files.folder
    result = CliRunner().invoke(app, ["impact", str(path / "facts.csv"), "--design", str(path / "design.yaml")])
    assert result.exit_code == 1
    assert "line 2" in result.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no file"),
        ("工号,期间,数值\nE1,2026-03,5\n", "KPI code"),
        ("工号,指标,期间,数值\n", "no data rows"),
        ("%PDF-1.7", "neither CSV nor XLSX"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(files: Files, content: str | None, said: str) -> None:
    """No file, no column, no rows, no table: the words of the inbox."""
    files.run()
    path = files.folder / "facts.csv"
    path.unlink() if content is None else path.write_text(content, "utf-8")
    result = CliRunner().invoke(app, ["impact", str(path), "--design", str(files.folder / "design.yaml")])
    assert result.exit_code == 1
    assert said in " ".join(result.output.split())


def test_roles_and_dates_must_be_there(files: Files) -> None:
    """A role nobody knows, learners without a class date, a person twice."""
    files.people.loc[2, "角色"] = "老师"
    assert "Row 4, “角色”: is not an allowed value" in files.run(code=1)
    files.people.loc[2, "角色"] = "学员"
    files.people["结课日期"] = ""
    assert "60 learners have no class date" in files.run(code=1)
    files.design["class_ends_on"] = "2026-05-14"
    assert "sales" in files.run()
    files.people.loc[3, "工号"] = "E00002"
    assert "people.csv cannot be analysed" in files.run(code=1)


def test_mixed_currencies_leave_the_person_out_and_stop_the_return(files: Files) -> None:
    """One person's month in dollars: named and left out. Costs in dollars: an error, not a sum."""
    files.facts.loc[0, "币种"] = "USD"
    found = json.loads(files.run("--json"))
    assert found["findings"][0]["exclusions"]["learner"] == {"mixed_units": 1}
    files.design["returns"]["costs"][0]["currency"] = "USD"
    assert "CNY, USD" in files.run(code=1)


def test_other_indicators_in_the_file_are_named(files: Files) -> None:
    """Not silently dropped: the file has them, the design does not."""
    files.design["kpis"] = files.design["kpis"][:1]
    assert json.loads(files.run("--json"))["kpis_not_in_design"] == ["complaints"]


def test_covariates_come_from_the_columns_of_the_people_file(files: Files) -> None:
    """A number stays a number, in any header the analyst uses."""
    files.people["司龄 (月)"] = np.random.default_rng(1).integers(1, 90, 120)
    files.design["covariates"] = ["司龄 (月)"]
    found = json.loads(files.run("--json"))
    assert found["findings"][0]["comparison"]["adjusted_for"] == ["司龄 (月)"]


@pytest.mark.parametrize(
    ("text", "period"),
    [
        ("2026年3月", "2026-03"), ("202603", "2026-03"), ("2026/3/5", "2026-03-05"), ("20260305", "2026-03-05"),
        ("2026年第9周", "2026-W09"), ("2026w53", "2026-W53"), ("2025-W53", None), ("2026-13", None), ("2026Q1", None),
        ("2026-02-30", None), ("46082", None), ("March", None),
    ],
)  # fmt: skip
def test_a_period_means_here_what_it_means_in_the_inbox(text: str, period: str | None) -> None:
    """The same spellings as tests/intake/test_values.py puts to the warehouse."""
    assert period_of(text) == period


def test_the_world_of_these_tests_is_long_enough() -> None:
    """Six months before the class month and three after it."""
    assert (FIRST, MONTHS) == ("2025-11-01", 10)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_design_in_the_readme_is_a_design(name: str, tmp_path: Path) -> None:
    """What people copy from there works."""
    example = (PROJECT_DIR / name).read_text("utf-8").split("```yaml\n")[1].split("```")[0]
    (tmp_path / "design.yaml").write_text(example, "utf-8")
    design = read_design(tmp_path / "design.yaml")
    assert [kpi.direction for kpi in design.kpis] == ["higher", "lower"]
    assert design.returns is not None
