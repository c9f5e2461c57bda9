"""Platform checks 平台检查 (R25): online classes are looked at a day and two hours before they begin.

The checks themselves come as files (`platform_checks`). A look finds what is missing or failed among the fresh results;
then the class manager and HR are told at once. Learners get the login guide a day before.
"""

from __future__ import annotations

from typing import Any

from trainloop.config import get_site
from trainloop.domain.platform_check import judge
from trainloop.outbox.notices import Notice, RecipientKind, plan
from trainloop.surveys.scan import Scan
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def look_at_platforms(connection: Connection, scan: Scan) -> dict[str, int]:
    """Judge the looks that are due, in the caller's transaction; return looked_at, not_ok, notices."""
    rules = get_site().class_days
    steps = rules.platform_steps
    keys = {
        "now": scan.real_now,
        "today": scan.real_today,
        "steps": list(steps),
        "hours_before": [step.hours_before for step in steps.values()],
        "fresh_hours": [step.fresh_hours for step in steps.values()],
    }
    rows = connection.execute(statement("class_days", "platform_steps_due"), keys).fetchall()
    notices: list[Notice] = []
    by_reason: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        is_ok = judge(rules.required_checks, row["results"]).is_ok
        by_reason.setdefault((row["step"], "platform_ok" if is_ok else "platform_not_ok"), []).append(
            row["session_code"]
        )
        if not is_ok:
            notices += _alerts(row, scan)
    for (step, reason), codes in by_reason.items():
        connection.execute(
            statement("milestones", "finish_steps"),
            {
                "subject_kind": "class_session",
                "subject_ids": codes,
                "steps": [step],
                "state": "done",
                "reason": reason,
                "now": scan.real_now,
            },
        )
    guides = connection.execute(
        statement("class_days", "plan_login_guides"), {"now": scan.real_now, "hours_before": _guide_hours()}
    ).rowcount
    not_ok = sum(len(codes) for (_, reason), codes in by_reason.items() if reason == "platform_not_ok")
    return {"looked_at": len(rows), "not_ok": not_ok, "notices": plan(connection, notices) + guides}


def _guide_hours() -> int:
    """Return how many hours before the class learners get the guide: at the first look."""
    return max((step.hours_before for step in get_site().class_days.platform_steps.values()), default=24)


def _alerts(row: dict[str, Any], scan: Scan) -> list[Notice]:
    people: list[tuple[RecipientKind, str]] = [("contact", contact) for contact in get_site().contacts_of("hr")]
    if row["class_manager_id"] is not None:
        people.append(("employee", row["class_manager_id"]))
    return [
        Notice(
            "platform_alert",
            "class_session",
            row["session_code"],
            kind,
            person,
            step=row["step"],
            sequence_number=1 + row["change_number"],
            is_urgent=True,
            not_before=scan.real_now,
            not_after=row["starts_at"],
        )
        for kind, person in people
    ]
