"""What the sample company's HR drops into the inbox two days after the year was reviewed: a board full of classes.

Three more classes of this year (over since yesterday, on today, in a week) and the plan of the next one, in the tables
that the sample year itself sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from trainloop.demo.class_files import ATTENDANCE, ENROLLMENT, ZH_STATUS
from trainloop.demo.company import Company
from trainloop.demo.session_files import MODE_WORDS, SESSION_HEADERS
from trainloop.demo.tables import Table, csv_bytes

TODAY = date(2026, 11, 26)
# code: course, trainer, day, mode, the class whose learners are enrolled in this one as well
LATE = {
    "2026-C013": ("C-DATA", "T002", date(2026, 11, 25), "classroom", "2026-C012"),
    "2026-C014": ("C-PROJ", "T005", TODAY, "blended", "2026-C011"),
    "2026-C015": ("C-NEG", "T003", date(2026, 12, 3), "classroom", "2026-C002"),
}
OVER = "2026-C013"
NEXT_YEAR = 96
COURSES = (
    ("C-LEAD", "T001", "classroom"),
    ("C-NEG", "T003", "classroom"),
    ("C-CUST", "T004", "classroom"),
    ("C-DATA", "T002", "online"),
    ("C-SAFE", "T003", "online"),
    ("C-PROJ", "T005", "blended"),
)


def files(company: Company) -> dict[str, bytes]:
    """Return the inbox files by path."""
    manager = next(one for one in company.employees if one.department_code == "D160" and one.level == "M1").employee_id
    sessions = Table(SESSION_HEADERS)
    for code, (course, trainer, day, mode, _) in LATE.items():
        sessions.add(**_session(code, course, trainer, day, mode, "已确认", manager))
    plan = Table(SESSION_HEADERS)
    for number, day in zip(range(1, NEXT_YEAR + 1), _teaching_days(), strict=False):
        course, trainer, mode = COURSES[number % len(COURSES)]
        plan.add(**_session(f"2027-C{number:03}", course, trainer, day, mode, "计划", manager))
    enrolled, attended = Table(ENROLLMENT), Table(ATTENDANCE)
    for code, (*_, like) in LATE.items():
        for employee_id in company.learners[like]:
            enrolled.add(session_code=code, employee_id=employee_id, status="已报名", source="部门推荐")
            if code == OVER:
                attended.add(session_code=code, employee_id=employee_id, slot=1, status=ZH_STATUS["present"])
    return {
        "class_sessions/班次更新_2026-11.csv": csv_bytes(sessions),
        "class_sessions/2027年培训计划.csv": csv_bytes(plan),
        "enrollments/报名_十一月.csv": csv_bytes(enrolled),
        "attendance/签到_1125.csv": csv_bytes(attended),
    }


def _teaching_days() -> Iterator[date]:
    """Tuesdays and Thursdays from January on."""
    day = date(2027, 1, 5)
    while True:
        yield day
        day += timedelta(days=2 if day.weekday() == 1 else 5)


def _session(
    code: str, course: str, trainer: str, day: date, mode: str, status: str, manager: str
) -> dict[str, str | int | datetime]:
    return {
        "session_code": code,
        "course_code": course,
        "trainer_id": trainer,
        "class_manager_id": manager,
        "starts_at": datetime(day.year, day.month, day.day, 9),  # noqa: DTZ001 - local time, its zone is a column
        "ends_at": datetime(day.year, day.month, day.day, 17),  # noqa: DTZ001
        "timezone": "Asia/Shanghai",
        "mode": MODE_WORDS[mode],
        "capacity": 30,
        "status": status,
        "is_pilot": "否",
    }
