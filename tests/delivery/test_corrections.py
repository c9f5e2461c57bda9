"""One change of a class is one mail to everybody concerned: moved, another room, cancelled, split."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from trainloop.domain.milestone import MilestoneState

from .conftest import School, local, words_of

type_of_clock = Callable[..., datetime]
EVERYBODY = ["E1", "E2", "M1", "T1"]


def test_a_class_that_was_never_seen_is_written_down_and_mailed_to_nobody(school: School) -> None:
    """People know the date from their enrollment."""
    school.class_of("A", local(2026, 3, 5), ["E1", "E2"])
    assert school.watch()["tell_changes"] == 0
    assert school.told() == []


def test_a_moved_class_mails_everybody_once_and_replans_its_milestones(
    school: School, set_clock: type_of_clock
) -> None:
    """R23: exactly one correction to learners, trainer and class manager; a re-run finds nothing to tell."""
    school.class_of("A", local(2026, 3, 12), ["E1", "E2"])
    school.watch()
    before = school.steps("A")["class_log"][1]
    school.class_of("A", local(2026, 3, 19))
    assert school.watch()["tell_changes"] == 4
    assert school.watch()["tell_changes"] == 0
    assert school.told() == EVERYBODY
    assert (school.steps("A")["class_log"][1] - before).days == 7
    text = " ".join(words_of(mail) for mail in school.mails())
    assert "3月12日" in text
    assert "3月19日" in text
    assert "{%" not in text
    assert len(school.mails()) == 4


def test_a_second_move_is_a_second_correction(school: School) -> None:
    """Each change has its own number; the same change never comes twice."""
    school.class_of("A", local(2026, 3, 12), ["E1"])
    school.watch()
    for day in (13, 16):
        school.class_of("A", local(2026, 3, day))
        school.watch()
        school.mails()
        school.watch()
    assert school.told() == ["E1", "E1", "M1", "M1", "T1", "T1"]
    assert len(school.mails()) == 6


def test_a_change_that_was_overtaken_before_its_mail_left_is_not_told(school: School, set_clock: type_of_clock) -> None:
    """Two moves in one night are one mail in the morning, with the newest date."""
    school.class_of("A", local(2026, 3, 12), ["E1"])
    school.watch()
    set_clock(2026, 3, 2, 22)
    for day in (13, 16):
        school.class_of("A", local(2026, 3, day))
        school.watch()
    set_clock(2026, 3, 3, 9, 30)
    mails = school.mails()
    assert len(mails) == 3
    assert all("3月16日" in words_of(mail) for mail in mails)


def test_another_room_is_one_mail_whether_the_file_or_an_incident_says_so_first(
    school: School, set_clock: type_of_clock
) -> None:
    """The incident of the morning is told at once; the file that follows says nothing new."""
    school.class_of("A", local(2026, 3, 3), ["E1", "E2"])
    school.watch()
    set_clock(2026, 3, 3, 7)
    school.incident("A", local(2026, 3, 3, 6, 50), "venue", venue_code="SH-305")
    assert school.watch()["tell_changes"] == 4
    school.class_of("A", local(2026, 3, 3), venue_code="SH-305")
    assert school.watch()["tell_changes"] == 0
    mails = [mail for mail in school.mails() if "场地变更" in mail["Subject"]]
    assert len(mails) == 4, "urgent: in quiet hours, two hours before the class"
    assert all("SH-201" in words_of(mail) and "SH-305" in words_of(mail) for mail in mails)


def test_a_room_in_the_file_is_newer_than_an_incident_of_before(school: School) -> None:
    """The newest word counts."""
    school.class_of("A", local(2026, 3, 5), ["E1"])
    school.watch()
    school.incident("A", local(2026, 3, 2, 8), "venue", venue_code="SH-305")
    school.watch()
    school.class_of("A", local(2026, 3, 5), venue_code="SH-400")
    assert school.watch()["tell_changes"] == 3
    (row,) = school.read("select venue_code, change_number from ops.class_announcements")
    assert row == {"venue_code": "SH-400", "change_number": 2}


def test_a_cancelled_class_is_one_mail_to_everybody_and_none_later(school: School) -> None:
    """Also to those whose seats were taken away in the same export; its steps are skipped, its offers withdrawn."""
    school.class_of("A", local(2026, 3, 5), ["E1", "E2"])
    school.watch()
    school.class_of("A", local(2026, 3, 5), status="cancelled")
    school.enroll("A", ["E2"], "cancelled")
    school.watch()
    school.class_of("A", local(2026, 3, 6), status="cancelled")
    assert school.watch()["tell_changes"] == 0
    assert school.told() == EVERYBODY
    mails = [mail for mail in school.mails() if "已取消" in mail["Subject"]]
    assert len(mails) == 4
    assert set(school.states("A").values()) == {MilestoneState.SKIPPED}


def test_a_class_that_takes_place_after_all_is_told(school: School) -> None:
    """Whoever was told that it is cancelled must hear it."""
    school.class_of("A", local(2026, 3, 5), ["E1"])
    school.watch()
    school.class_of("A", local(2026, 3, 5), status="cancelled")
    school.watch()
    school.mails()
    school.class_of("A", local(2026, 3, 5))
    assert school.watch()["tell_changes"] == 3
    assert sum("恢复开课" in mail["Subject"] for mail in school.mails()) == 3


def test_a_split_class_sends_each_learner_one_mail_with_their_own_class(school: School) -> None:
    """Who stays is told nothing when nothing changed for them; who moves learns of the new class."""
    school.class_of("A", local(2026, 3, 12), ["E1", "E2", "E3", "E4"])
    school.watch()
    school.class_of("B", local(2026, 3, 13), ["E3", "E4"], venue_code="SH-9")
    school.enroll("A", ["E3", "E4"], "cancelled")
    assert school.watch()["tell_changes"] == 2
    assert school.watch()["tell_changes"] == 0
    assert school.told(subject="B") == ["E3", "E4"]
    mails = school.mails()
    assert len(mails) == 2
    assert all("SH-9" in words_of(mail) and "3月13日" in words_of(mail) for mail in mails)


def test_a_cancelled_class_whose_learners_moved_on_tells_them_of_the_new_one_only(school: School) -> None:
    """One mail each: the new class for those who have one, the cancellation for the others."""
    school.class_of("A", local(2026, 3, 12), ["E1", "E2"])
    school.watch()
    school.class_of("A", local(2026, 3, 12), status="cancelled")
    school.class_of("B", local(2026, 3, 13), ["E2"])
    school.watch()
    assert school.told(subject="B") == ["E2"]
    assert school.told(subject="A") == ["E1", "M1", "T1"]


def test_two_classes_of_one_course_on_one_day_are_two_classes(school: School) -> None:
    """Moving the morning says nothing to the people of the afternoon."""
    school.class_of("A", local(2026, 3, 5, 8), ["E1"], ends_at=local(2026, 3, 5, 11))
    school.class_of("B", local(2026, 3, 5, 14), ["E2"], ends_at=local(2026, 3, 5, 17))
    school.watch()
    school.class_of("A", local(2026, 3, 5, 9), ends_at=local(2026, 3, 5, 12))
    school.watch()
    assert school.told() == ["E1", "M1", "T1"]


def test_without_a_class_manager_hr_is_told(school: School) -> None:
    """A named one who has left counts as none."""
    school.class_of("A", local(2026, 3, 12), ["E1"], class_manager_id=None)
    school.class_of("B", local(2026, 3, 12), ["E2"])
    school.people("M1", left_on="2026-03-01")
    school.watch()
    school.class_of("A", local(2026, 3, 13), class_manager_id=None)
    school.class_of("B", local(2026, 3, 13))
    school.watch()
    assert school.told(subject="A") == ["E1", "T1", "hr_lead"]
    assert school.told(subject="B") == ["E2", "T1", "hr_lead"]


def test_a_class_of_the_past_is_corrected_without_a_mail(school: School) -> None:
    """Nobody can act on it any more."""
    school.class_of("A", local(2026, 3, 2, 10), ["E1"])
    school.watch()
    school.class_of("A", local(2026, 2, 27))
    assert school.watch()["tell_changes"] == 0
