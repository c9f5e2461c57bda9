"""Action learning plans from the form to the manager's confirmation, over the real pages (R31–R33)."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient
from tests.outbox.conftest import SESSION, Company, found_company

from trainloop import faults
from trainloop.domain.action_plan import Light, PlanState, after_confirmation, after_word, check_in_on, light
from trainloop.forms.app import create_app
from trainloop.forms.store import Store
from trainloop.outbox.composer import compose_due
from trainloop.plans import calls, taking
from trainloop.surveys import planning, rounds
from trainloop.surveys.collecting import collect_survey_responses

SetClock = Callable[..., datetime]
GOAL = "每周与两位客户做一次需求复盘"
PLAN = {
    "goal": GOAL, "metric": "每周复盘次数", "baseline": "0", "target": "2", "due_on": "2026-03-27",
    "first_step": "约好第一位客户",
}  # fmt: skip


@dataclass
class Course:
    """Class 2026-C001 ended on Monday 2 March; E1 and E2 report to M1, E3 to nobody but E3."""

    company: Company
    client: TestClient
    set_clock: SetClock

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        return self.company.run(query, *values)

    def day(self, month: int, day: int) -> None:
        """A day's work of the DAGs that plans go through."""
        self.set_clock(2026, month, day, 10)
        planning.plan_due()
        rounds.open_due()
        collect_survey_responses()
        self.check_in()
        self.mail()

    def check_in(self) -> dict[str, int]:
        counts = taking.take_in()
        for scan in (calls.ask_managers, calls.plan_digests, calls.call_check_ins):
            counts |= {f"{scan.__name__}.{name}": number for name, number in scan().items()}
        return counts

    def mail(self) -> None:
        compose_due()
        self.rows(
            """update ops.messages set state = 'sent', sent_at = ops.business_now(), next_attempt_at = null
               where state = 'composed'"""
        )

    def told(self, kind: str) -> list[str]:
        """Who got a mail of a kind, in order."""
        rows = self.rows(
            "select recipient_id from ops.notices where kind = %s and state = 'composed' order by notice_id", kind
        )
        return [row["recipient_id"] for row in rows]

    def post(self, path: str, lang: str = "zh-CN", **answers: str) -> Any:
        path = f"{path}?lang={lang}"
        page = self.client.get(path)
        assert page.status_code == 200, page.text
        found = re.search(r'name="form_token" value="([^"]+)"', page.text)
        assert found is not None
        fields = {("choice" if path.startswith("/a/") else f"q_{item}"): value for item, value in answers.items()}
        return self.client.post(path, data={"form_token": found[1], "action": "submit", **fields})

    def plan(self, person: str, lang: str = "zh-CN", **changes: str) -> Any:
        (row,) = self.rows(
            "select token from ops.invitations join ops.survey_waves using (wave_code)"
            " where instrument_code = 'action_plan' and employee_id = %s", person,
        )  # fmt: skip
        return self.post(f"/f/{row['token']}", lang, **(PLAN | changes))

    def page(self, person: str) -> str:
        (row,) = self.rows("select token from ops.action_plans where employee_id = %s", person)
        return f"/p/{row['token']}"

    def owed(self, kind: str) -> list[dict[str, Any]]:
        return self.rows(
            "select person_id, token, state::text as state from ops.commitments where kind = %s order by commitment_id",
            kind,
        )

    def state(self, person: str) -> str:
        (row,) = self.rows("select state::text as state from ops.action_plans where employee_id = %s", person)
        return str(row["state"])


@pytest.fixture
def course(warehouse: str, set_clock: SetClock) -> Iterator[Course]:
    company = found_company()
    company.hire("M1")
    company.run("update core.employees set manager_id = 'M1' where employee_id in ('E1', 'E2')")
    company.run("update core.employees set manager_id = 'E3' where employee_id = 'E3'")
    for person in ("E1", "E2", "E3"):
        company.run(
            "insert into core.attendance (session_code, employee_id, status, file_id, row_number)"
            " values (%s, %s, 'present', 1, 1)", SESSION, person,
        )  # fmt: skip
    with TestClient(create_app(Store())) as client:
        yield Course(company, client, set_clock)


def test_the_check_in_is_thirty_calendar_days_later_rolled_to_the_next_working_day() -> None:
    """The examples of the specification, Spring Festival and National Day included."""
    assert check_in_on(date(2026, 1, 16), "CN") == date(2026, 2, 24)
    assert check_in_on(date(2026, 9, 1), "CN") == date(2026, 10, 8)


def test_lights_count_the_days_since_the_last_update() -> None:
    """Green up to 7 days, amber 8 to 14, red from 15 on."""
    today = date(2026, 3, 31)
    ages = [(7, Light.GREEN), (8, Light.AMBER), (14, Light.AMBER), (15, Light.RED)]
    assert [(age, light(date.fromordinal(today.toordinal() - age), today)) for age, _ in ages] == ages


