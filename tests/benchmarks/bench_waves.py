"""How long a wave to everybody takes: 100,000 invitations with coarse groups and mails in one commit, then a reminder.

The yardstick is the database itself: the same number of bare rows of the two tables, written by one statement each.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime

import pytest
from tests.benchmarks.harness import GOALS, Journal
from tests.surveys.conftest import Company, company  # noqa: F401 - company is a fixture
from tests.surveys.waves_world import plan

from trainloop.surveys import rounds
from trainloop.warehouse import engine

PEOPLE = 100_000
BARE = (
    """insert into ops.invitations (wave_code, employee_id, token, invited_on)
       select 'NEEDS-1', employee_id, replace(gen_random_uuid()::text, '-', ''), date '2026-03-03'
       from core.employees""",
    """insert into ops.notices (kind, subject_kind, subject_id, recipient_kind, recipient_id)
       select 'survey_invitation', 'survey_wave', 'NEEDS-1', 'employee', employee_id from core.employees""",
)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_a_wave_to_a_hundred_thousand_people_is_one_batch(
    company: Company,  # noqa: F811
    set_clock: Callable[..., datetime],
    journal: Journal,
) -> None:
    """Opened in one commit in less than five times what bare rows take; a second scan finds nothing to do."""
    company.write(
        """insert into core.employees (employee_id, name, email, department_code, job_family, job_level, file_id,
               row_number)
           select 'E' || n, '某人', 'e' || n || '@example.com', 'D' || n %% 400, 'F' || n %% 7, 'L' || n %% 9, 1, n
           from generate_series(1, %s) as n""",
        (PEOPLE,),
    )
    company.write("analyze core.employees")
    plan("annual_needs", "1", date(2026, 3, 2))
    bare = 0.0
    for query in BARE:
        with engine.connect("owner") as connection:
            bare += seconds(lambda query=query, connection=connection: connection.execute(query))
            connection.rollback()
    plan("annual_needs", "2027", date(2026, 3, 3))
    set_clock(2026, 3, 3, 6)
    company.write("delete from ops.milestones where subject_id = 'NEEDS-1'")
    company.write("delete from ops.survey_waves where wave_code = 'NEEDS-1'")
    opening = seconds(rounds.open_due)
    counted = company.read("select count(*) as invited, count(distinct coarse_groups) as groups from ops.invitations")
    again = seconds(rounds.open_due)
    set_clock(2026, 3, 10, 6)
    reminding = seconds(rounds.remind_due)
    set_clock(2026, 3, 25, 6)
    closing = seconds(rounds.close_due)
    taken = {"opened": opening, "bare_rows": bare, "scanned_again": again, "reminded": reminding, "closed": closing}
    journal.note(
        "wave",
        [opening / bare],
        people=PEOPLE,
        coarse_groups=counted[0]["groups"],
        seconds={name: round(one, 1) for name, one in taken.items()},
    )
    assert counted[0]["invited"] == PEOPLE
    assert opening < GOALS["wave"].goal * bare
