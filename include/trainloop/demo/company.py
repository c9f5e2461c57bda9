"""The sample company: its people, trainers, classes and who sits in which."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from trainloop.config import Locale
from trainloop.demo.people import Department, Employee, draw_people
from trainloop.demo.surveys_truth import surveys
from trainloop.demo.truth import ClassSession, Course, class_sessions, courses

SEED = 20260105


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
class Company:
    """Everything planted: people, courses, class sessions with their learners (attendees first, then absentees).

    `leavers` have a last day, `transfers` a day and a new department, `newcomers` a first day within the year,
    `promotions` a day; `spare` people take no part in any class.
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
    promotions: Mapping[str, date]
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
            shown = replace(person, left_on=left_on if left_on and left_on <= day + timedelta(days=7) else None)
            if (promoted_on := self.promotions.get(person.employee_id, date.max)) <= day:
                shown = replace(shown, promoted_on=promoted_on)
            moved_on, code = self.transfers.get(person.employee_id, (date.max, ""))
            if moved_on <= day:
                target = heads[code]
                shown = replace(shown, department_code=code, family=target.family, manager_id=target.head_id)
            found.append(shown)
        return tuple(found)


def build_company(seed: int = SEED) -> Company:
    """Return the company of a seed: the same seed, the same company, on every machine."""
    draw = random.Random(seed)
    departments, employees = draw_people(draw)
    sessions = class_sessions()
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
    employees = tuple(replace(one, hired_on=newcomers.get(one.employee_id, one.hired_on)) for one in employees)
    taken = {*leavers, *spare, newcomer}
    movable = [one for one in ordinary if one not in taken and one < "20000"]
    targets = ("D120", "D110", "D130", "D150", "D140", "D120")
    days = (date(2026, 2, 1), date(2026, 4, 1), date(2026, 6, 1), date(2026, 6, 1), date(2026, 9, 1), date(2026, 9, 1))
    moved = draw.sample(movable, len(targets))
    transfers = {one: (day, code) for one, day, code in zip(moved, days, targets, strict=True)}
    trainers = _trainers(employees)
    return Company(
        departments,
        employees,
        courses(),
        trainers,
        sessions,
        learners,
        leavers,
        transfers,
        newcomers,
        _promotions(employees),
        spare,
    )


def _promotions(employees: tuple[Employee, ...]) -> dict[str, date]:
    """The second team lead of each department of `new_managers`: a team of ten, and no trainer."""
    truth = surveys().new_managers
    leads: dict[str, list[str]] = {}
    for one in employees:
        if one.level == "M1":
            leads.setdefault(one.department_code, []).append(one.employee_id)
    return {leads[code][1]: truth.promoted_on for code in truth.departments}


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
