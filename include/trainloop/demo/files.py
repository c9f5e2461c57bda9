"""The files that arrive over the year, as companies send them, each with the truth about its rows.

Master data here, the plan in `session_files`, class files in `class_files`, exports of survey tools in `exports`.
Faults are planted in rows of people who take no part in any class, so that the truth of the statistics does not depend
on the dirt.
"""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import date, datetime

from trainloop.demo import (
    class_day_files,
    class_files,
    delivery_files,
    exports,
    manager_files,
    needs_files,
    performance_files,
    reward_files,
    session_files,
    talent_files,
    trainer_files,
)
from trainloop.demo.company import Company
from trainloop.demo.people import Employee
from trainloop.demo.session_files import MODE_WORDS
from trainloop.demo.tables import Cell, PlantedFile, Table, csv_bytes, full_width, plain, xlsx_bytes

LOCALE_WORDS = {"zh-CN": "中文", "en": "英文"}
SNAPSHOTS = ("01-26", "02-25", "04-20", "05-25", "06-23", "09-30")
EMPLOYEE_HEADERS = {
    "employee_id": "工号",
    "name": "姓名",
    "email": "公司邮箱",
    "department_code": "所属部门",
    "job_family": "岗位序列",
    "job_level": "职级",
    "manager_id": "直属上级",
    "hired_on": "入职日期",
    "promoted_on": "晋升日期",
    "left_on": "离职日期",
    "locale": "语言",
    "timezone": "时区",
    "calendar_code": "工作日历",
    "labour_cost_band": "成本档",
}


def year_files(company: Company) -> dict[date, tuple[PlantedFile, ...]]:
    """Return every file of the year by the day it arrives, in order of arrival (completions come at run time)."""
    files: dict[date, list[PlantedFile]] = {}
    sources = (
        _master_files(company),
        session_files.files(company),
        class_files.files(company),
        exports.files(company),
        needs_files.files(company),
        manager_files.files(company),
        delivery_files.files(company),
        class_day_files.files(company),
        trainer_files.files(company),
        performance_files.files(company),
        talent_files.files(company),
        reward_files.files(company),
    )
    for day, found in itertools.chain(*sources):
        files.setdefault(day, []).append(found)
    return {day: tuple(found) for day, found in sorted(files.items())}


def _master_files(company: Company) -> list[tuple[date, PlantedFile]]:
    start = date(2026, 1, 5)
    found = [
        (start, _departments(company)),
        (start, _first_employees(company)),
        (start, _courses(company)),
        (start, _trainers(company)),
        (date(2026, 4, 27), _truncated_employees(company)),
    ]
    for number, text in enumerate(SNAPSHOTS):
        day = date.fromisoformat(f"2026-{text}")
        found.append((day, _employees(company, day, encoding=("gb18030", "utf-8-sig", "utf-16")[number % 3])))
    return found


def _departments(company: Company) -> PlantedFile:
    table = Table({
        "department_code": "部门编码",
        "name_zh": "部门名称",
        "name_en": "英文名称",
        "parent_code": "上级部门",
        "head_employee_id": "部门负责人",
    })
    for one in company.departments:
        table.add(
            department_code=one.code,
            name_zh=one.name_zh,
            name_en=one.name_en,
            parent_code=one.parent_code,
            head_employee_id=one.head_id,
        )
    return PlantedFile("departments", "部门_2026-01-05.csv", csv_bytes(table, "gb18030"), len(table.rows))


def _employee_row(person: Employee) -> dict[str, Cell]:
    return {
        "employee_id": person.employee_id,
        "name": person.name,
        "email": person.email,
        "department_code": person.department_code,
        "job_family": person.family,
        "job_level": person.level,
        "manager_id": person.manager_id or None,
        "hired_on": person.hired_on,
        "promoted_on": person.promoted_on,
        "left_on": person.left_on,
        "locale": LOCALE_WORDS[person.locale],
        "timezone": person.timezone,
        "calendar_code": person.calendar_code,
        "labour_cost_band": person.cost_band,
    }


