"""Who works at the sample company: about 300 people in a Shanghai and a Singapore subsidiary, drawn from one seed.

Names are invented, addresses end in @example.com. Characters that small fonts and GB 2312 lack (喆 堃 玥 镕 赟 祎 翀)
are there on purpose.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from trainloop.config import Locale

SURNAMES = {
    "王": "wang", "李": "li", "张": "zhang", "刘": "liu", "陈": "chen", "杨": "yang", "赵": "zhao", "黄": "huang",
    "周": "zhou", "吴": "wu", "徐": "xu", "孙": "sun", "胡": "hu", "朱": "zhu", "高": "gao", "林": "lin", "何": "he",
    "郭": "guo", "马": "ma", "罗": "luo", "梁": "liang", "宋": "song", "郑": "zheng", "谢": "xie", "韩": "han",
    "唐": "tang", "冯": "feng", "于": "yu", "董": "dong", "萧": "xiao", "欧阳": "ouyang", "司马": "sima",
}  # fmt: skip
GIVEN = (
    "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀英 霞 平 刚 桂英 文博 子涵 雨桐 梓萱 浩然 思远 嘉怡 "
    "欣怡 俊杰 晓彤 佳琪 志强 建华 建国 海燕 雪梅 国栋 晨曦 诗涵 宇轩 若曦 一诺 沐阳 明轩 天佑 婉婷 喆 堃 玥 "
    "镕 赟 祎 翀 玥婷 祎然"
).split()
FIRST_NAMES = (
    "Aisha Alan Amelia Anand Arun Benjamin Bridget Carlos Charlotte Chloe Daniel Deepa Elena Ethan Farah Grace "
    "Hassan Hui-Min Imran Isabel Jacob Jia-Hao Joanna Kavitha Kelvin Lakshmi Liam Lucas Mei-Ling Michelle "
    "Nadia Nathan Nurul Oliver Olivia Priya Rachel Rahul Ravi Ryan Samuel Sarah Siti Sophie Suresh Thomas "
    "Vanessa Victor Wei-Jie Xin-Yi Yusuf"
).split()
LAST_NAMES = (
    "Abdullah Bakker Carter Chan Cheong D'Souza Davies Fernandez Goh Gupta Harris Ibrahim Johnson Kaur Khoo "
    "Kumar Lee Lim Martin Menon Müller Nair Ng Ong Osman Patel Pereira Pillai Quek Raj Rodrigues Seah Sharma "
    "Singh Tan Teo Thompson Wong Yeo Zainal"
).split()


@dataclass(frozen=True)
class Department:
    """One department; `headcount` people of one job family work in it."""

    code: str
    name_zh: str
    name_en: str
    parent_code: str
    family: str
    headcount: int
    head_id: str = ""

    @property
    def is_singapore(self) -> bool:
        return self.code.startswith("D2")


@dataclass(frozen=True)
class Employee:
    """One employee as the master data of one day show them."""

    employee_id: str
    name: str
    email: str
    department_code: str
    family: str
    level: str
    manager_id: str
    hired_on: date
    promoted_on: date | None
    locale: Locale
    timezone: Literal["Asia/Shanghai", "Asia/Singapore"]
    calendar_code: Literal["CN", "SG"]
    cost_band: str
    left_on: date | None = None


DEPARTMENTS = (
    Department("D000", "集团总部", "Group headquarters", "", "management", 3),
    Department("D100", "上海公司", "Shanghai company", "D000", "management", 2),
    Department("D110", "华东销售部", "Sales East", "D100", "sales", 48),
    Department("D120", "客户服务部", "Customer Care", "D100", "service", 42),
    Department("D130", "产品研发部", "Product Development", "D100", "engineering", 46),
    Department("D140", "生产运营部", "Operations", "D100", "operations", 44),
    Department("D150", "财务部", "Finance", "D100", "finance", 14),
    Department("D160", "人力资源部", "Human Resources", "D100", "hr", 11),
    Department("D200", "新加坡公司", "Singapore company", "D000", "management", 2),
    Department("D210", "亚太销售部", "Sales APAC", "D200", "sales", 26),
    Department("D220", "客户成功部", "Customer Success", "D200", "service", 22),
    Department("D230", "工程部", "Engineering", "D200", "engineering", 20),
    Department("D240", "物流部", "Logistics", "D200", "operations", 14),
    Department("D250", "财务与法务部", "Finance and Legal", "D200", "finance", 6),
)
TEAM_SIZE = 11


def draw_people(draw: random.Random) -> tuple[tuple[Department, ...], tuple[Employee, ...]]:
    """Return the departments with their heads and the employees of 1 January, managers first in each department."""
    people: list[Employee] = []
    departments: list[Department] = []
    heads: dict[str, str] = {}
    names: set[str] = set()
    for department in DEPARTMENTS:
        own = list(_staff(draw, department, heads.get(department.parent_code, ""), len(people), names))
        heads[department.code] = own[0].employee_id
        departments.append(replace(department, head_id=own[0].employee_id))
        people += own
    return tuple(departments), tuple(people)


def _staff(
    draw: random.Random, department: Department, boss_id: str, offset: int, names: set[str]
) -> Iterator[Employee]:
    """Yield the head, then team leads and their teams."""
    lead_id = head_id = ""
    for number in range(department.headcount):
        # Shanghai numbers begin with zeros, as many companies' do; Singapore's do not.
        employee_id = f"{(20000 if department.is_singapore else 100) + offset + number + 1:05d}"
        is_head, is_lead = number == 0, number % TEAM_SIZE == 1
        manager_id = boss_id if is_head else head_id if is_lead else lead_id
        head_id = employee_id if is_head else head_id
        lead_id = employee_id if is_lead else lead_id
        level = "M3" if is_head else "M1" if is_lead else f"P{draw.choice((3, 4, 4, 5, 5, 6))}"
        yield _person(draw, department, employee_id, manager_id, level, names)


def _person(
    draw: random.Random, department: Department, employee_id: str, manager_id: str, level: str, names: set[str]
) -> Employee:
    speaks_chinese = not department.is_singapore or draw.random() < 0.1
    name, mailbox = _name(draw, names, speaks_chinese=speaks_chinese)
    hired_on = date(2012, 1, 4) + timedelta(days=draw.randrange(0, 4800))
    promoted_on = hired_on + timedelta(days=draw.randrange(300, 900)) if level.startswith("M") else None
    return Employee(
        employee_id=employee_id,
        name=name,
        email=f"{mailbox}.{employee_id}@example.com",
        department_code=department.code,
        family=department.family,
        level=level,
        manager_id=manager_id,
        hired_on=hired_on,
        promoted_on=promoted_on if promoted_on and promoted_on < date(2025, 12, 1) else None,
        locale="zh-CN" if speaks_chinese else "en",
        timezone="Asia/Singapore" if department.is_singapore else "Asia/Shanghai",
        calendar_code="SG" if department.is_singapore else "CN",
        cost_band=draw.choice("ABBCC") if level.startswith("P") else "D",
    )


def _name(draw: random.Random, names: set[str], *, speaks_chinese: bool) -> tuple[str, str]:
    while True:
        if speaks_chinese:
            surname = draw.choice(tuple(SURNAMES))
            given = draw.choice(GIVEN)
            name, mailbox = surname + given, SURNAMES[surname]
        else:
            first, last = draw.choice(FIRST_NAMES), draw.choice(LAST_NAMES)
            name, mailbox = f"{first} {last}", "".join(filter(str.isalpha, first)).lower()
        if name not in names:
            names.add(name)
            return name, mailbox
