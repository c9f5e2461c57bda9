"""The sample company's training year 2026 and what is true about it.

Truth is planted here and nowhere else: how good each course is, which item is weak where, how much people learned, who
came, how many answered. `findings` compares it with what the product published.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from trainloop.config import Locale
from trainloop.demo.people import Department, Employee, draw_people

SEED = 20260105
GOOD = {"content": 4.4, "trainer": 4.6, "organisation": 4.3, "practice": 4.2}
FAIR = {"content": 4.1, "trainer": 4.3, "organisation": 4.1, "practice": 4.0}
WEAK = {"content": 3.0, "trainer": 3.3, "organisation": 2.9, "practice": 2.7}
SHANGHAI, SINGAPORE = ZoneInfo("Asia/Shanghai"), ZoneInfo("Asia/Singapore")
PRACTICE = "practice_enough"


@dataclass(frozen=True)
class Course:
    """One course of the catalogue."""

    code: str
    name_zh: str
    name_en: str
    topic_code: str
    mode: Literal["classroom", "online", "blended"]
    hours: str
    vendor_code: str
    key_kpi_code: str
    audience: str


@dataclass(frozen=True)
class Trainer:
    """One trainer, inside the company or a vendor's."""

    trainer_id: str
    name: str
    kind: Literal["internal", "external"]
    employee_id: str
    vendor_code: str
    level: str
    base_rate: str
    locale: Locale
    timezone: str
    calendar_code: str

    @property
    def email(self) -> str:
        return f"trainer.{self.trainer_id.lower()}@example.com"


@dataclass(frozen=True)
class TestTruth:
    """Planted test: mean before and gain, in points of 100."""

    pre: float
    gain: float


@dataclass(frozen=True)
class ClassSession:
    """One class session with its planted truth.

    `rounds` are the complete answers by part of the wave: before the first reminder, before the second, after it.
    `quality` are true means by dimension stem, `items` those of single items. `straight_lined` answer sheets say 4
    everywhere; `partial` ones stop half-way. `found_late` people are absent on the first attendance list and there on the
    corrected one, so they are invited later than the others.
    """

    code: str
    course_code: str
    trainer_id: str
    held_on: date
    zone: ZoneInfo
    mode: Literal["classroom", "online", "blended"]
    venue: str
    pool: tuple[str, ...]
    enrolled: int
    absent: int = 1
    excused: int = 1
    late: int = 1
    rounds: tuple[int, ...] = ()
    quality: Mapping[str, float] = field(default_factory=lambda: GOOD)
    items: Mapping[str, float] = field(default_factory=dict)
    test: TestTruth | None = None
    straight_lined: int = 0
    partial: int = 0
    leavers: int = 0
    found_late: int = 0
    announced_for: date | None = None
    is_cancelled: bool = False

    @property
    def wave_code(self) -> str:
        return f"EVAL-{self.code}"

    @property
    def locale(self) -> Locale:
        return "en" if self.zone is SINGAPORE else "zh-CN"

    @property
    def attendee_count(self) -> int:
        return self.enrolled - self.absent - self.excused

    @property
    def invited_count(self) -> int:
        """People who owe an answer: attendees who did not leave the company before the close."""
        return self.attendee_count - self.leavers

    @property
    def complete_count(self) -> int:
        return sum(self.rounds)

    @property
    def response_pct(self) -> float:
        return 100 * self.complete_count / self.invited_count

    def starts_at(self, on: date | None = None) -> datetime:
        """09:00 local time of the class day (or of another day), in UTC."""
        return datetime.combine(on or self.held_on, time(9), self.zone).astimezone(UTC)

    def item_mean(self, item_code: str) -> float:
        """The true mean of one scale item (before straight-liners)."""
        return self.items.get(item_code, self.quality[item_code.partition("_")[0]])


