"""R19: the pack goes out once for each version, to those who are confirmed, and what is wrong stops nothing else."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from trainloop.delivery import asset_files
from trainloop.delivery.materials import send_materials
from trainloop.delivery.readiness import check_readiness
from trainloop.settings import get_settings
from trainloop.surveys.milestones import plan_milestones

from .conftest import School, SetClock, counting, local

CODE = "2026-C001"


def scan(**options: Any) -> dict[str, int]:
    plan_milestones()
    return send_materials(**options)


def pack(school: School, code: str = CODE) -> list[str]:
    rows = school.read(
        """select asset_code from ops.course_pack_assets join ops.current_packs using (session_code, pack_number)
           where session_code = %s order by asset_code""",
        (code,),
    )
    return [row["asset_code"] for row in rows]


@pytest.fixture
def ready(school: School) -> School:
    """A class a week ahead with two assets and three learners, one of whom has cancelled."""
    school.people("E1", "E2", "E3")
    school.plan_class(CODE, local(2026, 3, 9))
    school.enroll(CODE, ["E1", "E2"])
    school.enroll(CODE, ["E3"], "cancelled")
    school.asset("KA-1")
    school.asset("KA-2", b"reading", kind="prework")
    return school


def test_confirmed_learners_and_the_trainer_get_the_pack_a_week_before_once(ready: School) -> None:
    """By link; a second scan sends nothing, the cancelled learner gets nothing."""
    counts = scan()
    assert (counts["files_checked"], counts["links_given"], counts["notices_planned"]) == (2, 3, 3)
    assert ready.notices("course_materials", CODE) == ["E1", "E2", "T1"]
    assert ready.states(CODE)["materials_sent"] == "done"
    assert pack(ready) == ["KA-1", "KA-2"]
    again = scan()
    assert (again["files_checked"], again["links_given"], again["notices_planned"]) == (0, 0, 0)
    tokens = [row["token"] for row in ready.read("select token from ops.material_links")]
    assert len({*tokens}) == 3
    assert all(len(token) == 32 for token in tokens)


def test_a_late_learner_gets_the_pack_the_same_day_and_nobody_else_again(ready: School, set_clock: SetClock) -> None:
    """R19: late enrollees at once; somebody who cancels meanwhile is left alone."""
    scan()
    set_clock(2026, 3, 6)
    ready.people("E9")
    ready.enroll(CODE, ["E9"])
    ready.enroll(CODE, ["E2"], "cancelled")
    assert scan()["notices_planned"] == 1
    assert ready.notices("course_materials", CODE) == ["E1", "E2", "E9", "T1"]


def test_a_new_version_is_told_once_as_one_mail_however_many_assets_changed(ready: School, set_clock: SetClock) -> None:
    """Two assets change on two days before anybody reads: pack 3 in the end, and one mail for each told version."""
    scan()
    set_clock(2026, 3, 4)
    ready.asset("KA-1", b"slides, better", version="2")
    ready.asset("KA-3", b"a template", kind="template")
    assert scan()["notices_planned"] == 3
    assert scan()["notices_planned"] == 0
    rows = ready.read("select sequence_number from ops.notices where recipient_id = 'E1' order by 1")
    assert [row["sequence_number"] for row in rows] == [1, 2]
    ready.enroll(CODE, ["E3"])
    scan()
    rows = ready.read("select sequence_number from ops.notices where recipient_id = 'E3'")
    assert [row["sequence_number"] for row in rows] == [2]


@pytest.mark.parametrize(
    ("columns", "content", "kind"),
    [
        ({"licence": None}, b"x", "material_unlicensed"),
        ({"licence_expires_on": "2026-03-08"}, b"x", "material_licence_expired"),
        ({"uri": None}, None, "material_missing"),
        ({"uri": "C-NEG/nowhere.pdf"}, None, "material_missing"),
        ({"uri": "../secrets.json"}, None, "material_missing"),
        ({"uri": "https://elsewhere.example.com/x.pdf"}, None, "material_missing"),
        ({"checksum": "0" * 64}, b"x", "material_changed"),
        ({"checksum": None}, b"x", "material_missing"),
    ],
)
def test_an_asset_that_must_not_go_out_is_an_exception_and_the_rest_goes_out(
    ready: School, columns: dict[str, Any], content: bytes | None, kind: str
) -> None:
    """No broken mail: the exception tells the class manager and HR, and closes when it is mended."""
    ready.asset("KA-9", content, **columns)
    counts = scan()
    assert (counts["faulty_assets"], counts["notices_planned"]) == (1, 3)
    assert pack(ready) == ["KA-1", "KA-2"]
    assert ready.exceptions(CODE) == {(kind, "KA-9"): "open"}
    assert check_readiness()["closed"] == 0
    assert ready.notices("readiness_problems", CODE) == ["M1"]
    ready.asset("KA-9", b"as it should be", version="2")
    assert scan()["notices_planned"] == 3
    assert ready.exceptions(CODE) == {(kind, "KA-9"): "recovered"}
    assert pack(ready) == ["KA-1", "KA-2", "KA-9"]


def test_a_file_that_changes_in_the_store_leaves_the_pack_without_a_mail(ready: School, set_clock: SetClock) -> None:
    """Files are hashed again every day; a pack that only lost something is not news."""
    scan()
    path = Path(get_settings().folder_uri("materials").removeprefix("file://")) / "C-NEG" / "KA-1.pdf"
    path.write_bytes(b"somebody overwrote it")
    set_clock(2026, 3, 3)
    counts = scan()
    assert (counts["faulty_assets"], counts["notices_planned"]) == (1, 0)
    assert ready.exceptions(CODE) == {("material_changed", "KA-1"): "open"}
    assert pack(ready) == ["KA-2"]


def test_a_course_without_assets_owes_nothing_until_it_has_some(ready: School, set_clock: SetClock) -> None:
    """Skipped with the reason; what arrives later goes out the same day."""
    ready.write("delete from core.knowledge_assets")
    assert scan()["steps_done"] == 0
    assert ready.steps(CODE)["materials_sent"][0::2] == ("skipped", "nothing_to_send")
    set_clock(2026, 3, 4)
    ready.asset("KA-1")
    assert scan()["notices_planned"] == 3
    assert ready.states(CODE)["materials_sent"] == "done"


def test_a_pack_of_faulty_assets_only_stays_owed_and_expires_when_the_class_begins(
    ready: School, set_clock: SetClock
) -> None:
    """Never done in silence: pending, an exception meanwhile, expired at T."""
    ready.write("update core.knowledge_assets set licence = null")
    assert scan()["steps_done"] == 0
    assert ready.states(CODE)["materials_sent"] == "pending"
    set_clock(2026, 3, 9, 10)
    plan_milestones()
    assert ready.states(CODE)["materials_sent"] == "expired"


def test_a_class_that_moves_after_its_materials_went_out_mails_them_no_second_time(
    ready: School, set_clock: SetClock
) -> None:
    """The correction mail is another's; the step is done again on the new day and the link shows the new dates."""
    scan()
    ready.plan_class(CODE, local(2026, 4, 9))
    scan()
    assert ready.states(CODE)["materials_sent"] == "pending"
    set_clock(2026, 4, 2)
    assert scan()["notices_planned"] == 0
    assert ready.states(CODE)["materials_sent"] == "done"


