"""Mails to the author of a practice case: the invitation, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainloop.forms import links
from trainloop.outbox.kinds.content import Content, Due, Unwritable, Written, class_context, until
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def case_invitation(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return invitations; a case that was written or expired meanwhile makes none."""
    rows = _rows(connection, notices)
    return {due.notice_id: _invitation(due, rows.get(due.notice_id)) for due in notices}


def _invitation(due: Due, row: Mapping[str, Any] | None) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    if row["state"] != "invited":
        return Unwritable("answered")
    context = class_context(row, due) | {
        "goal": row["goal"] or "",
        "is_success": row["is_success"],
        "until": until(row["invited_until"], due),
        "link": links.address("k", row["token"]),
    }
    return Content(context, deadline=row["invited_until"])


def case_decided(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return what became of a case: in the knowledge base, or not and why. One taken back meanwhile makes none."""
    rows = _rows(connection, notices)
    return {due.notice_id: _decided(due, rows.get(due.notice_id)) for due in notices}


def _decided(due: Due, row: Mapping[str, Any] | None) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    if row["state"] not in {"published", "rejected"}:
        return Unwritable("resolved")
    return Content(
        class_context(row, due)
        | {
            "is_published": row["state"] == "published",
            "trainer_comment": row["trainer_comment"] or "",
            "decision_comment": row["decision_comment"] or "",
            "link": links.address("k", row["token"]),
        }
    )


def _rows(connection: Connection, notices: Sequence[Due]) -> dict[int, dict[str, Any]]:
    wanted = {"notice_ids": [due.notice_id for due in notices]}
    return {row["notice_id"]: row for row in connection.execute(statement("outbox", "practice_cases"), wanted)}
