"""Mails about competency assessments: the link to a private page, for the person or for the manager of that day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainloop.domain import calendar
from trainloop.forms import links
from trainloop.outbox.kinds.content import Content, Due, Unwritable, Written
from trainloop.outbox.wording import day_text
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def competency_pages(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the mails; no figure of anybody stands in them. A version that another has replaced makes none."""
    wanted = {"notice_ids": [due.notice_id for due in notices]}
    rows = {row["notice_id"]: row for row in connection.execute(statement("outbox", "competency_pages"), wanted)}
    return {due.notice_id: _page(due, rows.get(due.notice_id)) for due in notices}


def _page(due: Due, row: Mapping[str, Any] | None) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    if row["version_number"] != due.sequence_number:
        return Unwritable("superseded")
    return Content({
        "assessed_on": day_text(row["assessed_on"], due.locale),
        "people_count": row["people_count"],
        "is_again": row["version_number"] > 1,
        "link": links.address("r", row["token"]),
        "readable_until": day_text(calendar.last_day(row["expires_at"], due.zone), due.locale),
    })
