"""From published rows to PDFs, their registry, the notices and the milestone: one commit, safe to repeat."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from psycopg import sql

from trainloop.faults import VARIABLE
from trainloop.reporting import production, sandbox
from trainloop.reporting.course_evaluation import render_reports
from trainloop.reporting.errors import (
    DataQualityMissingError,
    NothingToReportError,
    RendererEndlessError,
    ReportsFailedError,
    SessionLockedError,
)
from trainloop.reporting.evidence import Evidence, Release
from trainloop.warehouse import engine

pytestmark = pytest.mark.slow
SESSION = "2026-C001"


def rows(query: str) -> list[dict[str, Any]]:
    with engine.connect("owner") as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload, no-any-return]


def reports() -> list[dict[str, Any]]:
    return rows("select * from ops.reports order by audience, locale, report_id")


def path_of(report: dict[str, Any]) -> Path:
    return Path(urlsplit(report["uri"]).path)


@pytest.fixture
def seeded(
    seed: Callable[[Evidence], None], evidence_of: Callable[..., Evidence], set_clock: Callable[..., Any]
) -> Evidence:
    """A class with four answers: its reports are one page each and quickly drawn."""
    set_clock(2026, 3, 20, 10)
    evidence = evidence_of(4, 26)
    seed(evidence)
    return evidence


def test_every_audience_gets_a_pdf_in_every_language_of_the_site(seeded: Evidence) -> None:
    """R28: HR and trainer versions in the locales the site lists; files by URI, registered with their hash."""
    answer = render_reports(SESSION)

    assert answer == {"release_id": 1, "revision_number": 1, "rendered": 4, "unchanged": 0, "notices_planned": 2}
    made = reports()
    assert [(one["audience"], one["locale"]) for one in made] == [
        ("hr", "en"), ("hr", "zh-CN"), ("trainer", "en"), ("trainer", "zh-CN"),
    ]  # fmt: skip
    for one in made:
        assert one["state"] == "rendered"
        assert path_of(one).stat().st_size == one["size_bytes"]
        assert one["page_count"] == 1
    assert not list(path_of(made[0]).parent.glob("*.part"))


def test_the_commit_tells_hr_and_trainer_and_closes_the_milestone(seeded: Evidence) -> None:
    """The row that decides and the row that sends are one commit."""
    render_reports(SESSION)

    told = rows("select recipient_kind, recipient_id, sequence_number, facts from ops.notices order by recipient_kind")
    assert told == [
        {"recipient_kind": "contact", "recipient_id": "hr_lead", "sequence_number": 1, "facts": {"audience": "hr"}},
        {"recipient_kind": "trainer", "recipient_id": "T001", "sequence_number": 1, "facts": {"audience": "trainer"}},
    ]
    assert rows("select state, is_late from ops.milestones") == [{"state": "done", "is_late": False}]


def test_a_second_run_draws_nothing_and_tells_nobody(seeded: Evidence) -> None:
    """The same view is drawn once: safe to re-run, clear or mark."""
    render_reports(SESSION)
    before = reports()

    assert render_reports(SESSION) == {
        "release_id": 1, "revision_number": 1, "rendered": 0, "unchanged": 4, "notices_planned": 0,
    }  # fmt: skip
    assert reports() == before


def test_a_lost_or_changed_file_is_drawn_again_with_the_same_bytes(seeded: Evidence) -> None:
    """The file is proven by its hash, not by its row; the same view gives the same bytes."""
    render_reports(SESSION)
    before = reports()
    path_of(before[0]).unlink()
    path_of(before[1]).write_bytes(b"not this report")

    assert render_reports(SESSION)["rendered"] == 2
    assert [one["pdf_sha256"] for one in reports()] == [one["pdf_sha256"] for one in before]


def test_a_new_revision_is_told_again_and_a_withheld_one_is_not(
    seeded: Evidence, evidence_of: Callable[..., Evidence]
) -> None:
    """Revision 2 only if numbers changed; a withheld revision makes no PDF, the earlier one stays."""
    render_reports(SESSION)
    from importlib import import_module

    seed_release = import_module(evidence_of.__module__).seed_release
    later = replace(evidence_of(3, 26), release=Release(2, 2, seeded.release.released_at, "2026.1"))
    withheld = replace(later, release=Release(3, 3, seeded.release.released_at, "2026.1"))
    with engine.connect("owner") as connection:
        seed_release(connection, later)
        seed_release(connection, withheld, is_withheld=True)

    answer = render_reports(SESSION)

    assert (answer["revision_number"], answer["rendered"], answer["notices_planned"]) == (2, 4, 2)


def test_a_report_after_its_time_is_flagged_late(seeded: Evidence, set_clock: Callable[..., Any]) -> None:
    """Past not_after the report is still made and flagged."""
    set_clock(2026, 5, 6)
    render_reports(SESSION)
    assert rows("select state, is_late from ops.milestones") == [{"state": "done", "is_late": True}]


def test_without_a_release_there_is_nothing_to_report(warehouse: str) -> None:
    """No PDF of figures that nobody released."""
    with pytest.raises(NothingToReportError):
        render_reports(SESSION)


@pytest.mark.parametrize(
    ("change", "dataset"),
    [
        ("delete from ops.check_runs where file_id = 3", "enrollments"),
        ("delete from ops.survey_wave_files", "survey_exports"),
    ],
)
def test_a_report_without_its_data_quality_verdict_is_not_made(seeded: Evidence, change: str, dataset: str) -> None:
    """Fail closed: a file behind the figures without a verdict of the gate stops the report."""
    with engine.connect("owner") as connection:
        connection.execute(sql.SQL(change))  # type: ignore[arg-type]

    with pytest.raises(DataQualityMissingError, match=dataset):
        render_reports(SESSION)
    assert reports() == []


def test_answers_of_our_own_forms_need_no_file(seeded: Evidence) -> None:
    """The forms judge each answer as it is sent; the other files still need their verdict."""
    with engine.connect("owner") as connection:
        connection.execute("delete from ops.survey_wave_files")
        connection.execute("update ops.survey_waves set source = 'forms'")
    render_reports(SESSION)
    assert reports() != []


def test_two_runs_of_one_class_at_once_are_one(seeded: Evidence) -> None:
    """An advisory lock per class session: the second run comes back later."""
    with engine.connect("owner") as connection:
        engine.try_lock(connection, f"course_evaluation-report:{SESSION}")
        with pytest.raises(SessionLockedError):
            render_reports(SESSION)


def test_one_failing_report_leaves_the_others_made_and_is_made_by_the_next_run(
    seeded: Evidence, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only that report fails: its reason is kept, nobody is told of a PDF that is not there, the milestone stays."""
    draw = sandbox.render_all

    def first_is_endless(views: Any, limits: Any) -> list[Any]:
        return [RendererEndlessError(limit_seconds=60), *draw(views[1:], limits)]

    with monkeypatch.context() as patch:
        patch.setattr(production.sandbox, "render_all", first_is_endless)
        with pytest.raises(ReportsFailedError, match="1 of 4 reports"):
            render_reports(SESSION)
    assert [one["state"] for one in reports()].count("failed") == 1
    assert rows("select recipient_kind from ops.notices") == [{"recipient_kind": "trainer"}]
    assert rows("select state from ops.milestones") == [{"state": "pending"}]

    answer = render_reports(SESSION)
    assert (answer["rendered"], answer["unchanged"], answer["notices_planned"]) == (1, 3, 1)
    assert {one["state"] for one in reports()} == {"rendered"}