@dataclass(frozen=True)
class Company:
    """Everything planted: people, courses, class sessions with their learners (attendees first, then absentees).

    `leavers` have a last day, `transfers` a day and a new department, `newcomers` a first day within the year; `spare`
    people take no part in any class.
    """

    departments: tuple[Department, ...]
    employees: tuple[Employee, ...]
    courses: tuple[Course, ...]
    trainers: tuple[Trainer, ...]
    sessions: tuple[ClassSession, ...]
    learners: Mapping[str, tuple[str, ...]]
    leavers: Mapping[str, date]
    transfers: Mapping[str, tuple[date, str]]
    newcomers: Mapping[str, date]
    spare: tuple[str, ...]

    def employee(self, employee_id: str) -> Employee:
        return next(person for person in self.employees if person.employee_id == employee_id)

    def session(self, code: str) -> ClassSession:
        return next(one for one in self.sessions if one.code == code)

    def trainer(self, trainer_id: str) -> Trainer:
        return next(one for one in self.trainers if one.trainer_id == trainer_id)

    def on(self, day: date) -> tuple[Employee, ...]:
        """The master data of a day: leavers with their last day from a week before it on, transfers done."""
        heads = {one.code: one for one in self.departments}
        found = []
        for person in self.employees:
            if self.newcomers.get(person.employee_id, day) > day:
                continue
            left_on = self.leavers.get(person.employee_id)
            moved_on, code = self.transfers.get(person.employee_id, (date.max, ""))
            if moved_on <= day:
                target = heads[code]
                person = replace(
                    person, department_code=target.code, family=target.family, manager_id=target.head_id
                )
            found.append(replace(person, left_on=left_on if left_on and left_on <= day + timedelta(days=7) else None))
        return tuple(found)


COURSES = (
    Course("C-NEG", "商务谈判", "Business negotiation", "T-NEG", "classroom", "6", "V001", "sales_growth", "销售序列"),
    Course("C-LEAD", "新任经理领导力", "Leadership for new managers", "T-LEAD", "classroom", "7", "", "retention", "M1"),
    Course("C-CUST", "客户投诉处理", "Handling complaints", "T-CUST", "classroom", "6", "V002", "complaint_rate", "服务序列"),
    Course("C-DATA", "业务数据分析", "Data analysis for business", "T-DATA", "classroom", "7.5", "", "cycle_time", "全体"),
    Course("C-SAFE", "安全生产与合规", "Workplace safety", "T-SAFE", "online", "3", "V001", "incidents", "生产运营"),
    Course("C-PROJ", "敏捷项目管理", "Agile project management", "T-PROJ", "blended", "6", "", "on_time_rate", "Engineers"),
)  # fmt: skip


def _sessions() -> tuple[ClassSession, ...]:
    """The year's class sessions, in order of their codes. Every number here is a promise that the summary checks."""
    sh, sg = SHANGHAI, SINGAPORE
    mixed = ("D11", "D12", "D13", "D14")
    january, february, april = date(2026, 1, 15), date(2026, 2, 12), date(2026, 4, 16)
    june, september, november = date(2026, 6, 11), date(2026, 9, 29), date(2026, 11, 12)
    return (
        ClassSession("2026-C001", "C-LEAD", "T001", january, sh, "classroom", "SH-201", mixed, 30, 2, 1, 2,
                     (14, 6, 3), FAIR, {PRACTICE: 2.3}, partial=1),
        ClassSession("2026-C002", "C-NEG", "T003", january, sh, "classroom", "SH-305", ("D11",), 26,
                     rounds=(12, 5, 2), test=TestTruth(54, 21)),
        # The last class before Spring Festival: the survey lies over the holidays and few answer.
        ClassSession("2026-C003", "C-NEG", "T003", february, sh, "classroom", "SH-305", ("D11", "D12"), 33, 2, 1,
                     rounds=(7, 4)),
        # Two class sessions of one course on one day.
        ClassSession("2026-C004", "C-CUST", "T002", april, sh, "classroom", "SH-201", ("D12", "D14"), 28, 1, 2, 2,
                     (12, 5, 2), FAIR, test=TestTruth(58, 17), straight_lined=2, leavers=1),
        ClassSession("2026-C005", "C-CUST", "T004", april, sg, "classroom", "SG-12A", ("D22", "D21"), 22, 1, 0,
                     rounds=(10, 4, 2), quality=FAIR, test=TestTruth(60, 15), partial=1),
        # Four attendees: too few for any figure.
        ClassSession("2026-C006", "C-PROJ", "T005", april, sg, "blended", "SG-08", ("D23",), 5, 1, 0, 0, (2, 1, 1)),
        ClassSession("2026-C007", "C-DATA", "T002", june, sh, "classroom", "SH-LAB", ("D13", "D15"), 26,
                     rounds=(11, 5, 3), test=TestTruth(47, 30), found_late=1, announced_for=date(2026, 6, 4)),
        ClassSession("2026-C008", "C-SAFE", "T003", june, sh, "online", "", ("D14",), 36, 3, 1, 2,
                     (16, 6, 3), WEAK, test=TestTruth(63, 1.5), partial=2),
        ClassSession("2026-C009", "C-PROJ", "T005", june, sg, "blended", "SG-08", ("D23", "D24"), 12, is_cancelled=True),
        # The weak item of 2026-C001 was worked on; the survey lies over the October holidays.
        ClassSession("2026-C010", "C-LEAD", "T001", september, sh, "classroom", "SH-201", mixed, 29,
                     rounds=(15, 7), quality=FAIR, items={PRACTICE: 4.2}),
        # Seven answers: means only, and two items worth talking about.
        ClassSession("2026-C011", "C-DATA", "T005", september, sg, "classroom", "SG-12A", ("D21", "D24", "D25"), 9, 1, 0,
                     rounds=(4, 3), quality=FAIR, items={"content_depth": 3.2, "organisation_pace": 3.3}),
        ClassSession("2026-C012", "C-NEG", "T003", november, sh, "classroom", "SH-305", ("D11", "D13"), 24,
                     rounds=(11, 4, 2), test=TestTruth(56, 20)),
    )  # fmt: skip


