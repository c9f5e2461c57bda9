"""Run again, with other evidence, with a few answers more: what becomes a revision, and what never appears."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date
from typing import Any

import pytest
from tests.needs import world

from trainloop import faults
from trainloop.needs.analysis import analyze_closed_years, analyze_year
from trainloop.needs.published import load_needs
from trainloop.warehouse import engine

YEAR = world.YEAR
SNAPSHOT = """
    select jsonb_agg(line order by line::text) as lines from (
        select to_jsonb(r) - 'release_id' as line from published.releases r
        union all select to_jsonb(n) - 'release_id' from published.needs n
        union all select to_jsonb(n) - 'release_id' from published.need_evidence n
        union all select to_jsonb(n) - 'release_id' from published.needs_cells n
        union all select to_jsonb(f) - 'release_id' from published.figures f
        union all select to_jsonb(l) - 'release_id' from confidential.release_respondents l
        union all select to_jsonb(f) from marts.needs_figures f
        union all select to_jsonb(a) - 'audit_entry_id' - 'detail' from ops.audit_entries a
        union all select to_jsonb(a) - 'approval_id' - 'token' from ops.approvals a
        union all select to_jsonb(n) - 'notice_id' - 'subject_id' from ops.notices n
    ) as everything"""


def revision() -> int:
    with engine.connect("reporter") as connection:
        return load_needs(connection, YEAR).revision_number


def answers_shown() -> Any:
    with engine.connect("reporter") as connection:
        found = load_needs(connection, YEAR)
    return found.figures["response", "wave", "complete_count"].value


@pytest.fixture
def first(company: None) -> dict[str, Any]:
    """The first release of the year."""
    world.make_wave(world.usual_forms())
    return analyze_year(YEAR)


def test_the_same_evidence_is_the_same_release(first: dict[str, Any]) -> None:
    """A second run finds its release and writes nothing."""
    assert (first["revision_number"], first["is_new"]) == (1, True)
    assert analyze_year(YEAR) == first | {"is_new": False, "approvals_asked": 0, "notices_planned": 0}
    assert len(world.read("select from ops.audit_entries where subject_kind = 'needs_year'")) == 1


def test_the_daily_scan_analyses_closed_years_and_counts_what_is_new(first: dict[str, Any]) -> None:
    """Every day until 180 days after the close; ids and counts only leave the task."""
    nothing = {"years": 1, "released": 0, "withheld": 0, "approvals_asked": 0, "notices_planned": 0}
    assert analyze_closed_years() == nothing
    world.confirm("T-PROC", "D30", cause="skill")
    assert analyze_closed_years() == nothing | {"released": 1, "approvals_asked": 1, "notices_planned": 1}
    world.write("update ops.survey_waves set closed_at = '2026-05-01', opened_at = '2026-04-01'")
    assert analyze_closed_years() == nothing | {"years": 0}


def test_every_revision_is_asked_about_once_and_the_question_about_the_earlier_one_ends(first: dict[str, Any]) -> None:
    """The release, the question to HR and its mail are one commit; what is asked is the newest revision only."""
    asked = "select revision_number, asked_of, state::text as state, facts from ops.approvals order by revision_number"
    facts = {"valid_count": 1, "to_clarify_count": 1, "rejected_count": 2, "funded_count": 1}
    question = {"revision_number": 1, "asked_of": "hr_lead", "state": "open", "facts": facts}
    assert world.read(asked) == [question]
    world.confirm("T-PROC", "D30", cause="skill")
    analyze_year(YEAR)
    assert [(row["revision_number"], row["state"]) for row in world.read(asked)] == [(1, "withdrawn"), (2, "open")]


def test_a_withheld_revision_asks_nobody(first: dict[str, Any]) -> None:
    """There is nothing to read; the question about the earlier one stays."""
    world.write("delete from confidential.responses where external_id_hash = 'form-0'")
    assert analyze_year(YEAR)["approvals_asked"] == 0
    assert [row["state"] for row in world.read("select state::text as state from ops.approvals")] == ["open"]


def test_a_day_in_the_past_mails_nobody(company: None) -> None:
    """The question stands; `ask_approvals` mails it."""
    world.make_wave(world.usual_forms())
    found = analyze_year(YEAR, date(2026, 11, 24))
    assert (found["approvals_asked"], found["notices_planned"]) == (1, 0)


def test_a_late_confirmation_is_the_next_revision_and_the_first_stays_readable(first: dict[str, Any]) -> None:
    """Heads answer when they have read the draft."""
    world.confirm("T-PROC", "D30", cause="skill")
    assert analyze_year(YEAR)["revision_number"] == 2
    with engine.connect("reporter") as connection:
        assert load_needs(connection, YEAR).needs[1].verdict == "valid"
        assert load_needs(connection, YEAR, 1).needs[1].verdict == "to_clarify"


def test_a_change_that_no_reader_would_see_is_no_revision(first: dict[str, Any]) -> None:
    """One person's result a hair better: the printed numbers are the same."""
    world.write(
        "update core.performance_reviews set actual_value = actual_value + 0.0001 where employee_id = 'SERVICE003'"
    )
    found = analyze_year(YEAR)
    assert (found["release_id"], found["is_new"]) == (first["release_id"], False)
    assert len(world.read("select from published.releases")) == 1


