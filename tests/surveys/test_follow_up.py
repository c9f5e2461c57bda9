"""Follow-ups 90 days after a class: released once when they closed, nothing of too few, kills and re-runs alike."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from tests.surveys import results_world as world

from trainloop.faults import VARIABLE
from trainloop.surveys.follow_up import publish_follow_ups
from trainloop.surveys.instrument import load_instrument

INSTRUMENT = load_instrument("follow_up_90d_learner")
SCALES = [item.code for item in INSTRUMENT.items if item.kind == "scale"]


@pytest.fixture
def company(warehouse: str, set_clock: Callable[..., datetime]) -> None:
    """Forty people; the follow-ups of two classes closed the day before."""
    world.make_company()
    set_clock(2026, 7, 1)


def answered(session_code: str, count: int) -> None:
    """A closed follow-up with so many forms; levels 3, 4, 5 in turn."""
    wave = f"F90L-{session_code}"
    world.execute(
        """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
               anonymity, state, opened_at, closes_at, closed_at, has_completions, minimum_count, population)
           values (%s, 'follow_up_90d_learner', %s, 'class_session', %s, 'confidential', 'closed', '2026-06-16',
               '2026-06-30', '2026-06-30', true, 5, 'attendees')""",
        *(wave, INSTRUMENT.version, session_code),
    )
    world.execute(
        """insert into ops.invitations (wave_code, employee_id, token, is_used, invited_on)
           select %s, employee_id, gen_random_uuid()::text, true, '2026-06-16'
           from core.employees order by employee_id limit %s""",
        *(wave, count),
    )
    for number in range(count):
        (row,) = world.execute(
            """insert into confidential.responses (wave_code, state, external_id_hash)
               values (%s, 'complete', %s) returning response_id""",
            *(wave, f"form-{number}"),
        )
        for code in SCALES:
            world.execute(
                "insert into confidential.answers (response_id, item_code, score) values (%s, %s, %s)",
                *(row["response_id"], code, 3 + number % 3),
            )
        world.execute(
            "insert into confidential.answers (response_id, item_code, choice) values (%s, 'barrier', 'time')",
            row["response_id"],
        )


def shown(session_code: str) -> dict[tuple[str, str, str], Any]:
    rows = world.execute(
        """select family, code, statistic, value, respondent_count from published.figures
           join published.releases using (release_id)
           where product = 'follow_up_90d_learner' and subject_id = %s and value is not null""",
        session_code,
    )
    return {(row["family"], row["code"], row["statistic"]): row for row in rows}


def test_a_closed_follow_up_is_released_once_and_four_answers_are_not_shown(company: None) -> None:
    """Means with their n where the minimum is met; the same data make no second release; nobody is mailed."""
    answered("2026-C1", 12)
    answered("2026-C2", 4)
    assert publish_follow_ups() == {"waves_closed": 2, "releases_made": 2, "releases_withheld": 0}
    assert publish_follow_ups()["releases_made"] == 0
    used = shown("2026-C1")["item", "used_frequency", "mean"]
    assert (used["value"], used["respondent_count"]) == (4, 12)
    assert ("item", "used_frequency", "mean") not in shown("2026-C2")
    assert world.execute("select count(*) as n from ops.notices") == [{"n": 0}]


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["follow_up.publish.before_commit", "follow_up.publish.after_commit"])
def test_a_follow_up_that_is_killed_and_run_again_is_released_once(company: None, fault: str) -> None:
    """Figures and the ledger of who stands behind them are one commit."""
    answered("2026-C1", 12)
    program = "from trainloop.surveys.follow_up import publish_follow_ups; publish_follow_ups()"
    killed = subprocess.run([sys.executable, "-c", program], env=os.environ | {VARIABLE: fault}, check=False)
    assert killed.returncode != 0
    publish_follow_ups()
    assert world.execute("select count(*) as n from published.releases") == [{"n": 1}]
    assert shown("2026-C1")["item", "used_frequency", "mean"]["value"] == 4
