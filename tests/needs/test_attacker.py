"""Everything one needs release shows, solved as a system of equations: no answer of fewer people than allowed."""

from __future__ import annotations

import random
from datetime import date
from itertools import product

import pytest

from trainloop.config import get_site
from trainloop.domain.need import Goal
from trainloop.needs.assembly import Content, Past, assemble
from trainloop.needs.inputs import Confirmation, Form, Inputs, Person, Result, Topic
from trainloop.statistics.disclosure import with_margins
from trainloop.statistics.subtraction import is_small_group_derivable

INDICATORS = ("K0", "K1")


def company(seed: int, *, late: int = 0) -> Inputs:
    """Families that nearly are departments, small crossings, target groups cut by family and level."""
    chance = random.Random(seed)
    families = [f"F{number}" for number in range(chance.choice([2, 3]))]
    levels = [f"L{number}" for number in range(chance.choice([2, 3]))]
    people: list[Person] = []
    for level, family in product(levels, families):
        for _ in range(chance.choice([0, 2, 8, 15, 25, 40, 60])):
            is_elsewhere = chance.random() < 0.15
            department = chance.choice(["D1", "D2", "D3"]) if is_elsewhere else f"D{families.index(family)}"
            people.append(Person(f"E{len(people)}", department, family, level))
    topics = tuple(
        Topic(
            f"T{number}",
            "主题",
            "Topic",
            None,
            "G",
            INDICATORS[number % 2],
            None,
            tuple(sorted(chance.sample(families, chance.randint(0, len(families) - 1)))),
            tuple(sorted(chance.sample(levels, chance.randint(0, len(levels) - 1)))),
            None,
            None,
        )
        for number in range(4)
    )
    forms = [
        Form(
            f"f{number}", one.job_level if chance.random() < 0.97 else None, one.job_family, {"wished_topics": ("T0",)}
        )
        for number, one in enumerate(people)
        if chance.random() < 0.9
    ]
    chance.shuffle(forms)
    results = tuple(
        Result(one.employee_id, code, "2026Q3", 10, 8, "skill", "higher")
        for one in people
        for code in INDICATORS
        if chance.random() < 0.95
    )
    confirmations = tuple(
        Confirmation(topic.topic_code, department, True, "skill", None, None, None)
        for topic in topics
        for department in ("D0", "D1", "D2", "D3")
        if chance.random() < 0.7
    )
    n = len(people)
    return Inputs(
        year=2027,
        wave_code="NEEDS-2027",
        population_on=date(2026, 11, 23),
        quarters=("2026Q3",),
        people=tuple(people),
        goals={"G": Goal("G", 20)},
        topics=topics,
        trace=(),
        interviews=(),
        coverage=(),
        quotes=(),
        results=results,
        levels=(),
        confirmations=confirmations,
        parents={},
        forms=tuple(forms[: len(forms) - 20 + late]),
        partial_count=0,
        invited_count=n,
        eligible_count=n,
        held_count=0,
        excluded_count=0,
        labels=(),
    )


def demand_shown(inputs: Inputs, content: Content, topic_code: str) -> list[frozenset[str]]:
    """The groups whose share of one topic a reader sees, from the rows of the release itself."""
    cells: dict[tuple[str, str], set[str]] = {}
    for form in inputs.forms:
        cells.setdefault((form.job_level or "other", form.job_family or "other"), set()).add(form.respondent_id)
    whole = with_margins({place: frozenset(group) for place, group in cells.items()})
    groups = [
        whole[cell.row_code, cell.column_code]
        for cell in content.shown.cells
        if cell.table_code == f"demand:{topic_code}" and cell.reason is None
    ]
    topic = next(topic for topic in inputs.topics if topic.topic_code == topic_code)
    layer = next(row for row in content.layers if (row["topic_code"], row["layer"]) == (topic_code, "individual"))
    if layer["value"] is not None:
        groups.append(
            frozenset(form.respondent_id for form in inputs.forms if topic.is_for(form.job_family, form.job_level))
        )
    figures = {(item.code, item.statistic): item for item in content.shown.shown if item.family == "demand"}
    if figures[topic_code, "all_pct"].value is not None:
        groups.append(frozenset(form.respondent_id for form in inputs.forms))
    return groups


def test_there_is_something_to_attack(home: object) -> None:
    """A release that hides everything is safe and useless."""
    contents = [assemble(company(seed), Past(), get_site()) for seed in range(4)]
    shown = [cell for content in contents for cell in content.shown.cells if cell.reason is None]
    assert sum(cell.table_code.startswith("demand:") for cell in shown) > 20
    assert sum(cell.table_code.startswith("performance") for cell in shown) > 20


@pytest.mark.parametrize("seed", range(8))
def test_no_sum_or_difference_of_what_one_release_shows_speaks_of_few(home: object, seed: int) -> None:
    """Shares need ten people, mean gaps five, whatever a reader adds and subtracts."""
    inputs = company(seed)
    content = assemble(inputs, Past(), get_site())
    for topic in inputs.topics:
        shown = demand_shown(inputs, content, topic.topic_code)
        assert not is_small_group_derivable(list(dict.fromkeys(shown)), 10), topic.topic_code
    for code in INDICATORS:
        entries = [entry for entry in content.shown.ledger if entry.key.startswith(f"performance:{code}/")]
        assert len(entries) > 1
        assert not is_small_group_derivable(list({entry.respondents for entry in entries}), 5), code


@pytest.mark.parametrize("seed", range(3))
def test_nor_do_two_revisions_together(home: object, seed: int) -> None:
    """Twelve late answers make a second revision: both are in readers' hands."""
    first = company(seed)
    before = assemble(first, Past(), get_site())
    not_shown = frozenset(
        {
            (1, item.code, "all")
            for item in before.shown.shown
            if item.family == "demand" and item.statistic == "all_pct" and item.is_hidden
        }
        | {
            (1, topic.topic_code, "table")
            for topic in first.topics
            if all(cell.reason for cell in before.shown.cells if cell.table_code == f"demand:{topic.topic_code}")
        }
    )
    second = company(seed, late=12)
    after = assemble(second, Past({1: before.shown.ledger}, not_shown), get_site())
    assert after.withheld_reason is None
    for topic in first.topics:
        code = topic.topic_code
        shown = demand_shown(first, before, code) + demand_shown(second, after, code)
        assert not is_small_group_derivable(list(dict.fromkeys(shown)), 10), code
