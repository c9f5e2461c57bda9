"""Calls to a survey wave: the invitation and its reminders, with the person's own link."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainloop.config import get_site
from trainloop.domain.survey import anonymity_promise
from trainloop.outbox.kinds.content import Content, Due, Unwritable, Written, class_context, until
from trainloop.settings import get_settings
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement


def survey_calls(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of invitations and reminders; context keys stand in the templates' headers."""
    wanted = {"notice_ids": [due.notice_id for due in notices]}
    rows = {row["notice_id"]: row for row in connection.execute(statement("outbox", "survey_calls"), wanted)}
    return {due.notice_id: _content(due, rows.get(due.notice_id)) for due in notices}


def _content(due: Due, row: dict[str, Any] | None) -> Written:
    from trainloop.surveys.instrument import load_instrument

    if row is None:
        return Unwritable("subject_unknown")
    instrument = load_instrument(row["instrument_code"])
    locale = due.locale
    last = get_site().surveys.max_reminders
    return Content(
        context=class_context(row, due)
        | {
            "title": instrument.title_zh if locale == "zh-CN" else instrument.title_en,
            "minutes": instrument.minutes,
            "deadline": until(row["closes_at"], due),
            "link": f"{get_settings().survey_base_url.rstrip('/')}/{row['token']}",
            "anonymity": anonymity_promise(row["anonymity"], locale, row["minimum_count"]),
            "is_without_attendance": row["is_without_attendance"],
            "is_last": due.step.endswith(f"_{last}"),
        },
        deadline=row["closes_at"],
    )
