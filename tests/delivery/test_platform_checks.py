"""Online classes are looked at a day and two hours before; who can act hears at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from trainloop.domain.platform_check import Verdict, judge

from .conftest import School, local, words_of

type_of_clock = Callable[..., datetime]
FINE = {"network": True, "audio": True, "video": True, "accounts": True}


def online(school: School, starts_at: datetime | None = None) -> None:
    school.class_of("A", starts_at or local(2026, 3, 4, 14), ["E1", "E2"], mode="online", venue_code="https://meet/a")


def test_a_verdict_names_what_is_missing_and_what_failed() -> None:
    """A check that nobody requires counts when it failed."""
    results = {"audio": False, "recording": False, "chat": True, "network": True}
    assert judge(("network", "audio", "video"), results) == Verdict(("video",), ("audio", "recording"))
    assert judge(("network",), {"network": True}).is_ok


def test_missing_and_failed_checks_tell_class_manager_and_hr_at_once(school: School, set_clock: type_of_clock) -> None:
    """R25 at T−1 day: urgent, once for one look, with the checks by name."""
    online(school)
    set_clock(2026, 3, 3, 13, 45)
    assert school.watch()["look_at_platforms"] == 0
    school.check("A", local(2026, 3, 3, 12), network=True, audio=False, accounts=True)
    set_clock(2026, 3, 3, 14)
    school.watch()
    school.watch()
    assert school.told("platform_alert") == ["M1", "hr_lead"]
    alarms = [mail for mail in school.mails() if "未就绪" in mail["Subject"]]
    assert len(alarms) == 2
    assert all("声音" in words_of(mail) and "画面" in words_of(mail) for mail in alarms)
    assert school.steps("A")["platform_check_1d"][::2] == ("done", "platform_not_ok")


def test_a_platform_that_is_fine_alarms_nobody(school: School, set_clock: type_of_clock) -> None:
    """The step is done, with the reason."""
    online(school)
    school.check("A", local(2026, 3, 3, 12), **FINE)
    set_clock(2026, 3, 3, 14)
    school.watch()
    assert school.told("platform_alert") == []
    assert school.steps("A")["platform_check_1d"][::2] == ("done", "platform_ok")


def test_an_alarm_that_was_mended_before_its_mail_was_written_is_dropped(
    school: School, set_clock: type_of_clock
) -> None:
    """Eligibility is asked again when the mail is composed."""
    online(school)
    set_clock(2026, 3, 3, 14)
    school.watch()
    school.check("A", local(2026, 3, 3, 14), **FINE)
    assert not [mail for mail in school.mails() if "未就绪" in mail["Subject"]]


def test_results_of_last_week_count_as_none(school: School, set_clock: type_of_clock) -> None:
    """Two hours before, yesterday's results are the oldest that count."""
    online(school)
    school.check("A", local(2026, 3, 3, 12), **FINE)
    set_clock(2026, 3, 4, 12)
    school.watch()
    assert school.steps("A")["platform_check_2h"][::2] == ("done", "platform_not_ok")


def test_learners_get_the_login_guide_once_also_who_joins_late(school: School, set_clock: type_of_clock) -> None:
    """R25: a day before the class."""
    online(school)
    set_clock(2026, 3, 3, 14)
    school.watch()
    school.enroll("A", ["E3"])
    school.watch()
    assert school.told("login_guide") == ["E1", "E2", "E3"]
    assert sum("登录指南" in mail["Subject"] for mail in school.mails()) == 3


def test_a_moved_class_is_looked_at_again(school: School, set_clock: type_of_clock) -> None:
    """What was fine for Wednesday says nothing about the week after."""
    online(school)
    school.check("A", local(2026, 3, 3, 12), **FINE)
    set_clock(2026, 3, 3, 14)
    school.watch()
    online(school, local(2026, 3, 11, 14))
    school.watch()
    assert school.steps("A")["platform_check_1d"][0] == "pending"
    set_clock(2026, 3, 10, 14)
    school.watch()
    assert school.told("platform_alert") == ["M1", "hr_lead"]


def test_a_class_in_a_room_owes_no_look_at_a_platform(school: School, set_clock: type_of_clock) -> None:
    """The row says why; nobody is alarmed and nobody gets a guide."""
    school.class_of("A", local(2026, 3, 4, 14), ["E1"])
    set_clock(2026, 3, 4, 12)
    school.watch()
    assert school.steps("A")["platform_check_1d"][::2] == ("skipped", "not_this_mode")
    assert school.told("platform_alert") == school.told("login_guide") == []


def test_a_class_without_a_class_manager_alarms_hr(school: School, set_clock: type_of_clock) -> None:
    """Somebody must hear it."""
    school.class_of("A", local(2026, 3, 4, 14), ["E1"], mode="blended", class_manager_id=None)
    set_clock(2026, 3, 3, 14)
    school.watch()
    assert school.told("platform_alert") == ["hr_lead"]
