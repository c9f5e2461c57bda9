"""Exports of outside survey tools in their three common shapes, read by the mapping files that TrainLoop ships.

问卷星: a wide XLSX with question numbers in front and the options' words; LimeSurvey: CSV with a mark, semicolons,
array headings and answer codes; Forms: CSV with the questions' own wording. No export says who answered.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from trainloop.demo.answers import INSTRUMENT, AnswerSheet, answer_sheets
from trainloop.demo.company import Company
from trainloop.demo.tables import Cell, PlantedFile, Table, csv_bytes, xlsx_bytes
from trainloop.demo.truth import ClassSession
from trainloop.settings import PROJECT_DIR
from trainloop.surveys.instrument import Instrument, load_instrument

Dated = tuple[date, PlantedFile]
SHIPPED = PROJECT_DIR / "include" / "trainloop" / "surveys" / "mappings"
MAPPINGS = "survey_exports/mappings"
# Classes of the vendor that asks with a tool of its own: the day the wave opened, the last day of answers, the day its
# export arrives.
WAVES = {
    "2026-C002": ("01-16", "01-23", "01-26"),
    "2026-C003": ("02-13", "02-24", "02-24"),
    "2026-C008": ("06-12", "06-22", "06-23"),
    "2026-C012": ("09-30", "10-08", "10-09"),
}
TOOLS = {"2026-C003": "limesurvey", "2026-C012": "forms"}


def files(company: Company) -> Iterator[Dated]:
    """Yield the mappings and the exports of the year with the day each arrives."""
    for name in ("wjx", "limesurvey", "forms"):
        content = (SHIPPED / f"{name}.yaml").read_bytes()
        yield _on("01-05"), PlantedFile(MAPPINGS, f"{name}.yaml", content, kind="mapping")
    for code, (_, _, arrives) in WAVES.items():
        session = company.session(code)
        sheets = answer_sheets(company, session)
        match TOOLS.get(code):
            case "limesurvey":
                # HR downloads twice: the second file repeats what the first one brought.
                yield _on("02-24"), _limesurvey(session, sheets[:7], "a")
                yield _on(arrives), replace(_limesurvey(session, sheets, "b"), unchanged=7)
            case "forms":
                yield _on(arrives), _forms(session, sheets)
            case _:
                yield _on(arrives), _wjx(session, sheets)


def _on(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def _sent_at(session: ClassSession, count: int) -> list[datetime]:
    """Moments at which answers were sent, in order: evenly over the wave's days, in office hours."""
    opened, last, _ = WAVES[session.code]
    draw = random.Random(f"times {session.code}")
    days = (_on(last) - _on(opened)).days
    return sorted(
        datetime.combine(_on(opened), time(11, draw.randrange(60)))
        + timedelta(days=draw.randrange(days + 1), hours=draw.randrange(6))
        for _ in range(count)
    )


def _wjx(session: ClassSession, sheets: Sequence[AnswerSheet]) -> PlantedFile:
    instrument = load_instrument(INSTRUMENT)
    headers = {"id": "序号", "sent": "提交答卷时间", "took": "所用时间", "from": "来源", "source": "来源详情"}
    headers |= {"ip": "来自IP"}
    headers |= {item.code: f"{number}、{item.zh}" for number, item in enumerate(instrument.items, 1)}
    table = Table(headers)
    times = _sent_at(session, len(sheets))
    for number, (sheet, moment) in enumerate(zip(sheets, times, strict=True), 1):
        table.add(**_wjx_cells(instrument, sheet, number, moment))
    number = len(sheets)
    full = next(sheet for sheet in sheets if sheet.is_complete)
    # Somebody answers the day after the close; somebody's tool lets a 7 through.
    late = datetime.combine(_on(WAVES[session.code][1]) + timedelta(days=1), time(0, 12))
    table.note(table.add(**_wjx_cells(instrument, full, number + 1, late)), "after_close")
    odd = table.add(**_wjx_cells(instrument, full, number + 2, times[-1]))
    table.spoil(odd, "not_allowed", content_relevant="7")
    table.faults[-1] = (odd, "item_content_relevant", "not_allowed")
    content = xlsx_bytes(table, "Sheet1")
    return PlantedFile("survey_exports", f"问卷星_{session.wave_code}.xlsx", content, len(table.rows), table.bad())


