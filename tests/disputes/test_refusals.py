"""What cannot be in a dispute is refused in the reader's language, stands in the audit, and loses nothing."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import datetime

import pytest
from tests.disputes.conftest import DESIGN, PILOT, Court

from trainloop.disputes import opening
from trainloop.forms.words import LOCALES, words

SetClock = Callable[..., datetime]


def refused(court: Court, path: str, answers: dict[str, str], status: int, key: str, **facts: str) -> None:
    """Press the button in both languages: the page says why, and what was typed stands there again."""
    for locale in LOCALES:
        page = court.fill(f"{path}?lang={locale}", answers)
        assert page.status_code == status, page.text
        text = html.unescape(page.text)
        assert words(locale).say(key, **facts) in text
        assert all(value in text for value in answers.values())


def class_began(_court: Court, set_clock: SetClock) -> None:
    set_clock(2026, 5, 20, 12)


def class_data(court: Court, _set_clock: SetClock) -> None:
    court.run(
        """insert into core.attendance (session_code, employee_id, slot, status, file_id, row_number)
           values ('2026-P1', 'P1', 1, 'present', 1, 1)"""
    )


def kpi_facts(court: Court, _set_clock: SetClock) -> None:
    court.facts("2026-06", 109, 100)


@pytest.mark.parametrize("arrive", [class_began, class_data, kpi_facts])
def test_a_pilot_is_not_changed_once_data_arrived(
    court: Court, set_clock: SetClock, arrive: Callable[[Court, SetClock], None]
) -> None:
    """R50: whichever data came first, another criterion is refused with that reason and the first one stays."""
    court.until_pilot()
    path = court.link("dispute_pilot", "hr_lead")
    assert court.fill(path, PILOT).status_code == 200
    arrive(court, set_clock)
    refused(court, path, PILOT | {"q_threshold": "1"}, 409, f"dispute_refused_{arrive.__name__}")
    audited = court.audits("pilot_registration_refused")
    assert [(row["actor"], row["detail"]["reason"]) for row in audited] == [("hr_lead", arrive.__name__)] * len(LOCALES)
    assert [row["threshold"] for row in court.run("select threshold from ops.pilot_registrations")] == [5]


@pytest.mark.parametrize(
    ("change", "key", "facts"),
    [
        ({"q_simulation_pct": "49"}, "dispute_shares_sum", {"total": "99"}),
        ({"q_framework_pct": "21"}, "dispute_shares_sum", {"total": "101"}),
    ],
)
def test_a_design_that_is_no_whole_is_refused(
    court: Court, change: dict[str, str], key: str, facts: dict[str, str]
) -> None:
    """R49: the sum is said; nothing is written."""
    court.until_design()
    refused(court, court.link("dispute_design", "hr_lead"), DESIGN | change, 422, key, **facts)
    assert court.run("select * from ops.dispute_answers where step = 'design'") == []


def test_a_signature_by_somebody_else_is_refused(court: Court, set_clock: SetClock) -> None:
    """R52: each forwarded link, in both languages; the right person signs by it afterwards."""
    court.until_signature(set_clock)
    rights = {"hr_lead": "hr@example.com", "T1": "E1", "B1": "B1"}
    for person, wrong in (("hr_lead", "B1"), ("T1", "B1"), ("B1", "E1")):
        answers = {"q_choice": "sign", "identity": wrong}
        refused(court, court.link("sign_agreed_plan", person), answers, 403, "dispute_refused_wrong_person")
        assert court.run("select * from ops.dispute_answers where step = 'signature' and person_id = %s", person) == []
    assert len(court.audits("dispute_signature_refused")) == 3 * len(LOCALES)
    for person, right in rights.items():
        signed = court.fill(court.link("sign_agreed_plan", person), {"q_choice": "sign", "identity": right})
        assert signed.status_code == 200
    court.day()
    assert court.state() == "signed"


@pytest.mark.parametrize(
    ("changes", "zh", "en"),
    [
        ({"course_code": "C-NONE"}, "系统中没有 课程 C-NONE", "does not know course_code C-NONE"),
        ({"business_head_id": "E1"}, "同一人", "are the same person"),
        ({"reason_code": None}, "还需要填写 reason_code", "needs reason_code as well"),
    ],
)
def test_a_form_that_cannot_be_says_so_in_both_languages(
    court: Court, changes: dict[str, str | None], zh: str, en: str
) -> None:
    """R47: the DAG's task fails with the reason; nothing is opened."""
    with pytest.raises(opening.PermanentError) as error:
        court.open(**changes)
    assert (zh in str(error.value), en in str(error.value)) == (True, True), error.value
    assert court.run("select * from ops.disputes") == []
