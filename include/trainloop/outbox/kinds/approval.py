"""Mails that ask for a decision: what is asked, until when, the draft it is about, and one button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from trainloop.config import Locale, get_site
from trainloop.domain import calendar
from trainloop.forms import links
from trainloop.outbox.kinds.content import Content, Due, StoredFile, Tile, Unwritable, Written
from trainloop.outbox.kinds.files import draft_files, payroll_draft
from trainloop.outbox.wording import day_text, money_text
from trainloop.requests.words import approval_title, approval_words
from trainloop.warehouse.engine import Connection
from trainloop.warehouse.statements import statement

# What a decision is about, in the facts of its row.
_TILES: Mapping[str, Mapping[Locale, str]] = {
    "valid_count": {"zh-CN": "有效需求", "en": "Valid needs"},
    "to_clarify_count": {"zh-CN": "待澄清", "en": "To clarify"},
    "rejected_count": {"zh-CN": "不成立", "en": "Rejected"},
    "funded_count": {"zh-CN": "预算内", "en": "Within the budget"},
    "stop_count": {"zh-CN": "停办", "en": "Stop"},
    "fix_count": {"zh-CN": "改进", "en": "Fix"},
    "scale_count": {"zh-CN": "推广", "en": "Scale"},
    "keep_count": {"zh-CN": "保持", "en": "Keep"},
    "planned": {"zh-CN": "计划", "en": "Planned"},
    "forecast": {"zh-CN": "预计", "en": "Forecast"},
    "over": {"zh-CN": "超出", "en": "Over by"},
    "trainer_count": {"zh-CN": "培训师", "en": "Trainers"},
    "line_count": {"zh-CN": "班次行数", "en": "Class lines"},
    "correction_count": {"zh-CN": "其中更正", "en": "Corrections among them"},
    "refused_count": {"zh-CN": "无法计算", "en": "Not computable"},
}


def approval_calls(connection: Connection, notices: Sequence[Due]) -> dict[int, Written]:
    """Return the content of requests and reminders. A request waits until the draft it is about is registered."""
    wanted = {"approval_ids": [int(due.subject_id) for due in notices if due.subject_id.isdecimal()]}
    rows = {str(row["approval_id"]): row for row in connection.execute(statement("outbox", "approvals"), wanted)}
    return {due.notice_id: _call(connection, due, rows.get(due.subject_id)) for due in notices}


def _call(connection: Connection, due: Due, row: dict[str, Any] | None) -> Written:
    if row is None:
        return Unwritable("subject_unknown")
    # A decision belongs to the contact it was asked of, whatever a planning step wrote.
    if due.recipient.kind != "contact" or due.recipient.id != row["asked_of"]:
        return Unwritable("wrong_audience")
    kind = approval_words()[row["kind"]]
    files: tuple[StoredFile, ...] = ()
    if due.kind == "approval_request" and "report" in kind:
        files = draft_files(connection, kind["report"], row, due.locale)
        if not files:
            return Unwritable("report_not_ready", is_for_good=False)
    if due.kind == "approval_request" and kind.get("file") == "payroll":
        files = payroll_draft(connection, row, due.locale)
    words = kind[due.locale]
    last = len(get_site().approvals[row["kind"]].reminder_working_days)
    return Content(
        {
            "title": approval_title(row["kind"], row["subject_id"], row["revision_number"], due.locale),
            "why": words["why"],
            "button": words["button"],
            "reason": words["reason"],
            "minutes": kind["minutes"],
            "expires": day_text(calendar.last_day(row["expires_at"], get_site().company.zone), due.locale),
            "link": links.address("a", row["token"]),
            "figures": _tiles(row["facts"], due.locale),
            "is_last": due.step == f"reminder_{last}",
            "has_draft": bool(files),
            "is_by_link": not kind.get("is_money", False),
        },
        files,
        deadline=row["expires_at"],
    )


def _tiles(facts: Mapping[str, Any], locale: Locale) -> list[Tile]:
    """Return the figures among the facts; an amount has its currency beside it (older rows: one text)."""
    shown = {name: str(value) for name, value in facts.items()}
    if "currency" in facts:
        shown |= {
            name.removesuffix("_amount"): money_text(Decimal(value), facts["currency"], locale)
            for name, value in facts.items()
            if name.endswith("_amount")
        }
    return [Tile(label[locale], shown[name]) for name, label in _TILES.items() if name in shown]
