"""The yearly pulse of trainers: released when it closed, to HR once, nothing shown of too few."""

from __future__ import annotations

import email
import email.policy
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import datetime

import pytest
from tests.surveys import results_world as world

from trainloop import faults
from trainloop.outbox.composer import compose_due
from trainloop.surveys import trainer_pulse
from trainloop.surveys.instrument import load_instrument

INSTRUMENT = load_instrument("trainer_pulse")
ITEMS = [item.code for item in INSTRUMENT.items if item.kind == "scale"]


@pytest.fixture
def company(warehouse: str, set_clock: Callable[..., datetime]) -> None:
    """Forty people of whom some teach; the clock stands in January, after the close."""
    world.make_company()
    set_clock(2027, 1, 12)


def answered(levels: Sequence[int]) -> None:
    """A closed pulse of 2026 with one form per level."""
    world.execute(
        """insert into ops.survey_waves (wave_code, instrument_code, instrument_version, subject_kind, subject_id,
               anonymity, state, opened_at, closes_at, closed_at, has_completions, minimum_count, population)
           values ('TP-2026', 'trainer_pulse', %s, 'year', '2026', 'anonymous', 'closed', '2026-12-01', '2026-12-15',
               '2026-12-15', true, 5, 'trainers')""",
        INSTRUMENT.version,
    )
    world.execute(
        """insert into ops.invitations (wave_code, employee_id, token, is_used, invited_on)
           select 'TP-2026', employee_id, gen_random_uuid()::text,
               row_number() over (order by employee_id) <= %s, '2026-12-01'
           from core.employees order by employee_id limit %s""",
        len(levels), len(levels) + 2,
    )  # fmt: skip
    for number, level in enumerate(levels):
        (row,) = world.execute(
            """insert into confidential.responses (wave_code, state, external_id_hash)
               values ('TP-2026', 'complete', %s) returning response_id""",
            f"form-{number}",
        )
        for code in ITEMS:
            world.execute(
                "insert into confidential.answers (response_id, item_code, score) values (%s, %s, %s)",
                row["response_id"], code, level,
            )  # fmt: skip


def test_hr_reads_the_released_pulse_once(company: None) -> None:
    """Rate, dimensions and items with their n; the same data make no second release and no second mail."""
    answered([4, 5, 4, 3, 4, 5, 4, 4, 3, 4, 5, 4])
    counts = trainer_pulse.publish_trainer_pulses()
    assert counts == {"pulses_closed": 1, "releases_made": 1, "releases_withheld": 0, "notices_planned": 1}
    assert trainer_pulse.publish_trainer_pulses()["releases_made"] == 0
    compose_due()
    (mail,) = world.execute("select mime_bytes from ops.messages where template = 'trainer_pulse_result'")
    body = email.message_from_bytes(mail["mime_bytes"], policy=email.policy.default).get_body(("plain",))  # type: ignore[attr-defined]
    text = " ".join(body.get_content().split())
    assert "授课任务量合理：4.1（n = 12）" in text
    assert "支持" in text


def test_the_answers_of_four_trainers_are_not_shown(company: None) -> None:
    """Below the minimum HR reads how many answered and why there is no more."""
    answered([4, 5, 4, 3])
    trainer_pulse.publish_trainer_pulses()
    shown = world.execute(
        """select count(value) as shown_count from published.figures join published.releases using (release_id)
           where product = 'trainer_pulse' and family in ('item', 'dimension') and statistic = 'mean'"""
    )
    assert shown[0]["shown_count"] == 0
    compose_due()
    (mail,) = world.execute("select mime_bytes from ops.messages where template = 'trainer_pulse_result'")
    body = email.message_from_bytes(mail["mime_bytes"], policy=email.policy.default).get_body(("plain",))  # type: ignore[attr-defined]
    assert "为保护匿名不显示" in body.get_content()


@pytest.mark.slow
@pytest.mark.parametrize("point", ["trainer_pulse.publish.before_commit", "trainer_pulse.publish.after_commit"])
def test_a_pulse_killed_while_it_is_released_is_told_once(company: None, point: str) -> None:
    """R46: killed at the commit and run again, the release, its figures, its ledger and HR's mail are there once."""
    answered([4, 5, 4, 3, 4, 5, 4, 4, 3, 4, 5, 4])
    code = "from trainloop.surveys.trainer_pulse import publish_trainer_pulses; publish_trainer_pulses()"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
    assert done.returncode == -signal.SIGKILL
    is_kept = point.endswith("after_commit")
    assert trainer_pulse.publish_trainer_pulses()["releases_made"] == (0 if is_kept else 1)
    (found,) = world.execute(
        """select (select count(*) from published.releases where product = 'trainer_pulse') as releases,
            (select count(*) from ops.notices where kind = 'trainer_pulse_result') as mails,
            (select count(*) from ops.audit_entries where subject_kind = 'year') as audits,
            (select count(*) from published.figures where statistic = 'mean' and respondent_count = 12) as means,
            (select count(distinct respondent_id) from confidential.release_respondents) as people"""
    )
    assert (found["releases"], found["mails"], found["audits"], found["people"]) == (1, 1, 1, 12)
    assert found["means"] >= len(ITEMS)
