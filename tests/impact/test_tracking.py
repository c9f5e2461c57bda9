"""The scan of due 90-day reports, and the reports: once, by standing, again when figures come late, and after kills."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any, get_args

import numpy as np
import pytest
from tests.impact import company

from trainloop import faults
from trainloop.config import Locale
from trainloop.domain.performance import Outcome
from trainloop.impact.measuring import measure_session
from trainloop.impact.tracking import sessions_to_report
from trainloop.outbox.kinds.performance import _line as mail_line
from trainloop.reporting.catalogue import catalogue
from trainloop.reporting.errors import NothingToReportError, VerdictMissingError
from trainloop.reporting.performance import read_performance, render_reports
from trainloop.reporting.performance_view import build_view
from trainloop.warehouse import engine

STEP = "performance_report_90d"
type_of_clock = Callable[..., datetime]


def owe(code: str, due: str) -> None:
    company.write(
        """insert into ops.milestones (subject_kind, subject_id, step, due_on, not_after, planned_at)
           values ('class_session', %s, %s, %s, %s::date + 90, '2026-01-05')""",
        (code, STEP, due, due),
    )


def standing(code: str = company.SESSION) -> tuple[str, str | None]:
    row = company.one(
        "select state::text, reason from ops.milestones where subject_id = %s and step = %s", (code, STEP)
    )
    return row["state"], row["reason"]


def forget_lease() -> None:
    company.write("update ops.milestones set emitted_at = emitted_at - interval '3 hours'")


@pytest.fixture
def learned(warehouse: str, set_clock: type_of_clock) -> np.random.Generator:
    """Two groups of 20; the report is due since 12 August, figures reach until July."""
    set_clock(2026, 8, 20)
    company.make(20, 20)
    owe(company.SESSION, "2026-08-12")
    generator = np.random.default_rng(11)
    for people, effect in ((company.learner, 6.0), (company.other, 0.0)):
        values = company.grid(20, generator, effect)
        company.facts([people(n) for n in range(20)], values[:, :9], months=company.MONTHS[:9])
    return generator


def add_august(learned: np.random.Generator, count: int = 20) -> None:
    for people, effect in ((company.learner, 6.0), (company.other, 0.0)):
        values = company.grid(20, learned, effect)[:count, 9:]
        company.facts([people(n) for n in range(count)], values, months=company.MONTHS[9:])


def test_a_class_waits_for_its_figures_and_is_announced_once(
    learned: np.random.Generator, set_clock: type_of_clock
) -> None:
    """August is missing: it waits. With August of 80 % of the learners it is announced, again only after the lease."""
    assert sessions_to_report() == []
    set_clock(2026, 9, 10)
    add_august(learned, 15)
    assert sessions_to_report() == [], "75 % of the learners are not enough"
    add_august(learned)
    assert sessions_to_report() == [company.SESSION]
    assert sessions_to_report() == []
    forget_lease()
    assert sessions_to_report() == [company.SESSION]


def test_after_135_days_a_class_is_reported_with_what_is_there(
    learned: np.random.Generator, set_clock: type_of_clock
) -> None:
    """26 September is day 135: grade E, too little data; the day before it still waits."""
    set_clock(2026, 9, 25)
    assert sessions_to_report() == []
    set_clock(2026, 9, 26)
    assert sessions_to_report() == [company.SESSION]
    measure_session(company.SESSION)
    assert company.finding()["grade"] == "E"
    assert company.figures()["effect", "sales", "sentence"]["text_value"] == "E.too_little"


def test_leavers_do_not_hold_up_a_class(learned: np.random.Generator, set_clock: type_of_clock) -> None:
    """Six of twenty left in July: of the others everybody's August is there."""
    set_clock(2026, 9, 10)
    add_august(learned, 14)
    company.write("update core.employees set left_on = '2026-07-10' where employee_id >= 'L014'")
    assert sessions_to_report() == [company.SESSION]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("update core.courses set key_kpi_code = null", "no_indicator"),
        ("delete from core.attendance", "nobody_attended"),
    ],
)
def test_a_class_that_owes_no_report_is_skipped_with_the_reason(
    learned: np.random.Generator, change: str, reason: str
) -> None:
    """Without an indicator, or without anybody who came, there is nothing to report; the step says so."""
    company.write(change)
    assert sessions_to_report() == []
    assert standing() == ("skipped", reason)