def build_company(seed: int = SEED) -> Company:
    """Return the company of a seed: the same seed, the same company, on every machine."""
    draw = random.Random(seed)  # noqa: S311 - sample data
    departments, employees = draw_people(draw)
    sessions = _sessions()
    ordinary = [person.employee_id for person in employees if person.level.startswith("P")]
    spare = tuple(draw.sample(ordinary, 16))
    learners: dict[str, tuple[str, ...]] = {}
    for session in sessions:
        fitting = [
            person.employee_id
            for person in employees
            if person.department_code.startswith(session.pool)
            and person.employee_id not in spare
            and person.level != "M3"
        ]
        learners[session.code] = tuple(draw.sample(fitting, session.enrolled))
    leavers = _leavers(draw, sessions, learners, [one for one in ordinary if one not in spare])
    # Enrolled before HR's next list of employees knows them.
    newcomer = next(
        one
        for one in learners["2026-C007"]
        if one in ordinary and not any(one in people for code, people in learners.items() if code != "2026-C007")
    )
    newcomers = {newcomer: date(2026, 5, 18)}
    employees = tuple(
        replace(one, hired_on=newcomers.get(one.employee_id, one.hired_on)) for one in employees
    )
    taken = {*leavers, *spare, newcomer}
    movable = [one for one in ordinary if one not in taken and one < "20000"]
    targets = ("D120", "D110", "D130", "D150", "D140", "D120")
    days = (date(2026, 2, 1), date(2026, 4, 1), date(2026, 6, 1), date(2026, 6, 1), date(2026, 9, 1), date(2026, 11, 1))
    moved = draw.sample(movable, len(targets))
    transfers = {one: (day, code) for one, day, code in zip(moved, days, targets, strict=True)}
    trainers = _trainers(employees)
    return Company(
        departments, employees, COURSES, trainers, sessions, learners, leavers, transfers, newcomers, spare
    )


def _leavers(
    draw: random.Random,
    sessions: tuple[ClassSession, ...],
    learners: Mapping[str, tuple[str, ...]],
    ordinary: list[str],
) -> dict[str, date]:
    """Three people who leave at quiet times, and one attendee of 2026-C004 who leaves while its survey is open."""
    busy = {person for people in learners.values() for person in people}
    calm = draw.sample([one for one in ordinary if one not in busy], 3)
    leavers = dict(zip(calm, (date(2026, 2, 27), date(2026, 6, 10), date(2026, 9, 25)), strict=True))
    session = next(one for one in sessions if one.leavers)
    later = {person for one in sessions if one.code > session.code for person in learners[one.code]}
    attendees = learners[session.code][: session.attendee_count]
    leavers[next(one for one in reversed(attendees) if one not in later and one in ordinary)] = date(2026, 4, 18)
    return leavers


def _trainers(employees: tuple[Employee, ...]) -> tuple[Trainer, ...]:
    hr_head = next(one for one in employees if one.department_code == "D160")
    analyst = next(one for one in employees if one.department_code == "D130" and one.level == "M1")
    engineer = next(one for one in employees if one.department_code == "D230" and one.level == "M1")
    shanghai, singapore = ("Asia/Shanghai", "CN"), ("Asia/Singapore", "SG")
    return (
        Trainer("T001", hr_head.name, "internal", hr_head.employee_id, "", "高级", "300.00", "zh-CN", *shanghai),
        Trainer("T002", analyst.name, "internal", analyst.employee_id, "", "中级", "240.00", "zh-CN", *shanghai),
        Trainer("T003", "卓一鸣", "external", "", "V001", "高级", "1200.00", "zh-CN", *shanghai),
        Trainer("T004", "Margaret Whitfield", "external", "", "V002", "Senior", "1500.00", "en", *singapore),
        Trainer("T005", engineer.name, "internal", engineer.employee_id, "", "Certified", "260.00", "en", *singapore),
    )
