"""The best trainer of the year: ranked with intervals, proposed by a pack, decided by a committee, thanks to all."""

from __future__ import annotations

import email
import email.policy
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from tests.trainers.conftest import Trainers

from trainloop import faults
from trainloop.config import get_site
from trainloop.outbox.composer import compose_due
from trainloop.reporting import trainer_award
from trainloop.requests import approvals
from trainloop.trainers import award

SetClock = Callable[..., datetime]
# trainer → (courses, class means): T1 is best, T2 middling, T4 weak; T5 has two classes, T6 a course nobody else gives.
YEAR = {
    "T1": (("C-NEG", "C-EXC", "C-NEG"), (4.8, 4.7, 4.9)),
    "T2": (("C-NEG", "C-EXC", "C-EXC"), (4.4, 4.3, 4.4)),
    "T4": (("C-NEG", "C-EXC", "C-NEG"), (3.9, 4.0, 3.8)),
    "T5": (("C-NEG", "C-EXC"), (5.0, 5.0)),
    "T6": (("C-ONE",) * 3, (4.9, 4.9, 4.9)),
}


@pytest.fixture
def year(trainers: Trainers, set_clock: SetClock) -> Trainers:
    """Fourteen evaluated classes of 2026, on 10 December."""
    trainers.do("delete from published.figures")
    trainers.do("delete from published.releases")
    trainers.do("delete from core.class_sessions")
    for code in ("T4", "T5", "T6"):
        trainers.trainer(code, f"E{code}")
    trainers.course("C-ONE")
    number = 10
    for trainer, (courses, means) in YEAR.items():
        for course, mean in zip(courses, means, strict=True):
            number += 1
            trainers.session(f"2026-C{number}", trainer, f"2026-0{1 + number % 9}-12", course, heads=14)
            trainers.rated(f"2026-C{number}", mean, 14)
            items = {"trainer_clarity": (mean, 14), "practice_tools": (mean - 0.4, 14)}
            (release,) = trainers.rows(
                "select release_id from published.releases where subject_id = %s", f"2026-C{number}"
            )
            for item, (value, count) in items.items():
                trainers.do(
                    """insert into published.figures (release_id, family, code, statistic, value, respondent_count,
                           is_hidden) values (%s, 'item', %s, 'mean', %s, %s, false)""",
                    release["release_id"], item, value, count,
                )  # fmt: skip
    for dataset in ("trainers", "class_sessions", "knowledge_assets"):
        trainers.do(
            """insert into ops.inbox_files (dataset, name, source_uri, archive_uri, content_sha256, size_bytes,
                   found_at) values (%s, %s, '', '', %s, 0, now())""",
            dataset, f"{dataset}.csv", dataset,
        )  # fmt: skip
    trainers.do("update core.trainers set file_id = (select file_id from ops.inbox_files where dataset = 'trainers')")
    trainers.do("update core.class_sessions set file_id = (select max(file_id) from ops.inbox_files)")
    trainers.do(
        """insert into ops.check_runs (suite, file_id, checked_at, row_count, is_passed, gate_decision)
           select dataset, file_id, now(), 0, true, 'pass' from ops.inbox_files"""
    )
    set_clock(2026, 12, 10)
    return trainers


def figures(world: Trainers) -> dict[tuple[str, str], Any]:
    rows = world.rows(
        """select code, statistic, coalesce(value::text, text_value, reason) as said from published.figures
           join published.releases using (release_id) where product = 'trainer_award'"""
    )
    return {(row["code"], row["statistic"]): row["said"] for row in rows}


def mails(world: Trainers) -> list[EmailMessage]:
    compose_due()
    found = world.rows(
        """update ops.messages set state = 'sent', sent_at = ops.business_now(), next_attempt_at = null
           where state = 'composed' returning mime_bytes"""
    )
    return [email.message_from_bytes(row["mime_bytes"], policy=email.policy.default) for row in found]  # type: ignore[misc]


def test_who_is_ranked_and_who_is_not(year: Trainers) -> None:
    """Three trainers by their distance from the courses' means; two classes and a course of one's own are said."""
    assert award.rank_trainers() == {"ranked": 3, "not_ranked": 2, "is_new": 1}
    found = figures(year)
    assert {code: found[code, "rank"] for code in YEAR} == {
        "T1": "1", "T2": "2", "T4": "3", "T5": "too_few_sessions", "T6": "no_comparator",
    }  # fmt: skip
    assert found["C-ONE", "no_comparator"] == "no_comparator"
    assert float(found["T1", "rank_low"]) == 1
    assert float(found["T4", "rank_high"]) == 3
    assert found["all", "transfer"] == "no_plans"
    assert ("T5", "composite") not in found, "who is not ranked has no score anywhere"
    assert award.rank_trainers()["is_new"] == 0


