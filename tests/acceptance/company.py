"""A company of fourteen, one course, one class: the files its HR would drop, with a marker in every personal field."""

from __future__ import annotations

SESSION = "2026-C001"
WAVE = f"EVAL-{SESSION}"
ATTENDEES = range(1, 13)
EMPLOYEES = range(1, 15)
# Strings that stand nowhere else: the canaries of the privacy rule.
NAME_MARK = "甲乙金丝雀"
MAIL_MARK = "canary-mail"
TEXT_MARK = "canary free text about the workshop"
TRAINER_MARK = "韩金丝雀"
MARKS = (NAME_MARK, MAIL_MARK, TEXT_MARK, TRAINER_MARK)


def employee_id(number: int) -> str:
    """Leading zeros, as payroll systems have them."""
    return f"{number:05d}"


def files() -> dict[str, str]:
    """Return the inbox files by path; one row of the employees has a wrong department."""
    everybody = [
        f"{employee_id(n)},{NAME_MARK}{n},{MAIL_MARK}-{n}@example.com,D001,sales,P5,2021-07-01" for n in EMPLOYEES
    ]
    wrong = f"{employee_id(99)},{NAME_MARK}99,not an address,D001,sales,P5,2021-07-01"
    enrolled = [f"{SESSION},{employee_id(n)},已确认" for n in ATTENDEES]
    attended = [f"{SESSION},{employee_id(n)},1,出勤" for n in ATTENDEES]
    tested = [f"{SESSION},{employee_id(n)},{40 + n},{65 + n},100" for n in ATTENDEES]
    session = f"{SESSION},C-NEG,T001,2026-03-05 09:00,2026-03-05 17:00,面授,已确认"
    trainer = f"T001,{TRAINER_MARK},{MAIL_MARK}-t@example.com,外部"
    return {
        "departments/departments.csv": _csv("部门编码,部门名称,英文名称", "D001,总部,Headquarters"),
        "employees/employees.csv": _csv("工号,姓名,邮箱,部门编码,序列,层级,入职日期", *everybody, wrong),
        "courses/courses.csv": _csv("课程编码,课程名称,英文名称,授课形式,课时", "C-NEG,商务谈判,Negotiation,面授,6"),
        "trainers/trainers.csv": _csv("讲师编号,姓名,邮箱,讲师类型", trainer),
        "class_sessions/sessions.csv": _csv("班次编码,课程编码,讲师编号,开始时间,结束时间,授课形式,状态", session),
        "enrollments/enrollments.csv": _csv("班次编码,工号,报名状态", *enrolled),
        "attendance/attendance.csv": _csv("班次编码,工号,时段,出勤状态", *attended),
        "test_results/tests.csv": _csv("班次编码,工号,课前成绩,课后成绩,满分", *tested),
    }


def completions(tokens: list[str]) -> str:
    """Return who has answered, as the outside tool tells it."""
    return _csv("问卷批次,邀请码", *(f"{WAVE},{token}" for token in tokens))


def mapping() -> str:
    """Return the mapping file of the outside tool: its headers repeat the instrument's wording."""
    return f"""\
name: acceptance
file_patterns: ["evaluation*.csv"]
instrument: course_evaluation
wave: {{constant: {WAVE}}}
external_id: 答卷编号
"""


def answers(wordings: dict[str, str], count: int) -> str:
    """Return the exported answers of `count` people to items (code → header): content good, practice time short."""
    rows = [",".join([str(1000 + n), *(str(_score(item, n)) for item in wordings)]) for n in range(1, count + 1)]
    return _csv(",".join(["答卷编号", *wordings.values()]), *rows)


def _score(item: str, n: int) -> object:
    if item == "practice_enough":
        return 2 + n % 2
    if item == "recommend":
        return 7 + n % 4
    if item == "performance_focus":
        return "销售业绩" if n % 2 else "工作效率"
    if item in {"most_useful", "to_improve"}:
        return f"{TEXT_MARK} {n}"
    return 4 + n % 2


def _csv(*lines: str) -> str:
    return "\n".join(lines) + "\n"