def test_verified_needs_evidence_and_the_managers_word_and_ends_are_ends() -> None:
    """Verified = evidence and confirmation; an update does not undo a done plan; a withdrawn plan stays withdrawn."""
    assert after_confirmation(PlanState.DONE, "confirmed", has_evidence=True) is PlanState.VERIFIED
    assert after_confirmation(PlanState.DONE, "confirmed", has_evidence=False) is PlanState.DONE
    assert after_confirmation(PlanState.DONE, "not_confirmed", has_evidence=True) is PlanState.LATE
    assert after_word(PlanState.DONE, PlanState.AT_RISK) is PlanState.DONE
    assert after_word(PlanState.WITHDRAWN, PlanState.ON_TRACK) is PlanState.WITHDRAWN
    assert after_word(PlanState.LATE, PlanState.DONE) is PlanState.DONE


def test_a_plan_goes_from_the_form_to_verified(course: Course) -> None:
    """R31–R33: asked the day after the class, acknowledged by the manager, updated on Monday, checked in, confirmed."""
    course.day(3, 3)
    assert sorted(course.told("survey_invitation")) == ["E1", "E2", "E3"]
    assert course.plan("E1").status_code == 200
    course.day(3, 4)
    assert course.told("commitment_request") == ["M1"]
    (owed,) = course.owed("acknowledge_plan")
    assert GOAL in course.client.get(f"/a/{owed['token']}").text
    course.post(f"/a/{owed['token']}", choice="acknowledged")
    course.day(3, 9)  # Monday, five days after the plan
    assert course.told("plan_digest") == ["E1"]
    assert course.told("team_plan_digest") == []
    course.post(course.page("E1"), status="at_risk", value_now="1", note="只约到一位")
    course.day(3, 16)
    assert course.told("plan_digest") == ["E1", "E1"]
    assert course.told("team_plan_digest") == ["M1"]
    assert course.state("E1") == "at_risk"
    course.day(4, 1)  # 2 March + 30 days
    assert course.told("plan_check_in") == ["E1"]
    sent = course.post(course.page("E1"), status="done", value_reached="2", evidence="复盘记录八份", blocker="time")
    assert sent.status_code == 200
    course.day(4, 2)
    assert course.state("E1") == "done"
    (confirm,) = course.owed("confirm_plan")
    assert "复盘记录八份" in course.client.get(f"/a/{confirm['token']}").text
    course.post(f"/a/{confirm['token']}", choice="confirmed")
    course.day(4, 3)
    assert course.state("E1") == "verified"
    assert course.client.get(course.page("E1")).status_code == 410
    (result,) = course.rows("select * from marts.action_plan_results")
    assert (result["asked_count"], result["plan_count"], result["done_count"], result["verified_count"]) == (3, 1, 1, 1)


def test_a_plan_is_asked_for_within_five_working_days_of_the_class(course: Course) -> None:
    """Mail, reminder and form name Monday 9 March; who is late reads until when the form still takes a plan."""
    course.day(3, 3)

    def subjects() -> list[str]:
        return [row["subject"] for row in course.rows("select subject from ops.messages order by message_id")]

    assert subjects()
    assert all("3月9日" in subject and "31日" not in subject for subject in subjects())
    (row,) = course.rows("select token from ops.invitations where employee_id = 'E1' and wave_code = 'PLAN-2026-C001'")
    page = f"/f/{row['token']}"
    facts = re.search(r"请在 (.*?)前提交（逾期仍可填写，(.*?) 关闭）", course.client.get(page).text)
    assert facts is not None
    assert "3月9日" in facts[1]
    assert "3月31日" in facts[2]
    course.rows("update core.employees set calendar_code = 'SG' where employee_id = 'E1'")
    assert "due by" in course.client.get(f"{page}?lang=en").text
    course.day(3, 10)
    assert "due by" not in course.client.get(f"{page}?lang=en").text
    rounds.remind_due()
    course.mail()
    assert "提醒" in subjects()[-1]
    assert "3月31日" in subjects()[-1]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh-CN", ("目标太短", "看不出变化", "30 天内的日期")),
        ("en", ("too short", "nothing would change", "within 30 days")),
    ],
)
def test_a_plan_that_is_not_concrete_is_refused_with_the_remedy(
    course: Course, lang: str, said: tuple[str, ...]
) -> None:
    """Help to make it concrete: a goal in two words, a target that is today's value, a date beyond the 30 days."""
    course.day(3, 3)
    answer = course.plan("E1", lang=lang, goal="努力", target="0", due_on="2026-04-30")
    assert answer.status_code == 422
    for words in said:
        assert words in answer.text
    assert "约好第一位客户" in answer.text
    assert course.plan("E1", due_on="2026-03-01").status_code == 422
    assert course.plan("E1").status_code == 200


