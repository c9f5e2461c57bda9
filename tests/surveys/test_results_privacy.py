"""Anonymity of released results, attacked with what a reader has: every published figure of every revision."""

from __future__ import annotations

import itertools
import random

import psycopg
import pytest
from tests.surveys import results_world as world

from trainloop.surveys.results import evaluate_session
from trainloop.warehouse import engine

ITEMS = (*world.SCALE_ITEMS, "recommend", "performance_focus")


@pytest.fixture
def company(warehouse: str) -> None:
    """A company of forty people with one course and one trainer."""
    world.make_company()


@pytest.mark.parametrize("seed", [1, 2])
def test_subtracting_revisions_gives_no_small_group(company: None, seed: int) -> None:
    """A class with late, withdrawn and skipped answers: between any two releases that show an item, the people differ
    by none or by at least five, and by ten where both show the distribution."""
    chance = random.Random(seed)
    world.make_class("S1", [], invited=40)
    answered: set[int] = set()
    groups: dict[int, dict[str, frozenset[int]]] = {}
    for _ in range(6):
        flipped = set(chance.sample(range(40), chance.choice([1, 2, 6, 12, 15])))
        answered ^= flipped
        world.execute("delete from confidential.responses")
        skips = {number: chance.choice(ITEMS) for number in answered if chance.random() < 0.1}
        for number in sorted(answered):
            skipped = {skips[number]: None} if number in skips else {}
            world.add_answers("S1", [world.form(1 + number % 5, **skipped)], start=number)
        release = evaluate_session("S1")
        if release["is_new"] and not release["is_withheld"]:
            groups[int(release["release_id"])] = {
                item: frozenset(number for number in answered if skips.get(number) != item) for item in ITEMS
            }
    assert groups
    shown = {release: world.figures(release) for release in groups}
    for item, (first, second) in itertools.product(ITEMS, itertools.combinations(groups, 2)):
        distance = len(groups[first][item] ^ groups[second][item])
        pairs = {"item": ("mean", "share_5"), "nps": ("nps", "promoters_pct"), "choice": ("none", "share:none")}
        for family, (mean, share) in pairs.items():
            for statistic, minimum in ((mean, 5), (share, 10)):
                both = [shown[release].get((family, item, statistic), {}).get("value") for release in (first, second)]
                assert None in both or distance == 0 or distance >= minimum, (item, statistic, distance)


def test_a_hidden_class_does_not_come_back_through_an_average(company: None) -> None:
    """Four answers are hidden; no later class's comparison, whatever it shows, depends on them."""
    world.make_class("S0", world.forms([1] * 4), number=1)
    world.make_class("S1", world.forms([4, 5] * 6), number=2)
    evaluate_session("S0")
    first = world.figures(int(evaluate_session("S1")["release_id"]))
    world.execute("truncate published.releases, marts.evaluation_waves, marts.evaluation_arrays cascade")
    world.execute("update confidential.answers set score = 5 where score = 1")
    evaluate_session("S0")
    second = world.figures(int(evaluate_session("S1")["release_id"]))
    assert {key: row["value"] for key, row in first.items()} == {key: row["value"] for key, row in second.items()}


def test_small_classes_stay_hidden_whole_while_n_is_printed(company: None) -> None:
    """Four people: n, response and attendance, and no figure about what they said."""
    world.make_class("S1", world.forms([5, 5, 5, 5], most_useful="案例"), invited=12)
    release = evaluate_session("S1")
    found = world.figures(int(release["release_id"]))
    said = {key for key, row in found.items() if row["value"] is not None and key[0] not in {"response", "attendance"}}
    assert {key[2] for key in said} <= {"n", "alpha_n", "earlier_sessions_count"}
    assert found["response", "wave", "straight_lined_count"]["is_hidden"]
    for table in ("published.verbatims", "published.suggestions", "confidential.release_respondents"):
        assert world.execute(f"select * from {table}") == []


@pytest.mark.parametrize("role", ["board", "reporter", "sender", "planner", "intake"])
def test_only_statistics_may_ask_whose_names_stand_in_texts(company: None, role: engine.Role) -> None:
    """The look-up answers with names that are in the text already, and to one role only."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), engine.connect(role) as connection:
        connection.execute("select * from confidential.names_in_texts('S1', array['Person 1'])")
    with engine.connect("statistics") as connection:
        found = connection.execute("select * from confidential.names_in_texts('S1', array['so said Person 1.'])")
        assert [row["name"] for row in found] == ["Person 1"]


def test_the_ledger_does_not_lead_from_tests_to_people(company: None) -> None:
    """Test takers stand in the ledger under keyed hashes of session and employee."""
    world.make_class("S1", world.forms([4] * 8))
    world.execute(
        """insert into core.test_results
           select 'S1', employee_id, 10, 14 + row_number() over (), 40, 1, 1 from core.enrollments"""
    )
    evaluate_session("S1")
    rows = world.execute(
        "select respondent_id::text as id from confidential.release_respondents where figure_key = 'test:class'"
    )
    assert len({row["id"] for row in rows}) == 8
    assert not any("E00" in row["id"] for row in rows)
