"""Killed at any commit and tried again: each step is made once, each word kept once, nobody is mailed twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import httpx
import pytest
from tests.disputes.conftest import DESIGN, STATEMENT, Court
from tests.forms.conftest import serving
from tests.forms.test_kills import press

from trainloop import faults

pytestmark = pytest.mark.slow
RUN = """
from trainloop.disputes import papers, scan
scan.advance(); papers.make_papers(); scan.advance()
"""
CANONICAL = """
    select jsonb_build_object(
        'disputes', (select jsonb_agg(jsonb_build_array(dispute_id, state, meeting_on)) from ops.disputes),
        'owed', (
            select jsonb_agg(jsonb_build_array(kind, person_id, state) order by kind, person_id) from ops.commitments
        ),
        'papers', (select jsonb_agg(jsonb_build_array(kind, release_id)) from ops.dispute_papers),
        'mails', (
            select jsonb_agg(jsonb_build_array(kind, recipient_id) order by kind, recipient_id)
            from ops.notices where kind in ('dispute_news', 'commitment_request')
        )
    ) as all_rows"""


@pytest.mark.parametrize(
    "point",
    ["disputes.advance.before_commit", "disputes.advance.after_commit", "disputes.papers.before_commit",
     "disputes.papers.after_commit"],
)  # fmt: skip
def test_a_scan_killed_anywhere_is_made_good_by_the_next(court: Court, point: str) -> None:
    """Both statements are in; the day is killed at a fault point and run again: the same rows as without the kill."""
    court.open()
    scan_once()
    for person in ("T1", "B1"):
        token = court.link("dispute_statement", person)
        assert court.fill(token, STATEMENT).status_code == 200
    killed = subprocess.run([sys.executable, "-c", RUN], env=os.environ | {faults.VARIABLE: point}, check=False)
    assert killed.returncode == -signal.SIGKILL
    scan_once()
    first = court.run(CANONICAL)
    scan_once()
    assert court.run(CANONICAL) == first
    rows = first[0]["all_rows"]
    assert rows["disputes"] == [["D-2026-001", "clarification", "2026-03-10"]]
    assert [paper[0] for paper in rows["papers"]] == ["dispute_pack"]
    assert [mail for mail in rows["mails"] if mail[1] == "hr_lead"] == [
        ["commitment_request", "hr_lead"], ["dispute_news", "hr_lead"],
    ]  # fmt: skip


def scan_once() -> None:
    subprocess.run([sys.executable, "-c", RUN], check=True)


@pytest.mark.parametrize(("point", "kept"), [("forms.dispute.before_commit", 0), ("forms.dispute.after_commit", 1)])
def test_a_service_killed_while_a_design_is_sent_keeps_it_once(court: Court, point: str, kept: int) -> None:
    """Before the commit nothing is written; after it the second press finds it done."""
    court.until_design()
    path = court.link("dispute_design", "hr_lead")
    with serving(point) as (process, address):
        with pytest.raises(httpx.HTTPError):
            press(address, path, DESIGN)
        assert process.wait(timeout=20) == -signal.SIGKILL
    written = "select * from ops.dispute_answers where step = 'design'"
    assert len(court.run(written)) == kept
    with serving() as (_, address):
        assert press(address, path, DESIGN) == 200
    assert len(court.run(written)) == 1
