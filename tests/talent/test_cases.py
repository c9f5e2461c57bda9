"""R36: cases of both kinds are invited within caps, published with consent, comment and approval, and taken back."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.talent.conftest import Browser, People
from typer.testing import CliRunner

from trainloop.cli import app
from trainloop.delivery import asset_files
from trainloop.faults import VARIABLE
from trainloop.outbox.composer import compose_due
from trainloop.retention.erasure import erase
from trainloop.talent import cases, evidence

WORDS = {
    "title": "用复述化解投诉",
    "situation": "学员E1 当时负责的客户多次投诉，电话 13800138000",
    "action": "先复述再提方案 <b>",
    "result": "投诉减半",
    "lesson": "先听完",
    "name": "unnamed",
    "consent": "yes",
}


def plan(people: People, number: int, who: str, state: str = "verified") -> None:
    people.run(
        """insert into ops.action_plans (plan_id, session_code, employee_id, goal, metric, target_value, due_on,
        first_step, state, made_at, updated_at, check_in_due_on, checked_in_at, evidence, confirmation, settled_at)
        values (%s, %s, %s, '减少投诉', '投诉数', 1, '2026-02-27', '复述', %s, '2026-01-28', '2026-02-20', '2026-02-27',
        '2026-02-27 10:00+08', '报表', 'confirmed', '2026-03-02 10:00+08')""",
        *(f"P-{number}", "2026-C001" if number < 10 else f"2026-C{number:03}", who, state),
    )


@pytest.fixture
def ended(people: People, home: Path) -> People:
    """E1's plan was verified, E2's came to nothing."""
    plan(people, 1, "E1")
    plan(people, 2, "E2", "late")
    return people


def tokens(people: People) -> dict[str, str]:
    return {row["employee_id"]: row["token"] for row in people.run("select * from ops.practice_cases")}


def states(people: People) -> dict[str, str]:
    rows = people.run("select employee_id, state::text as state from ops.practice_cases")
    return {row["employee_id"]: row["state"] for row in rows}


def answer(people: People, browser: Browser, table: str, choice: str, comment: str) -> None:
    (owed,) = people.run(f"select token from ops.{table} where kind like '%%practice_case' and state = 'open'")
    assert browser.press(f"/a/{owed['token']}", choice=choice, comment=comment).status_code == 303


def handed_in(home: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for path in sorted((home / "inbox" / "knowledge_assets").glob("*.csv"), key=lambda one: one.stat().st_mtime_ns):
        rows += csv.DictReader(path.read_text("utf-8-sig").splitlines())
    return rows


def write_and_comment(people: People, browser: Browser, **words: str) -> None:
    cases.share()
    assert browser.press(f"/k/{tokens(people)['E1']}", **(WORDS | words)).status_code == 303
    assert cases.share()["asked"] == 1
    answer(people, browser, "commitments", "commented", "复述之后再确认一次，效果更好")
    assert cases.share()["approvals"] == 1


def test_both_kinds_are_invited_within_the_caps_and_once(ended: People) -> None:
    """Two with good results and one other a class; a person once in half a year; running again invites nobody."""
    ended.hire("E4", "E5", "E6")
    for number, (who, state) in enumerate((("E4", "done"), ("E5", "done"), ("E6", "withdrawn")), start=3):
        plan(ended, number, who, state)
    ended.run("update ops.action_plans set settled_reason = 'learner' where state = 'withdrawn'")
    assert cases.share()["invited"] == 3
    rows = ended.run("select is_success, count(*)::int as n from ops.practice_cases group by 1 order by 1")
    assert [tuple(row.values()) for row in rows] == [(False, 1), (True, 2)]
    assert cases.share()["invited"] == 0
    assert len(ended.told("case_invitation")) == 3


def test_who_was_asked_lately_or_left_is_not_asked(ended: People) -> None:
    """The cap is a person's, over all classes; leavers are left in peace."""
    cases.share()
    plan(ended, 11, "E1")
    plan(ended, 12, "E3")
    ended.run("update core.employees set left_on = '2026-03-01' where employee_id = 'E3'")
    assert cases.share()["invited"] == 0


@pytest.mark.parametrize("missing", ["title", "situation", "lesson", "name", "consent"])
def test_nothing_is_taken_without_every_part_and_consent(ended: People, browser: Browser, missing: str) -> None:
    """Publishing needs consent; a case without its lesson teaches nothing. What was typed stays."""
    cases.share()
    page = browser.press(f"/k/{tokens(ended)['E1']}", **(WORDS | {missing: ""}))
    assert page.status_code == 422
    assert "投诉减半" in page.text
    assert states(ended)["E1"] == "invited"


def test_an_approved_case_enters_the_knowledge_base_without_the_name(
    ended: People, browser: Browser, home: Path
) -> None:
    """The trainer and HR read it without its author's name; the file is masked, escaped and what the row says it is."""
    write_and_comment(ended, browser)
    (asked,) = ended.run("select token from ops.approvals where kind = 'practice_case'")
    shown = browser.open(f"/a/{asked['token']}")
    assert "复述之后再确认一次" in shown
    assert "作者选择不署名" in shown
    answer(ended, browser, "approvals", "approve", "")
    assert cases.carry_out() == {"published": 1, "rejected": 0, "removed": 0, "notices_planned": 1}
    (row,) = handed_in(home)
    assert (row["kind"], row["course_code"], row["licence"]) == ("case", "C001", "自有版权（作者同意）")
    assert asset_files.check(row["uri"], row["checksum"], 10_000_000) == "sound"
    page = (home / "materials" / row["uri"]).read_text("utf-8")
    assert "学员E1" not in page
    assert "13800138000" not in page
    assert "<b>" not in page
    assert "先听完" in page
    assert cases.carry_out()["published"] == 0
    compose_due()
    assert ended.run("select count(*)::int as n from ops.messages where template = 'case_decided'") == [{"n": 1}]
    assert evidence.book_evidence()["booked"] >= 1
    assert ("case_published", 5.0, "earned") in ended.ledger()


