"""R44 through Airflow's own API: two people, each by the own login, let an allowance go to payroll, nobody else."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from tests.real_airflow import Stack

from trainloop.settings import get_settings
from trainloop.stack.airflow_api import AirflowApi, RequiredAction
from trainloop.stack.layout import Layout
from trainloop.warehouse import engine

T = TypeVar("T")
pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(600)]
APPROVE, DAG, MONTH = "Approve 批准", "ask_approvals", "April 2026"
# An answer within moments of the question can fail the task; on a busy machine a second was such a moment.
SETTLED_SECONDS = 3.0
SEED = """
insert into core.employees (employee_id, name, email, department_code, job_family, job_level, file_id, row_number)
    select id, '审批人' || id, 'approver-' || id || '@example.com', 'D001', 'sales', 'P6', 1, 1
    from unnest(array['00012', '00013', '00014']) as id
    on conflict do nothing;
insert into core.trainers (trainer_id, name, email, kind, employee_id, trainer_level, file_id, row_number)
    values ('T-PAY', '=HYPERLINK("x")', 'coach@example.com', 'internal', '00012', '高级', 1, 1);
insert into core.courses (course_code, name_zh, name_en, mode, hours, file_id, row_number)
    values ('C-PAY', '津贴课程', 'Paid course', 'classroom', 3, 1, 1);
insert into core.class_sessions (session_code, course_code, trainer_id, starts_at, ends_at, mode, status, file_id,
        row_number)
    values ('2026-P001', 'C-PAY', 'T-PAY', '2026-04-20 01:00+00', '2026-04-20 09:00+00', 'classroom', 'confirmed',
        1, 1);
insert into core.attendance (session_code, employee_id, slot, status, file_id, row_number)
    select '2026-P001', 'P' || n, '1', 'present', 1, n from generate_series(1, 12) as n;
insert into core.allowance_rates (kind, code, valid_from, rate_value, currency, file_id, row_number)
    values ('base', 'internal', '2026-01-01', 100, 'CNY', 1, 1), ('level', '高级', '2026-01-01', 1.2, null, 1, 2),
        ('difficulty', '*', '2026-01-01', 1.5, null, 1, 3), ('class_size', '0', '2026-01-01', 1, null, 1, 4),
        ('quality', '0', '2026-01-01', 1.1, null, 1, 5);
"""


def rows(query: str) -> list[dict[str, Any]]:
    with engine.connect("owner") as connection:
        return connection.execute(query).fetchall()  # type: ignore[arg-type]


def judged() -> list[tuple[str, str, str]]:
    """(who, what, why) of each answer about money, in order."""
    found = rows(
        """select actor, action, coalesce(detail ->> 'reason', '') as reason from ops.audit_entries
           where action in ('approval_signed', 'approval_refused') order by audit_entry_id"""
    )
    return [(row["actor"], row["action"], row["reason"]) for row in found]


def state() -> str:
    """How the one allowance stands."""
    [row] = rows("select state::text as state from ops.approvals where kind = 'allowance'")
    return str(row["state"])


def until(found: Callable[[], T | None], seconds: float = 240) -> T:
    """Ask until the answer is true."""
    deadline = time.monotonic() + seconds
    while not (answer := found()):
        assert time.monotonic() < deadline, "nothing came of it"
        time.sleep(0.3)
    return answer


def test_two_logins_of_two_people_let_an_allowance_go_to_payroll(stack: Stack) -> None:
    """The trainer's own login and the same login twice are refused and on record, the task asks on; the second person's
    login approves, and only then the file leaves: 3 h × 100 × 1.2 × 1.5 = 540.00 (no published rating).
    """
    with engine.connect("owner") as connection:
        connection.execute(SEED)
    stack.set_clock(2026, 5, 11)
    # Not `stack.run`: it waits until nothing runs, and a question that waits for people is a run.
    assert stack.api.run("reward_trainers").state == "success", stack.errors_of("reward_trainers")
    run = stack.api.trigger(DAG)
    passwords = json.loads(Layout(get_settings()).passwords_file.read_text())

    def question() -> RequiredAction | None:
        """The task that asks about April: whichever run got there first, Airflow's own schedule goes on."""
        path = f"/api/v2/dags/{DAG}/dagRuns/~/hitlDetails"
        found = stack.api.get(path, response_received=False, state="awaiting_input", limit=100)["hitl_details"]
        tasks = [one["task_instance"] for one in found if MONTH in one["subject"]]
        return RequiredAction(DAG, tasks[0]["dag_run_id"], "ask", tasks[0]["map_index"]) if tasks else None

    def answer(login: str) -> None:
        """Approve as somebody who signed in, and wait until the task has judged it."""
        before = len(judged())
        asked = until(question)
        time.sleep(SETTLED_SECONDS)
        with AirflowApi(stack.api.url, passwords[login], login) as api:
            api.decide(asked, APPROVE)
        until(lambda: len(judged()) > before)

    for login in ("coach", "admin", "admin"):
        answer(login)
        assert state() == "open"
    assert rows("select session_code from ops.paid_allowances") == []
    answer("second")
    assert judged() == [
        ("00012", "approval_refused", "own_money"),
        ("00013", "approval_signed", ""),
        ("00013", "approval_refused", "signed_before"),
        ("00014", "approval_signed", ""),
    ]
    assert stack.api.wait(run, 240).state == "success"
    assert until(lambda: state() == "approved")
    for dag_id in (DAG, "deliver_mail"):
        assert stack.api.run(dag_id).state == "success", stack.errors_of(dag_id)
    [mail] = until(lambda: [one for one in stack.mails() if "payroll@example.com" in str(one["To"])])
    [attached] = list(mail.iter_attachments())
    content = attached.get_payload(decode=True)
    assert isinstance(content, bytes)
    header, line = content.decode("utf-8-sig").splitlines()
    assert header.split(",")[-2:] == ["本次支付 amount", "币种 currency"]
    assert line.split(",")[-2:] == ["540.00", "CNY"]
    assert stack.api.run("reward_trainers").state == "success"
    assert [str(row["amount"]) for row in rows("select amount from ops.paid_allowances")] == ["540.00"]