def test_who_leads_nobody_else_is_answered_for_by_hr_and_a_new_manager_takes_over(course: Course) -> None:
    """Manager missing, self or gone: HR stands in. When the manager changes, the old one's request is withdrawn."""
    course.day(3, 3)
    course.plan("E3")
    course.plan("E2")
    course.day(3, 4)
    # Forms come out of their spool in random order, so plans and requests do.
    assert {row["person_id"] for row in course.owed("acknowledge_plan")} == {"M1", "hr_lead"}
    course.company.hire("M2")
    course.rows("update core.employees set manager_id = 'M2' where employee_id = 'E2'")
    course.day(3, 5)
    assert {(row["person_id"], row["state"]) for row in course.owed("acknowledge_plan")} == {
        ("M1", "withdrawn"), ("hr_lead", "open"), ("M2", "open"),
    }  # fmt: skip
    course.rows("update core.employees set left_on = '2026-03-05', removed_on = '2026-03-05' where employee_id = 'M2'")
    course.day(3, 6)
    assert ("M2", "withdrawn") in {(row["person_id"], row["state"]) for row in course.owed("acknowledge_plan")}
    assert sum(row["person_id"] == "hr_lead" and row["state"] == "open" for row in course.owed("acknowledge_plan")) == 2


def test_a_leaver_withdraws_and_silence_after_two_reminders_is_late(course: Course) -> None:
    """Mid-plan: who leaves owes nothing and counts as withdrawn; 14 days after the check-in a silent plan is late."""
    course.day(3, 3)
    course.plan("E1")
    course.plan("E2")
    course.day(3, 4)
    course.rows("update core.employees set left_on = '2026-03-20', removed_on = '2026-03-20' where employee_id = 'E2'")
    for day in (1, 3, 7, 8, 13):
        course.day(4, day)
    assert course.state("E2") == "withdrawn"
    assert course.told("plan_check_in") == ["E1", "E1", "E1"]
    course.day(4, 16)
    assert course.state("E1") == "late"
    (row,) = course.rows("select settled_reason from ops.action_plans where employee_id = 'E1'")
    assert row["settled_reason"] == "no_check_in"
    assert course.told("plan_check_in") == ["E1", "E1", "E1"]


def test_nothing_is_told_on_a_monday_on_which_nothing_is_due(course: Course) -> None:
    """One digest a week over all plans, none to whoever wrote within the last days, and never twice."""
    course.day(3, 3)
    course.plan("E1")
    course.day(3, 6)
    course.post(course.page("E1"), status="on_track")
    course.day(3, 9)
    assert course.told("plan_digest") == []
    course.day(3, 17)  # Monday's run was missed: made up for on Tuesday, once
    course.day(3, 18)
    assert course.told("plan_digest") == ["E1"]


def test_a_past_date_mails_nobody(course: Course) -> None:
    """A backfill and an as_of in the past send nothing to employees unless the run says so."""
    course.day(3, 3)
    course.plan("E1")
    course.set_clock(2026, 3, 20, 10)
    collect_survey_responses()
    taking.take_in(date(2026, 3, 16))
    assert calls.plan_digests(date(2026, 3, 16)) == {"learners": 0, "managers": 0, "notices_planned": 0}
    assert calls.call_check_ins(date(2026, 3, 16)) == {"notices_planned": 0}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entry", "point"),
    [
        ("taking.take_in", "plans.plans_made.after_commit"),
        ("taking.take_in", "plans.words_taken.before_commit"),
        ("calls.ask_managers", "plans.ask_managers.before_commit"),
        ("calls.plan_digests", "plans.digests.before_commit"),
    ],
)
def test_killed_anywhere_and_run_again_it_ends_the_same(course: Course, entry: str, point: str) -> None:
    """A kill at any commit: every word counted once, every person asked and told once."""
    course.day(3, 3)
    course.plan("E1")
    course.plan("E2")
    course.set_clock(2026, 3, 4, 10)
    collect_survey_responses()
    if point.startswith(("plans.words", "plans.digests")):
        taking.take_in()
        course.post(course.page("E1"), status="at_risk", note="一")
        course.post(course.page("E1"), status="late", value_now="1")
        course.set_clock(2026, 3, 16, 10)
    module, _, name = entry.partition(".")
    code = f"from trainloop.plans import {module}; {module}.{name}()"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | {faults.VARIABLE: point}, check=False)
    if done.returncode != -signal.SIGKILL:
        pytest.fail(f"{point} was not reached")
    course.check_in()
    course.check_in()
    course.mail()
    plans = course.rows("select employee_id, state::text as state from ops.action_plans order by employee_id")
    words = course.rows("select number, state::text as state from ops.plan_updates order by plan_id, number")
    assert [row["employee_id"] for row in plans] == ["E1", "E2"]
    if point.startswith("plans.words"):
        assert words == [{"number": 1, "state": "at_risk"}, {"number": 2, "state": "late"}]
        assert plans[0]["state"] == "late"
    twice = course.rows(
        "select recipient_id from ops.notices group by kind, subject_id, recipient_id, step having count(*) > 1"
    )
    assert twice == []
    assert len(course.owed("acknowledge_plan")) == 2
