"""R47–R52: one dispute from the form to three signatures, by the links people get; what cannot be is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import psycopg
import pytest
from tests.disputes.conftest import DESIGN, OPENING, OTHER_SIDE, PILOT, STATEMENT, Court

from trainloop.disputes import opening, scan
from trainloop.disputes.opening import (
    DisputeFormIncompleteError,
    DisputeNothingExpiredError,
    DisputeOfOneError,
    DisputePartyUnknownError,
)
from trainloop.forms import links
from trainloop.outbox.composer import compose_due
from trainloop.outbox.kinds import disputes as dispute_mails
from trainloop.requests import commitments

SetClock = Callable[..., datetime]


def paper(court: Court, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = court.run("select content from ops.dispute_papers where kind = %s", kind)[0]["content"]
    return found


def test_a_dispute_goes_from_opening_to_three_signatures(court: Court, set_clock: SetClock) -> None:
    """Statements, pack with the meeting's day, design, locked pilot, report of grade C, decision, signed plan; a
    signature by somebody else is refused and recorded, an objection brings the decision back."""
    court.until_design()
    pack = paper(court, "dispute_pack")
    assert pack["meeting_on"] == "2026-03-10"
    divergent = [topic["code"] for topic in pack["divergences"] if topic["is_divergent"]]
    assert divergent == ["main_goal", "measure", "theory_weight", "content_fits", "simulation_weight"]
    court.run("update ops.disputes set state = 'withdrawn', withdrawn_reason = 'mistake'")
    court.until_signature(set_clock)
    number = "D-2026-002"
    report = court.run("select content from ops.dispute_papers where kind = 'pilot_report'")[0]["content"]
    assert (report["kpi"]["grade"], report["is_met"], report["suggestion"]) == ("C", True, "adopt")
    assert report["kpi"]["effect"] == pytest.approx(9)
    assert {line["code"]: line["pilot_n"] for line in report["reaction"]}["roll_out"] == 12
    hashed = court.run("select canonical, registration_sha256 from ops.pilot_registrations")[0]
    assert report["registration"]["registration_sha256"] == hashed["registration_sha256"]
    assert hashlib.sha256(hashed["canonical"].encode()).hexdigest() == hashed["registration_sha256"]

    wrong = court.fill(court.link("sign_agreed_plan", "B1"), {"q_choice": "sign", "identity": "E1"})
    assert wrong.status_code == 403
    assert "与此链接的本人不符" in wrong.text
    assert court.audits("dispute_signature_refused")[0]["detail"]["party"] == "business"
    objection = {"q_choice": "object", "q_comment": "先补充工具模板", "identity": "B1"}
    assert court.fill(court.link("sign_agreed_plan", "B1"), objection).status_code == 200
    court.day()
    assert court.state(number) == "pilot_reported"
    assert court.client.get(court.link("sign_agreed_plan", "T1")).status_code == 410
    decided = {"q_choice": "adjust", "q_comment": "补充工具模板后再推广"}
    assert court.fill(court.link("dispute_decision", "hr_lead"), decided).status_code == 200
    court.day()
    for person, identity in (("hr_lead", "HR@example.com"), ("T1", "e1"), ("B1", "B1")):
        signed = court.fill(court.link("sign_agreed_plan", person), {"q_choice": "sign", "identity": identity})
        assert signed.status_code == 200, signed.text
    court.day()
    assert court.state(number) == "signed"
    plan = paper(court, "agreed_plan")
    assert (plan["decision"], {row["party"] for row in plan["signatures"]}) == ("adjust", {"hr", "trainer", "business"})
    assert "dispute_signature_refused" in {row["action"] for row in plan["trail"]}
    shares = dispute_mails._tiles("agreed_plan", plan, "en")[1]
    assert (shares.label, shares.value) == ("Framework / tools / simulation", "20 / 30 / 50")
    assert len(court.run("select * from ops.reports where kind = 'agreed_plan' and state = 'rendered'")) == 2
    again = scan.advance()
    assert (again["moves"], again["asked"], again["notices_planned"]) == (0, 0, 0)


def test_what_a_form_names_must_be_known_and_each_refusal_is_on_record(court: Court) -> None:
    """R47: an unknown course, half a form, a trainer who is the head: a clear reason, audited, nothing opened."""
    with pytest.raises(DisputePartyUnknownError, match="course_code C-NONE"):
        court.open(course_code="C-NONE")
    with pytest.raises(DisputeFormIncompleteError, match="trainer_id"):
        opening.act_on_form({"course_code": "C-BLEND", "business_head_id": "B1", "reason_code": "time"})
    with pytest.raises(DisputeOfOneError):
        court.open(business_head_id="E1")
    assert court.run("select * from ops.disputes") == []
    assert [row["detail"]["reason"] for row in court.audits("dispute_refused")] == ["unknown", "same_person"]
    assert opening.act_on_form(dict.fromkeys(OPENING)) == {
        "disputes_opened": 0, "disputes_withdrawn": 0, "asked_again": 0, "notices_planned": 0,
    }  # fmt: skip
    assert court.open()["disputes_opened"] == 1
    assert court.open()["disputes_opened"] == 0


def test_shares_of_99_percent_are_refused_and_kept_on_the_page(court: Court) -> None:
    """R49: the sum is said, what was typed stands there again, nothing is written."""
    court.until_design()
    refused = court.fill(court.link("dispute_design", "hr_lead"), DESIGN | {"q_simulation_pct": "49"})
    assert refused.status_code == 422
    assert "99%" in refused.text
    assert "三个月内客户异议处理得更好" in refused.text
    assert court.run("select * from ops.dispute_answers where step = 'design'") == []


def test_a_design_one_of_the_three_rejects_is_proposed_anew(court: Court) -> None:
    """R49: three acknowledge; a disagreement says why and HR proposes the next round."""
    court.until_design()
    court.fill(court.link("dispute_design", "hr_lead"), DESIGN)
    court.day()
    for person, said in (("hr_lead", "agree"), ("T1", "agree"), ("B1", "disagree")):
        path = court.link("dispute_design_ack", person)
        if said == "disagree":
            assert court.fill(path, {"q_choice": said}).status_code == 422
        assert court.fill(path, {"q_choice": said, "q_comment": "演练太少"}).status_code == 200
    court.day()
    assert court.state() == "clarification"
    assert court.run("select design_round from ops.disputes")[0]["design_round"] == 2
    court.fill(court.link("dispute_design", "hr_lead"), DESIGN | {"q_framework_pct": "10", "q_simulation_pct": "60"})
    court.day()
    assert court.run("select simulation_pct from ops.disputes")[0]["simulation_pct"] == 60
    assert "理论框架 10%" in court.client.get(court.link("dispute_design_ack", "T1")).text


def test_a_pilot_is_locked_before_its_data_and_never_changed_after(court: Court, set_clock: SetClock) -> None:
    """R50: one team twice is refused; until data arrive a better version counts, afterwards none, by page or SQL."""
    court.until_pilot()
    path = court.link("dispute_pilot", "hr_lead")
    same = court.fill(path, PILOT | {"comparison_department_code": "D-PILOT"})
    assert same.status_code == 422
    assert "对照团队与试点团队相同" in same.text
    assert court.fill(path, PILOT).status_code == 200
    assert court.fill(path, PILOT | {"q_threshold": "6"}).status_code == 200
    assert [
        row["threshold"] for row in court.run("select threshold from ops.pilot_registrations order by version")
    ] == [5, 6]
    court.day()
    assert court.state() == "pilot_registered"
    court.facts("2026-06", 109, 100)
    late = court.fill(path, PILOT | {"q_threshold": "1"})
    assert late.status_code == 409
    assert "观察期的指标数据已经到达" in late.text
    refused = court.audits("pilot_registration_refused")
    assert [row["detail"]["reason"] for row in refused] == ["kpi_facts"]
    assert len(court.run("select * from ops.pilot_registrations")) == 2
    with pytest.raises(psycopg.errors.RestrictViolation, match="never changed"):
        court.run("update ops.pilot_registrations set threshold = 1")
    with pytest.raises(psycopg.errors.RestrictViolation, match="never changed"):
        court.run("delete from ops.pilot_registrations")
    with pytest.raises(psycopg.errors.RestrictViolation, match="there already"):
        court.run(
            """insert into ops.pilot_registrations select dispute_id, 9, session_code, kpi_code, direction, threshold,
                   pilot_department_code, comparison_department_code, class_ends_on, window_days, pre_starts_on,
                   pre_ends_on, post_starts_on, post_ends_on, canonical, registration_sha256, registered_by
               from ops.pilot_registrations where version = 1"""
        )
    assert court.run("select comparison_department_code from ops.registered_pilots") == [
        {"comparison_department_code": "D-OTHER"}
    ]


def test_a_trainer_opens_a_dispute_by_the_link_in_the_report(court: Court, set_clock: SetClock) -> None:
    """R47: the sealed link names person and class; the same press twice is one dispute, a forged link is nobody's."""
    set_clock(2026, 5, 25)
    path = f"/o/{links.door_token('trainer', 'T1', '2026-P1')}"
    assert court.client.get(path).status_code == 200
    assert court.run("select * from ops.disputes") == []
    opened = court.fill(path, {"head": "B1", "reason": "time"})
    assert "D-2026-001" in opened.text
    assert court.client.get(path).status_code == 200
    assert [row["opened_by"] for row in court.run("select opened_by from ops.disputes")] == ["trainer"]
    stranger = links.door_token("employee", "E2", "2026-P1")
    assert court.client.get(f"/o/{stranger}").status_code == 404
    assert court.client.get("/o/AAAAAAAAAAAAAAAAAAAAAAAAAAAA").status_code == 404


