"""What people answer to the annual needs survey: in each target group exactly the planted share names its topic."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date

from trainloop.demo.company import Company
from trainloop.demo.needs_truth import needs

ITEMS = ("wished_topics", "career_topics", "weak_topics")
MOST_NAMED = {"wished_topics": 5, "career_topics": 3, "weak_topics": 5}
MODES = ("classroom", "online_live", "self_paced", "on_the_job", "blended")
OBSTACLES = ("没有整块的时间", "学了用不上，工具没有权限", "旺季走不开", "Too many meetings", "")
Answers = Mapping[str, str | list[str]]


def answering(company: Company, on: date) -> list[str]:
    """Return the employee ids that answer, in the order in which they do: the planted share of each department."""
    draw = random.Random("needs answering")
    found: list[str] = []
    people = company.on(on)
    for department in company.departments:
        own = [one.employee_id for one in people if one.department_code == department.code and one.left_on is None]
        draw.shuffle(own)
        found += own[: round(len(own) * needs().answering_pct / 100)]
    draw.shuffle(found)
    return found


def needs_answers(company: Company, on: date) -> dict[str, Answers]:
    """Return what each answering employee says: item code → option codes, a score or words."""
    draw = random.Random("needs answers")
    people = {one.employee_id: one for one in company.on(on)}
    ids = answering(company, on)
    named: dict[str, dict[str, list[str]]] = {one: {item: [] for item in ITEMS} for one in ids}
    for topic in needs().topics:
        group = [one for one in ids if topic.is_for(people[one])]
        others = [one for one in ids if one not in set(group)]
        asking = draw.sample(group, round(len(group) * topic.asking_pct / 100))
        asking += draw.sample(others, round(len(others) * needs().stray_pct / 100))
        for one in asking:
            open_items = [item for item in ITEMS if len(named[one][item]) < MOST_NAMED[item]]
            named[one][draw.choice(open_items)].append(topic.code)
    return {
        one: {
            **{item: codes for item, codes in named[one].items() if codes},
            "learning_support": str(draw.choice((3, 4, 4, 5))),
            "preferred_mode": draw.choice(MODES),
            "available_hours": str(draw.choice((2, 4, 4, 6, 8))),
            **({"obstacles": words} if (words := draw.choice(OBSTACLES)) else {}),
        }
        for one in ids
    }