def test_a_cancelled_class_sends_nothing(ready: School) -> None:
    """Neither pack nor links."""
    ready.plan_class(CODE, local(2026, 3, 9), status="cancelled")
    assert scan() | {"sessions": 0} == dict.fromkeys(scan(), 0)


def test_two_sessions_of_one_course_on_one_day_are_two_packs_of_the_same_files(ready: School) -> None:
    """A learner of both gets both links; files are read once."""
    ready.plan_class("2026-C002", local(2026, 3, 9, 18), hours=2)
    ready.enroll("2026-C002", ["E1"])
    counts = scan()
    assert (counts["files_checked"], counts["notices_planned"]) == (2, 5)


def test_a_replaced_trainer_gets_the_pack_and_the_one_before_no_more(ready: School, set_clock: SetClock) -> None:
    """Links belong to the people of the class as it is."""
    scan()
    ready.trainer("T2")
    ready.plan_class(CODE, local(2026, 3, 9), trainer_id="T2")
    ready.asset("KA-1", b"new", version="2")
    scan()
    rows = ready.read("select recipient_id, max(sequence_number) as last from ops.notices group by 1 order by 1")
    assert {row["recipient_id"]: row["last"] for row in rows} == {"E1": 2, "E2": 2, "T1": 1, "T2": 2}


def test_a_past_date_sends_nothing_unless_the_run_says_so(ready: School, set_clock: SetClock) -> None:
    """A backfill mails nobody."""
    plan_milestones()
    set_clock(2026, 3, 3)
    assert set(send_materials(as_of=date(2026, 3, 2)).values()) == {0}
    assert send_materials(as_of=date(2026, 3, 2), allow_send=True)["notices_planned"] == 3


def test_a_hundred_classes_take_as_many_statements_as_one(ready: School) -> None:
    """5,000 classes a year, 100 a day: packs, links and mails of all in the same statements; files once an asset."""
    plan_milestones()
    with counting() as for_one:
        send_materials()
    ready.write(
        """insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, file_id,
               row_number)
           select 'S' || n, 'C-NEG', 'T1', '2026-03-09 01:00+00', '2026-03-09 02:00+00', 'online', 1, n
           from generate_series(1, 100) as n"""
    )
    ready.write(
        """insert into core.enrollments (session_code, employee_id, status, file_id, row_number)
           select 'S' || n, id, 'confirmed', 1, 1 from generate_series(1, 100) as n, unnest(array['E1', 'E2']) as id"""
    )
    plan_milestones()
    with counting() as for_all:
        counts = send_materials()
    assert (counts["sessions"], counts["notices_planned"], counts["files_checked"]) == (101, 300, 0)
    assert len(for_all) <= len(for_one)


@pytest.mark.parametrize(
    "uri", ["../x", "a/../../x", "/etc/passwd", "file:///etc/passwd", "http://x/y", "a\\b", "", "s3://b/x"]
)
def test_no_address_leads_out_of_the_store(home: Path, uri: str) -> None:
    """Addresses come from a file: only paths inside the store are opened."""
    assert asset_files.address_in_store(uri) is None


def test_a_full_address_below_the_store_is_the_same_file(home: Path) -> None:
    """Both ways to write it lead to one place."""
    store = get_settings().folder_uri("materials")
    assert (
        asset_files.address_in_store(f"{store}/a/b.pdf")
        == asset_files.address_in_store("a/b.pdf")
        == f"{store}/a/b.pdf"
    )


def test_a_file_larger_than_allowed_is_not_read_to_its_end(school: School) -> None:
    """Bounded work whatever lies in the store."""
    school.asset("KA-1", b"x" * 2_000_000)
    assert asset_files.check("C-NEG/KA-1.pdf", "0" * 64, 1_000_000) == "too_large"
