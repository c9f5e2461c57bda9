"""Killed at any commit and tried again: each form is kept once, each action written once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys

import httpx
import pytest
from tests.forms.conftest import Site, full_answers, serving, token_of

from trainloop import faults
from trainloop.surveys.sources import forms as source

pytestmark = pytest.mark.slow
PULSE = "quarterly_pulse"
CANONICAL = """
    select jsonb_build_object(
        'used', (select jsonb_agg(is_used order by wave_code, employee_id) from ops.invitations),
        'waiting', (select count(*) from forms.submissions),
        'kept', (
            select jsonb_agg(jsonb_build_array(wave_code, item_code, score, choice, free_text)
                order by wave_code, item_code, free_text)
            from confidential.answers join confidential.responses using (response_id)
        ),
        'named', (select jsonb_agg(jsonb_build_array(wave_code, employee_id, answers)) from core.named_responses)
    ) as all_rows"""


def press(address: str, path: str, answers: dict[str, str]) -> int:
    """Open a page and press its button, like a person whose browser is told nothing of the server's death."""
    with httpx.Client(base_url=address, timeout=20) as browser:
        page = browser.get(path)
        found = re.search(r'name="form_token" value="([^"]+)"', page.text)
        fields = answers | ({"form_token": found[1]} if found else {})
        return browser.post(path, data=fields, follow_redirects=True).status_code


@pytest.mark.parametrize(("point", "kept"), [("forms.submit.before_commit", 0), ("forms.submit.after_commit", 1)])
def test_a_service_killed_while_a_form_is_sent_keeps_it_once(site: Site, point: str, kept: int) -> None:
    """Before the commit nothing is used; after it the second try says thank you. Never lost, never twice."""
    wave = site.wave(PULSE, "2026Q1", "E1", minimum_count=1)
    path, answers = f"/f/{token_of(wave, 'E1')}", full_answers(PULSE) | {"action": "submit"}
    with serving(point) as (process, address):
        with pytest.raises(httpx.HTTPError):
            press(address, path, answers)
        assert process.wait(timeout=20) == -signal.SIGKILL
    assert len(site.run("select * from forms.submissions")) == kept
    assert site.run("select is_used from ops.invitations where wave_code = %s", wave) == [{"is_used": bool(kept)}]
    with serving() as (_, address):
        assert press(address, path, answers) == 200
    assert len(site.run("select * from forms.submissions")) == 1


@pytest.mark.parametrize("point", ["forms.action.before_commit", "forms.action.after_commit"])
def test_a_service_killed_while_an_action_is_sent_writes_it_once(site: Site, point: str) -> None:
    """The row says what was answered and when, however often the button is pressed."""
    site.run(
        """insert into ops.commitments (kind, subject_kind, subject_id, person_kind, person_id, due_on, token)
           values ('acknowledge_feedback', 'class_session', '2026-C001', 'trainer', 'T1', '2026-03-10', %s)""",
        "c" * 32,
    )
    path, answers = f"/a/{'c' * 32}", {"choice": "acknowledged"}
    with serving(point) as (process, address):
        with pytest.raises(httpx.HTTPError):
            press(address, path, answers)
        assert process.wait(timeout=20) == -signal.SIGKILL
    with serving() as (_, address):
        assert press(address, path, answers) == 200
    assert len(site.run("select * from ops.audit_entries")) == 1
    assert site.run("select state::text, choice from ops.commitments") == [{"state": "done", "choice": "acknowledged"}]


@pytest.mark.parametrize("point", ["", "forms.take.before_commit", "forms.take.after_commit"])
def test_a_collection_killed_at_a_commit_loses_and_doubles_nothing(site: Site, point: str) -> None:
    """Run again, the warehouse is the same as without the kill: one expectation for all three."""
    waves = [site.wave(PULSE, quarter, "E1", "E2", minimum_count=1) for quarter in ("2025Q4", "2026Q1")]
    waves.append(site.wave("post_class_interview", "2026-C001", "E3", subject_kind="class_session"))
    for wave in waves:
        for person in ("E3",) if wave == waves[2] else ("E1", "E2"):
            assert site.send(wave, person).status_code == 303
    if point:
        code = "from trainloop.surveys.sources import forms; forms.collect()"
        done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
        assert done.returncode == -signal.SIGKILL
    source.collect()
    (found,) = site.run(CANONICAL)
    rows = found["all_rows"]
    assert rows["waiting"] == 0
    assert len(rows["kept"]) == 4 * len(full_answers(PULSE))
    assert [row[:2] for row in rows["named"]] == [[waves[2], "E3"]]
    assert source.collect() == {"forms_taken": 0, "waves_taken": 0, "changed_count": 0}


def test_the_service_outlives_a_restart_of_the_warehouse(site: Site) -> None:
    """Connections that the server dropped are replaced; while it is away a page says that nothing was kept."""
    wave = site.wave(PULSE, "2026Q1", "E1")
    path = f"/f/{token_of(wave, 'E1')}"
    assert site.client.get(path).status_code == 200
    cut = """select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'trainloop-forms' and datname = current_database()"""
    site.run(cut)
    assert site.client.get(path).status_code == 200
    site.run("alter role trainloop_forms nologin")
    try:
        site.run(cut)
        page = site.client.post(path, data=full_answers(PULSE) | {"action": "submit"})
    finally:
        site.run("alter role trainloop_forms login")
    assert page.status_code == 503
    assert "尚未保存" in page.text or "not kept" in page.text
    assert site.run("select * from forms.submissions") == []
