"""R12–R13: who may be chosen is decided by licence first, then by at least two raters; the same data say it once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from pypdf import PdfReader
from tests.resources.conftest import MARKS, Company

from trainloop.faults import VARIABLE
from trainloop.outbox.composer import compose_due
from trainloop.reporting.errors import VerdictMissingError
from trainloop.reporting.vendor_scores import render_scorecard
from trainloop.resources.vendors import score_vendors


def figures(company: Company) -> dict[tuple[str, str, str], Any]:
    """What the newest release says, by (family, code, statistic)."""
    rows = company.rows(
        """select family, code, statistic, value, text_value, reason from published.figures
        where release_id = (select max(release_id) from published.releases where product = 'vendor_scores')"""
    )
    return {
        (row["family"], row["code"], row["statistic"]): row["text_value"] or row["value"] or row["reason"]
        for row in rows
    }


def test_raters_are_averaged_first_and_one_rater_makes_no_score(vendors: Company) -> None:
    """V1: (84 + 88)/2 by every criterion; V4 has one rater: named, not scored."""
    assert score_vendors() == {"vendors": 5, "choosable": 3, "is_new": 1}
    said = figures(vendors)
    assert said["vendor", "V1", "score"] == Decimal(86)
    assert said["vendor", "V1", "criterion:course_copyright"] == Decimal(86)
    assert said["vendor", "V4", "score"] == "too_few_raters"
    assert said["vendor", "V4", "verdict"] == "not_scored"
    assert said["round", "all", "raters"] == 2


def test_a_missing_licence_excludes_whatever_the_score(vendors: Company) -> None:
    """V5 has the best marks of all and no licence."""
    score_vendors()
    said = figures(vendors)
    assert said["vendor", "V5", "score"] == Decimal(max(sum(marks) / len(marks) for marks in MARKS.values()))
    assert (said["vendor", "V5", "licence"], said["vendor", "V5", "verdict"]) == ("missing", "no_licence")


def test_a_licence_that_ends_before_a_class_does_is_told_with_the_class(vendors: Company) -> None:
    """V2 is licensed until 31 March: the class of 5 March is covered, the one of 5 April is not."""
    score_vendors()
    said = figures(vendors)
    assert said["vendor", "V2", "verdict"] == "may_be_chosen"
    assert {code: value for (family, code, name), value in said.items() if (family, name) == ("class", "vendor")} == {
        "2026-C002": "V2"
    }


def test_choices_are_of_a_kind_that_fits_best_kinds_first(vendors: Company) -> None:
    """Technical: practitioner before platform (V2 before V3); leadership: the consultancy; no type, no row."""
    score_vendors()
    chosen = {key[1:]: value for key, value in figures(vendors).items() if key[0] == "match"}
    assert chosen == {
        ("T-DATA", "need_type"): "technical",
        ("T-DATA", "choice:1"): "V2",
        ("T-DATA", "choice:2"): "V3",
        ("T-LEAD", "need_type"): "leadership",
        ("T-LEAD", "choice:1"): "V1",
    }


def test_the_same_data_make_no_revision_and_a_changed_mark_makes_one(vendors: Company) -> None:
    """Re-running is safe; HR reads a new revision only where something changed."""
    score_vendors()
    assert score_vendors()["is_new"] == 0
    vendors.mark("V1", "课程版权", "E0001", 44, 1)
    assert score_vendors()["is_new"] == 1
    rows = vendors.rows("select revision_number from published.releases where product = 'vendor_scores' order by 1")
    assert [row["revision_number"] for row in rows] == [1, 2]


def test_history_is_shrunk_towards_all_classes(vendors: Company) -> None:
    """Three answers of 5.0 where all classes have 4.2 count as less than 4.6 (methods §2)."""
    for session, mean, n in (("2026-C001", "5.0", 3), ("X", "4.19", 200)):
        row = vendors.rows(
            """insert into published.releases (product, subject_kind, subject_id, revision_number, data_sha256,
            site_version, released_at) values ('course_evaluation', 'class_session', %s, 1, 'x', '1', now())
            returning release_id""",
            session,
        )[0]
        vendors.do(
            """insert into published.figures (release_id, family, code, statistic, value, respondent_count)
            values (%s, 'dimension', 'content', 'mean', %s, %s)""",
            *(row["release_id"], mean, n),
        )
    vendors.do(
        """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, timezone, mode,
        status, file_id, row_number) select 'X', course_code, 'T9', starts_at, ends_at, timezone, mode, status, 1, 1
        from core.class_sessions where session_code = '2026-C001'"""
    )
    score_vendors()
    said = figures(vendors)
    assert said["vendor", "V2", "history_n"] == 3
    assert said["vendor", "V2", "history_mean"] == Decimal(5)
    assert Decimal("4.4") < said["vendor", "V2", "history_shrunk"] < Decimal("4.5")


def test_hr_gets_the_scorecard_once_and_it_says_what_the_table_says(
    vendors: Company, set_clock: Callable[..., datetime]
) -> None:
    """One mail a revision with the PDF in the reader's language; drawing again draws and mails nothing."""
    score_vendors()
    first = render_scorecard()
    assert first == {"rendered": 2, "unchanged": 0, "notices_planned": 1}
    assert render_scorecard() == {"rendered": 0, "unchanged": 2, "notices_planned": 0}
    row = vendors.rows("select uri from ops.reports where kind = 'vendor_scores' and locale = 'zh-CN'")[0]
    text = "".join(page.extract_text() for page in PdfReader(row["uri"].removeprefix("file://")).pages)
    squeezed = "".join(text.split())
    assert "5家供应商中3家可选；得分最高：明德学院（94分）" in squeezed
    assert "2026-C002谈判（2026年4月5日）：明德学院，授权已过期" in squeezed
    assert "评委不足，不形成总分" in squeezed
    compose_due()
    mails = vendors.rows("select subject from ops.messages where template = 'vendor_scores'")
    assert [mail["subject"] for mail in mails] == ["2026 年第 1 季度供应商评分卡：1 个班次的授权有问题"]


def test_a_scorecard_without_the_verdict_on_its_files_is_not_made(vendors: Company) -> None:
    """Fail closed: no data-quality verdict, no report."""
    score_vendors()
    vendors.do(
        """delete from ops.check_runs where file_id in (
            select file_id from core.vendor_files where dataset = 'vendors'
        )"""
    )
    with pytest.raises(VerdictMissingError):
        render_scorecard()


def test_without_vendors_nothing_is_released(company: Company) -> None:
    """An empty list is no scoring."""
    assert score_vendors()["vendors"] == 0
    assert render_scorecard() == {"rendered": 0, "unchanged": 0, "notices_planned": 0}


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["resources.before_commit", "resources.after_commit"])
def test_a_scoring_that_is_killed_and_run_again_leaves_one_release(vendors: Company, fault: str) -> None:
    """Killed at every commit: the same release, once."""
    program = "from trainloop.resources.vendors import score_vendors; score_vendors()"
    killed = subprocess.run([sys.executable, "-c", program], env=os.environ | {VARIABLE: fault}, check=False)
    assert killed.returncode != 0
    score_vendors()
    rows = vendors.rows("select count(*) as releases from published.releases where product = 'vendor_scores'")
    assert rows[0]["releases"] == 1