def report(set_clock: type_of_clock, learned: np.random.Generator) -> dict[str, Any]:
    set_clock(2026, 9, 10)
    add_august(learned)
    assert sessions_to_report() == [company.SESSION]
    measure_session(company.SESSION)
    return render_reports(company.SESSION)


def test_a_report_is_made_once_and_told_to_hr_and_heads(learned: np.random.Generator, set_clock: type_of_clock) -> None:
    """Two audiences in two languages; HR and the heads of the learners' departments are told; again nothing happens."""
    assert report(set_clock, learned) | {"release_id": 0} == {
        "release_id": 0, "revision_number": 1, "rendered": 4, "unchanged": 0, "notices_planned": 6,
    }  # fmt: skip
    assert standing() == ("done", None)
    told = company.read("select recipient_kind, recipient_id, facts from ops.notices where kind = 'performance_report'")
    assert {(row["recipient_kind"], row["facts"]["audience"]) for row in told} == {
        ("contact", "hr"), ("employee", "business"),
    }  # fmt: skip
    assert {row["recipient_id"] for row in told if row["recipient_kind"] == "employee"} == {
        "L000", "L004", "L008", "L012", "L016",
    }  # fmt: skip
    assert render_reports(company.SESSION)["rendered"] == 0
    assert company.one("select count(*) from ops.notices")["count"] == 6


def test_late_figures_owe_the_report_again_and_make_revision_two(
    learned: np.random.Generator, set_clock: type_of_clock
) -> None:
    """Corrected figures of the windows: owed again, revision 2, a new mail each. Figures outside owe nothing."""
    report(set_clock, learned)
    set_clock(2026, 9, 20)
    people = [company.learner(n) for n in range(20)]
    company.facts(people, np.full((20, 1), 99.0), months=["2027-03"], finished="2026-09-19T00:00Z")
    assert (sessions_to_report(), standing()) == ([], ("done", None))
    values = company.grid(20, learned, 9.0)[:, 9:]
    company.facts(people, values, months=company.MONTHS[9:], finished="2026-09-19T00:00Z")
    assert sessions_to_report() == [company.SESSION]
    assert measure_session(company.SESSION)["revision_number"] == 2
    assert render_reports(company.SESSION)["notices_planned"] == 6
    assert sessions_to_report() == []


def test_no_report_without_release_or_verdict(learned: np.random.Generator, set_clock: type_of_clock) -> None:
    """Nothing measured: nothing to report. A file behind it without the gate's verdict: no report."""
    with pytest.raises(NothingToReportError):
        render_reports(company.SESSION)
    measure_session(company.SESSION)
    company.write("delete from ops.check_runs where suite = 'kpi_facts'")
    with pytest.raises(VerdictMissingError):
        render_reports(company.SESSION)


CAUSAL = re.compile(
    r"\b(caus\w*|effect\w*|impact\w*|led to|due to|because|thanks to|improv\w*|increas\w*|reduc\w*|boost\w*|gain\w*|"
    r"work(ed|s)|help\w*|success\w*|by training|made)\b|"
    "因为|由于|导致|使得|促进|带来|来自培训|提升|改善|变差|效果|成效|影响|有效|得益|归功|帮助",
    re.IGNORECASE,
)


