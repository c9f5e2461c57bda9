"""Coarse groups of anonymous answers in a wave's life, and what the statistics role may count."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime

import psycopg
import pytest
from psycopg.types.json import Jsonb

from trainloop.surveys import rounds
from trainloop.surveys.response import ResponseCounts, response_counts
from trainloop.warehouse import engine

from .conftest import Company
from .waves_world import plan

type_of_clock = Callable[..., datetime]
# 7 people of D1, 3 of D2 and 3 of D3 in one level and family; 2 of level L2.
HEADCOUNT = {("L1", "F1", "D1"): 7, ("L1", "F1", "D2"): 3, ("L1", "F1", "D3"): 3, ("L2", "F1", "D1"): 2}
WAVE = "NEEDS-2027"


def hire(company: Company, level: str, family: str, department: str, *employee_ids: str) -> None:
    company.people(*employee_ids)
    company.write(
        """update core.employees set job_level = %s, job_family = %s, department_code = %s
           where employee_id = any(%s)""",
        (level, family, department, list(employee_ids)),
    )


@pytest.fixture
def asked(company: Company, set_clock: type_of_clock) -> Company:
    """The needs survey is open for everybody since 2026-03-03."""
    for (level, family, department), count in HEADCOUNT.items():
        hire(company, level, family, department, *(f"{level}{department}-{number}" for number in range(count)))
    plan("annual_needs", "2027", date(2026, 3, 3))
    set_clock(2026, 3, 3, 6)
    rounds.open_due()
    return company


def groups(company: Company, table: str = "ops.invitations") -> Counter[tuple[str, ...]]:
    rows = company.read(f"select coarse_groups from {table} where wave_code = %s", (WAVE,))
    order = ("job_level", "job_family", "department_code")
    return Counter(tuple(row["coarse_groups"][name] for name in order if name in row["coarse_groups"]) for row in rows)


def test_groups_are_fixed_at_the_opening_and_stand_for_five_people_each(asked: Company) -> None:
    """Departments of three share level and family; the two of L2 would be alone, so the next smallest join them."""
    found = groups(asked)
    assert sum(found.values()) == 15
    assert min(found.values()) >= 5
    assert found == {("L1", "F1", "D1"): 7, (): 8}


def test_groups_stay_what_they_were_when_people_move_or_come(asked: Company, set_clock: type_of_clock) -> None:
    """Whoever moves keeps the group of the opening; whoever comes gets the nearest one in use, never a new one."""
    asked.write("update core.employees set department_code = 'D9' where employee_id = 'L1D1-0'")
    hire(asked, "L1", "F1", "D1", "NEW-1")
    hire(asked, "L7", "F7", "D7", "NEW-2")
    set_clock(2026, 3, 4, 6)
    assert rounds.open_due()["notices_planned"] == 2
    assert groups(asked) == {("L1", "F1", "D1"): 8, (): 9}


def test_at_the_close_groups_stand_for_five_answers_each(asked: Company, set_clock: type_of_clock) -> None:
    """Five invited people of whom two answer are a group of two: the answer sheets give up what tells them apart."""
    for group, count in ({"job_level": "L1", "job_family": "F1", "department_code": "D1"}, 6), ({}, 2):
        asked.write(
            """insert into confidential.responses (wave_code, state, external_id_hash, coarse_groups)
               select %s, 'complete', gen_random_uuid()::text, %s from generate_series(1, %s)""",
            (WAVE, Jsonb(group), count),
        )
    set_clock(2026, 3, 25, 6)
    assert rounds.close_due() == {"waves_closed": 1, "responses_rewritten": 8, "responses_coarsened": 6}
    assert groups(asked, "confidential.responses") == {(): 8}


def test_counts_of_a_wave_tell_who_could_answer_and_name_nobody(asked: Company) -> None:
    """Held back and excluded people are no denominator, bounced ones neither; the statistics role sees no person."""
    asked.write("update ops.invitations set is_used = true where employee_id in ('L1D1-0', 'L1D1-1')")
    asked.write("update ops.invitations set state = 'held_by_cap', reason = 'x' where employee_id = 'L1D1-2'")
    asked.write("update ops.invitations set state = 'excluded', reason = 'left' where employee_id = 'L1D1-3'")
    asked.write(
        """insert into ops.mail_stops (recipient_kind, recipient_id, kind, recorded_at)
           values ('employee', 'L1D1-4', 'bounced', '2026-03-04'), ('employee', 'L1D1-0', 'bounced', '2026-03-04')"""
    )
    asked.write(
        "insert into confidential.responses (wave_code, state, external_id_hash) values (%s, 'partial', 'x')", (WAVE,)
    )
    with engine.connect("statistics") as connection:
        assert response_counts(connection, WAVE) == ResponseCounts(
            wave_code=WAVE, population_count=15, invited_count=13, eligible_count=12, used_count=2, held_count=1,
            excluded_count=1, complete_count=0, partial_count=1, has_completions=True,
        )  # fmt: skip
        assert response_counts(connection, "NEEDS-1999") is None
        counted = connection.execute("select * from marts.wave_groups(%s)", (WAVE,)).fetchall()
        assert sorted(row["invited_count"] for row in counted) == [5, 8]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("select employee_id from ops.invitations")