def test_the_committee_decides_and_everybody_is_thanked(year: Trainers, set_clock: SetClock) -> None:
    """The pack in both languages, one question; the award only after a yes; thanks with published highlights."""
    award.rank_trainers()
    counts = trainer_award.render_pack()
    assert (counts["rendered"], counts["asked"]) == (2, 1)
    assert trainer_award.render_pack()["unchanged"] == 2
    (request,) = mails(year)
    assert "年度优秀培训师评选" in str(request["Subject"])
    assert [file.get_content_type() for file in request.iter_attachments()] == ["application/pdf"]
    (row,) = year.rows("select approval_id, facts from ops.approvals where kind = 'trainer_award'")
    assert row["facts"] == {"ranked_count": 3, "proposed_ids": "T1"}
    assert award.record_decisions() == {"awards": 0, "notices_planned": 0}
    approvals.decide(row["approval_id"], is_approved=True, decided_by="hr_lead", via="link")
    assert award.record_decisions()["awards"] == 1
    assert year.rows("select year, trainer_id from ops.trainer_awards") == [{"year": 2026, "trainer_id": "T1"}]
    letters = mails(year)
    assert len([one for one in letters if "祝贺您" in str(one["Subject"])]) == 1
    thanks = {str(one["To"]): one for one in letters if "感谢您的授课" in str(one["Subject"])}
    assert len(thanks) == 5
    body = next(one for who, one in thanks.items() if "t4@" in who).get_body(("plain",))
    assert body is not None
    text = " ".join(body.get_content().split())
    assert "讲师讲解清晰易懂" in text
    assert "3.9" in text
    assert "42 份答卷" in text
    assert award.record_decisions() == {"awards": 0, "notices_planned": 0}
    assert award.rank_trainers()["is_new"] == 0, "after the committee's word there is no further ranking"
    assert trainer_award.render_pack()["asked"] == 0


def test_sent_back_gives_no_award_and_thanks_all_the_same(year: Trainers) -> None:
    """The figures propose; without the committee nobody has the award."""
    award.rank_trainers()
    trainer_award.render_pack()
    (row,) = year.rows("select approval_id from ops.approvals where kind = 'trainer_award'")
    approvals.decide(row["approval_id"], is_approved=False, decided_by="hr_lead", via="link", comment="另行讨论")
    assert award.record_decisions() == {"awards": 0, "notices_planned": 5}
    assert year.rows("select * from ops.trainer_awards") == []


# The killed entry point by fault points of its commits.
POINTS = [
    ("award.rank_trainers", "award.rank.before_commit"),
    ("award.rank_trainers", "award.rank.after_commit"),
    ("award.record_decisions", "award.record.before_commit"),
    ("award.record_decisions", "award.record.after_commit"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("entry", "point"), POINTS)
def test_killed_at_any_commit_there_is_one_ranking_one_award_and_one_thanks_each(
    year: Trainers, entry: str, point: str
) -> None:
    """Killed at a commit and run again: the same release, one question, one award, nobody thanked twice or not."""

    def run(name: str, step: Callable[[], object]) -> None:
        if name == entry:
            code = f"from trainloop.trainers import award; {name}()"
            done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
            assert done.returncode == -signal.SIGKILL, point
        step()

    run("award.rank_trainers", award.rank_trainers)
    assert year.rows("select count(*)::int as n from published.releases where product = 'trainer_award'") == [{"n": 1}]
    trainer_award.render_pack()
    (row,) = year.rows("select approval_id from ops.approvals where kind = 'trainer_award'")
    approvals.decide(row["approval_id"], is_approved=True, decided_by="hr_lead", via="link")
    run("award.record_decisions", award.record_decisions)
    assert year.rows("select year, trainer_id from ops.trainer_awards") == [{"year": 2026, "trainer_id": "T1"}]
    told = year.rows("select kind, count(*)::int as n from ops.notices where recipient_kind = 'trainer' group by kind")
    assert {one["kind"]: one["n"] for one in told} == {"trainer_award": 1, "trainer_thanks": 5}


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (date(2026, 12, 9), None),
        (date(2026, 12, 10), 2026),
        (date(2027, 1, 10), 2026),
        (date(2027, 2, 8), None),
    ],
)
def test_a_year_is_ranked_from_december_for_sixty_days(today: date, expected: int | None) -> None:
    """Monthly runs of other months rank nobody."""
    assert award.year_to_rank(today, get_site().award) == expected