def test_a_full_disk_fails_only_the_reports_it_hit(seeded: Evidence, monkeypatch: pytest.MonkeyPatch) -> None:
    """Disk full in a PDF: typed, kept as reason, no half file, no notice."""
    original = production.storage.keep

    def full_for_trainers(uri: str, content: bytes) -> None:
        original(uri if "/trainer-" not in uri else "file:///dev/full/report.pdf", content)

    monkeypatch.setattr(production.storage, "keep", full_for_trainers)
    with pytest.raises(ReportsFailedError, match="2 of 4 reports"):
        render_reports(SESSION)
    assert [one["state"] for one in reports()] == ["rendered", "rendered", "failed", "failed"]


POINTS = ["reporting.before_render", "reporting.after_render", "storage.before_rename", "reporting.after_rename",
          "reporting.before_commit", "reporting.after_commit"]  # fmt: skip


def canonical() -> tuple[Any, ...]:
    return (
        rows("select audience, locale, view_sha256, pdf_sha256, state, uri from ops.reports order by 1, 2"),
        rows("select recipient_kind, recipient_id, sequence_number, facts from ops.notices order by 1, 2"),
        rows("select state, is_late from ops.milestones"),
    )


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_and_run_again_ends_the_same(seeded: Evidence, home: Path, point: str) -> None:
    """Differential kill test: after the rerun the warehouse and the files are those of an undisturbed run."""
    program = f"from trainloop.reporting.course_evaluation import render_reports; render_reports({SESSION!r})"
    environment = os.environ | {VARIABLE: point, "TRAINLOOP_HOME": str(home)}
    killed = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL

    render_reports(SESSION)
    after_rerun = canonical()

    with engine.connect("owner") as connection:
        connection.execute("truncate ops.reports, ops.notices, ops.messages cascade")
        connection.execute("update ops.milestones set state = 'pending', done_at = null")
    render_reports(SESSION)
    assert canonical() == after_rerun
    assert all(path_of(one).is_file() for one in reports())