def test_another_budget_line_is_another_plan(first: dict[str, Any], monkeypatch: pytest.MonkeyPatch, home: Any) -> None:
    """HR moves the line: the ranking stays, the funding does not."""
    site = home / "site.yaml"
    site.write_text("needs: {budget_amounts: {2027: 50000}}")
    monkeypatch.setenv("TRAINLOOP_SITE_FILE", str(site))
    from trainloop.config import get_site
    from trainloop.settings import get_settings

    get_settings.cache_clear()
    get_site.cache_clear()
    assert analyze_year(YEAR)["revision_number"] == 2
    with engine.connect("reporter") as connection:
        assert load_needs(connection, YEAR).needs[0].funding == "below_line"


def test_a_few_late_answers_wait_until_they_are_enough(first: dict[str, Any]) -> None:
    """Three more would be shown by the difference; with five more the revision speaks of everybody."""
    late = [{"job_level": "P4", "job_family": "service", "weak_topics": ["T-QUIET"], "learning_support": 5}]
    before = answers_shown()
    world.add_forms(late * 3, start=500)
    analyze_year(YEAR)
    assert answers_shown() == before
    world.add_forms(late * 2, start=600)
    analyze_year(YEAR)
    assert answers_shown() == before + 5


def test_answers_that_disappear_leave_the_earlier_release_in_force(first: dict[str, Any]) -> None:
    """What people saw cannot be unseen: the difference would be these two."""
    world.write("delete from confidential.responses where external_id_hash in ('form-0', 'form-1')")
    found = analyze_year(YEAR)
    assert (found["is_withheld"], found["revision_number"]) == (True, 2)
    assert revision() == 1
    assert not world.read("select from published.needs where release_id = %s", (found["release_id"],))


def test_whoever_leaves_after_the_survey_stays_in_the_groups(first: dict[str, Any]) -> None:
    """People who come and go would make revisions that give them away."""
    world.write("update core.employees set left_on = '2026-12-05' where employee_id = 'SERVICE001'")
    world.write("update core.employees set department_code = 'D30' where employee_id = 'SERVICE002'")
    world.write(
        """insert into core.employee_history (employee_id, valid_from, valid_to, department_code, job_family, job_level,
               file_id)
           values ('SERVICE002', '2020-01-01', '2026-12-01', 'D20', 'service', 'P6', 1)"""
    )
    assert not analyze_year(YEAR)["is_new"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "point", ["needs.read", "needs.marts", "needs.published", "needs.before_commit", "needs.after_commit"]
)
def test_killed_anywhere_and_run_again_the_warehouse_is_the_same(company: None, point: str) -> None:
    """One transaction: all of a release or nothing."""
    world.make_wave(world.usual_forms())
    code = f"from trainloop.needs.analysis import analyze_year; analyze_year({YEAR})"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
    assert done.returncode == -signal.SIGKILL
    is_there = bool(world.read("select from published.releases"))
    assert is_there == (point == "needs.after_commit")
    analyze_year(YEAR)
    killed = world.read(SNAPSHOT)
    for table in ("published.releases", "marts.needs_years", "ops.audit_entries", "ops.approvals", "ops.notices"):
        world.write(f"truncate {table} cascade")
    analyze_year(YEAR)
    assert world.read(SNAPSHOT) == killed
