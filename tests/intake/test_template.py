"""What derives from a contract alone: the workbook HR fills, the whole intake of a dataset without code."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook
from tests.intake.conftest import Inbox

from trainloop import contracts
from trainloop.contracts import all_contracts
from trainloop.intake import inbox as intake_inbox
from trainloop.intake import pipeline
from trainloop.intake.template import write_template
from trainloop.warehouse import engine


@pytest.mark.parametrize("dataset", [one.dataset for one in all_contracts() if one.entry == "inbox"])
def test_a_filled_template_is_read_and_its_example_row_is_not(classes: Inbox, dataset: str, tmp_path: Path) -> None:
    """HR downloads it, fills a row and drops it: one row in, zeros kept, the example never taken for data."""
    path = write_template(dataset, tmp_path / "t.xlsx")
    book = load_workbook(path)
    sheet = book.worksheets[0]
    contract = contracts.load_contract(dataset)
    assert sheet.column_dimensions["A"].number_format == "@"
    choices = [one for one in sheet.data_validations.dataValidation if one.type == "list"]
    assert len(choices) == sum(column.type in {"choice", "boolean"} for column in contract.columns)
    sheet.append([column.example or None for column in contract.columns])
    book.save(path)
    file = classes.take(dataset, "template.xlsx", path.read_bytes())
    if file["state"] == "refused":
        assert file["refused_rule"] == "disappearing"
    assert file["row_count"] == 1
    assert not {one["rule"] for one in classes.reasons(file["file_id"])} - {"unknown_reference"}


def test_a_new_dataset_is_one_yaml_file_and_one_table(
    classes: Inbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No code: header mapping, casts, gate, quarantine reasons, references and merge derive from the declaration."""
    (tmp_path / "printers.yaml").write_text(
        """
title_zh: 印刷厂
title_en: Printers
purpose_zh: 印制课件的印刷厂
purpose_en: Who prints course materials.
owner: training_ops
key: [printer_code]
load_mode: upsert
expected_volume: {minimum: 1, maximum: 100}
columns:
  - {name: printer_code, zh: 印刷厂编码, en: Printer code, type: code, is_required: true, example: "007"}
  - {name: licence_expires_on, zh: 资质到期日, en: Licence expires on, type: date, example: "2027-01-01"}
  - {name: course_code, zh: 课程编码, en: Course, type: code, references: courses.course_code,
     on_missing_reference: park, example: C1}
  - {name: score, zh: 得分, en: Score, type: percent, minimum: 0, maximum: 100, example: 85%}
""",
        "utf-8",
    )
    for path in contracts.FOLDER.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(contracts, "FOLDER", tmp_path)
    all_contracts.cache_clear()
    contracts.load_contract.cache_clear()
    with engine.connect("owner") as connection:
        connection.execute(
            """create table core.printers (printer_code text primary key, licence_expires_on date, course_code text,
            score numeric, file_id bigint not null, row_number bigint not null);
            grant select, insert, update on core.printers to trainloop_intake"""
        )
    try:
        text = "印刷厂编码,资质到期日,课程编码,得分\n007,2027/1/1,C1,85%\n008,永久,C1,90\n009,,C7,120\n010,,C7,\n"
        classes.drop("printers", "印刷厂.csv", text)
        assert pipeline.waiting_datasets() == ["printers"]
        counts = pipeline.ingest_dataset("printers")
    finally:
        monkeypatch.undo()
        all_contracts.cache_clear()
        contracts.load_contract.cache_clear()
    assert [counts[f"{one}_count"] for one in ("accepted", "quarantined", "parked")] == [1, 2, 1]
    row = classes.rows("select printer_code, score from core.printers")[0]
    assert (row["printer_code"], row["score"]) == ("007", 85)
    assert not intake_inbox.find_files("printers")