def _first_employees(company: Company) -> PlantedFile:
    """HR's first list: a title, a merged band above the header, Excel's dates, and eight rows gone wrong."""
    table = Table(EMPLOYEE_HEADERS, titles=("示例集团员工花名册（2026年1月）", "基本信息"))
    at = {one.employee_id: table.add(**_employee_row(one)) for one in company.on(date(2026, 1, 5))}
    draw = random.Random("first employees")
    harmless = sorted(set(at) - set(company.spare))
    for employee_id in draw.sample(harmless, 20):
        row = table.rows[at[employee_id]]
        row["employee_id"] = int(employee_id)  # shown as 00123 by the column's number format
    for employee_id in draw.sample(harmless, 15):
        row = table.rows[at[employee_id]]
        row["job_level"] = full_width(str(row["job_level"]))
        row["name"] = f"{row['name']}　"
    for employee_id in draw.sample(harmless, 15):
        hired_on = company.employee(employee_id).hired_on
        table.rows[at[employee_id]]["hired_on"] = f"{hired_on.year}年{hired_on.month}月{hired_on.day}日"
    spare = company.spare
    table.spoil(at[spare[0]], "wrong_type", email="li.lei(at)example.com")
    table.spoil(at[spare[1]], "missing_value", name=None)
    table.spoil(at[spare[2]], "unknown_reference", department_code="D999")
    table.spoil(at[spare[3]], "wrong_type", hired_on="2021-02-30")
    table.spoil(at[spare[5]], "row_rule:left_after_hired", left_on=date(2009, 6, 30))
    table.spoil(at[spare[7]], "not_allowed", locale="法语")
    twin = table.add(**table.rows[at[spare[4]]] | {"job_level": "P9"})
    table.note(at[spare[4]], "duplicate_key")
    table.note(twin, "duplicate_key")
    table.add(**table.rows[at[spare[6]]])  # the same statement twice: no contradiction
    content = xlsx_bytes(
        table,
        "花名册",
        formats={"employee_id": "00000", "hired_on": "yyyy/m/d", "promoted_on": "yyyy/m/d", "left_on": "yyyy/m/d"},
        groups=(("基本信息", 3), ("组织", 4), ("日期", 3), ("其他", 4)),
    )
    return PlantedFile("employees", "employees_2026-01-05.xlsx", content, len(table.rows), table.bad())


def _employees(company: Company, day: date, *, encoding: str) -> PlantedFile:
    table = Table(EMPLOYEE_HEADERS | {"employee_id": "人员编号"} if encoding == "gb18030" else EMPLOYEE_HEADERS)
    for person in company.on(day):
        table.add(**_employee_row(person))
    # One export of the year writes dates as spreadsheets count them.
    show = _serial if encoding == "utf-8-sig" else plain
    content = csv_bytes(table, encoding, "\t" if encoding == "utf-16" else ",", show)
    return PlantedFile("employees", f"employees_{day.isoformat()}.csv", content, len(table.rows))


def _serial(cell: Cell) -> str:
    if isinstance(cell, date) and not isinstance(cell, datetime) and cell.year >= 2012:
        return str((cell - date(1899, 12, 30)).days)
    return plain(cell)


def _truncated_employees(company: Company) -> PlantedFile:
    """An export that broke off in the middle: too many people would have left on one day."""
    day = date(2026, 4, 27)
    whole = _employees(company, day, encoding="utf-8-sig")
    lines = whole.content.splitlines(keepends=True)[:181]
    return replace(whole, content=b"".join(lines), rows=180, refused="disappearing")


def _courses(company: Company) -> PlantedFile:
    headers = {
        "course_code": "课程代码",
        "name_zh": "课程名",
        "name_en": "课程英文名",
        "topic_code": "培训主题",
        "mode": "授课方式",
        "hours": "课时（小时）",
        "vendor_code": "供应商",
        "key_kpi_code": "关键KPI",
        "target_audience": "培训对象",
    }
    table = Table(headers, titles=("课程目录",))
    for one in company.courses:
        table.add(
            course_code=one.code,
            name_zh=one.name_zh,
            name_en=one.name_en,
            topic_code=one.topic_code,
            mode=MODE_WORDS[one.mode],
            hours=full_width(one.hours),
            vendor_code=one.vendor_code or None,
            key_kpi_code=one.key_kpi_code,
            target_audience=one.audience,
        )
    return PlantedFile("courses", "课程目录.xlsx", xlsx_bytes(table, "课程"), len(table.rows))


def _trainers(company: Company) -> PlantedFile:
    headers = {
        "trainer_id": "讲师编号",
        "name": "讲师姓名",
        "email": "邮箱",
        "kind": "内外部",
        "employee_id": "工号",
        "vendor_code": "供应商",
        "trainer_level": "讲师等级",
        "base_rate_amount": "课酬标准",
        "locale": "邮件语言",
        "timezone": "时区",
        "calendar_code": "日历",
    }
    table = Table(headers)
    for one in company.trainers:
        table.add(
            trainer_id=one.trainer_id,
            name=one.name,
            email=one.email,
            kind="内部讲师" if one.kind == "internal" else "外聘",
            employee_id=one.employee_id,
            vendor_code=one.vendor_code,
            trainer_level=one.level,
            base_rate_amount=one.base_rate,
            locale=LOCALE_WORDS[one.locale],
            timezone=one.timezone,
            calendar_code=one.calendar_code,
        )
    lost = table.add(trainer_id="T090", name="待定讲师", email="t090@example.com", kind="内部", locale="中文")
    table.note(lost, "row_rule:internal_has_employee_id", "employee_id")
    return PlantedFile("trainers", "讲师库.csv", csv_bytes(table, delimiter=";"), len(table.rows), table.bad())
