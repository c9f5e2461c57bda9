"""R45: whoever thinks points are missing or wrong appeals; the HRBP answers with reasons; the ledger follows."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from tests.talent.conftest import Browser, People

from trainloop.faults import VARIABLE
from trainloop.outbox.composer import compose_due
from trainloop.talent import appeals, evidence, telling

FOLLOW_UP = "from trainloop.talent import appeals; appeals.follow_up()"


@pytest.fixture
def page(people: People, browser: Browser) -> str:
    """E1 has a certificate booked and was told of the page."""
    people.certify("E1")
    evidence.book_evidence()
    telling.tell_people()
    return f"/g/{people.run('select token from ops.point_pages')[0]['token']}"


def answer(people: People, browser: Browser, choice: str, words: str = "已核对证书原件") -> None:
    (owed,) = people.run("select token, person_id from ops.commitments where kind = 'answer_appeal'")
    assert owed["person_id"] == "hrbp"
    assert browser.press(f"/a/{owed['token']}", choice=choice, comment=words).status_code == 303


def appeal_count(people: People) -> int:
    return int(people.run("select count(*)::int as n from ops.point_appeals")[0]["n"])


def claim(browser: Browser, page: str, **fields: str) -> int:
    typed = {"about": "missing:teaching_hour", "day": "2026-02-10", "quantity": "3", "words": "代课三小时"} | fields
    return int(browser.press(page, **typed).status_code)


def test_an_upheld_appeal_books_what_was_missing_and_is_told(people: People, browser: Browser, page: str) -> None:
    """3 hours at 2 points; the HRBP reads the claim, the person the reasons."""
    assert claim(browser, page) == 303
    assert appeals.follow_up()["asked"] == 1
    (owed,) = people.run("select token from ops.commitments")
    shown = browser.open(f"/a/{owed['token']}")
    assert "代课三小时" in shown
    assert "计 6 分" in shown
    assert "您的答复由申诉人和 HRBP 阅读" in shown
    assert "您的答复由人力资源部阅读" not in shown
    answer(people, browser, "uphold")
    assert appeals.follow_up() == {"asked": 0, "upheld": 1, "declined": 0, "notices_planned": 1}
    assert people.ledger()[-1] == ("teaching_hour", 6.0, "appeal_upheld")
    compose_due()
    assert people.run("select recipient_address from ops.messages where template = 'appeal_answered'") == [
        {"recipient_address": "e1@example.com"}
    ]
    assert "已核对证书原件" in browser.open(page)
    assert appeals.follow_up()["upheld"] == 0


def test_an_upheld_correction_takes_the_wrong_entry_back_and_evidence_does_not_return(
    people: People, browser: Browser, page: str
) -> None:
    """The counter row stands; the scan does not book the wrong evidence again."""
    assert claim(browser, page, about="entry:1", day="2026-01-15", quantity="1") == 303
    appeals.follow_up()
    answer(people, browser, "uphold")
    appeals.follow_up()
    assert evidence.book_evidence() == {"booked": 0, "taken_back": 0}
    assert [points for _, points, _ in people.ledger()] == [20.0, -20.0, 20.0]


def test_what_an_appeal_booked_is_not_booked_again_when_its_file_comes(
    people: People, browser: Browser, page: str
) -> None:
    """The same rule and day count once, whichever door they came by."""
    people.run("insert into core.certificates values ('S3', '三级', 'Level 3', null, 101, 2)")
    claim(browser, page, about="missing:certificate", day="2026-02-20", quantity="1")
    appeals.follow_up()
    answer(people, browser, "uphold")
    appeals.follow_up()
    people.run("insert into core.certifications values ('E1', 'S3', '2026-02-20', null, null, false, 102, 2)")
    assert evidence.book_evidence()["booked"] == 0


def test_a_declined_appeal_changes_nothing_and_gives_reasons(people: People, browser: Browser, page: str) -> None:
    """The ledger stays; the mail quotes the HRBP."""
    claim(browser, page)
    appeals.follow_up()
    answer(people, browser, "decline", "考勤中没有这次代课")
    assert appeals.follow_up()["declined"] == 1
    assert len(people.ledger()) == 1
    assert "考勤中没有这次代课" in browser.open(page)


@pytest.mark.parametrize(
    "fields",
    [
        {"about": "entry:99"},
        {"about": "missing:golden_mic"},
        {"day": "2027-01-01"},
        {"day": "2020-01-01"},
        {"day": "soon"},
        {"quantity": "-3"},
        {"quantity": "NaN"},
        {"quantity": "1e9"},
        {"words": ""},
    ],
)
def test_an_appeal_that_cannot_be_is_refused_with_what_to_mend(
    people: People, browser: Browser, page: str, fields: dict[str, str]
) -> None:
    """What was typed stays on the page; nothing is written."""
    assert claim(browser, page, **fields) == 422
    assert appeal_count(people) == 0


def test_nobody_appeals_about_an_entry_of_another_person(people: People, browser: Browser, page: str) -> None:
    """A forged number of an entry is no entry of one's own."""
    people.certify("E2")
    evidence.book_evidence()
    assert claim(browser, page, about="entry:2") == 422


def test_opening_the_page_changes_nothing_and_pressing_twice_is_one_appeal(
    people: People, browser: Browser, page: str
) -> None:
    """Scanners open links; impatient people press twice; three may be open."""
    browser.open(page)
    assert appeal_count(people) == 0
    assert [claim(browser, page), claim(browser, page)] == [303, 303]
    assert appeal_count(people) == 1
    for day in ("2026-02-11", "2026-02-12"):
        assert claim(browser, page, day=day) == 303
    assert claim(browser, page, day="2026-02-13") == 422


def test_killed_before_or_after_its_commit_an_answer_is_carried_out_once(
    people: People, browser: Browser, page: str
) -> None:
    """Ledger and mail are one commit."""
    claim(browser, page)
    appeals.follow_up()
    answer(people, browser, "uphold")
    for point in ("appeals.before_commit", "appeals.after_commit"):
        environment = os.environ | {VARIABLE: point}
        assert subprocess.run([sys.executable, "-c", FOLLOW_UP], env=environment, check=False).returncode == -9
    assert appeals.follow_up()["upheld"] == 0
    assert [points for _, points, _ in people.ledger()] == [20.0, 6.0]
    assert len(people.told("appeal_answered")) == 1
