"""The training plan and what changes in it: class sessions announced, confirmed, moved, cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from trainloop.demo.company import Company
from trainloop.demo.tables import Cell, PlantedFile, Table, csv_bytes, full_width, plain, xlsx_bytes
from trainloop.demo.truth import ClassSession

MODE_WORDS = {"classroom": "面授", "online": "线上", "blended": "混合"}
SESSION_HEADERS = {
    "session_code": "班次编号",
    "course_code": "课程",
    "trainer_id": "讲师",
    "class_manager_id": "班主任",
    "starts_at": "开课时间",
    "ends_at": "结课时间",
    "timezone": "时区",
    "mode": "培训形式",
    "venue_code": "教室",
    "capacity": "名额",
    "budget_code": "预算编号",
    "status": "开班状态",
    "is_pilot": "试点",
}


# Their enrolments come before they are announced, or they are added in the course of the year.
ANNOUNCED_LATER = frozenset({"2026-C003", "2026-C011", "2026-C012"})


def files(company: Company) -> Iterator[tuple[date, PlantedFile]]:
    """Yield the files about class sessions with the day each arrives."""
    yield date(2026, 1, 5), _plan(company)
    yield date(2026, 1, 26), _update(company, "2026-01", ("2026-C003", "2026-C004", "2026-C005"))
    yield date(2026, 5, 29), _moves(company)
    yield date(2026, 6, 23), _update(company, "2026-06", ("2026-C010", "2026-C011", "2026-C012"))


def _session_row(company: Company, one: ClassSession, status: str, on: date | None = None) -> dict[str, Cell]:
    day = on or one.held_on
    manager = next(person for person in company.employees if person.department_code == "D160" and person.level == "M1")
    return {
        "session_code": one.code,
        "course_code": one.course_code,
        "trainer_id": one.trainer_id,
        "class_manager_id": manager.employee_id,
        "starts_at": datetime(day.year, day.month, day.day, 9),  # noqa: DTZ001 - local time, its zone is a column
        "ends_at": datetime(day.year, day.month, day.day, 17),  # noqa: DTZ001
        "timezone": one.zone,
        "mode": MODE_WORDS[one.mode],
        "venue_code": one.venue or None,
        "capacity": 40,
        "budget_code": one.budget_code,
        "status": status,
        "is_pilot": "是" if one.course_code == "C-PROJ" else "否",
    }


def _plan(company: Company) -> PlantedFile:
    """The year's plan, written on an old Mac: dates count from 1904. Three class sessions are not announced yet."""
    table = Table(SESSION_HEADERS, titles=("2026 年度培训计划",))
    for one in company.sessions:
        if one.code not in ANNOUNCED_LATER:
            table.add(**_session_row(company, one, "计划", one.announced_for) | {"capacity": full_width("40")})
    wrong = table.add(**_session_row(company, company.sessions[0], "计划") | {"session_code": "2026-C090"})
    table.spoil(wrong, "row_rule:ends_after_start", ends_at=datetime(2026, 1, 15, 8))  # noqa: DTZ001
    wrong = table.add(**_session_row(company, company.sessions[0], "计划") | {"session_code": "2026-C091"})
    table.spoil(wrong, "out_of_range", capacity=0)
    content = xlsx_bytes(
        table,
        "计划",
        formats={"starts_at": "yyyy-mm-dd hh:mm", "ends_at": "yyyy-mm-dd hh:mm"},
        is_1904=True,
    )
    return PlantedFile("class_sessions", "2026年培训计划.xlsx", content, len(table.rows), table.bad())


def _update(company: Company, month: str, codes: tuple[str, ...]) -> PlantedFile:
    table = Table(SESSION_HEADERS)
    for code in codes:
        table.add(**_session_row(company, company.session(code), "已确认"))
    return PlantedFile("class_sessions", f"班次更新_{month}.csv", csv_bytes(table, "gb18030"), len(table.rows))


def corrected_hours(company: Company, code: str, hours: str) -> PlantedFile:
    """HR corrects the hours of a class after it was held."""
    table = Table(SESSION_HEADERS | {"hours": "实际课时"})
    table.add(**_session_row(company, company.session(code), "已确认"), hours=hours)
    return PlantedFile("class_sessions", f"课时更正_{code}.csv", csv_bytes(table), len(table.rows))


def _moves(company: Company) -> PlantedFile:
    """One class moves by a week, one is cancelled."""
    moved = next(one for one in company.sessions if one.announced_for)
    cancelled = next(one for one in company.sessions if one.is_cancelled)
    table = Table(SESSION_HEADERS)
    table.add(**_session_row(company, moved, "已确认"))
    table.add(**_session_row(company, cancelled, "停办"))
    return PlantedFile("class_sessions", "班次变更_2026-05.csv", csv_bytes(table, show=_slashed), len(table.rows))


def _slashed(cell: Cell) -> str:
    return cell.strftime("%Y/%m/%d %H:%M") if isinstance(cell, datetime) else plain(cell)
