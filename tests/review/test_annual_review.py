"""R39: scorecards of courses and what they lead to, honest about missing levels, one bad class and weak grades."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from typing import Any

import pytest
from tests.resources.conftest import Company
from typer.testing import CliRunner

from trainloop.cli import app
from trainloop.faults import VARIABLE
from trainloop.review import annual


def figures(company: Company) -> dict[tuple[str, str, str], Any]:
    """What the newest review says, by (family, code, statistic)."""
    rows = company.rows(
        """select family, code, statistic, value, text_value, reason from published.figures
        where release_id = (select max(release_id) from published.releases where product = 'training_review')"""
    )
    return {
        (row["family"], row["code"], row["statistic"]): row["reason"] or row["text_value"] or row["value"]
        for row in rows
    }


def test_each_planted_course_gets_its_suggestion(company: Company) -> None:
    """Liked and applied is kept, a graded result scaled, a course nobody learns from mended, a harmful one ended."""
    assert annual.review_year()["courses"] == 5
    said = figures(company)
    suggested = {code: value for (_, code, name), value in said.items() if name == "suggestion"}
    assert suggested == {"C-KEEP": "keep", "C-SCALE": "scale", "C-FIX": "fix", "C-STOP": "stop", "C-ONCE": "none"}


def test_a_gain_of_grade_d_is_no_reason_to_scale_and_is_named_missing(company: Company) -> None:
    """C-KEEP improved at grade D only: its results are missing, whatever the figures look like."""
    annual.review_year()
    said = figures(company)
    assert said["course", "C-KEEP", "results_standing"] == "missing"
    assert said["course", "C-KEEP", "results_grade"] == "D"
    assert said["course", "C-FIX", "results_standing"] == "missing"
    assert ("course", "C-FIX", "results_outcome") not in said


def test_departments_of_a_few_people_are_not_shown(company: Company) -> None:
    """Three people of D2: hidden, and with it D1, from which it could be worked out."""
    annual.review_year()
    said = figures(company)
    assert said["department", "D2", "people_count"] == "below_minimum_mean"
    assert said["department", "D1", "people_count"] == "protects_other_figure"
    assert said["level", "P1", "people_count"] == 20


def test_a_class_whose_plans_may_not_be_shown_is_in_no_sum_of_the_year(company: Company) -> None:
    """The year minus the shown classes would be the hidden one: its plans and their blockers are left out."""
    annual.review_year()
    assert figures(company)["course", "C-STOP", "behaviour_pct"] == 10
    assert not [key for key in figures(company) if key[0] == "barrier"], "no month has told its blockers"
    company.do(
        """update published.figures set value = null, is_hidden = true, reason = 'below_minimum_mean'
        where family = 'plan'"""
    )
    annual.review_year()
    assert not [key for key in figures(company) if key[2].startswith("behaviour_") and key[2] != "behaviour_standing"]


def test_findings_weak_items_and_unmet_barriers_seed_next_years_needs_once(company: Company) -> None:
    """Suggestions, what the last class left weak, a blocker of enough learners; a second run changes nothing.

    C-KEEP's second class mended what the first left: no seed. C-ONCE has no suggestion: no seed.
    """
    weak(company, "C-KEEP-1", "case_practice")
    weak(company, "C-FIX-1", "venue")
    weak(company, "C-FIX-2", "case_practice")
    assert annual.review_year()["seeded"] == 6
    rows = {(row["topic_code"], row["source_kind"], row["finding"]) for row in annual.seeds(2027)}
    assert rows == {
        ("T-KEEP", "course", "keep"),
        ("T-SCALE", "course", "scale"),
        ("T-FIX", "course", "fix"),
        ("T-FIX", "item", "weak"),
        ("T-STOP", "course", "stop"),
        ("T-STOP", "barrier", "tool"),
    }
    annual.drop_seed(2027, "T-FIX", "C-FIX", "课程已改版", "王芳")
    assert annual.review_year()["seeded"] == 0
    dropped = [row["dropped_reason"] for row in annual.seeds(2027) if row["source_code"] == "C-FIX"]
    assert dropped == ["课程已改版"]
    again = ["seeds", "drop", "2027", "T-FIX", "C-FIX", "--reason", "again", "--by", "王芳"]
    assert CliRunner().invoke(app, again).exit_code == 1
    assert "课程已改版" in CliRunner().invoke(app, ["seeds", "list", "2027"], env={"COLUMNS": "200"}).output


def weak(company: Company, session_code: str, item_code: str) -> None:
    company.do(
        """insert into published.suggestions (release_id, rule_code, item_code, strength, suggestion_zh, suggestion_en)
        select release_id, 'r', %s, 'finding', 's', 's' from published.releases where subject_id = %s
            and product = 'course_evaluation'""",
        *(item_code, session_code),
    )


def test_seeds_follow_the_newest_revision_of_the_review_and_what_was_dropped_stays(company: Company) -> None:
    """A result that is corrected is corrected in the seeds; what is found no more is gone; a dropped row is no news."""
    annual.review_year()
    annual.drop_seed(2027, "T-STOP", "C-STOP", "已停办", "王芳")
    company.do("update marts.performance_findings set outcome = 'no_clear_change' where session_code = 'C-SCALE-1'")
    company.do("update ops.action_plans set blocker = 'none' where blocker = 'tool'")
    assert annual.review_year()["seeded"] == 1
    found = {(row["source_code"], row["finding"], row["dropped_reason"]) for row in annual.seeds(2027)}
    assert found == {
        ("C-KEEP", "keep", None),
        ("C-SCALE", "keep", None),
        ("C-FIX", "fix", None),
        ("C-STOP", "stop", "已停办"),
    }


def test_the_same_evidence_makes_no_revision_and_other_evidence_the_next(company: Company) -> None:
    """Re-running is safe; the question about the earlier revision is withdrawn."""
    first = annual.review_year()
    assert (first["is_new"], first["approvals_asked"], first["notices_planned"]) == (1, 1, 1)
    again = annual.review_year()
    assert (again["is_new"], again["approvals_asked"], again["notices_planned"]) == (0, 0, 0)
    company.do("update marts.performance_findings set outcome = 'no_clear_change' where session_code = 'C-SCALE-1'")
    assert annual.review_year()["is_new"] == 1
    states = company.rows("select state::text as state from ops.approvals order by revision_number")
    assert [row["state"] for row in states] == ["withdrawn", "open"]
    assert figures(company)["course", "C-SCALE", "suggestion"] == "keep"


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["review.released", "review.before_commit", "review.after_commit"])
def test_a_review_that_is_killed_and_run_again_is_one_release_one_question_and_its_seeds(
    company: Company, fault: str
) -> None:
    """Killed at every point: release, question, mail and seeds are one commit."""
    program = "from trainloop.review.annual import review_year; review_year()"
    killed = subprocess.run([sys.executable, "-c", program], env=os.environ | {VARIABLE: fault}, check=False)
    assert killed.returncode != 0
    annual.review_year()
    counts = company.rows(
        """select (select count(*) from published.releases where product = 'training_review') as releases,
        (select count(*) from ops.approvals) as approvals, (select count(*) from ops.notices) as notices,
        (select count(*) from ops.need_seeds) as seeds"""
    )
    assert counts == [{"releases": 1, "approvals": 1, "notices": 1, "seeds": 5}]


def test_behaviour_of_a_course_without_plans_is_what_learners_say_after_90_days(company: Company) -> None:
    """L3 by follow-up where no plan may be shown, named with its scale; plans count before it where there are any."""
    for session in ("C-ONCE-1", "C-STOP-1"):
        release = company.rows(
            """insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256,
            site_version, released_at) values ('follow_up_90d_learner', 'class_session', %s, 1, 'x', '1', now())
            returning release_id""",
            session,
        )[0]["release_id"]
        company.do(
            """insert into published.figures (release_id, family, code, statistic, value, respondent_count)
            values (%s, 'item', 'used_frequency', 'mean', 4.4, 18)""",
            release,
        )
    annual.review_year()
    said = figures(company)
    assert (said["course", "C-ONCE", "behaviour_mean"], said["course", "C-ONCE", "behaviour_standing"]) == (
        Decimal("4.4"),
        "good",
    )
    assert said["course", "C-ONCE", "suggestion"] == "keep"
    assert said["course", "C-STOP", "behaviour_pct"] == 10
    assert ("course", "C-STOP", "behaviour_mean") not in said
