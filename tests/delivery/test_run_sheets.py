"""R18 and R21: groups are made and the run sheet goes out one working day before, once, to who runs and teaches."""

from __future__ import annotations

import io
import re
from pathlib import Path
from urllib.parse import urlsplit

import pypdf
import pytest

from trainloop.delivery import run_sheets
from trainloop.delivery.readiness import check_readiness
from trainloop.delivery.run_sheets import make_run_sheets
from trainloop.reporting.errors import ReportsFailedError
from trainloop.surveys.milestones import plan_milestones

from .conftest import School, SetClock, local, words_of

CODE = "2026-C001"


@pytest.fixture
def eve(school: School, set_clock: SetClock) -> School:
    """Wednesday before a Thursday class with eight learners, a boss and a report among them."""
    school.write(
        """insert into core.departments (department_code, name_zh, name_en, file_id, row_number)
           values ('D1', '销售部', 'Sales', 1, 1)"""
    )
    school.people("E7", "E8")
    school.write("update core.employees set manager_id = 'E1' where employee_id = 'E2'")
    school.plan_class(CODE, local(2026, 3, 12), capacity=20)
    school.enroll(CODE, [f"E{number}" for number in range(1, 9)])
    school.book(CODE, "tea_break", due="2026-03-01")
    school.book(CODE, "equipment", "P-7", confirmed="2026-03-01")
    set_clock(2026, 3, 11)
    plan_milestones()
    check_readiness()
    return school


def texts(school: School) -> list[str]:
    rows = school.read("select uri from ops.reports where kind = 'run_sheet' order by report_id")
    return [
        re.sub(r"\s+", "", "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages))
        for row in rows
        if (content := Path(urlsplit(row["uri"]).path).read_bytes())
    ]


def test_the_run_sheet_holds_people_groups_contacts_timings_and_what_is_open(eve: School) -> None:
    """One PDF, mailed to the class manager and the trainer with the words of the day."""
    counts = make_run_sheets()
    assert counts == {"grouped": 1, "rendered": 1, "steps_done": 1, "notices_planned": 2}
    (text,) = texts(eve)
    words = f"班次执行单 {CODE} 09:00–17:00 茶歇尚未确认 设备P-7：已确认 第1组 销售部 签名 确认8人"
    words += " t1@example.com hr@example.com"
    for part in words.split():
        assert part in text, part
    groups = {row["employee_id"]: row["group_number"] for row in eve.read("select * from ops.learner_groups")}
    assert len(groups) == 8
    assert groups["E1"] != groups["E2"]
    mails = [mail for mail in eve.mails() if "执行单" in mail["subject"]]
    assert sorted(mail["to"].addresses[0].addr_spec.lower() for mail in mails) == ["m1@example.com", "t1@example.com"]
    assert "还有 1 项待处理" in words_of(mails[0])
    assert all(len(list(mail.iter_attachments())) == 1 for mail in mails)
    assert make_run_sheets() == dict.fromkeys(counts, 0)


def test_a_class_without_a_manager_gives_its_run_sheet_to_hr(eve: School) -> None:
    """Somebody has to run it."""
    eve.plan_class(CODE, local(2026, 3, 12), manager=None)
    make_run_sheets()
    assert eve.notices("run_sheet", CODE) == ["T1", "hr_lead"]


def test_a_moved_class_gets_a_new_run_sheet_on_the_eve_of_the_new_day_and_the_old_one_is_not_sent(
    eve: School, set_clock: SetClock
) -> None:
    """Revision 2 with the new date; what waited with the old date is dropped."""
    make_run_sheets()
    eve.plan_class(CODE, local(2026, 4, 16))
    plan_milestones()
    assert eve.states(CODE)["run_sheet"] == "pending"
    set_clock(2026, 4, 15)
    make_run_sheets()
    old, new = texts(eve)
    assert "2026年3月12日" in old
    assert "2026年4月16日" in new
    mails = [mail for mail in eve.mails() if "执行单" in mail["subject"]]
    assert len(mails) == 2
    assert all("更新" in mail["subject"] for mail in mails)


def test_learners_who_cannot_be_kept_apart_are_named_and_the_sheet_goes_out(eve: School) -> None:
    """The infeasible case is said, not hidden in a bad grouping."""
    eve.write("update core.enrollments set status = 'cancelled' where employee_id not in ('E1', 'E2')")
    make_run_sheets()
    (text,) = texts(eve)
    assert "无法把上级与其直接下属分开" in text
    assert eve.read("select refusal, conflicts from ops.session_groupings") == [
        {"refusal": "cannot_be_kept_apart", "conflicts": [["E1", "E2"]]}
    ]


def test_a_sheet_that_cannot_be_drawn_stops_no_other_and_is_owed(eve: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other class's sheet is sent; the failed one is made by the next run."""
    eve.trainer("T2")
    eve.plan_class("2026-C002", local(2026, 3, 12), trainer_id="T2")
    plan_milestones()
    eve.write("update core.courses set name_zh = '谈判' || chr(983040)")
    eve.write(
        """insert into core.courses (course_code, name_zh, name_en, mode, hours, file_id, row_number)
           values ('C-OK', '好课', 'Fine', 'classroom', 6, 1, 1)"""
    )
    eve.write("update core.class_sessions set course_code = 'C-OK' where session_code = '2026-C002'")
    with pytest.raises(ReportsFailedError):
        make_run_sheets()
    assert eve.states(CODE)["run_sheet"] == "pending"
    assert eve.states("2026-C002")["run_sheet"] == "done"
    assert eve.notices("run_sheet", CODE) == []
    eve.write("update core.courses set name_zh = '谈判'")
    assert make_run_sheets()["steps_done"] == 1


def test_many_classes_are_drawn_in_batches(eve: School, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sessions of one course on one day are two sheets; a batch is one commit."""
    monkeypatch.setattr(run_sheets, "BATCH_SIZE", 1)
    eve.plan_class("2026-C002", local(2026, 3, 12, 18), hours=2)
    plan_milestones()
    assert make_run_sheets()["rendered"] == 2
