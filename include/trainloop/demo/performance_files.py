"""The files of the 90-day reports: monthly figures of people, the waitlist of one class, the design of another."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import date

from trainloop.demo.company import Company
from trainloop.demo.disputes_truth import dispute
from trainloop.demo.people import Employee
from trainloop.demo.performance_truth import Case, Measured, performance
from trainloop.demo.tables import PlantedFile, Table, csv_bytes

Dated = tuple[date, PlantedFile]
HEADERS = {
    "unit_id": "工号",
    "kpi_code": "指标编码",
    "period": "月份",
    "numerator": "分子",
    "denominator": "分母",
    "value": "数值",
    "source": "来源系统",
}


def files(company: Company) -> Iterator[Dated]:
    """Yield the files with the day each arrives."""
    yield performance().waitlist.arrives_on, _waitlist(company)
    yield performance().design.arrives_on, _design()
    before = ""
    for last, day in performance().files.items():
        yield day, _facts(company, [one for one in _months() if before < one <= last], last)
        before = last


def _months() -> list[str]:
    first = performance().first_month
    start = 12 * int(first[:4]) + int(first[5:]) - 1
    months = [f"{number // 12}-{number % 12 + 1:02d}" for number in range(start, start + 24)]
    return [month for month in months if month <= max(performance().files)]


def _facts(company: Company, months: Sequence[str], last: str) -> PlantedFile:
    """Everybody's figures of these months; one row of nobody, which is quarantined."""
    table = Table(HEADERS)
    for kpi_code, measured in performance().measured.items():
        cases = [one for one in (*performance().cases, dispute().pilot.case) if one.kpi == kpi_code]
        for person in company.employees:
            if person.department_code.startswith(measured.departments):
                _person(table, company, person, kpi_code, measured, cases, months)
    nobody = table.add(**table.rows[0] | {"unit_id": None})
    table.note(nobody, "missing_value", "unit_id")
    return PlantedFile("kpi_facts", f"绩效数据_至{last}.csv", csv_bytes(table, "gb18030"), len(table.rows), table.bad())


def _person(
    table: Table,
    company: Company,
    person: Employee,
    kpi_code: str,
    measured: Measured,
    cases: Sequence[Case],
    months: Sequence[str],
) -> None:
    """Add one person's rows. The draws of a month do not depend on which file it is in."""
    steady = random.Random(f"performance {kpi_code} {person.employee_id}").gauss(measured.base, measured.spread)
    steady = max(steady, measured.base * 0.3)
    hired_on = company.newcomers.get(person.employee_id, person.hired_on)
    left_on = company.leavers.get(person.employee_id, date.max)
    for month in months:
        if month < f"{hired_on:%Y-%m}" or month > f"{left_on:%Y-%m}":
            continue
        level = steady + sum(_change(company, one, person.employee_id, month) for one in cases)
        draw = random.Random(f"performance {kpi_code} {person.employee_id} {month}")
        row = {"unit_id": person.employee_id, "kpi_code": kpi_code, "period": month, "source": "BI 报表"}
        if measured.orders is None:
            table.add(**row, value=f"{draw.gauss(level, measured.noise):.2f}")
            continue
        orders = draw.randint(*measured.orders)
        for one in cases:
            level *= one.ratio if _is_after(company, one, person.employee_id, month) else 1
        # Complaints come one by one: as good as Poisson.
        complaints = sum(draw.random() < level / 1000 for _ in range(orders))
        table.add(**row, numerator=str(complaints), denominator=str(orders))


def _change(company: Company, case: Case, employee_id: str, month: str) -> float:
    """Return what a class (or the bad months its learners were chosen in) adds to one person's month."""
    change = case.change if _is_after(company, case, employee_id, month) else 0
    if case.dip and month in case.dip_months and employee_id in company.learners[case.session]:
        change += case.dip
    return change


def _is_after(company: Company, case: Case, employee_id: str, month: str) -> bool:
    session = company.session(case.session)
    came = company.learners[case.session][: session.attendee_count]
    return employee_id in came and month > f"{session.held_on:%Y-%m}"


def _waitlist(company: Company) -> PlantedFile:
    """Who waited for a seat: people of another department in no class of that course."""
    truth = performance().waitlist
    course = company.session(truth.session).course_code
    seated = {who for one in company.sessions if one.course_code == course for who in company.learners[one.code]}
    waiting = [
        one.employee_id
        for one in company.employees
        if one.department_code.startswith(truth.department)
        and one.employee_id not in seated | set(company.spare)
        and one.level.startswith("P")
    ]
    table = Table({"session_code": "班次编号", "employee_id": "学员工号", "status": "报名情况", "source": "报名方式"})
    for employee_id in waiting[: truth.count]:
        table.add(session_code=truth.session, employee_id=employee_id, status="候补", source="自主报名")
    return PlantedFile("enrollments", "候补名单_一月.csv", csv_bytes(table, "gb18030"), len(table.rows))


def _design() -> PlantedFile:
    truth = performance().design
    table = Table({
        "session_code": "班次编号",
        "registered_on": "登记日期",
        "comparison_department_code": "对照部门",
        "is_comparison_untouched": "对照组未接触培训",
        "registered_by": "登记部门",
    })
    table.add(
        session_code=truth.session,
        registered_on=truth.registered_on,
        comparison_department_code=truth.department,
        is_comparison_untouched="是",
        registered_by="人力资源部",
    )
    return PlantedFile("class_designs", "班次评估设计.csv", csv_bytes(table), len(table.rows))