def test_a_named_case_says_who_wrote_it(ended: People, browser: Browser, home: Path) -> None:
    """Credit where the author wants it."""
    write_and_comment(ended, browser, name="named")
    answer(ended, browser, "approvals", "approve", "")
    cases.carry_out()
    assert "学员E1" in (home / "materials" / handed_in(home)[0]["uri"]).read_text("utf-8")


def test_a_declined_case_is_published_nowhere_and_its_author_reads_why(
    ended: People, browser: Browser, home: Path
) -> None:
    """HR's words go to the author."""
    write_and_comment(ended, browser)
    answer(ended, browser, "approvals", "reject", "客户可被认出")
    assert cases.carry_out()["rejected"] == 1
    assert not (home / "inbox" / "knowledge_assets").exists()
    assert states(ended)["E1"] == "rejected"


def test_consent_taken_back_removes_the_file_and_ends_the_asset(ended: People, browser: Browser, home: Path) -> None:
    """At any time, by the same link; packs leave out an asset whose licence has ended."""
    write_and_comment(ended, browser)
    answer(ended, browser, "approvals", "approve", "")
    cases.carry_out()
    uri = handed_in(home)[0]["uri"]
    assert browser.press(f"/k/{tokens(ended)['E1']}", act="withdraw").status_code == 303
    assert cases.carry_out()["removed"] == 1
    assert not (home / "materials" / uri).exists()
    gone = handed_in(home)[-1]
    assert (gone["licence_expires_on"], gone["uri"]) == ("2026-03-02", "")
    assert "投诉" not in gone["title_zh"]
    assert cases.carry_out()["removed"] == 0


def test_consent_taken_back_before_the_decision_withdraws_the_questions(ended: People, browser: Browser) -> None:
    """Nobody decides about what is not offered any more; an approval that came first publishes nothing."""
    write_and_comment(ended, browser)
    browser.press(f"/k/{tokens(ended)['E1']}", act="withdraw")
    cases.share()
    assert ended.run("select state::text as state from ops.approvals") == [{"state": "withdrawn"}]
    assert cases.carry_out()["published"] == 0


def test_an_erased_authors_case_leaves_the_knowledge_base_with_the_erasure(
    ended: People, browser: Browser, home: Path
) -> None:
    """One command: the page is gone from the store and the asset ends, without waiting for the weekly scan."""
    write_and_comment(ended, browser, name="named")
    answer(ended, browser, "approvals", "approve", "")
    cases.carry_out()
    uri = handed_in(home)[0]["uri"]
    done = CliRunner().invoke(app, ["erase", "E1", "--by", "HR case 21", "--yes"])
    assert done.exit_code == 0, done.output
    assert not (home / "materials" / uri).exists()
    gone = handed_in(home)[-1]
    assert (gone["title_zh"], gone["uri"]) == ("（已撤回 withdrawn）", "")
    assert cases.take_out() == {"removed": 0, "withdrawn": 0}


def test_an_erased_authors_case_under_way_is_offered_to_nobody(ended: People, browser: Browser) -> None:
    """HR is not asked to publish a case that has neither words nor an author any more."""
    write_and_comment(ended, browser)
    erase("E1", "HR case 22")
    assert cases.take_out() == {"removed": 0, "withdrawn": 1}
    assert ended.run("select state::text as state from ops.approvals") == [{"state": "withdrawn"}]
    assert sorted(states(ended).values()) == ["invited", "withdrawn"]
    assert cases.carry_out()["published"] == 0


def test_opening_the_link_changes_nothing_and_an_expired_one_takes_nothing(ended: People, browser: Browser) -> None:
    """Scanners open links; after three weeks the invitation ends by itself."""
    cases.share()
    browser.open(f"/k/{tokens(ended)['E1']}")
    assert states(ended)["E1"] == "invited"
    ended.run("update ops.practice_cases set invited_until = '2026-03-03 09:00+08'")
    browser.open(f"/k/{tokens(ended)['E1']}", status=410)


@pytest.mark.parametrize("point", ["cases.carry_out.between", "cases.carry_out.after_commit"])
def test_killed_while_publishing_a_case_is_published_once(
    ended: People, browser: Browser, home: Path, point: str
) -> None:
    """File, row and mail are the same as without the kill."""
    write_and_comment(ended, browser)
    answer(ended, browser, "approvals", "approve", "")
    environment: dict[str, Any] = os.environ | {VARIABLE: point}
    command = [sys.executable, "-c", "from trainloop.talent import cases; cases.carry_out()"]
    assert subprocess.run(command, env=environment, check=False).returncode == -9
    cases.carry_out()
    assert len(handed_in(home)) == 1
    assert len(ended.told("case_decided")) == 1
    assert states(ended)["E1"] == "published"
