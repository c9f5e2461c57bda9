"""`/c/` and `/w/`: the sheet of a class day and an offered seat, on a phone, without a script."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta

import httpx
import pytest
from tests.browsers import SIZES, browsing
from tests.forms.conftest import SetClock, Site, serving
from tests.forms.test_browser import MEASURE, open_page
from tests.forms.test_kills import press

from trainloop.delivery import class_watch
from trainloop.intake.pipeline import ingest_dataset
from trainloop.settings import get_settings

SHEET, SEAT = "e" * 32, "f" * 32
CODE = "2026-C009"


@pytest.fixture
def desk(site: Site) -> Site:
    """Class 2026-C009 of two days that began an hour ago: E1 and E2 confirmed, E3 on the waitlist of one seat."""
    noon = site.company.noon
    site.company.hire("M1")
    site.run(
        """insert into core.class_sessions (session_code, course_code, trainer_id, class_manager_id, starts_at, ends_at,
               mode, venue_code, capacity, file_id, row_number)
           values (%s, 'C001', 'T1', 'M1', %s, %s, 'classroom', 'SH-201', 2, 1, 1)""",
        CODE, noon - timedelta(hours=1), noon + timedelta(hours=30),
    )  # fmt: skip
    for person, status in (("E1", "confirmed"), ("E2", "confirmed"), ("E3", "waitlisted")):
        site.run("insert into core.enrollments values (%s, %s, %s, null, 1, 1)", CODE, person, status)
    class_watch.open_desks()
    site.run("update ops.class_desks set token = %s where session_code = %s", SHEET, CODE)
    return site


def sign(site: Site, slot: int = 1, **statuses: str) -> httpx.Response:
    fields = (
        site.page_fields(f"/c/{SHEET}") | {"slot": str(slot)} | {f"s_{who}": said for who, said in statuses.items()}
    )
    return site.client.post(f"/c/{SHEET}", data=fields, follow_redirects=False)


def report(site: Site, **said: str) -> httpx.Response:
    values = {"q_kind": "equipment", "q_severity": "minor", "q_description": "投影仪坏了"} | said
    fields = site.page_fields(f"/c/{SHEET}/incident") | values
    return site.client.post(f"/c/{SHEET}/incident", data=fields, follow_redirects=False)


def take_in(*datasets: str) -> None:
    """Hand in what the sheets say and take it in as every file."""
    class_watch.hand_in()
    for path in get_settings().home.glob("inbox/*/*.csv"):
        os.utime(path, (time.time() - 60,) * 2)
    for dataset in datasets:
        ingest_dataset(dataset)


def entries(site: Site) -> dict[tuple[str, int], str]:
    rows = site.run("select employee_id, slot, status from core.attendance where session_code = %s", CODE)
    return {(row["employee_id"], row["slot"]): row["status"] for row in rows}


def test_the_link_reaches_the_class_manager_and_shows_learners_with_seats_only(desk: Site) -> None:
    """R22: names of the confirmed, a radio button for each status, nothing about anybody else."""
    notices = desk.run("select recipient_kind, recipient_id from ops.notices where kind = 'class_desk'")
    assert notices == [{"recipient_kind": "employee", "recipient_id": "M1"}]
    page = desk.client.get(f"/c/{SHEET}").text
    assert "学员E1" in page
    assert "学员E2" in page
    assert "学员E3" not in page
    assert page.count('value="present"') == 2
    assert "已请假" not in page


def test_a_sheet_is_saved_in_portions_reopened_and_becomes_attendance_when_it_is_whole(desk: Site) -> None:
    """A half-filled day of a running class is no file yet; a whole one passes the gate."""
    assert sign(desk, E1="present").headers["location"] == f"/c/{SHEET}?slot=1&saved=1"
    take_in("attendance")
    assert entries(desk) == {}
    assert 'value="present" checked' in desk.client.get(f"/c/{SHEET}").text
    sign(desk, E2="late")
    take_in("attendance")
    assert entries(desk) == {("E1", 1): "present", ("E2", 1): "late"}
    assert class_watch.hand_in() == {"files_written": 0}


def test_a_correction_and_its_correction_both_arrive(desk: Site) -> None:
    """present → absent → present: the third file says what the first said and is taken all the same."""
    sign(desk, E1="present", E2="present")
    take_in("attendance")
    for status in ("absent", "present"):
        sign(desk, E1=status)
        take_in("attendance")
        assert entries(desk)["E1", 1] == status


def test_the_second_day_waits_for_its_day(desk: Site, set_clock: SetClock) -> None:
    """Nobody is signed in ahead; a day that is over is handed in as it stands."""
    assert sign(desk, 2, E1="present").status_code == 422
    set_clock(2026, 3, 4, 10)
    sign(desk, 2, E1="early")
    set_clock(2026, 3, 5, 9)
    take_in("attendance")
    assert entries(desk) == {("E1", 2): "early"}


def test_leave_needs_its_learner_and_a_new_room_its_name(desk: Site) -> None:
    """What is missing is said beside its field, and what was typed stays."""
    page = report(desk, q_kind="leave")
    assert page.status_code == 422
    assert "请选择请假的学员" in page.text
    page = report(desk, q_kind="venue", q_description="漏水")
    assert "请填写新的场地" in page.text
    assert "漏水" in page.text
    assert report(desk, q_description="").status_code == 422
    assert desk.run("select from forms.incident_entries") == []


def test_an_incident_is_reported_once_and_closed_by_its_button(desk: Site, set_clock: SetClock) -> None:
    """R23: the log has kind, severity, action, and when it was closed; a double click is one incident."""
    report(desk, q_action="已换投影仪")
    report(desk, q_action="已换投影仪")
    take_in("incidents")
    (row,) = desk.run("select kind, severity, action, closed_at from core.incidents")
    assert (row["kind"], row["severity"], row["action"], row["closed_at"]) == ("equipment", "minor", "已换投影仪", None)
    set_clock(2026, 3, 3, 10, 25)
    (incident,) = desk.run("select incident_id from forms.incident_entries")
    fields = desk.page_fields(f"/c/{SHEET}") | {"incident": str(incident["incident_id"])}
    desk.client.post(f"/c/{SHEET}/close", data=fields)
    assert "25 分钟后关闭" in desk.client.get(f"/c/{SHEET}").text
    take_in("incidents")
    (row,) = desk.run("select closed_at - reported_at as spent from core.incidents")
    assert row["spent"] == timedelta(minutes=25)


def test_a_new_room_of_the_form_is_one_correction_mail_to_everybody(desk: Site) -> None:
    """From the phone to the learners without anybody else touching it."""
    class_watch.tell_changes()
    report(desk, q_kind="venue", venue="SH-305")
    take_in("incidents")
    class_watch.tell_changes()
    class_watch.tell_changes()
    told = desk.run("select recipient_id, is_urgent from ops.notices where kind = 'class_changed' order by 1")
    assert [row["recipient_id"] for row in told] == ["E1", "E2", "M1", "T1"]
    assert all(row["is_urgent"] for row in told)


def test_a_sheet_lives_four_days_and_dies_with_its_class(desk: Site, set_clock: SetClock) -> None:
    """After that corrections go through HR; a cancelled class has nobody to sign in."""
    set_clock(2026, 3, 9)
    assert desk.client.get(f"/c/{SHEET}").status_code == 410
    set_clock(2026, 3, 3)
    desk.run("update core.class_sessions set status = 'cancelled' where session_code = %s", CODE)
    page = desk.client.get(f"/c/{SHEET}")
    assert page.status_code == 410
    assert "班次已取消" in page.text


def test_another_class_manager_gets_another_link_and_the_old_one_dies(desk: Site) -> None:
    """Whoever has left the class sees its learners no more."""
    desk.company.hire("M2")
    desk.run("update core.class_sessions set class_manager_id = 'M2' where session_code = %s", CODE)
    class_watch.open_desks()
    assert desk.client.get(f"/c/{SHEET}").status_code == 404
    notices = desk.run("select recipient_id from ops.notices where kind = 'class_desk' order by notice_id")
    assert [row["recipient_id"] for row in notices] == ["M1", "M2"]


def test_without_a_class_manager_hr_holds_the_sheet(desk: Site) -> None:
    """A class without a class manager is signed in all the same."""
    desk.run("update core.class_sessions set class_manager_id = null where session_code = %s", CODE)
    class_watch.open_desks()
    (row,) = desk.run("select holder_kind, holder_id from ops.class_desks")
    assert row == {"holder_kind": "contact", "holder_id": "hr_lead"}


def test_a_page_of_somebody_else_and_learners_of_other_classes_are_not_written(desk: Site) -> None:
    """A form token belongs to its link; a name that is not on the sheet is no answer."""
    fields = desk.page_fields(f"/c/{SHEET}") | {"slot": "1", "s_E3": "present", "s_E1": "dancing"}
    desk.client.post(f"/c/{SHEET}", data=fields)
    assert desk.run("select from forms.sign_in_entries") == []
    fields = {"slot": "1", "s_E1": "present", "form_token": "x"}
    assert desk.client.post(f"/c/{SHEET}", data=fields).status_code == 400
    assert desk.run("select from forms.sign_in_entries") == []


def test_markup_in_names_and_reports_is_shown_as_text(desk: Site) -> None:
    """A learner may be called <script>, a report may hold one; headers are those of every page."""
    desk.run("update core.employees set name = '<script>1</script>' where employee_id = 'E1'")
    report(desk, q_description="<img src=x>")
    answer = desk.client.get(f"/c/{SHEET}")
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.fixture
def offered(desk: Site) -> Site:
    desk.run(
        """insert into ops.seat_offers (session_code, employee_id, token, offered_at, expires_at)
           values (%s, 'E3', %s, %s, %s)""",
        CODE, SEAT, desk.company.noon, desk.company.noon + timedelta(days=1),
    )  # fmt: skip
    ahead = desk.company.noon + timedelta(days=5)
    desk.run(
        "update core.class_sessions set starts_at = %s, ends_at = %s, capacity = 3 where session_code = %s",
        ahead, ahead + timedelta(hours=8), CODE,
    )  # fmt: skip
    return desk


def test_a_seat_is_taken_by_its_own_button_and_becomes_an_enrollment(offered: Site) -> None:
    """Opening changes nothing (scanners prefetch); accepting says so, hands the row in and stays said."""
    assert "接受名额" in offered.client.get(f"/w/{SEAT}").text
    assert offered.run("select state::text from ops.seat_offers") == [{"state": "open"}]
    fields = offered.page_fields(f"/w/{SEAT}") | {"choice": "accept"}
    offered.client.post(f"/w/{SEAT}", data=fields)
    assert "名额是您的了" in offered.client.get(f"/w/{SEAT}").text
    take_in("enrollments")
    (row,) = offered.run("select status, source from core.enrollments where employee_id = 'E3'")
    assert row["status"] == "confirmed"
    assert class_watch.hand_in() == {"files_written": 0}


def test_a_seat_that_is_gone_says_so_kindly(offered: Site, set_clock: SetClock) -> None:
    """Too late, or full by other means: nobody is promised what is not there."""
    fields = offered.page_fields(f"/w/{SEAT}") | {"choice": "accept"}
    offered.run("update core.class_sessions set capacity = 2 where session_code = %s", CODE)
    assert "名额已不在" in offered.client.post(f"/w/{SEAT}", data=fields).text
    offered.run("update ops.seat_offers set state = 'open', settled_at = null")
    set_clock(2026, 3, 4, 12)
    page = offered.client.get(f"/w/{SEAT}")
    assert page.status_code == 410
    assert "已过截止时间" in page.text


@pytest.mark.slow
@pytest.mark.parametrize("point", ["before_commit", "after_commit"])
def test_a_service_killed_while_a_sheet_is_saved_keeps_it_once(desk: Site, point: str) -> None:
    """Never lost, never twice: the second try finds what the first wrote."""
    answers = {"slot": "1", "s_E1": "present"}
    with serving(f"forms.sheet.{point}") as (process, address):
        with pytest.raises(httpx.HTTPError):
            press(address, f"/c/{SHEET}", answers)
        assert process.wait(timeout=20) == -signal.SIGKILL
    with serving() as (_, address):
        assert press(address, f"/c/{SHEET}", answers) == 200
    rows = desk.run("select employee_id, status, version from forms.sign_in_entries")
    assert rows == [{"employee_id": "E1", "status": "present", "version": 1}]


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("size", SIZES)
def test_the_pages_of_a_class_day_are_readable_and_work_without_a_script(offered: Site, size: str) -> None:
    """Contrast, 44 px targets, no sideways scrolling in both languages; a tap and a button are enough."""
    with serving() as (_, address), browsing() as browser:
        page = open_page(browser, f"{address}/w/{SEAT}", size, java_script_enabled=True)
        assert page.evaluate(MEASURE) == {"faint": [], "small": [], "overflow": 0}
        assert page.get_by_role("button").count() == 2
    offered.run("update core.class_sessions set starts_at = starts_at - interval '5 days 1 hour'")
    offered.run("update core.class_sessions set ends_at = starts_at + interval '30 hours'")
    report(offered)
    with serving() as (_, address), browsing() as browser:
        for path in (f"/c/{SHEET}", f"/c/{SHEET}/incident"):
            for language in ("zh-CN", "en"):
                url = f"{address}{path}?lang={language}"
                page = open_page(browser, url, size, java_script_enabled=True)
                assert page.evaluate(MEASURE) == {"faint": [], "small": [], "overflow": 0}, url
        page = open_page(browser, f"{address}/c/{SHEET}", size, locale="zh-CN")
        page.locator("input[name='s_E1'][value='late']").click()
        page.get_by_role("button", name="保存").click()
        assert "更新了 1 人" in page.get_by_role("status").inner_text()
        assert page.locator("input[name='s_E1'][value='late']").is_checked()
        page.get_by_role("link", name="上报突发情况").click()
        page.get_by_role("button", name="上报").click()
        assert page.title().startswith("错误：")
