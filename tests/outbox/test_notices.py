"""Notices are planned once by business key, in the transaction of the step that decides them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from trainloop.outbox.notices import Notice, NoticeInvalidError, plan
from trainloop.warehouse import engine
from trainloop.warehouse.engine import Role


def invitation(employee_id: str, **columns: object) -> Notice:
    return Notice("survey_invitation", "survey_wave", "EVAL-2026-C001", "employee", employee_id, **columns)  # type: ignore[arg-type]


def test_planning_the_same_notice_again_adds_nothing(warehouse: str) -> None:
    """Business keys stop repeats: a cleared task that runs again plans no second mail."""
    with engine.connect("planner") as connection:
        assert plan(connection, [invitation("E1"), invitation("E2")]) == 2
        assert plan(connection, [invitation("E1"), invitation("E2"), invitation("E3")]) == 1
        assert plan(connection, []) == 0


def test_a_notice_of_a_rolled_back_step_does_not_exist(warehouse: str) -> None:
    """The row that decides and the row that sends are one commit."""

    def plan_and_fail() -> None:
        with engine.connect("planner") as connection:
            plan(connection, [invitation("E1")])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        plan_and_fail()
    with engine.connect("sender") as connection:
        assert connection.execute("select from ops.notices").rowcount == 0


@pytest.mark.parametrize("role", ["intake", "planner", "statistics", "reporter"])
def test_every_role_that_decides_may_plan(warehouse: str, role: Role) -> None:
    """Intake, planning, statistics and reporting each commit their notices with their own rows."""
    with engine.connect(role) as connection:
        assert plan(connection, [invitation("E1")]) == 1


def test_a_notice_without_times_is_due_from_now_on_in_business_time(
    warehouse: str, set_clock: Callable[..., datetime]
) -> None:
    """Business time comes from the one clock, never from the server's."""
    moment = set_clock(2026, 3, 2, 10)
    with engine.connect("planner") as connection:
        plan(connection, [invitation("E1", facts={"late": True})])
        row = connection.execute("select not_before, not_after, decided_at, facts from ops.notices").fetchone()
    assert row == {"not_before": moment, "not_after": None, "decided_at": moment, "facts": {"late": True}}


def test_a_hundred_thousand_notices_are_planned_in_a_few_round_trips(warehouse: str) -> None:
    """An annual survey invites everybody: planning stays set-based."""
    with engine.connect("planner") as connection:
        assert plan(connection, [invitation(f"E{number}") for number in range(12_001)]) == 12_001


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": "no_such_kind"},
        {"recipient_kind": "group"},
        {"recipient_id": ""},
        {"not_after": datetime(2026, 3, 1)},  # noqa: DTZ001 - the naive time is the point
    ],
)
def test_a_notice_that_could_never_be_sent_is_refused_at_once(columns: dict[str, object]) -> None:
    """The step that plans nonsense fails, not the mailer days later."""
    good: dict[str, object] = {
        "kind": "file_refused",
        "subject_kind": "inbox_file",
        "subject_id": "7",
        "recipient_kind": "contact",
        "recipient_id": "hr_data",
        "not_before": datetime(2026, 3, 1, tzinfo=UTC),
    }
    with pytest.raises(NoticeInvalidError):
        Notice(**(good | columns))  # type: ignore[arg-type]
