"""A company of fourteen, one course, one class: the files its HR would drop, with a marker in every personal field."""

from __future__ import annotations

from trainloop.surveys.instrument import load_instrument

SESSION = "2026-C001"
WAVE = f"EVAL-{SESSION}"
ATTENDEES = range(1, 13)
EMPLOYEES = range(1, 15)
# Strings that stand nowhere else: the canaries of the privacy rule.
NAME_MARK = "甲乙金丝雀"
MAIL_MARK = "canary-mail"
TEXT_MARK = "canary free text about the workshop"
TRAINER_MARK = "韩金丝雀"
DRAFT_MARK = "canary thought that was never sent"
RATING_MARK = "canary words about a new manager"
ACTION_MARK = "canary promise of a trainer"
MARKS = (NAME_MARK, MAIL_MARK, TEXT_MARK, TRAINER_MARK, DRAFT_MARK, RATING_MARK, ACTION_MARK)
# Promoted in February; leads 2–6 and reports, like everybody else, to the head.
NEW_MANAGER, HEAD = 1, 13


def employee_id(number: int) -> str:
    """Leading zeros, as payroll systems have them."""
    return f"{number:05d}"


def mail_of(n: int) -> str:
    return f"{MAIL_MARK}-{n}@example.com"


def files() -> dict[str, str]:
    """Return the inbox files by path; one row of the employees has a wrong department."""
    everybody = [
        f"{employee_id(n)},{NAME_MARK}{n},{mail_of(n)},D001,sales,P5,2021-07-01,{_manager(n)},"
        f"{'2026-02-02' if n == NEW_MANAGER else ''}"
        for n in EMPLOYEES
    ]
    wrong = f"{employee_id(99)},{NAME_MARK}99,not an address,D001,sales,P5,2021-07-01,,"
    enrolled = [f"{SESSION},{employee_id(n)},已确认" for n in ATTENDEES]
    attended = [f"{SESSION},{employee_id(n)},1,出勤" for n in ATTENDEES]
    tested = [f"{SESSION},{employee_id(n)},{40 + n},{65 + n},100" for n in ATTENDEES]
    session = f"{SESSION},C-NEG,T001,2026-03-05 09:00,2026-03-05 17:00,面授,已确认"
    trainer = f"T001,{TRAINER_MARK},{MAIL_MARK}-t@example.com,外部"
    return {
        "departments/departments.csv": _csv("部门编码,部门名称,英文名称", "D001,总部,Headquarters"),
        "employees/employees.csv": _csv(
            "工号,姓名,邮箱,部门编码,序列,层级,入职日期,直属上级,晋升日期", *everybody, wrong
        ),
        "courses/courses.csv": _csv("课程编码,课程名称,英文名称,授课形式,课时", "C-NEG,商务谈判,Negotiation,面授,6"),
        "trainers/trainers.csv": _csv("讲师编号,姓名,邮箱,讲师类型", trainer),
        "class_sessions/sessions.csv": _csv("班次编码,课程编码,讲师编号,开始时间,结束时间,授课形式,状态", session),
        "enrollments/enrollments.csv": _csv("班次编码,工号,报名状态", *enrolled),
        "attendance/attendance.csv": _csv("班次编码,工号,时段,出勤状态", *attended),
        "test_results/tests.csv": _csv("班次编码,工号,课前成绩,课后成绩,满分", *tested),
    }


def answers(n: int) -> dict[str, str]:
    """Return what learner `n` fills into the evaluation form: content good, practice time short."""
    return {item.code: _score(item.code, n) for item in load_instrument("course_evaluation").items}


def ratings(n: int) -> dict[str, str]:
    """Return what rater `n` fills into the 360 form."""
    items = load_instrument("feedback_360").items
    scores = {item.code: str(3 + n % 3) for item in items if item.kind == "scale"}
    return scores | {"strengths": f"{RATING_MARK} {n}", "suggestions": f"{RATING_MARK}: {NAME_MARK}{n}"}


def _manager(n: int) -> str:
    if n == HEAD:
        return ""
    return employee_id(NEW_MANAGER if 2 <= n <= 6 else HEAD)


def _score(item: str, n: int) -> str:
    if item == "practice_enough":
        return str(2 + n % 2)
    if item == "recommend":
        return str(7 + n % 4)
    if item == "performance_focus":
        return "sales" if n % 2 else "efficiency"
    if item in {"most_useful", "to_improve"}:
        return f"{TEXT_MARK} {n}"
    return str(4 + n % 2)


def _csv(*lines: str) -> str:
    return "\n".join(lines) + "\n"
