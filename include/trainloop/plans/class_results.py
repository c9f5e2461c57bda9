"""The plans of one class 30 days later: counted, suppressed, released (R32); nobody's own plan stands in it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from trainloop.config import get_site
from trainloop.domain.action_plan import PlanState
from trainloop.domain.plan_result import Outcome, share_pct
from trainloop.faults import point
from trainloop.plans.published import CLASS_PRODUCT, CLASS_SUBJECT, CLASS_UNIT
from trainloop.plans.results import Content, Desk, PlansBusyError, minimums_of, write
from trainloop.statistics.masking import mask_text, narrowed
from trainloop.warehouse.engine import Connection, connect, try_lock
from trainloop.warehouse.statements import statement


def evaluate_session(session_code: str) -> dict[str, int | bool]:
    """Count the plans of one class and release what may be shown.

    Returns release_id, revision_number, is_withheld, is_new. The same plans make no second release; a release whose
    people differ from an earlier one by a few is withheld, and the earlier one stays valid. Raises PlansBusyError
    (transient) when another run is at it.
    """
    with connect("statistics") as connection:
        if not try_lock(connection, f"{CLASS_PRODUCT}:{session_code}"):
            raise PlansBusyError(subject=f"class session {session_code}")
        release = write(connection, CLASS_PRODUCT, CLASS_SUBJECT, session_code, _content(connection, session_code))
        point("plans.results.before_commit")
    point("plans.results.after_commit")
    return {
        "release_id": release.release_id,
        "revision_number": release.revision_number,
        "is_withheld": release.is_withheld,
        "is_new": release.is_new,
    }


def _content(connection: Connection, session_code: str) -> Content:
    keys = {"session_code": session_code}
    counts = connection.execute(statement("plan_results", "class_counts"), keys).fetchone() or {}
    rows = connection.execute(statement("plan_results", "class_plans"), keys).fetchall()
    plans = [Outcome(row["key"], PlanState(row["state"]), row["cause"], row["settled_reason"]) for row in rows]
    desk = Desk(connection, [one.key for one in plans], minimums_of(get_site()))
    desk.say(CLASS_UNIT, {"class_count": 1} | response_counts([counts] if counts else []))
    seen = desk.tell({CLASS_UNIT: plans})[CLASS_UNIT]
    content = desk.close()
    if seen.is_near_earlier and _was_released(connection, session_code):
        return Content(is_withheld=True)
    if seen.level == "distribution":
        content.stories = _stories(connection, session_code, rows)
    return content


def response_counts(rows: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """Return who was to plan, who did and who looked back, over classes."""
    asked, planned, looked_back = (
        sum(row[name] for row in rows) for name in ("asked_count", "plan_count", "checked_in_count")
    )
    return {
        "asked_count": asked,
        "plan_count": planned,
        "checked_in_count": looked_back,
        "planned_pct": share_pct(min(planned, asked), asked),
    }


def _was_released(connection: Connection, session_code: str) -> bool:
    keys = {"product": CLASS_PRODUCT, "subject_kind": CLASS_SUBJECT, "subject_id": session_code}
    return connection.execute(statement("plan_results", "newest_release"), keys).fetchone() is not None


def _stories(connection: Connection, session_code: str, rows: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """Return what learners wrote for others to read, masked, in an order that tells nothing."""
    told = [narrowed(row["story"]) for row in rows if row["story"] and row["state"] != PlanState.WITHDRAWN]
    if not told:
        return ()
    keys = {"session_code": session_code, "texts": told}
    names = [row["name"] for row in connection.execute(statement("results", "names_in_texts"), keys)]
    masked = {mask_text(text, names) for text in told}
    ordered = sorted(masked, key=lambda text: hashlib.sha256(f"{session_code}{text}".encode()).digest())
    return tuple(ordered[: get_site().plan_results.stories_shown])