def _wjx_cells(instrument: Instrument, sheet: AnswerSheet, number: int, sent_at: datetime) -> dict[str, Cell]:
    cells: dict[str, Cell] = {
        "id": number,
        "sent": sent_at.strftime("%Y/%m/%d %H:%M:%S"),
        "took": f"{60 + number * 7}秒",
        "from": "链接",
        "source": "N/A",
        "ip": "10.0.0.1(上海)",
    }
    for item in instrument.items:
        value = sheet.values.get(item.code)
        if value is None:
            cells[item.code] = "(空)" if item.kind == "text" else None
        elif item.kind == "scale":
            cells[item.code] = instrument.scale_of(item).anchors_zh[int(value)]
        elif item.kind == "choice":
            cells[item.code] = next(option.zh for option in item.options if option.code == value)
        else:
            cells[item.code] = value
    return cells


def _limesurvey(session: ClassSession, sheets: Sequence[AnswerSheet], suffix: str) -> PlantedFile:
    instrument = load_instrument(INSTRUMENT)
    headers = {"id": "Response ID", "sent": "Date submitted", "page": "Last page", "language": "Start language"}
    headers |= {"wave": "wave"}
    headers |= {
        item.code: f"How far do you agree? [{item.en}]" if item.kind == "scale" else item.en
        for item in instrument.items
    }
    table = Table(headers)
    times = _sent_at(session, len(sheets))
    for number, (sheet, moment) in enumerate(zip(sheets, times, strict=True), 1):
        cells: dict[str, Cell] = {
            "id": str(1000 * int(session.code[-3:]) + number),
            "sent": moment.strftime("%Y-%m-%d %H:%M:%S") if sheet.is_complete else "",
            "page": "3" if sheet.is_complete else "1",
            "language": "en",
            "wave": session.wave_code,
        }
        for item in instrument.items:
            value = sheet.values.get(item.code)
            if value is not None and item.kind == "scale":
                cells[item.code] = f"A{value}"
            elif value is not None and item.kind == "choice":
                cells[item.code] = f"A{[option.code for option in item.options].index(str(value)) + 1}"
            else:
                cells[item.code] = value
        table.add(**cells)
    name = f"results-survey{200 + int(session.code[-3:])}{suffix}.csv"
    return PlantedFile("survey_exports", name, csv_bytes(table, delimiter=";"), len(table.rows), table.bad())


def _forms(session: ClassSession, sheets: Sequence[AnswerSheet]) -> PlantedFile:
    """The form asks one text question less; its wording is that of the class's language."""
    instrument = load_instrument(INSTRUMENT)
    asked = [item for item in instrument.items if item.code != "to_improve"]
    headers = {"id": "ID", "begun": "Start time", "sent": "Completion time"}
    headers |= {item.code: item.text(session.locale) for item in asked}
    table = Table(headers)
    times = _sent_at(session, len(sheets))
    for number, (sheet, moment) in enumerate(zip(sheets, times, strict=True), 1):
        cells: dict[str, Cell] = {
            "id": str(number),
            "begun": (moment - timedelta(minutes=4)).strftime("%Y/%m/%d %H:%M"),
            "sent": moment.strftime("%Y/%m/%d %H:%M"),
        }
        for item in asked:
            value = sheet.values.get(item.code)
            if value is not None and item.kind == "scale":
                cells[item.code] = instrument.scale_of(item).anchors(session.locale)[int(value)]
            elif value is not None and item.kind == "choice":
                cells[item.code] = next(option.text(session.locale) for option in item.options if option.code == value)
            else:
                cells[item.code] = value
        table.add(**cells)
    # Pressed twice: the same answer sheet stands in the file twice.
    table.rows.append(dict(table.rows[0]))
    name = f"forms_{session.wave_code}.csv"
    return PlantedFile("survey_exports", name, csv_bytes(table), len(table.rows), unchanged=1)
