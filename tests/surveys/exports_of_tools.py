"""Writes exports as three tools do: 问卷星 (XLSX), LimeSurvey (CSV with BOM and semicolons), Forms (CSV)."""

from __future__ import annotations

import csv
import io
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import openpyxl

from trainloop.surveys import mapping
from trainloop.surveys.instrument import load_instrument

INSTRUMENT = load_instrument("course_evaluation")
SCALES = [item for item in INSTRUMENT.items if item.kind == "scale"]
SHIPPED = Path(mapping.__file__).parent / "mappings"


def place(home: Path, name: str, content: bytes) -> Path:
    """Drop one file into the inbox, old enough to be stable, with the shipped mappings beside it."""
    folder = home / "inbox" / "survey_exports"
    (folder / "mappings").mkdir(parents=True, exist_ok=True)
    for path in SHIPPED.glob("*.yaml"):
        if not (folder / "mappings" / path.name).exists():
            shutil.copy(path, folder / "mappings")
    file = folder / name
    file.write_bytes(content)
    past = time.time() - 60
    os.utime(file, (past, past))
    return file


def wjx(rows: Iterable[dict[str, object]]) -> bytes:
    """`rows`: id, at, scores (one word or twelve), nps, focus, useful, improve; a title row above the header."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["课程评估问卷（导出）"])
    heads = ["序号", "提交答卷时间", "所用时间", "来源", "来自IP", "微信昵称"]
    sheet.append([*heads, *(f"{number}、{item.zh}" for number, item in enumerate(INSTRUMENT.items, 1))])
    for row in rows:
        scores = row.get("scores", "同意")
        said = list(scores) if isinstance(scores, list | tuple) else [scores] * len(SCALES)
        tail = [row.get("nps", 9), row.get("focus", "工作效率"), row.get("useful", "(空)"), row.get("improve", "(空)")]
        sheet.append([row["id"], row.get("at", "2026/3/6 10:00:00"), "95秒", "微信", "192.0.2.1", "小王", *said, *tail])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def limesurvey(rows: Iterable[dict[str, object]]) -> bytes:
    """`rows`: id, wave, submitted, scores; array questions are headed "Question [Subquestion]"."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", quoting=csv.QUOTE_ALL)
    others = [item for item in INSTRUMENT.items if item.kind != "scale"]
    asked = [f"How far do you agree? [{item.en}]" for item in SCALES]
    writer.writerow([
        "Response ID",
        "Date submitted",
        "Last page",
        "IP address",
        "wave",
        *asked,
        *(item.en for item in others),
    ])
    for row in rows:
        said = [row.get("scores", "A4")] * len(SCALES)
        tail = [row.get("nps", "9"), row.get("focus", "A3"), row.get("useful", ""), ""]
        submitted = row.get("submitted", "2026-03-06 10:00:00")
        writer.writerow([row["id"], submitted, "3", "192.0.2.1", row["wave"], *said, *tail])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def forms(rows: Iterable[dict[str, object]]) -> bytes:
    """`rows`: id, at, scores; wording as headers, no question about improvements."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    asked = [item for item in INSTRUMENT.items if item.code != "to_improve"]
    writer.writerow(["ID", "Start time", "Completion time", "Email", "Name", *(item.en for item in asked)])
    for row in rows:
        said = [row.get("scores", "Agree")] * len(SCALES)
        tail = ["10 - Extremely likely", "Efficiency", row.get("useful", "The cases, really")]
        writer.writerow([row["id"], "x", row.get("at", "2026-03-06 10:00"), "e1@example.com", "Wang", *said, *tail])
    return buffer.getvalue().encode()
