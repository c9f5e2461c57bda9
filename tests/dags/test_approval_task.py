"""Airflow's door to a decision, without Airflow: what the task does when it starts, wakes and is answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from trainloop.config import get_site
from trainloop.requests import approvals
from trainloop.requests.approvals import Approval

pytestmark = pytest.mark.slow

OPEN = Approval(
    7, "annual_needs_report", "needs_year", "2027", 2, "hr_lead", {"valid_count": 3},
    datetime(2026, 11, 26, tzinfo=UTC), None, "open", None, None, None, None,
)  # fmt: skip
CONTEXT: Any = {"run_id": "scheduled__1", "task_instance": SimpleNamespace(id="ti")}


class Parked(BaseException):
    """What Airflow's signal would do: the task waits."""


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The task, the row it stands for, and what reached the row."""
    from airflow.providers.standard.operators.hitl import HITLOperator

    from trainloop.orchestration.approval import AskApproval

    state = SimpleNamespace(task=AskApproval(task_id="ask", approval_id=7), row=OPEN, is_held=True, decided=[])

    def decide(approval_id: int, **answer: Any) -> Approval:
        if not answer["is_approved"] and not answer["comment"]:
            raise approvals.CommentMissingError(limit=2000)
        state.decided.append((approval_id, answer))
        return replace(state.row, state="approved")

    def park(self: Any, context: Any) -> None:
        raise Parked

    monkeypatch.setattr(approvals, "hold_door", lambda *_: state.is_held)
    monkeypatch.setattr(approvals, "approval", lambda _: state.row)
    monkeypatch.setattr(approvals, "decide", decide)
    monkeypatch.setattr(HITLOperator, "execute", park)
    return state


def answer(chosen: list[str], **given: Any) -> dict[str, Any]:
    """The event with which Airflow resumes the task."""
    return {"chosen_options": chosen, "params_input": given, "responded_by_user": {"id": "1", "name": "lin"}}


def test_it_asks_in_both_languages_with_counts_only(door: SimpleNamespace) -> None:
    """Subject and text are stored in Airflow's database: titles, reasons and counts, no person."""
    with pytest.raises(Parked):
        door.task.execute(CONTEXT)
    assert door.task.subject == "2027 年度培训需求分析报告（第 2 版） · Annual training needs report 2027 (revision 2)"
    assert "`valid_count`: 3" in door.task.body
    assert "草稿" in door.task.body
    assert "draft" in door.task.body
    assert door.task.template_fields == ()


@pytest.mark.parametrize(
    ("users", "assigned"),
    [((), None), (("lin", "zhao"), [{"id": "lin", "name": "lin"}, {"id": "zhao", "name": "zhao"}])],
)
def test_only_the_contacts_own_airflow_users_may_answer(
    door: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, users: tuple[str, ...], assigned: Any
) -> None:
    """`airflow_users` of the contact that was asked; none named means whoever may answer in Airflow."""
    site = get_site()
    contact = site.contacts["hr_lead"].model_copy(update={"airflow_users": users})
    named = site.model_copy(update={"contacts": site.contacts | {"hr_lead": contact}})
    monkeypatch.setattr("trainloop.config.get_site", lambda: named)
    with pytest.raises(Parked):
        door.task.execute(CONTEXT)
    assert door.task.assigned_users == assigned


def test_a_row_decided_elsewhere_releases_the_task_at_its_next_look(door: SimpleNamespace) -> None:
    """The link was quicker: the task ends, green, and says how it stands."""
    with pytest.raises(Parked):
        door.task.execute_complete(CONTEXT, {"error": "no answer", "error_type": "timeout"})
    door.is_held = False
    door.row = Approval(
        **{name: getattr(OPEN, name) for name in OPEN.__slots__} | {"state": "approved", "decided_via": "link"}  # type: ignore[arg-type]
    )
    found = door.task.execute_complete(CONTEXT, {"error": "no answer", "error_type": "timeout"})
    assert found == {"approval_id": 7, "state": "approved", "decided_via": "link"}
    assert door.decided == []


def test_an_answer_reaches_the_row_with_the_name_of_the_login(door: SimpleNamespace) -> None:
    """Who decided is the Airflow login."""
    from trainloop.orchestration.approval import APPROVE

    door.task.execute_complete(CONTEXT, answer([APPROVE], comment="同意"))
    assert door.decided == [(7, {"is_approved": True, "decided_by": "lin", "via": "airflow", "comment": "同意"})]


def test_money_is_signed_by_the_login_and_asked_on_until_enough_have_signed(
    door: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The id of the login signs; the first yes leaves the task waiting, a refused one too, the second ends it."""
    from trainloop.orchestration.approval import APPROVE
    from trainloop.requests import signatures

    door.row = replace(OPEN, kind="allowance", logins_needed=2)
    signed: list[str] = []

    def sign(approval_id: int, login: str, **answer: Any) -> Approval:
        if login in signed:
            raise signatures.SignatureRefusedError(
                login=login, approval_id=approval_id, said_zh="重复", said_en="twice"
            )
        signed.append(login)
        return replace(door.row, state="approved" if len(signed) == 2 else "open")

    monkeypatch.setattr(signatures, "sign", sign)
    for _ in range(2):
        with pytest.raises(Parked):
            door.task.execute_complete(CONTEXT, answer([APPROVE]))
    other = answer([APPROVE]) | {"responded_by_user": {"id": "2", "name": "wang"}}
    assert door.task.execute_complete(CONTEXT, other)["state"] == "approved"
    assert (signed, door.decided) == (["1", "2"], [])


@pytest.mark.parametrize(
    ("chosen", "given"),
    [
        (["Approve 批准", "Send back 退回"], {"comment": ""}),
        ([], {"comment": ""}),
        (["Delete everything"], {"comment": ""}),
        (["Approve 批准"], {"comment": {"text": 1}}),
        (["Send back 退回"], {"comment": ""}),
        (["Send back 退回"], {}),
    ],
)
def test_an_answer_that_does_not_fit_the_form_is_asked_again(
    door: SimpleNamespace, chosen: list[str], given: dict[str, Any]
) -> None:
    """The API validates nothing: what does not fit reaches no row and fails no task."""
    with pytest.raises(Parked):
        door.task.execute_complete(CONTEXT, answer(chosen, **given))
    assert door.decided == []


def test_the_task_of_the_dag_wakes_by_itself(dags: dict[str, Any]) -> None:
    """The row is looked at every half hour, within the lease that says that the task lives."""
    from trainloop.orchestration.approval import WAKE_EVERY

    mapped = dags["ask_approvals"].get_task("ask")
    assert mapped.operator_class.__name__ == "AskApproval"
    task = mapped.unmap({"approval_id": 7, "params": {"as_of": None, "allow_send": False}})
    assert (task.approval_id, task.response_timeout, list(task.params)) == (7, WAKE_EVERY, ["comment"])
    assert 2 * WAKE_EVERY < approvals.DOOR_LEASE
