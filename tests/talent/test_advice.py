"""R35: evidence is booked by itself, the list is advice to the HRBP alone, people read their own points alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest
from pypdf import PdfReader
from tests.talent.conftest import Browser, People, SetClock

from trainloop.faults import VARIABLE
from trainloop.outbox.composer import compose_due
from trainloop.reporting.errors import VerdictMissingError
from trainloop.reporting.promotion_list import render_list
from trainloop.talent import advice, evidence, telling

STEPS = """
from trainloop.talent import advice, evidence, telling
from trainloop.reporting import promotion_list
evidence.book_evidence(); advice.make_list(); promotion_list.render_list(); telling.tell_people()
"""
POINTS = (
    "talent.book.between",
    "talent.book.after_commit",
    "talent.list.before_commit",
    "promotion_list.before_commit",
    "promotion_list.after_commit",
    "talent.tell.before_commit",
)


def listed(people: People) -> dict[str, tuple[str, str | None, str]]:
    rows = people.run("select * from ops.promotion_candidates")
    return {row["employee_id"]: (row["verdict"], row["open_condition"], row["certificate_state"]) for row in rows}


def teach(people: People, session_code: str = "2026-C001") -> None:
    """T1 is employee E2; the evaluated class of 2 March was attended by E1."""
    people.run("update core.trainers set employee_id = 'E2', kind = 'internal' where trainer_id = 'T1'")
    people.run(
        """insert into core.attendance (session_code, employee_id, status, file_id, row_number)
        values (%s, 'E1', 'present', 1, 1)""",
        session_code,
    )


def test_certificates_and_classes_taught_are_booked_once_at_the_rate_of_their_day(people: People) -> None:
    """20 points a certificate, 2 an hour; running again books nothing."""
    people.certify("E1")
    people.certify("E1", "2026-03-01")
    teach(people)
    hours = people.run("select hours::float8 as hours from core.courses where course_code = 'C001'")[0]["hours"]
    assert evidence.book_evidence() == {"booked": 2, "taken_back": 0}
    assert people.ledger() == [("certificate", 20.0, "earned")]
    assert people.ledger("E2") == [("teaching_hour", 2 * hours, "earned")]
    assert evidence.book_evidence() == {"booked": 0, "taken_back": 0}


def test_a_withdrawn_certificate_is_taken_back_and_a_changed_day_is_booked_anew(people: People) -> None:
    """Counter rows follow the evidence; the history stays readable."""
    people.certify("E1")
    evidence.book_evidence()
    people.run("update core.certifications set passed_on = '2026-02-09'")
    assert evidence.book_evidence() == {"booked": 1, "taken_back": 1}
    people.run("update core.certifications set is_revoked = true")
    assert evidence.book_evidence() == {"booked": 0, "taken_back": 1}
    assert [points for _, points, _ in people.ledger()] == [20.0, -20.0, 20.0, -20.0]
    assert [reason for *_, reason in people.ledger()] == ["earned", "evidence_changed", "earned", "evidence_gone"]


def test_one_number_in_two_names_counts_for_neither_until_it_is_corrected(people: People) -> None:
    """A double certificate is unclear, on the list and in the ledger."""
    people.ready("E1")
    people.run("update core.certifications set certificate_no = 'N1'")
    people.certify("E2", number="N1")
    assert evidence.book_evidence()["booked"] == 0
    advice.make_list()
    assert listed(people) == {}
    people.run("delete from core.certifications where employee_id = 'E2'")
    assert evidence.book_evidence()["booked"] == 1
    advice.make_list()
    assert listed(people) == {"E1": ("met", None, "valid")}


def test_a_leaver_is_neither_booked_nor_listed_nor_told(people: People) -> None:
    """Who left has no next level here."""
    people.ready("E1")
    people.run("update core.employees set left_on = '2026-03-01' where employee_id = 'E1'")
    assert evidence.book_evidence()["booked"] == 0
    assert advice.make_list() == {"judged": 2, "met": 0, "one_open": 0, "is_new": 1}
    assert telling.tell_people()["notices_planned"] == 0


def test_an_expired_certificate_is_one_open_condition(people: People) -> None:
    """Its points stay; the condition is open."""
    people.ready("E1")
    people.run("update core.certifications set expires_on = '2026-03-02'")
    evidence.book_evidence()
    advice.make_list()
    assert listed(people) == {"E1": ("one_open", "certificate", "expired")}


def test_the_rule_of_the_day_holds_when_it_changes_mid_year(people: People, set_clock: SetClock) -> None:
    """From 1 July the level asks for 60 points: met in June, open in July, and no point is booked anew."""
    people.ready("E1")
    people.rule("2026-07-01", certificate="S2", points=60)
    set_clock(2026, 6, 30)
    evidence.book_evidence()
    advice.make_list()
    set_clock(2026, 7, 1)
    evidence.book_evidence()
    advice.make_list()
    rows = people.run("select list_month, verdict, open_condition from ops.promotion_candidates order by list_month")
    assert [tuple(row.values()) for row in rows] == [("2026-06", "met", None), ("2026-07", "one_open", "points")]
    assert people.ledger() == [("certificate", 20.0, "earned")]


def test_points_of_before_the_last_promotion_do_not_count_again(people: People) -> None:
    """A promotion uses up what led to it."""
    people.ready("E1")
    evidence.book_evidence()
    people.run("update core.employees set promoted_on = '2026-02-10' where employee_id = 'E1'")
    advice.make_list()
    assert listed(people) == {}


def test_the_list_is_printed_for_the_hrbp_alone_and_says_who_decides(people: People) -> None:
    """Both languages name the person, say that a person decides and how to appeal; one mail to one address."""
    people.ready("E1")
    evidence.book_evidence()
    advice.make_list()
    assert render_list() == {"rendered": 2, "unchanged": 0, "notices_planned": 1}
    said = {row["locale"]: pdf_text(row["uri"]) for row in people.run("select locale, uri from ops.reports")}
    assert "学员E1" in said["zh-CN"]
    assert "由人决定" in said["zh-CN"]
    assert "申诉" in said["zh-CN"]
    assert "a person decides" in said["en"]
    assert "appeals on their own page" in said["en"]
    assert [(row["recipient_kind"], row["recipient_id"]) for row in people.told("promotion_list")] == [
        ("contact", "hrbp")
    ]
    compose_due()
    mails = people.run("select recipient_address from ops.messages where template = 'promotion_list'")
    assert mails == [{"recipient_address": "hrbp@example.com"}]


def test_the_same_list_makes_no_revision_and_a_changed_one_makes_one(people: People) -> None:
    """Re-running is safe; a correction within the month replaces the list and is told once more."""
    people.ready("E1")
    evidence.book_evidence()
    assert advice.make_list()["is_new"] == 1
    assert advice.make_list()["is_new"] == 0
    people.run("update core.certifications set expires_on = '2026-04-01'")
    assert advice.make_list()["is_new"] == 1
    assert people.run("select revision_number from ops.promotion_lists") == [{"revision_number": 2}]


def test_a_list_whose_files_have_no_verdict_is_not_printed(people: People) -> None:
    """Fail closed: no data-quality verdict, no report."""
    people.ready("E1")
    advice.make_list()
    people.run("delete from ops.check_runs where suite = 'certifications'")
    with pytest.raises(VerdictMissingError, match="certifications"):
        render_list()


def test_an_ending_certificate_is_told_once_and_not_after_its_renewal(people: People) -> None:
    """Within 60 days, once an expiry day; renewed meanwhile, the mail is not written."""
    people.certify("E1", expires_on="2026-04-15")
    assert telling.tell_people()["endings"] == 1
    assert telling.tell_people()["endings"] == 0
    people.certify("E1", "2026-03-02", "2028-03-01")
    compose_due()
    assert people.run("select reason from ops.notices where kind = 'certificate_ending'") == [{"reason": "resolved"}]


def test_a_person_is_told_of_new_points_once_and_reads_their_own_alone(people: People, browser: Browser) -> None:
    """The mail holds a link; the page shows each entry with its reason, to its owner only."""
    people.certify("E1")
    people.certify("E2")
    evidence.book_evidence()
    assert telling.tell_people() == {"endings": 0, "pages": 2, "notices_planned": 2}
    assert telling.tell_people()["notices_planned"] == 0
    compose_due()
    token = people.run("select token from ops.point_pages where employee_id = 'E1'")[0]["token"]
    text = browser.open(f"/g/{token}")
    assert "学员E1" in text
    assert "销售二级认证" in text
    assert "学员E2" not in text
    assert "Sales level 2" in browser.open(f"/g/{token}", lang="en")
    people.run("update core.employees set left_on = '2026-03-01' where employee_id = 'E1'")
    assert "销售二级认证" not in browser.open(f"/g/{token}", status=410)


def test_a_backfill_mails_nobody(people: People) -> None:
    """A past date plans no mail to employees or to the HRBP."""
    from datetime import date

    people.ready("E1")
    evidence.book_evidence()
    advice.make_list()
    assert render_list(date(2026, 2, 2))["notices_planned"] == 0
    assert telling.tell_people(date(2026, 2, 2))["notices_planned"] == 0


@pytest.mark.parametrize("point", POINTS)
def test_killed_anywhere_and_run_again_nothing_is_counted_or_told_twice(people: People, point: str) -> None:
    """Ledger, list and notices are the same as without the kill."""
    people.ready("E1")
    environment = os.environ | {VARIABLE: point}
    assert subprocess.run([sys.executable, "-c", STEPS], env=environment, check=False).returncode == -9
    evidence.book_evidence()
    advice.make_list()
    render_list()
    telling.tell_people()
    assert people.ledger() == [("certificate", 20.0, "earned")]
    assert listed(people) == {"E1": ("met", None, "valid")}
    told = people.run("select kind, count(*)::int as n from ops.notices group by kind order by kind")
    assert [tuple(row.values()) for row in told] == [("promotion_list", 1), ("promotion_points", 1)]


def pdf_text(uri: str) -> str:
    pages = PdfReader(Path(unquote(urlparse(uri).path))).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())
