"""A class that moves or is cancelled after its mails went out: one correction each, and nothing of ours twice."""

from __future__ import annotations

from trainloop.delivery.materials import send_materials
from trainloop.delivery.prework import remind_of_prework

from .conftest import School, SetClock, local

CODE = "2026-C001"


def send_all(school: School) -> int:
    """Hand every composed mail to its reader; return how many have left in all."""
    school.mails()
    school.write("update ops.messages set state = 'sent', sent_at = ops.business_now() where state = 'composed'")
    return len(school.read("select from ops.messages where state = 'sent'"))


def test_a_class_that_moves_after_its_materials_went_out_sends_one_correction_and_no_second_pack(
    school: School, set_clock: SetClock
) -> None:
    """Learner and trainer read of the new day once; the pack's link is the same and shows it."""
    school.plan_class(CODE, local(2026, 3, 12))
    school.enroll(CODE, ["E1"])
    school.asset("KA-1", b"reading", kind="prework")
    set_clock(2026, 3, 5)
    school.watch()
    assert send_materials()["notices_planned"] == 2
    assert send_all(school) == 2
    set_clock(2026, 3, 6)
    school.plan_class(CODE, local(2026, 3, 26))
    school.watch()
    school.watch()
    assert send_materials()["notices_planned"] == 0
    assert {"E1", "T1"} <= set(school.told("class_changed"))
    assert len(school.told("class_changed")) == len(set(school.told("class_changed")))
    set_clock(2026, 3, 19)
    school.watch()
    assert send_materials()["notices_planned"] == 0
    assert school.states(CODE)["materials_sent"] == "done"
    set_clock(2026, 3, 23)
    assert remind_of_prework()["notices_planned"] == 1


def test_a_class_cancelled_after_its_materials_reminds_nobody(school: School, set_clock: SetClock) -> None:
    """What waited is dropped when it is composed."""
    school.plan_class(CODE, local(2026, 3, 12))
    school.enroll(CODE, ["E1"])
    school.asset("KA-1", b"reading", kind="prework")
    set_clock(2026, 3, 5)
    school.watch()
    send_materials()
    school.plan_class(CODE, local(2026, 3, 12), status="cancelled")
    school.mails()
    assert school.notices("course_materials", CODE, state="dropped") == ["E1", "T1"]
    set_clock(2026, 3, 9)
    school.watch()
    assert remind_of_prework() == {"steps_done": 0, "notices_planned": 0}