@pytest.mark.parametrize("grade", ["D.selected", "D.before_after", "E"])
def test_no_page_of_d_or_e_says_or_implies_that_training_did_anything(
    warehouse: str, set_clock: type_of_clock, grade: str
) -> None:
    """Verdict, meaning of the grade, lead, cautions, the return's refusal: not one causal word in either language."""
    from trainloop.config import get_site

    set_clock(2026, 9, 10)
    generator = np.random.default_rng(5)
    company.make(4 if grade == "E" else 20, 60, status="" if grade == "D.selected" else "invited")
    people = [company.learner(n) for n in range(20)]
    company.facts(people, company.levels(20, generator, 9.0, low=-12.0 if grade == "D.selected" else 0.0))
    if grade == "D.selected":
        company.facts([company.other(n) for n in range(60)], company.levels(60, generator))
    measure_session(company.SESSION)
    assert company.finding()["sentence_code"].startswith(grade)
    with engine.connect("reporter") as connection:
        found = read_performance(connection, company.SESSION)
    for locale in ("zh-CN", "en"):
        view = build_view(found, get_site(), "hr", locale)  # type: ignore[arg-type]
        chapter = view.indicators[0]
        said = [view.headline, view.evidence, chapter.verdict, chapter.lead, chapter.no_course, *chapter.cautions]
        assert view.returns is not None
        for text in [*said, view.returns.headline]:
            assert not CAUSAL.search(text), text
        assert chapter.difference == "–"
        assert (chapter.course is None) == (grade != "D.before_after")


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_no_text_about_d_or_e_in_mail_or_report_says_more(locale: Locale) -> None:
    """Every outcome told at those grades, what they mean, why a chart is missing, what is borne in mind."""
    words = catalogue(locale)
    said = [words(f"performance.meaning.{grade}") for grade in "DE"]
    said += [words(f"performance.{name}") for name in ("selected", "chart_selected", "chart_too_few", "declared_late")]
    said += [words("performance.lead_alone", direction=words("performance.direction.lower"))]
    for outcome in get_args(Outcome):
        for grade in "DE":
            row = {"outcome": outcome, "grade": grade, "kpi_zh": "投诉率", "kpi_en": "Complaint rate"}
            said.append(mail_line(row, locale))
    for text in said:
        assert not CAUSAL.search(text), text
    assert CAUSAL.search(mail_line(row | {"outcome": "improved", "grade": "B"}, locale))


def kill(code: str, point: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
    assert done.returncode == -signal.SIGKILL, point


SNAPSHOT = """
    select jsonb_agg(line order by line::text) as lines from (
        select to_jsonb(m) - 'milestone_id' - 'emitted_at' as line from ops.milestones m
        union all select to_jsonb(r) - 'release_id' from published.releases r
        union all select to_jsonb(f) - 'release_id' from published.figures f
        union all select to_jsonb(l) - 'release_id' from confidential.release_respondents l
        union all select to_jsonb(p) - 'release_id' from marts.performance_findings p
        union all select to_jsonb(o) - 'report_id' - 'release_id' - 'uri' from ops.reports o
        union all select to_jsonb(n) - 'notice_id' from ops.notices n
    ) as everything"""


@pytest.mark.slow
def test_killed_anywhere_and_run_again_the_warehouse_is_the_same(
    learned: np.random.Generator, set_clock: type_of_clock
) -> None:
    """Scan, measuring and report die at each of their commits; after the next run everything is as without it."""
    set_clock(2026, 9, 10)
    add_august(learned)
    parts = (
        (
            "from trainloop.impact.tracking import sessions_to_report as run; run()",
            ("performance.emit.before_commit", "performance.emit.after_commit"),
        ),
        (
            f"from trainloop.impact.measuring import measure_session as run; run('{company.SESSION}')",
            ("performance.published", "performance.after_commit"),
        ),
        (
            f"from trainloop.reporting.performance import render_reports as run; run('{company.SESSION}')",
            ("performance.report.before_commit", "performance.report.after_commit"),
        ),
    )
    for code, points in parts:
        for point in points:
            kill(code, point)
            forget_lease()
        if "tracking" in code:
            assert sessions_to_report() == [company.SESSION]
    measure_session(company.SESSION)
    render_reports(company.SESSION)
    killed = company.one(SNAPSHOT)["lines"]
    company.write(
        """delete from ops.reports; delete from ops.notices; delete from marts.performance_findings;
           delete from published.releases;
           update ops.milestones set state = 'pending', done_at = null, emitted_at = null"""
    )
    assert sessions_to_report() == [company.SESSION]
    measure_session(company.SESSION)
    render_reports(company.SESSION)
    assert company.one(SNAPSHOT)["lines"] == killed
