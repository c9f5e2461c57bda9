"""Action plans: who planned, what came of it and what managers confirmed is what was planted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trainloop.demo.findings import Check, same
from trainloop.demo.plans_truth import plans
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def check_plans(connection: Connection) -> Iterator[Check]:
    """Yield the checks of each class that planned."""
    found = {row["session_code"]: row for row in connection.execute(statement("demo", "plan_results"))}
    for code, truth in plans().classes.items():
        row: dict[str, Any] = found.get(code, {})
        planted = (truth.plans, truth.verified, truth.ends_late, truth.withdrawn)
        names = ("plan_count", "verified_count", "late_count", "withdrawn_count")
        yield same("plans", code, planted, tuple(row.get(name) for name in names))
        obstacles = {name: count for name, count in truth.obstacles.items() if name != "none"}
        yield same("plan_obstacles", code, obstacles, row.get("obstacles"))
    mails = connection.execute(statement("demo", "plan_mails")).fetchone()
    assert mails is not None
    yield same("plan_mails", "2026", (0, 0), (mails["needless"], mails["twice"]))