def test_a_withdrawn_dispute_asks_nobody_any_more(court: Court) -> None:
    """Links die, waiting mails are dropped, the three are told once."""
    court.open()
    scan.advance()
    told = opening.act_on_form({"withdraw_dispute_id": "D-2026-001", "withdraw_reason": "settled"})
    assert told == {"disputes_opened": 0, "disputes_withdrawn": 1, "asked_again": 0, "notices_planned": 3}
    assert court.client.get(court.link("dispute_statement", "T1")).status_code == 410
    compose_due()
    rows = court.run(
        "select kind, state::text as state from ops.notices where subject_kind in ('dispute', 'commitment')"
    )
    assert {row["state"] for row in rows if row["kind"] == "commitment_request"} == {"dropped"}
    assert sum(row["kind"] == "dispute_news" and row["state"] == "composed" for row in rows) >= 3


def test_a_dispute_whose_links_expired_is_asked_again_and_goes_on(court: Court, set_clock: SetClock) -> None:
    """HR asks again by the form: only for what expired, by a new link, a mail and reminders of its own; audited."""
    court.open()
    court.day()
    assert court.fill(court.link("dispute_statement", "B1"), OTHER_SIDE).status_code == 200
    with pytest.raises(DisputeNothingExpiredError, match="链接仍然有效"):
        opening.act_on_form({"ask_again_dispute_id": "D-2026-001"})
    compose_due()
    court.run("update ops.messages set state = 'sent', sent_at = composed_at, next_attempt_at = null")
    old = court.link("dispute_statement", "T1")
    set_clock(2026, 6, 1, 10)
    assert commitments.remind_due()["expired"] == 1
    asked = opening.act_on_form({"ask_again_dispute_id": "D-2026-001"})
    assert (asked["asked_again"], asked["notices_planned"]) == (1, 1)
    assert court.client.get(old).status_code == 404
    compose_due()
    calls = """select notice.state::text as state from ops.notices as notice
        join ops.commitments as owed on owed.commitment_id::text = notice.subject_id
        where notice.subject_kind = 'commitment' and owed.kind = 'dispute_statement' and owed.person_id = 'T1'
            and notice.sequence_number = 2 order by notice.step"""
    assert court.run(calls) == [{"state": "composed"}]
    set_clock(2026, 6, 4, 10)
    assert commitments.remind_due()["reminded"] == 1
    assert court.fill(court.link("dispute_statement", "T1"), STATEMENT).status_code == 200
    court.day()
    assert court.state() == "clarification"
    assert [row["detail"] for row in court.audits("dispute_asked_again")] == [{"kinds": ["dispute_statement"]}]


def test_every_mail_of_a_dispute_can_be_written(court: Court) -> None:
    """R48: requests and the pack leave with one button or their PDF, in the reader's language."""
    court.until_design()
    compose_due()
    rows = court.run("select kind, state::text as state, reason from ops.notices where kind like 'dispute%%'")
    assert {(row["kind"], row["state"]) for row in rows} >= {("dispute_pack", "composed"), ("dispute_news", "composed")}
    assert [row for row in rows if row["state"] == "dropped"] == []
